"""A picture of a network as plain values: boxes within boxes, and the tensors between them.

Knows rows of the summary, and no format: where a box is drawn, and how large, is that of who draws.
"""

from __future__ import annotations

from cnnsum.answers.summary.records import Row, TensorRecord
from cnnsum.typed import Literal, NamedTuple

#: A layer, the input of a model; what the file groups: a block of a spec, a module of a program, a nested model; and
#: what is grouped here because it is many: layers one behind the other, and what lies between two places of the graph.
Kind = Literal["layer", "input", "block", "module", "model", "run", "stage"]


class Box(NamedTuple):
    """A layer, or a group of boxes.

    id: unique in the picture: the name of a layer, with those of the nested models around it before it
        (`encoder/dense`); of a group its path. Where that is taken, with a number behind it.
    name: what it is called within the group around it. title: the type of a layer; the class of a module or model;
        "Block"; of a group that was found here a few words ("12 layers", "Conv2D, BatchNormalization, ReLU").
    row: its numbers; of a group the sums. Those of a group are in no summary: they have neither weights nor rows.
    boxes: what is in a group, in the order of the summary; none for a layer.
    folded: whether a picture shows it closed, unless asked otherwise.
    """

    id: str
    name: str
    title: str
    kind: Kind
    row: Row
    boxes: tuple[Box, ...] = ()
    folded: bool = False


class Edge(NamedTuple):
    """A tensor on its way from one layer to another, by the ids of their boxes; never those of groups.

    tensor: what flows; None where it is not known. Between two layers there is an edge for each tensor that flows.
    """

    source: str
    target: str
    tensor: TensorRecord | None


class Picture(NamedTuple):
    """A network as boxes and edges.

    layers: how many boxes are layers. left_out: how many tensors come from something that is in no summary.
    wrong: the ids of the layers, or nested models, at which there is an error.
    """

    name: str
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    layers: int
    left_out: int
    wrong: tuple[str, ...] = ()
