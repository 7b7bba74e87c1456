"""What the codes of the fields of layers mean (CFG): text alone, in the parts that `cnnsum.codes` takes it apart in."""

TEXT = """
## CFG101
A field that a layer must have is not given.

Why: No default is right: how many filters a layer has is for its author to say.

Mend: Write it, by name or at its place; the help says what it may be.

Fails:

    input: [8, 8, 3]
    layers: [Conv2D: 8]

Passes:

    input: [8, 8, 3]
    layers: [Conv2D: [8, 3]]

## CFG102
The value of a field is not one that the field can have.

Why: Keras or PyTorch would refuse it, or mean something else by it.

Mend: The message says what it must be.

Fails:

    input: [4]
    layers: [Dropout: 1.5]

Passes:

    input: [4]
    layers: [Dropout: 0.5]

## CFG103
A field that a layer does not have.

Why: What it was meant to change would stay as it is. In a file of Keras, where newer versions add fields, it is a
warning.

Mend: The nearest name, or what a word of another library is called here, is suggested.

Fails:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, stride: 2}

Passes:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, strides: 2}

## CFG104
More values in a list than the layer or block has fields.

Why: The last ones belong to nothing.

Mend: A list that is one value stands in brackets of its own; what a layer merges stands in `from`.

Fails:

    input: [8, 8, 3]
    layers: [Reshape: [64, 3]]

Passes:

    input: [8, 8, 3]
    layers: [Reshape: [[64, 3]]]

## CFG106
A number of groups that a group normalisation cannot have.

Why: It divides the channels into groups: a positive number of them, or -1 for one for each channel.

Mend: A divisor of the channels, or -1.

Fails:

    input: [8, 8, 4]
    layers: [GroupNormalization: {groups: 0}]

Passes:

    input: [8, 8, 4]
    layers: [GroupNormalization: {groups: 2}]

## CFG107
`Normalization` is given a mean and no variance, or the other way round, or lists of other lengths.

Why: It needs both, or learns both from data.

Mend: Give both, or neither.

Fails:

    input: [4]
    layers: [Normalization: {mean: [0.0, 0.0, 0.0, 0.0]}]

Passes:

    input: [4]
    layers: [Normalization: {mean: [0.0, 0.0, 0.0, 0.0], variance: [1.0, 1.0, 1.0, 1.0]}]

## CFG108
A number below 0 where the layer takes none.

Why: Keras refuses it.

Mend: 0 or more.

Fails:

    input: [4]
    layers: [ThresholdedReLU: {theta: -1.0}]

Passes:

    input: [4]
    layers: [ThresholdedReLU: {theta: 1.0}]

## CFG109
The axes of `Dot` are not one axis, or one of each input.

Why: It multiplies two tensors along one axis of each.

Mend: A number, or a list of two.

Fails:

    inputs: {a: [4, 3], b: [4, 3]}
    layers: [Dot: {axes: [1, 2, 3], from: [a, b]}]

Passes:

    inputs: {a: [4, 3], b: [4, 3]}
    layers: [Dot: {axes: [2, 2], from: [a, b]}]

## CFG110
The groups of a convolution do not divide its filters.

Why: Each group makes as many filters as any other.

Mend: A number of filters that is a multiple of the groups.

Fails:

    input: [8, 8, 4]
    layers:
      - Conv2D: {filters: 10, kernel_size: 3, groups: 4}

Passes:

    input: [8, 8, 4]
    layers:
      - Conv2D: {filters: 12, kernel_size: 3, groups: 4}

## CFG111
Both a stride and a dilation above 1.

Why: Keras refuses it: a kernel with gaps slides by 1.

Mend: One of the two must be 1.

Fails:

    input: [8, 8, 4]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, strides: 2, dilation_rate: 2}

Passes:

    input: [8, 8, 4]
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, dilation_rate: 2}

## CFG112
An `output_padding` that is not smaller than the stride.

Why: It says which of the sizes that a stride maps to one is meant, of which there are as many as the stride.

Mend: 0 to the stride less 1.

Fails:

    input: [8, 8, 4]
    layers:
      - Conv2DTranspose: {filters: 8, kernel_size: 3, strides: 2, output_padding: 2}

Passes:

    input: [8, 8, 4]
    layers:
      - Conv2DTranspose: {filters: 8, kernel_size: 3, strides: 2, output_padding: 1}

## CFG113
A target shape with more than one size to be found out.

Why: From a number of elements one size follows, if all others are given.

Mend: One -1 at most.

Fails:

    input: [8]
    layers: [Reshape: {target_shape: [-1, -1]}]

Passes:

    input: [8]
    layers: [Reshape: {target_shape: [-1, 2]}]

## CFG114
The axes of a `Permute` are not each number from 1 once.

Why: It puts all axes but the batch into another order.

Mend: Each number from 1 to the number of axes, once.

Fails:

    input: [8, 4]
    layers: [Permute: {dims: [1, 1]}]

Passes:

    input: [8, 4]
    layers: [Permute: {dims: [2, 1]}]

## CFG115
The equation of an `EinsumDense` cannot be read, or does not go with its output shape.

Why: It says which axes are multiplied and which stay.

Mend: Two terms, a comma between them, `->` and the result: `abc,cd->abd`.

Fails:

    input: [8, 4]
    layers: [EinsumDense: {equation: "abc,cd", output_shape: [8, 3]}]

Passes:

    input: [8, 4]
    layers: [EinsumDense: {equation: "abc,cd->abd", output_shape: [8, 3]}]

## CFG116
Fields that exclude each other.

Why: The layer can do one of the two.

Mend: Leave one of them out.

Fails:

    input: [8, 8, 3]
    layers: [Resizing: {height: 4, width: 4, crop_to_aspect_ratio: true, pad_to_aspect_ratio: true}]

Passes:

    input: [8, 8, 3]
    layers: [Resizing: {height: 4, width: 4, crop_to_aspect_ratio: true}]

## CFG121
The layer of a `Bidirectional` is not recurrent, or its two layers do not go together.

Why: It runs a recurrent layer forwards and one backwards, and merges step by step.

Mend: A recurrent layer; a backward one of the same kind of result, with `go_backwards`.

Fails:

    input: [8, 4]
    layers: [Bidirectional: {layer: {Dense: 3}}]

Passes:

    input: [8, 4]
    layers: [Bidirectional: {layer: {LSTM: 3}}]
"""
