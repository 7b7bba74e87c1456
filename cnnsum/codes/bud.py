"""What the codes of budgets mean (BUD): text alone, in the parts that `cnnsum.codes` takes it apart in."""

TEXT = """
## BUD501
A network exceeds its budget.

Why: Its author, or the project, has set a limit on parameters, work, memory, depth or the receptive field.

Mend: A smaller network, or a larger budget; `cnnsum fit` finds the largest that fits.

Fails:

    budget: {params: 100}
    input: [4]
    layers: [Dense: 100]

Passes:

    budget: {params: 1000}
    input: [4]
    layers: [Dense: 100]

## BUD502
A budget that cannot be held against anything, since what it limits is not known.

Why: A gate must not open because a layer is not understood, or because an error is silenced that numbers depend on.

Mend: Give open sizes a range, declare the layers that are not known (`--layer-types`), or mend the errors that the help
names.

Fails:

    budget: {macs: 7776, over: {H: 1:2}}
    input: [H, H, 4]
    layers: [Conv2D: [8, 3]]

Passes:

    budget: {macs: 7776, over: {H: 3:5}}
    input: [H, H, 4]
    layers: [Conv2D: [8, 3]]

## BUD503
A budget with a key or a value that it cannot have.

Why: It limits nothing, or not what it was meant to.

Mend: The nearest key is suggested; sizes take units such as `MiB`, numbers `M` and `G`.

Fails:

    budget: {parms: 100}
    input: [4]
    layers: [Dense: 2]

Passes:

    budget: {params: 100}
    input: [4]
    layers: [Dense: 2]

## BUD504
A network has more than the baseline has of it, beyond what `--max-increase` allows.

Why: The baseline was recorded to notice that a change makes a network larger.

Mend: Undo the change, or write the baseline anew.

Fails:

    $ cnnsum check net.yaml --write-baseline base.json && printf 'input: [28, 28, 1]\\nlayers: [Flatten, Dense: 20]\\n' > net.yaml && cnnsum check net.yaml --baseline base.json --max-increase params=1%

Passes:

    $ cnnsum check net.yaml --write-baseline base.json && cnnsum check net.yaml --baseline base.json --max-increase params=1%

## BUD505
A model of the baseline is not there any more.

Why: A file that was renamed or deleted is one that the gate no longer checks.

Mend: Write the baseline anew, if it is gone on purpose.

Fails:

    $ cp net.yaml old.yaml && cnnsum check . --write-baseline base.json && rm old.yaml && cnnsum check . --baseline base.json

Passes:

    $ cnnsum check . --write-baseline base.json && cnnsum check . --baseline base.json
"""
