"""What stands at the border of the graph of a `WHILE`, where one run stands for all. The reader puts it there."""

from __future__ import annotations

from cnnsum.layers.arithmetic.repeated import result_of, state_of
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.tflite.fields import PREFIX


@layer(key=f"{PREFIX}.WHILE.state", name="WHILE.state")
def state(x: Shape) -> Facts:
    """What the first run of a `WHILE` is given, as any run is: the numbers in it are not known."""
    return state_of(x)


@layer(key=f"{PREFIX}.WHILE.result", name="WHILE.result")
def result(*states: Shape) -> Facts:
    """The first of several states after all runs of a `WHILE`; states: each before and after a run."""
    return result_of(states)
