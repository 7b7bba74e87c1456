"""What the codes of things that are not supported mean (UNK): text alone, as `cnnsum.codes` takes it apart."""

TEXT = """
## UNK701
A layer type that is not known. In a file of Keras it is a warning, and what follows is inferred from the shape that the
file records.

Why: Nothing is assumed of it: neither that it has no weights, nor that it keeps its shape.

Mend: The nearest name, or what a word of another library is called here, is suggested; a type of one's own is declared
below `layer_types`, or with `--layer-types`.

Fails:

    input: [8, 8, 3]
    layers: [Conv: [8, 3]]

Passes:

    input: [8, 8, 3]
    layers: [Conv2D: [8, 3]]

## UNK702
A layer with weights of its own as the activation of another.

Why: Its weights belong to a layer that stands nowhere.

Mend: A layer of its own behind it.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2,
       "activation": {"module": "keras.layers", "class_name": "PReLU", "config": {"name": "p"}}}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu"}}]}}

## UNK704
A field that must be a number depends on a symbol, or is more than is supported; or a pattern of a declared layer type
decides by a size that is open (`4 if H > 32 else 8`).

Why: How many outputs an operation has cannot be a formula, nor can what is one thing at some sizes and another at others.

Mend: Give a number.

Fails:

    input: [8, 4]
    layers:
      - keras.src.ops.numpy.Split: {indices_or_sections: 1000000000, axis: 1}

Passes:

    input: [8, 4]
    layers:
      - keras.src.ops.numpy.Split: {indices_or_sections: 2, axis: 1}

## UNK705
A quantized layer that Keras itself cannot build, so that its weights are not known.

Why: How it packs its numbers is not defined.

Mend: A quantization that the layer has: the message says why this one is not.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2,
       "dtype": "int4_from_float32", "quantization_config": {"class_name": "Mine", "config": {}}}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2,
       "dtype": "int8_from_float32"}}]}}

## UNK706
A function that is not one of Keras's own as the activation of a layer.

Why: It may have been registered by the author of the file; it costs an unknown amount of work.

Mend: One of Keras's own, if it is a slip.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "rleu"}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu"}}]}}

## UNK707
A file of TensorFlow Lite holds more graphs than one.

Why: The first is the model. How often an operator such as `IF` or `WHILE` runs another is not known, and with that its
work; the weights in it count with the operator.

Mend: Nothing, where only the first is wanted. A converter writes a signature of a model into a file of its own.

## UNK708
What follows a layer of a network of Caffe is done once for each region of a picture, or for each step of time.

Why: How many regions `Proposal` finds depends on numbers in tensors, and how long a sequence is on the data. Shapes and
parameters are exact; work and memory from there on are those of one region, or of one step, and not of a picture.

Mend: Nothing. Multiply the work behind the layer with the number of regions or steps that you have.
"""
