"""What the codes of files and of the language mean (SPC): text alone, in the parts that `cnnsum.codes` takes it apart in."""

TEXT = """
## SPC001
There is no file of the name that the call gives.

Why: Nothing can be read, and the next best file is not taken in its place.

Mend: Give the path of a file that there is; the nearest name in the folder is suggested.

Fails:

    $ cnnsum nett.yaml

Passes:

    $ cnnsum net.yaml

## SPC002
The path is that of a folder, a device or the like, where a file is needed.

Why: A model is one file. `cnnsum check` alone takes folders, and looks for models in them.

Mend: Name a file in the folder, or use `check`.

Fails:

    $ mkdir nets && cnnsum nets

Passes:

    $ cnnsum check .

## SPC003
The file is there and the system does not let it be read, or its reading failed.

Why: What the system says is passed on; nothing is guessed of a file that cannot be read.

Mend: Change its permissions, or copy it to where it can be read. Standard input that is closed gives this code, too.

Fails:

    $ cnnsum - <&-

Passes:

    $ cnnsum - < net.yaml

## SPC004
The file holds no value: nothing at all, or comments alone.

Why: There is no network in it; often the file was cut short, or the wrong one was saved.

Mend: Write a spec. `cnnsum init` writes one to start from.

Fails:

    # a network will stand here

Passes:

    input: [28, 28, 1]
    layers: [Flatten, Dense: 10]

## SPC005
The file holds bytes and no text, and is not an archive or HDF5 file that holds an architecture.

Why: An architecture is text, also within the files of Keras and PyTorch. What is known of other formats is named by what
the file begins with, never by its name.

Mend: Follow the help, which names the nearest way from what the file is: `model.to_json()` of Keras, or
`torch.export.save`. A text with zero bytes in it was not written to its end, or is UTF-16 without its mark.

Fails:

    $ printf 'GGUF\\003\\000\\000\\000' > model.gguf && cnnsum model.gguf

Passes:

    $ cnnsum net.yaml

## SPC006
The text is not in UTF-8 (nor in UTF-16 or UTF-32 with their mark).

Why: A byte that is not a letter of UTF-8 could be any letter of another encoding; a name must not depend on a guess.

Mend: Save the file as UTF-8.

Fails:

    $ printf 'name: r\\351seau\\ninput: [4]\\nlayers: [Flatten]\\n' > n.yaml && cnnsum n.yaml

Passes:

    name: réseau
    input: [4]
    layers: [Flatten]

## SPC007
The file is too large to be an architecture, or holds too many values.

Why: No input may take minutes or all memory. The largest architecture of Keras's applications has 2 MB; the limits are
32 MiB for JSON, 4 MiB for YAML, and a million values.

Mend: Give the architecture without weights or data; of blocks that repeat, write one and `repeat` it.

Fails:

    $ (echo 'input: [4]'; echo 'layers:'; yes '  - Dense: 1         # a line' | head -n 200000) > n.yaml && cnnsum n.yaml

Passes:

    input: [4]
    layers:
      - Dense: {units: 1, repeat: 1000}

## SPC008
The text is neither YAML nor JSON.

Why: What a text means that breaks the rules of its format is anybody's guess.

Mend: Follow the help at the place: most often a space after a colon, the column of a line, or a tab.

Fails:

    input: [4]
    layers:
      - Dense:{units: 3}

Passes:

    input: [4]
    layers:
      - Dense: {units: 3}

## SPC009
The text ends within a list, a mapping or a text in quotes.

Why: The end of the file is missing, or a bracket or a quote. What follows an unclosed bracket is read as part of it, so
that the place of the mistake is the bracket and not the end.

Mend: Close it where the help says.

Fails:

    input: [4]
    layers:
      - Dense: {units: 3

Passes:

    input: [4]
    layers:
      - Dense: {units: 3}

## SPC010
Lists and mappings stand in one another more than 100 deep.

Why: No network nests so deep (a model within a model takes three levels), and what reads the values may recurse.

Mend: Write blocks by name instead of nesting them.

Fails:

    $ (printf 'input: '; printf '[%.0s' $(seq 200); printf ']%.0s' $(seq 200)) > n.yaml && cnnsum n.yaml

Passes:

    input: [4]
    layers: [Dense: 3]

## SPC011
The aliases of a YAML file (`*name`) stand for more than 100,000 values.

Why: Ten levels of ten aliases are ten thousand million values in a few lines, which no computer holds.

Mend: Use `repeat`, or a block, for what is there many times.

Fails:

    a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
    c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
    d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
    input: [4]
    layers: *e

Passes:

    input: [4]
    layers:
      - Dense: {units: 1, repeat: 1000}

## SPC012
An alias of YAML stands within the value that it stands for.

Why: Such a value has no end.

Mend: Write out what is meant, or `repeat` it.

Fails:

    input: [4]
    layers: &all
      - Flatten
      - *all

Passes:

    input: [4]
    layers:
      - ReLU: {repeat: 2}

## SPC013
An alias of YAML (`*name`) has no anchor (`&name`) above it.

Why: It stands for nothing.

Mend: Put the anchor before the value that is meant, above the alias. A text that starts with `*` stands in quotes.

Fails:

    input: *shape
    layers: [Flatten]

Passes:

    vars: {units: &units 4}
    input: [4]
    layers: [Dense: *units]

## SPC014
A YAML file holds a second document, after `---`.

Why: A file holds one model, and the second would be passed over in silence.

Mend: Write each into a file of its own.

Fails:

    input: [4]
    layers: [Flatten]
    ---
    input: [5]
    layers: [Flatten]

Passes:

    input: [4]
    layers: [Flatten]

## SPC015
A key stands twice in one mapping. The last one counts, as in all parsers.

Why: One of the two is most likely a slip; what the other says is lost.

Mend: Remove or rename one of the two.

Fails:

    input: [4]
    layers:
      - Dense: {units: 2, units: 3}

Passes:

    input: [4]
    layers:
      - Dense: {units: 3}

## SPC016
A key of a mapping is a number, a list or the like, and no text.

Why: All keys of a spec are names. A list in braces, `{8, 3}`, is read as keys without values.

Mend: Write lists in square brackets.

Fails:

    input: [8, 8, 3]
    layers:
      - Conv2D: {8, 3}

Passes:

    input: [8, 8, 3]
    layers:
      - Conv2D: [8, 3]

## SPC017
A number has more than 100 digits.

Why: No size is as large, and products of such numbers could not be printed.

Mend: Write the number that is meant.

Fails:

    $ (echo 'input: [4]'; echo "layers: [Dense: $(printf '9%.0s' $(seq 200))]") > n.yaml && cnnsum n.yaml

Passes:

    input: [4]
    layers: [Dense: 9]

## SPC018
A number in the file is infinite, or no number at all.

Why: Keras writes such numbers into JSON, so reading goes on; but in a spec they are most likely a mistake.

Mend: Write a finite number, or text in quotes.

Fails:

    vars: {big: .inf}
    input: [4]
    layers: [Dense: 2]

Passes:

    vars: {big: 1000}
    input: [4]
    layers: [Dense: big]

## SPC019
A tag of YAML (`!name`) is not known, or does not fit its value.

Why: A tag changes what a value is, and a reader that passes over it reads something else.

Mend: Leave the tag out. A text that starts with `!` stands in quotes.

Fails:

    input: !shape [4]
    layers: [Flatten]

Passes:

    input: [4]
    layers: [Flatten]

## SPC020
What `<<` merges into a mapping is not a mapping.

Why: It has no keys to bring in.

Mend: Give it a mapping, or a list of them.

Fails:

    input: [4]
    layers:
      - Dense: {<<: 3, units: 2}

Passes:

    vars: {base: &base 4}
    input: [4]
    layers:
      - Dense: {<<: {units: 2}}

## SPC021
A control character, or half of a character, in the text.

Why: It cannot be seen, YAML and JSON do not allow it, and a terminal may obey it.

Mend: Remove it; in a text in double quotes write it as an escape.

Fails:

    $ printf 'input: [4]\\nlayers: [Flatten] \\007\\n' > n.yaml && cnnsum n.yaml

Passes:

    input: [4]
    layers: [Flatten]

## SPC022
A value is of another kind than it must be: a number where a list is needed, a text where a mapping is.

Why: What it was meant for cannot be known.

Mend: The message says what is needed; the help how to write what was probably meant.

Fails:

    input: 28x28x1
    layers: [Flatten]

Passes:

    input: [28, 28, 1]
    layers: [Flatten]

## SPC023
An expression gives a list where a number is needed.

Why: A size is one number. A var may hold a list, for fields that take one.

Mend: Give the list to something that takes one, or make a var of each number.

Fails:

    vars: {depths: [2, 3]}
    input: [4]
    layers: [Dense: depths]

Passes:

    vars: {depths: [2, 3]}
    input: [4]
    layers: [Reshape: [[2, 2]], ReLU]

## SPC024
Vars that are made of one another in a circle, or a layer that `defaults` put into a field of itself.

Why: None of them has a value; a layer that holds itself has no end.

Mend: Give one of them a value.

Fails:

    vars: {a: b + 1, b: a + 1}
    input: [4]
    layers: [Dense: a]

Passes:

    vars: {a: b + 1, b: 2}
    input: [4]
    layers: [Dense: a]

## SPC025
An expression that breaks the grammar of the language, which has `+ - * // % **`, brackets, a few functions, and names.

Why: What it was meant to compute is not clear.

Mend: Follow the help: products are written with `*`, sizes of several axes as a list.

Fails:

    vars: {k: 3}
    input: [8, 8, 3]
    layers: [Conv2D: [8, 3x3]]

Passes:

    vars: {k: 3}
    input: [8, 8, 3]
    layers: [Conv2D: [8, [3, 3]]]

## SPC026
An expression names something that is not a var, no symbol and no argument.

Why: It has no value. Texts that are not expressions (`same`, `relu`) belong to fields that take words.

Mend: Declare it below `vars`, or as a symbol in the shape of the input; or write the field by its name.

Fails:

    input: [4]
    layers: [Dense: width]

Passes:

    vars: {width: 8}
    input: [4]
    layers: [Dense: width]

## SPC027
An item of `layers` that is not a layer: more than one key, keys beside the type, or an input.

Why: An item is the name of a type, or a mapping of that name to its fields. With two keys it is not clear which of them
is the layer.

Mend: Begin each layer with `- `, and write its fields in it.

Fails:

    input: [8, 8, 3]
    layers:
      - Conv2D:
        filters: 8
        kernel_size: 3

Passes:

    input: [8, 8, 3]
    layers:
      - Conv2D:
          filters: 8
          kernel_size: 3

## SPC028
A block, a var, a symbol or a layer type has a name that something else has already.

Why: Which of the two is meant would depend on the order in which they are looked up.

Mend: Give it a name of its own.

Fails:

    blocks: {Dense: {layers: [Flatten]}}
    input: [4]
    layers: [Flatten]

Passes:

    blocks: {head: {layers: [Flatten]}}
    input: [4]
    layers: [head]

## SPC029
A name that cannot be one: of a var or symbol, which stand in expressions, or of a layer or input.

Why: In an expression `a-b` is a difference, and `2x` no name. Names of layers have no `:`, `/` and `$`, which pick
outputs, stand in the names of weights, and begin names of values.

Mend: Letters, digits and `_`, and no digit first.

Fails:

    vars: {2x: 3}
    input: [4]
    layers: [Dense: 2]

Passes:

    vars: {x2: 3}
    input: [4]
    layers: [Dense: x2]

## SPC030
A key that what it stands in does not have: of a spec, an input, a symbol, a block, a budget.

Why: Nothing would come of it. A key that is misspelt is one that is missing.

Mend: The nearest key is suggested; else the help lists them.

Fails:

    input: [4]
    layer: [Flatten]

Passes:

    input: [4]
    layers: [Flatten]

## SPC031
A key is missing that there must be: `input` or `inputs`, `layers`, the `shape` of an input.

Why: Without it there is no network, or no shape to infer it with.

Mend: Write it. A shape is given without the batch axis.

Fails:

    layers: [Flatten]

Passes:

    input: [4]
    layers: [Flatten]

## SPC032
A block contains itself, directly or through others.

Why: It would never end.

Mend: Use `repeat` for what is there several times.

Fails:

    blocks: {a: {layers: [Dense: 2, a]}}
    input: [4]
    layers: [a]

Passes:

    blocks: {a: {layers: [Dense: 2]}}
    input: [4]
    layers: [a: {repeat: 2}]

## SPC033
Blocks use blocks more than 30 deep.

Why: Each level may repeat the next, and what comes of it is larger than anything that is meant.

Mend: Write some of them out.

Fails:

    $ (echo 'blocks:'; for i in $(seq 0 69); do echo "  b$i: {layers: [b$((i + 1))]}"; done; echo '  b70: {layers: [ReLU]}'; echo 'input: [4]'; echo 'layers: [b0]') > n.yaml && cnnsum n.yaml

Passes:

    blocks: {a: {layers: [b]}, b: {layers: [ReLU]}}
    input: [4]
    layers: [a]

## SPC034
A list in round brackets, or an expression that YAML cut at its comma.

Why: Within braces and square brackets of YAML a comma ends a value: `{kernel_size: (3, 3)}` is two values, `(3` and `3)`.

Mend: Write lists in square brackets, and an expression with a comma in quotes.

Fails:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 8, kernel_size: (3, 3)}

Passes:

    input: [8, 8, 3]
    layers:
      - Conv2D: {filters: 8, kernel_size: [3, 3]}

## SPC035
`defaults` gives a default to a key that belongs to one layer (`name`, `from`, `repeat`), or to a block, a model
(`Sequential`) or an input.

Why: No two layers have one name. The defaults of a block stand in its `args`; a model has layers, and these have defaults.

Mend: Write it at the layer that is meant.

Fails:

    defaults: {Dense: {name: dense}}
    input: [4]
    layers: [Dense: 2]

Passes:

    defaults: {Dense: {activation: relu}}
    input: [4]
    layers: [Dense: 2]

## SPC036
The inputs of a block are given by name, as those of a layer may be.

Why: A block has one stream of layers, which begins with what `from` gives it; names are those of its arguments.

Mend: Give it a list in `from`, or hand tensors to it as arguments.

Fails:

    blocks: {join: {layers: [Add]}}
    input: [4]
    layers:
      - Dense: {units: 4, name: a}
      - join: {from: {x: a, y: input}}

Passes:

    blocks: {join: {layers: [Add]}}
    input: [4]
    layers:
      - Dense: {units: 4, name: a}
      - join: {from: [a, input]}

## SPC037
`share` with fields of its own, or of something that cannot be shared like this.

Why: What is shared is one layer with one set of weights: it is as it was declared.

Mend: Leave the fields out, or `share` out.

Fails:

    input: [8]
    layers:
      - Dense: {units: 8, name: a}
      - Dense: {units: 5, share: a}

Passes:

    input: [8]
    layers:
      - Dense: {units: 8, name: a}
      - Dense: {share: a}

## SPC038
Both `input` and `inputs`.

Why: `input` is the only input, `inputs` are several with their names.

Mend: Write all of them below `inputs`.

Fails:

    input: [4]
    inputs: {a: [4]}
    layers: [Dense: 2]

Passes:

    inputs: {a: [4], b: [4]}
    layers: [Add: {from: [a, b]}]

## SPC039
The spec stands for more than 100,000 layers.

Why: A few nested `repeat`s make more layers than a computer holds.

Mend: Repeat less; a number of copies may be a var.

Fails:

    input: [4]
    layers:
      - Dense: {units: 4, repeat: 10**12}

Passes:

    input: [4]
    layers:
      - Dense: {units: 4, repeat: 12}

## SPC040
The file is not a model that the reader of its format knows: no Sequential or Functional model, no exported program.

Why: A file of Keras may also hold a layer, an optimizer, or a subclassed model, whose graph is in no file.

Mend: Write the model with `model.to_json()`; of a subclassed one write the Functional model of its tensors.

Fails:

    {"class_name": "MyModel", "config": {"units": 3}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}}

## SPC041
A part of a Keras file is not as Keras writes it: a layer without `class_name`, a reference that refers to nothing.

Why: It was edited, or written by something else; what the part was meant to say is not known.

Mend: Write the file again with `model.to_json()`, or mend the part by hand.

Fails:

    {"class_name": "Sequential", "config": {"name": "s", "layers": [{"config": {}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}}]}}

## SPC042
The shape of an input in a Keras file is not a list of sizes and nulls.

Why: Nothing can be inferred from it.

Mend: A list with the batch first, null where it is open.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": "four", "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}}

## SPC043
The dtype policy of a layer is not one that Keras has.

Why: How many bytes a weight takes, and an output, depends on it.

Mend: `float32`, `float16`, `bfloat16`, `mixed_float16`, `mixed_bfloat16`, or a mapping with the class of a policy.

Fails:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "dtype": "float31"}}]}}

Passes:

    {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
      {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},
      {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "dtype": "float16"}}]}}

## SPC046
`--precision` names no precision that training has.

Why: The memory of a training step depends on it.

Mend: The help lists them.

Fails:

    $ cnnsum net.yaml --train --precision float12

Passes:

    $ cnnsum net.yaml --train --precision mixed_float16

## SPC047
`--checkpoint` names a layer that the model does not have.

Why: Which activations are kept and which computed again would not be as asked for.

Mend: Names of layers as the table shows them, or `auto`.

Fails:

    $ cnnsum net.yaml --train --checkpoint conv9

Passes:

    $ cnnsum net.yaml --train --checkpoint auto

## SPC048
A comment `# cnnsum: ignore[CODE]` with a code that there is not, or with nothing to ignore.

Why: A suppression that suppresses nothing hides the next finding of that code, which may be another.

Mend: Correct the code, or take the comment out.

Fails:

    input: [4]
    layers:
      - Dense: 2  # cnnsum: ignore[ARC401]

Passes:

    input: [4]
    layers:
      - Dense: {units: 1, activation: softmax}  # cnnsum: ignore[ARC413]

## SPC049
The configuration, or a baseline, cannot be read, or says something that it cannot say.

Why: A check with half of its configuration is another check.

Mend: The message says which key, the help what it may be.

Fails:

    $ printf 'igore = ["ARC4"]\\n' > cnnsum.toml && cnnsum check net.yaml

Passes:

    $ printf 'ignore = ["ARC4"]\\n' > cnnsum.toml && cnnsum check net.yaml

## SPC050
`--input NAME=SHAPE` names an input that the model does not have.

Why: The shape would be for nothing.

Mend: The help lists the inputs; for the only one `-i SHAPE` is enough.

Fails:

    $ cnnsum net.yaml -i picture=28,28,1

Passes:

    $ cnnsum net.yaml -i 28,28,1

## SPC051
`--set NAME=VALUE` names no var and no symbol of the model.

Why: The value would be for nothing.

Mend: The help lists the names.

Fails:

    $ cnnsum net.yaml --set width=3

Passes:

    $ printf 'vars: {width: 2}\\ninput: [4]\\nlayers: [Dense: width]\\n' > n.yaml && cnnsum n.yaml --set width=3

## SPC052
A value from outside (of `--set`, `--input`, `--dtype`) that what it is for cannot have.

Why: The call is wrong, not the file.

Mend: The message says what it must be.

Fails:

    $ cnnsum net.yaml --dtype float31

Passes:

    $ cnnsum net.yaml --dtype float16

## SPC053
`--from` names no format.

Why: Formats are known by their content; the option is for a file whose content is not enough.

Mend: Leave it out, or take one of those that the help lists.

Fails:

    $ cnnsum net.yaml --from tensorflow

Passes:

    $ cnnsum net.yaml --from cnnsum

## SPC054
`--optimizer` names no optimizer of Keras.

Why: The memory of a training step depends on its variables.

Mend: The help lists them.

Fails:

    $ cnnsum net.yaml --train --optimizer adamm

Passes:

    $ cnnsum net.yaml --train --optimizer adam

## SPC055
`--batch` is not what the file fixes, or is not accepted by the network.

Why: Memory for a batch that cannot be run is not an answer.

Mend: Leave the option out, or set the batch free.

Fails:

    $ printf 'input: {shape: [4], batch: 8}\\nlayers: [Dense: 2]\\n' > n.yaml && cnnsum n.yaml -b 3

Passes:

    $ printf 'input: {shape: [4], batch: 8}\\nlayers: [Dense: 2]\\n' > n.yaml && cnnsum n.yaml -b 8

## SPC057
`fit` or `--sweep` is to vary something that the model does not have, or that cannot be varied.

Why: There is nothing to search.

Mend: A var, a symbol, `batch`, or a size of the input; one var at a time.

Fails:

    $ cnnsum fit net.yaml --vary width --params 1000

Passes:

    $ cnnsum fit net.yaml --memory 1MiB

## SPC058
`--sweep` stands for too many variants.

Why: The product of a few ranges is soon larger than anyone reads, or any disk holds.

Mend: Give larger steps or fewer ranges, or keep the best of them: `--top 10`, `--pareto params,macs`.

Fails:

    $ cnnsum net.yaml --sweep batch=1:1000000 --sweep H=W=1:1000000

Passes:

    $ cnnsum net.yaml --sweep batch=1,2,4

## SPC059
`--convention` names no tool whose counting is known.

Why: Tools count the same network differently, and the total is one tool's.

Mend: The help lists them.

Fails:

    $ cnnsum net.yaml --convention torchsummary

Passes:

    $ cnnsum net.yaml --convention torchinfo

## SPC060
The file is not a model: neither a spec, nor a file of Keras, nor a program of PyTorch.

Why: It was meant for something else. What is known of other formats is named.

Mend: A spec has `input` and `layers` at its top.

Fails:

    nodes: [a, b]
    edges: [[a, b]]

Passes:

    input: [4]
    layers: [Flatten]

## SPC061
An included file includes itself, or files include files too deep.

Why: It would never end.

Mend: Put what both need into a third file.

Fails:

    $ printf 'include: n.yaml\\ninput: [4]\\nlayers: [Flatten]\\n' > n.yaml && cnnsum n.yaml

Passes:

    $ printf 'blocks: {b: {layers: [Flatten]}}\\n' > b.yaml && printf 'include: b.yaml\\ninput: [4]\\nlayers: [b]\\n' > n.yaml && cnnsum n.yaml

## SPC062
A spec that is not a file includes another.

Why: A path is relative to the file that names it; standard input stands nowhere.

Mend: Save it as a file.

Fails:

    $ printf 'include: b.yaml\\ninput: [4]\\nlayers: [b]\\n' | cnnsum -

Passes:

    $ printf 'blocks: {b: {layers: [Flatten]}}\\n' > b.yaml && printf 'include: b.yaml\\ninput: [4]\\nlayers: [b]\\n' > n.yaml && cnnsum n.yaml

## SPC063
An included file is not there, or cannot be read.

Why: Its blocks are missing, and nothing is said of layers that may be among them.

Mend: The path is relative to the file that includes it.

Fails:

    include: lost.yaml
    input: [4]
    layers: [Flatten]

Passes:

    input: [4]
    layers: [Flatten]

## SPC064
A file that is included, or given as `--layer-types`, declares nothing: it has no `blocks` and no `layer_types`.

Why: It was meant for something else.

Mend: Write `blocks:` or `layer_types:` above what it declares.

Fails:

    $ printf 'b: {layers: [Flatten]}\\n' > b.yaml && printf 'include: b.yaml\\ninput: [4]\\nlayers: [Flatten]\\n' > n.yaml && cnnsum n.yaml

Passes:

    $ printf 'blocks: {b: {layers: [Flatten]}}\\n' > b.yaml && printf 'include: b.yaml\\ninput: [4]\\nlayers: [b]\\n' > n.yaml && cnnsum n.yaml

## SPC065
`...` in a pattern of a layer type stands twice, or where it cannot stand.

Why: Two of them could share the axes in several ways.

Mend: One `...` in each pattern.

Fails:

    layer_types:
      Twice: {input: [..., C, ...], output: [C]}
    input: [4, 3]
    layers: [Twice]

Passes:

    layer_types:
      Last: {input: [..., C], output: [..., C]}
    input: [4, 3]
    layers: [Last]

## SPC067
An archive or an HDF5 file is damaged, or more than is read of one.

Why: It ends too early, or was changed on its way; where only the weights are damaged, the architecture is read all the
same.

Mend: Fetch or write it again.

Fails:

    $ printf 'PK\\003\\004damaged' > n.keras && cnnsum n.keras

Passes:

    $ cnnsum net.yaml

## SPC068
An archive or an HDF5 file holds weights, or pickled objects, and no architecture; or several.

Why: The names and shapes of weights do not say how they are connected.

Mend: Write the architecture beside them, with `model.to_json()` or `model.save('model.keras')`.

Fails:

    $ python3 -c "import zipfile; zipfile.ZipFile('w.zip', 'w').writestr('w.npy', 'x')" && cnnsum w.zip

Passes:

    $ cnnsum net.yaml

## SPC069
A fault in cnnsum itself.

Why: No file may end it; what failed is said, and other files are checked.

Mend: Report it, with the file. With `CNNSUM_TRACEBACK=1` the place in the program is shown.

## SPC070
A plugin (`--plugin`) cannot be run, declares nothing, or declares a type that cannot be: with a signature that cannot be read, or a misspelt word.

Why: Its layer types are missing.

Mend: The message says what Python said, at the line that it came to.

Fails:

    $ printf 'import nowhere\\n' > own.py && cnnsum net.yaml --plugin ./own.py

Passes:

    $ cnnsum net.yaml

## SPC071
The rule of a plugin's layer failed, or gave something that is not `Facts`, or `Facts` with something that cannot be.

Why: Nothing is known of that layer.

Mend: Mend the plugin; the message has the error.

Fails:

    $ printf 'from cnnsum.layers.base import layer\\n@layer()\\ndef Own(x):\\n    return x / 0\\n' > own.py && printf 'input: [4]\\nlayers: [Own]\\n' > n.yaml && cnnsum n.yaml --plugin ./own.py

Passes:

    $ cnnsum net.yaml

## SPC072
The format that is to be written has no words for something in the model.

Why: A file that leaves it out would be another network.

Mend: Write another format, or change the layer; the message names it.

Fails:

    $ printf 'input: [8, 4]\\nlayers: [RMSNormalization, LSTM: {units: 3, recurrent_dropout: 0.5}]\\n' > n.yaml && cnnsum convert n.yaml --to torch

Passes:

    $ cnnsum convert net.yaml --to torch

## SPC073
A `Sequential` within a spec whose layers are not a chain.

Why: A Sequential model is one; Keras refuses any other.

Mend: Write `Functional`, with its `input`.

Fails:

    input: [4]
    layers:
      - Sequential:
          layers:
            - Dense: {units: 4, name: a}
            - Dense: {units: 4, name: b}
            - Add: {from: [a, b]}

Passes:

    input: [4]
    layers:
      - Functional:
          input: [4]
          layers:
            - Dense: {units: 4, name: a}
            - Dense: {units: 4, name: b}
            - Add: {from: [a, b]}

## SPC074
A file of Keras 2 has something that Keras 3 refuses to load.

Why: It is read here as Keras 2 meant it; but it cannot be loaded today.

Mend: Write it again with the Keras that made it, or change the layer.

Fails:

    {"class_name": "Sequential", "keras_version": "2.4.0", "config": {"name": "s", "layers": [
      {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 8, 4]}},
      {"class_name": "LSTM", "config": {"name": "t", "units": 3, "time_major": false}}]}}

Passes:

    {"class_name": "Sequential", "keras_version": "2.4.0", "config": {"name": "s", "layers": [
      {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 4]}}]}}

## SPC075
The check of a file ended without an answer: its process was ended from outside, or ran out of memory.

Why: Other files are checked all the same, and the gate does not open for this one.

Mend: Check the file alone, and report it if it fails again.

## SPC077
A path that was given to `check` holds no model.

Why: A gate that checks nothing must not look like one that found nothing.

Mend: Give the folder that the models are in; `--verbose` lists what was passed over, and why.

Fails:

    $ mkdir empty && cnnsum check empty

Passes:

    $ cnnsum check .

## SPC078
An exported program of a PyTorch whose format is not read.

Why: Each major version of the format writes parts in another way.

Mend: Export it with a PyTorch from 2.5 to 2.14.

Fails:

    {"graph_module": {}, "schema_version": {"major": 99, "minor": 1}}

Passes:

    $ cnnsum net.yaml

## SPC079
A part of an exported program is not as PyTorch writes it.

Why: It was changed, or cut short.

Mend: Export it again.

Fails:

    {"graph_module": {}, "schema_version": {"major": 8, "minor": 1}}

Passes:

    $ cnnsum net.yaml

## SPC080
Two parameters of an exported program may be one tensor: they are named as tied ones are, and nothing in the file says
whether they are.

Why: A tensor that is kept twice is counted twice.

Mend: Export with PyTorch 2.7 or newer, whose files say which names stand for one tensor.

## SPC081
A file of ONNX does not say which version of the operations it is written in.

Why: What an operation does, and which attributes it has, changes from version to version; the newest is taken.

Mend: Write the file again: exporters of today set `opset_import`.

## SPC082
A file of ONNX uses an operation that the version which it imports does not have, a domain that it does not import, or
a version that is very old or not known. `check` says so.

Why: cnnsum reads the operation all the same; runtimes refuse the file when it is loaded.

Mend: Import the version that the nodes were written for, or bring the file to another with `onnx.version_converter`.

## SPC085
A cluster that a call names (`--dask`) cannot be used: it cannot be reached, has no workers, went away, or its workers do
not see the files or have another cnnsum.

Why: Half an answer, or one that depends on which machine gave it, is not an answer.

Mend: Start a scheduler and its workers where the files can be seen under the same paths, with the same cnnsum; `--dask
local` starts both here.
"""
