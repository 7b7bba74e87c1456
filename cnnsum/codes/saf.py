"""What the codes of safety mean (SAF): text alone, in the parts that `cnnsum.codes` takes it apart in."""

TEXT = """
## SAF601
A tag of YAML asks for a program to be run, or an object of a program to be made.

Why: A file is data. Nothing in it is ever run, whoever wrote it.

Mend: Write the value itself.

Fails:

    input: [4]
    layers:
      - Dense: !!python/object/apply:os.getpid []

Passes:

    input: [4]
    layers:
      - Dense: 4

## SAF602
An include that leaves the folder of the file that includes it.

Why: A spec from elsewhere must not be able to look at other files of the machine.

Mend: Put the file into the folder, or below it.

Fails:

    include: ../../etc/passwd
    input: [4]
    layers: [Flatten]

Passes:

    $ printf 'blocks: {b: {layers: [Flatten]}}\\n' > b.yaml && printf 'include: b.yaml\\ninput: [4]\\nlayers: [b]\\n' > n.yaml && cnnsum n.yaml

## SAF603
A layer of a Keras file that is code: a Lambda with its bytes, a module of another framework.

Why: It is never run, so that its result is not known; what follows is inferred from the shape that the file records.

Mend: Keras's own operations in its place; or declare it with `--layer-types`.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l",
       "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Rescaling", "config": {"name": "l", "scale": 2.0}}]}}
"""
