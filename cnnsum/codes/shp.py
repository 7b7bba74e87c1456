"""What the codes of shapes mean (SHP): text alone, in the parts that `cnnsum.codes` takes it apart in."""

TEXT = """
## SHP201
The input of a layer is smaller than its kernel, or than what a cropping takes off.

Why: There is no place for the kernel, and the output would have no element.

Mend: `padding: same`, a larger input, or fewer layers that shrink it; `cnnsum sizes` says which sizes are accepted.

Fails:

    input: [4, 4, 3]
    layers: [Conv2D: [8, 7]]

Passes:

    input: [8, 8, 3]
    layers: [Conv2D: [8, 7]]

## SHP202
Sizes that must be equal are not: of the arms of a sum or product, of an input and the weights that a layer was made for.

Why: The operation has no result.

Mend: The help says at which input sizes the arms fit, or which layer makes the difference and what mends it.

Fails:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 3, kernel_size: 3, name: a}
      - Add: {from: [input, a]}

Passes:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 3, kernel_size: 3, padding: same, name: a}
      - Add: {from: [input, a]}

## SHP203
The channels of an input are not a multiple of the groups.

Why: Each group gets as many channels as any other.

Mend: A number of groups that divides the channels.

Fails:

    input: [8, 8, 6]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, groups: 4}

Passes:

    input: [8, 8, 8]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, groups: 4}

## SHP204
The input of a layer has more or fewer axes than it takes.

Why: A convolution of an image needs height, width and channels. Messages count the batch axis, as Keras does; an `input`
is written without it.

Mend: Channels of an input are an axis of their own; an LSTM before needs `return_sequences: true`; what needs axes of space
stands before a `Flatten`.

Fails:

    input: [28, 28]
    layers: [Conv2D: [8, 3]]

Passes:

    input: [28, 28, 1]
    layers: [Conv2D: [8, 3]]

## SHP205
A field names an axis that its input does not have.

Why: There is nothing to work on.

Mend: An axis that there is; -1 is the last.

Fails:

    input: [8, 4]
    layers: [Softmax: {axis: 5}]

Passes:

    input: [8, 4]
    layers: [Softmax: {axis: -1}]

## SHP206
A layer with weights on an axis whose size is open.

Why: How many weights it has depends on that size, which must be a number or a name.

Mend: Give the size, or a symbol for it.

Fails:

    input: [8, 8, null]
    layers: [Conv2D: [8, 3]]

Passes:

    input: [8, 8, C]
    layers: [Conv2D: [8, 3]]

## SHP207
The inputs of a concatenation differ along an axis that is not the one they are joined along.

Why: The result would have a hole.

Mend: The help says at which input sizes they fit, or which layer makes the difference and what mends it.

Fails:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, padding: same, name: a}
      - MaxPooling2D: {pool_size: 2, name: b}
      - Concatenate: {from: [a, b]}

Passes:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, padding: same, name: a}
      - MaxPooling2D: 2
      - UpSampling2D: {size: 2, name: b}
      - Concatenate: {from: [a, b]}

## SHP208
Numbers that a layer is given (a mean, a variance) are not as many as its input needs.

Why: There must be one for each element of the axes that it normalises.

Mend: As many numbers as the axis has elements, or one for all.

Fails:

    input: [4]
    layers: [Normalization: {mean: [0.0, 0.0, 0.0], variance: [1.0, 1.0, 1.0]}]

Passes:

    input: [4]
    layers: [Normalization: {mean: [0.0, 0.0, 0.0, 0.0], variance: [1.0, 1.0, 1.0, 1.0]}]

## SHP209
The `noise_shape` of a dropout has not an entry for each axis of its input.

Why: It says along which axes the same elements are dropped.

Mend: An entry for each axis, the batch included: 1 or null.

Fails:

    input: [8, 4]
    layers: [Dropout: {rate: 0.5, noise_shape: [null, 1]}]

Passes:

    input: [8, 4]
    layers: [Dropout: {rate: 0.5, noise_shape: [null, 1, null]}]

## SHP210
A cropping, a slice or the like leaves nothing of an axis.

Why: A tensor without elements goes nowhere.

Mend: Crop less.

Fails:

    input: [8, 8, 3]
    layers: [Cropping2D: 4]

Passes:

    input: [8, 8, 3]
    layers: [Cropping2D: 3]

## SHP211
A reshaping to a shape with another number of elements.

Why: Reshaping moves no element and makes none.

Mend: Sizes whose product is that of the input's; one may be -1.

Fails:

    input: [8, 8, 3]
    layers: [Reshape: {target_shape: [10, 20]}]

Passes:

    input: [8, 8, 3]
    layers: [Reshape: {target_shape: [64, -1]}]

## SHP212
The equation of an `EinsumDense` has more or fewer letters than its input has axes.

Why: Each letter is an axis.

Mend: A letter for each axis, the batch included; `...` for those that stay.

Fails:

    input: [8, 4]
    layers: [EinsumDense: {equation: "ab,bc->ac", output_shape: 3}]

Passes:

    input: [8, 4]
    layers: [EinsumDense: {equation: "abc,cd->abd", output_shape: [8, 3]}]

## SHP214
A pattern of a declared layer type gives no size for this input: a number below 1, a part of a whole number (`H/4` of
33), or none, as a division by 0. An amount of work (`macs`, `elementwise`) may be 0, and is a whole number, too.

Why: No tensor has such a size. What of it depends on open sizes is a condition on them: `cnnsum sizes` tells it.

Mend: A size of the input that the pattern is made for, which the help names; or another pattern: `ceil(H/4)` or `H//4`
where a part may be added or left out.

Fails:

    layer_types:
      Shrink: {input: [T, C], output: [T - 8, C]}
    input: [4, 3]
    layers: [Shrink]

Passes:

    layer_types:
      Shrink: {input: [T, C], output: [T - 8, C]}
    input: [10, 3]
    layers: [Shrink]

## SHP220
The shape that a file records for a tensor is not the one that follows from its layers.

Why: Recorded shapes are claims, and never used where a rule is known: the file was changed, or one of the two is wrong.

Mend: Write the file again with `model.to_json()`; if it stays, report it.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2},
       "build_config": {"input_shape": [null, 5]}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2},
       "build_config": {"input_shape": [null, 4]}}]}}

## SHP221
A layer that is used twice is used on inputs that need different weights.

Why: Shared weights have one shape.

Mend: Inputs of the same number of channels, or two layers.

Fails:

    inputs: {a: [4], b: [5]}
    layers:
      - Dense: {units: 3, from: a, name: d}
      - Dense: {share: d, from: b, name: e}
      - Add: {from: [d, e]}

Passes:

    inputs: {a: [4], b: [4]}
    layers:
      - Dense: {units: 3, from: a, name: d}
      - Dense: {share: d, from: b, name: e}
      - Add: {from: [d, e]}

## SHP222
No size of an open axis is accepted by all layers.

Why: Each layer accepts some sizes, and no size is among those of all: the network cannot be run.

Mend: Change one of the layers that the message names.

Fails:

    input: [H, 8, 3]
    layers:
      - Conv2D: {filters: 3, kernel_size: 3, padding: same, strides: [2, 1]}
      - UpSampling2D: {size: [2, 1], name: up}
      - Concatenate: {from: [input, up], name: even}
      - Cropping2D: {cropping: [[1, 0], [0, 0]], from: up, name: cropped}
      - Concatenate: {from: [input, cropped], name: odd}
      - Concatenate: {from: [even, odd]}

Passes:

    input: [H, 8, 3]
    layers:
      - Conv2D: {filters: 3, kernel_size: 3, padding: same, strides: [2, 1]}
      - UpSampling2D: {size: [2, 1], name: up}
      - Concatenate: {from: [input, up], name: even}

## SHP223
What a layer needs of a size repeats with too long a period to be solved, or divides by a formula of the size (`64 // (H - 4)`)
and has no period.

Why: Which sizes are accepted is found by their residues; of a period of millions only a bound is given.

Mend: Smaller strides, a number to divide by; or test a size by itself with `cnnsum sizes --test`.

Fails:

    input: [T, 3]
    layers:
      - AveragePooling1D: {pool_size: 1, strides: 1009, name: a}
      - UpSampling1D: {size: 1013, name: b}
      - AveragePooling1D: {pool_size: 1, strides: 1019, name: c}
      - UpSampling1D: {size: 1021, name: d}
      - Add: {from: [input, d]}

Passes:

    input: [T, 3]
    layers:
      - AveragePooling1D: {pool_size: 2, name: a}
      - UpSampling1D: {size: 2, name: d}
      - Add: {from: [input, d]}

## SHP224
A size that the file declares (`min`, `multiple_of`, a recorded range) is not accepted by the network.

Why: The file promises sizes that some layer refuses.

Mend: Declare what the layers need: `cnnsum sizes` says it.

Fails:

    symbols: {H: {min: 4, multiple_of: 2}}
    input: [H, H, 3]
    layers: [Conv2D: [8, 7]]

Passes:

    symbols: {H: {min: 8, multiple_of: 2}}
    input: [H, H, 3]
    layers: [Conv2D: [8, 7]]

## SHP225
A weight that the file records has another shape than the one that follows from its layer.

Why: The weights are not those of this architecture, or a rule is wrong.

Mend: Save the model again; if it stays, report it.

## SHP226
A tensor of more axes or elements than anything can hold.

Why: No framework can index it; most likely it is a slip in a number.

Mend: Look for a size that is too large, or a `repeat` that multiplies it.

Fails:

    input: [4]
    layers: [RepeatVector: 2**40, Flatten, RepeatVector: 2**40, Flatten]

Passes:

    input: [4]
    layers: [RepeatVector: 2**10, Flatten]

## SHP227
An exported program refuses sizes that its operations accept.

Why: PyTorch records what the export was told of the sizes, and refuses all others when it runs the program.

Mend: Export it with `dynamic_shapes` that allow them, if they are wanted.

## SHP228
A comment in an architecture file says how much smaller a row's output is than the picture (`# 3-P3/8`), and it is not.

Why: Where a stride was dropped, the network is built all the same, many times as expensive, and learns from maps of the
wrong size. The label is what tells.

Mend: Give the row before it its stride back, or mend the comment.

## SHP229
In an exported program an operation mixes what stands along the axis that would hold the samples.

Why: A program does not say which of its axes is the batch: the first is taken for it, or the one that a recurrence
declares. Where attention, the steps of a recurrence, or a product goes along that axis, it holds steps or features, and
what there is of it is not samples. Numbers are then those of the whole call, for a batch of 1.

Mend: Export the model with the batch first (`batch_first=True`, `layout=1`), or read the numbers as those of a call.
"""
