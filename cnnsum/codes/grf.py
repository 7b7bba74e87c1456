"""What the codes of the graph mean (GRF): text alone, in the parts that `cnnsum.codes` takes it apart in."""

TEXT = """
## GRF301
Layers that read one another in a circle.

Why: None of them can be run first.

Mend: Let one of them read a layer that needs none of the others.

Fails:

    input: [4]
    layers:
      - Dense: {units: 4, name: a, from: b}
      - Dense: {units: 4, name: b, from: a}

Passes:

    input: [4]
    layers:
      - Dense: {units: 4, name: a}
      - Dense: {units: 4, name: b, from: a}

## GRF302
`from` or `outputs` names a layer that there is not.

Why: It stands for no tensor.

Mend: The nearest name is suggested. Layers have names by themselves (`conv2d`, `conv2d_1`), those in a block begin with its
name and a dot.

Fails:

    input: [4]
    layers:
      - Dense: {units: 4, name: enc1}
      - Add: {from: [input, enc_1]}

Passes:

    input: [4]
    layers:
      - Dense: {units: 4, name: enc1}
      - Add: {from: [input, enc1]}

## GRF303
A layer has more or fewer inputs than it takes.

Why: A merge needs two or more, most layers one.

Mend: Name them in `from`.

Fails:

    inputs: {a: [4], b: [4]}
    layers: [Dense: {units: 2, from: [a, b]}]

Passes:

    inputs: {a: [4], b: [4]}
    layers:
      - Add: {from: [a, b]}
      - Dense: 2

## GRF304
An output of a layer (`name:1`) or an input by name that it does not have.

Why: It stands for no tensor.

Mend: Outputs count from 0; a layer that gives several says so in `cnnsum layers`.

Fails:

    input: [4]
    layers:
      - Dense: {units: 2, name: d}
      - ReLU: {from: "d:1"}

Passes:

    input: [4]
    layers:
      - Dense: {units: 2, name: d}
      - ReLU: {from: "d:0"}

## GRF305
A layer that no output depends on.

Why: It costs nothing and does nothing; most likely another layer was to read it.

Mend: Name it in a `from` or in `outputs`, or leave it out.

Fails:

    input: [4]
    layers:
      - Dense: {units: 2, name: dead}
      - Dense: {units: 3, from: input}

Passes:

    input: [4]
    layers:
      - Dense: {units: 2, name: a}
      - Dense: {units: 3, from: a}

## GRF306
Models within models that open to too many calls.

Why: A model that is nested twice, thirty levels deep, is a thousand million layers.

Mend: Nest less.

## GRF307
Two layers with one name.

Why: Which of them a `from` means is not clear, and Keras refuses it.

Mend: Another name for one of them, or none: layers get names by themselves.

Fails:

    input: [4]
    layers:
      - Dense: {units: 2, name: a}
      - Dense: {units: 3, name: a}

Passes:

    input: [4]
    layers:
      - Dense: {units: 2, name: a}
      - Dense: {units: 3, name: b}

## GRF308
A model without layers, or without outputs.

Why: It gives nothing.

Mend: Write the model again with `model.to_json()`.

Fails:

    {"module": "keras", "class_name": "Functional", "config": {"name": "f", "layers": [],
     "input_layers": [], "output_layers": []}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}}

## GRF309
An input that no layer reads.

Why: It is most likely forgotten, and whoever calls the model has to give it all the same.

Mend: Name it in a `from`, or leave it out.

Fails:

    inputs: {image: [8, 8, 3], mask: [8, 8, 1]}
    layers: [Conv2D: {filters: 4, kernel_size: 3, from: image}]

Passes:

    inputs: {image: [8, 8, 3], mask: [8, 8, 1]}
    layers:
      - Concatenate: {from: [image, mask]}
      - Conv2D: [4, 3]

## GRF310
What a Keras file lists among the inputs of a model is a layer of another kind.

Why: An input is an `InputLayer`, which declares its shape.

Mend: Write the model again with `model.to_json()`.

Fails:

    {"module": "keras", "class_name": "Functional", "config": {"name": "f", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "name": "i", "inbound_nodes": [],
       "config": {"batch_shape": [null, 8], "dtype": "float32", "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2},
       "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__",
         "config": {"shape": [null, 8], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}
    ], "input_layers": ["d", 0, 0], "output_layers": ["d", 0, 0]}}

Passes:

    {"module": "keras", "class_name": "Functional", "config": {"name": "f", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "name": "i", "inbound_nodes": [],
       "config": {"batch_shape": [null, 8], "dtype": "float32", "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2},
       "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__",
         "config": {"shape": [null, 8], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}
    ], "input_layers": ["i", 0, 0], "output_layers": ["d", 0, 0]}}

## GRF311
An input layer that a model does not list among its inputs, and that something reads.

Why: Nothing gives it a value.

Mend: List it in `input_layers`.

Fails:

    {"module": "keras", "class_name": "Functional", "config": {"name": "f", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "name": "i", "inbound_nodes": [],
       "config": {"batch_shape": [null, 8], "dtype": "float32", "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2},
       "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__",
         "config": {"shape": [null, 8], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}
    ], "input_layers": [], "output_layers": ["d", 0, 0]}}

Passes:

    {"module": "keras", "class_name": "Functional", "config": {"name": "f", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "name": "i", "inbound_nodes": [],
       "config": {"batch_shape": [null, 8], "dtype": "float32", "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2},
       "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__",
         "config": {"shape": [null, 8], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}
    ], "input_layers": ["i", 0, 0], "output_layers": ["d", 0, 0]}}

## GRF312
A Sequential model of a Keras file that declares no input shape.

Why: It was never built, and nothing can be inferred.

Mend: Give a shape with `--input`, as in `-i 224,224,3`.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}}

## GRF313
An operation of ONNX is given a tensor of a dtype that it does not take, or tensors of several where all must be of one.

Why: Nothing casts tensors by itself there: runtimes refuse the file.

Mend: A `Cast` before it, or other dtypes where the tensors come from.

## GRF314
A file of ONNX, or an exported program, holds tensors that none of its nodes reads. `check` says so.

Why: They take room, and often a node that read them was lost on the way.

Mend: Leave them out, or write the file again.
"""
