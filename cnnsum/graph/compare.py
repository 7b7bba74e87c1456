"""Compares the shapes that a file records with the inferred ones. The recorded ones are claims: they are used for
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import starmap

from cnnsum.diagnostics import Diagnostic, Problem
from cnnsum.dims import UNKNOWN, Dim, equal
from cnnsum.graph.infer import Inference, with_constants
from cnnsum.graph.model import Graph, Layer, Node, Recorded, ShapeBeside, ShapeBuiltOn, Tensor
from cnnsum.layers.facts import Shape, show_shape
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.graph.points import Points

#: Names of weights that an older framework gave them, by the role of the layer.
_OTHER_NAMES = {"depthwise convolution": {"kernel": "depthwise_kernel"}}


def compare(graph: Graph, inference: Inference) -> list[Diagnostic]:
    """A warning for every recorded shape that differs, nested models included.

    Where a layer's inputs differ already, its own difference follows from theirs and is not repeated.
    """
    found: list[Diagnostic] = []
    points: Points | None = None
    if graph.dtyped:  # no other file has formulas
        from cnnsum.graph.points import Points

        points = Points(inference)
    wrong = [claim for claim in graph.recorded if not _agrees(claim, inference, points)]
    wrong += _differing(graph.beside, inference)
    differing = {claim.tensor.node for claim in wrong}
    reported: set[Tensor] = set()
    for claim in wrong:
        node = claim.tensor.node
        if claim.tensor in reported or any(source.node in differing for source in node.inputs):
            continue
        reported.add(claim.tensor)
        sizes = {**dict(enumerate(claim.shape)), **dict(claim.formulas)}
        recorded = "(" + ", ".join(map(str, sizes.values())) + ")"
        value = inference.output_of(node)[claim.tensor.index]
        is_shown = show_shape(value.shape or ())
        if claim.dtype is not None and recorded == is_shown:
            recorded, is_shown = claim.dtype, value.dtype
        message = f"the file records {recorded} for the output of `{node.layer.name}`, but it is {is_shown}"
        help = "the file was changed by hand, or cnnsum is wrong about this layer: please report it then"
        span = None if graph.place is None else graph.place.document.span(claim.path)
        found.append(Diagnostic("SHP220", message, span, "warning", help))
    found.extend(_builds(graph, inference))
    for layer, inner in inference.nested.items():
        if layer.graph is not None:
            found.extend(compare(layer.graph, inner))
    return found


def _builds(graph: Graph, inference: Inference) -> list[Diagnostic]:
    """A warning for every layer whose weights, built on the shapes that the file records, do not fit its first call.

    Keras records what a layer was first built on, which may be another call, or a call in another model. That is
    not worth a word: only weights that would have other shapes are.
    """
    of_weights = [one for one in graph.builds if one[3] is not None and _has_weights(one[3].layer)]
    doubted = {claim.of for claim in _differing(of_weights, inference)}
    if not doubted:
        return []
    built: dict[Node, list[Recorded]] = {}
    for claim in starmap(Recorded, of_weights):
        if claim.of in doubted and claim.of is not None and claim.is_shape:
            built.setdefault(claim.of, []).append(claim)
    found: list[Diagnostic] = []
    for node, claims in built.items():
        type = node.layer.type
        if type is None or node.position < 0 or len(claims) != len(node.inputs):
            continue
        facts = inference.calls_of(node)[0].facts
        if facts.status == "unknown":
            continue
        shapes = [_as_shape(claim.shape) for claim in claims]
        try:
            recorded = type.apply(shapes, {**node.layer.fields, **node.options}, node.keywords)
        except Problem:
            continue
        for mine, theirs in zip(facts.weights, recorded.weights, strict=False):
            if len(mine.shape) == len(theirs.shape) and all(map(_may_be_equal, mine.shape, theirs.shape)):
                continue
            listed = " and ".join(str(claim.shape) for claim in claims)
            message = (
                f"the file says that `{node.layer.name}` was built on {listed}, which gives it a {theirs.name} of "
                f"{show_shape(theirs.shape)}, but its input needs one of {show_shape(mine.shape)}"
            )
            help = "the file was changed by hand, or cnnsum is wrong about this layer: please report it then"
            span = None if graph.place is None else graph.place.document.span(claims[0].path)
            found.append(Diagnostic("SHP220", message, span, "warning", help))
            break
    return found


def _as_shape(recorded: tuple[int | None, ...]) -> Shape:
    return tuple([UNKNOWN if dim is None else dim for dim in recorded])


def _may_be_equal(left: Dim, right: Dim) -> bool:
    return left is UNKNOWN or right is UNKNOWN or equal(left, right) is not False


def compare_weights(graph: Graph, inference: Inference) -> list[Diagnostic]:
    """A warning for every recorded weight that no layer has, or has in another shape.

    A name ends with the layer's and the weight's ("block/conv/kernel"); a number after it ("kernel_1") tells apart
    weights of the same name. A layer whose weights are not known is passed over.
    """
    weights: dict[str, dict[str, list[tuple[Dim, ...]]]] = {}
    unknown: set[str] = set()
    for call in inference.calls:
        known = weights.setdefault(call.layer.name, {})
        if call.facts.status == "unknown":
            unknown.add(call.layer.name)
        if not known:
            names = _OTHER_NAMES.get(call.layer.type.role if call.layer.type else "", {})
            for weight in call.facts.weights:
                name = weight.name.rpartition("/")[2]
                for one in dict.fromkeys((name, names.get(name, name))):
                    known.setdefault(one, []).append(weight.shape)
    found: list[Diagnostic] = []
    for claim in graph.recorded_weights:
        *path, name = claim.name.split(":")[0].split("/")
        layer = next((part for part in reversed(path) if part in weights), None)
        if layer is not None and layer in unknown:
            continue
        stem = name.rstrip("0123456789").removesuffix("_") if name[-1:].isdigit() else name
        shapes = [] if layer is None else weights[layer].get(name, weights[layer].get(stem, []))
        if any(len(shape) == len(claim.shape) and all(map(_may_be, claim.shape, shape)) for shape in shapes):
            continue
        recorded = "(" + ", ".join(map(str, claim.shape)) + ")"
        it = f"it is {' or '.join(map(show_shape, shapes))}" if shapes else "no layer of the model has that weight"
        message = f"the file records a weight `{claim.name}` of shape {recorded}, but {it}"
        span = None if graph.place is None else graph.place.document.span(claim.path)
        help = "the weights belong to another model, or cnnsum is wrong about this layer: please report it then"
        found.append(Diagnostic("SHP225", message, span, "warning", help))
    return found


def _has_weights(layer: Layer) -> bool:
    return layer.type is not None and bool(layer.type.weights)


def _differing(claims: Iterable[ShapeBeside | ShapeBuiltOn], inference: Inference) -> list[Recorded]:
    """Those shapes that are not what was inferred."""
    made_by, values = inference.made_by, inference.values
    found: list[Recorded] = []
    for claim in claims:
        node, index = claim[0]
        numbers = made_by[node.position][0] if node.position >= 0 else ()
        if index >= len(numbers):
            continue
        shape, claimed = values[numbers[index]].shape, claim[1]
        # Mostly it is that of any batch.
        if shape is None or (shape[1:] == claimed[1:] and claimed[:1] == (None,)):
            continue
        if shape != claimed and not _may_fit(claimed, shape):
            found.append(Recorded(*claim))
    return found


def _agrees(claim: Recorded, inference: Inference, points: Points | None) -> bool:
    (node, index), claimed, _, _, formulas, of_dtype = claim
    if node.position < 0:
        return True
    numbers = inference.made_by[node.position][0]
    if index >= len(numbers):
        return True
    shape, dtype = inference.values[numbers[index]]
    if of_dtype is not None and dtype not in (of_dtype, "?"):
        return False
    if shape is None:
        return True
    if not formulas and _fits(claimed, shape):
        return True
    if not _may_fit(claimed, shape):
        return False
    return points is None or all(
        shape[axis] is UNKNOWN or points.agree(formula, shape[axis]) for axis, formula in formulas
    )


def _fits(claimed: tuple[int | None, ...], shape: Shape) -> bool:
    """Whether a shape is the claimed one, mostly that of any batch."""
    return (shape[1:] == claimed[1:] and claimed[:1] == (None,)) or shape == claimed


def _may_fit(claimed: tuple[int | None, ...], shape: Shape) -> bool:
    return len(shape) == len(claimed) and all(map(_may_be, claimed, shape))


def _may_be(claimed: object, dim: Dim) -> bool:
    if claimed is None or dim is UNKNOWN:
        return True
    if not isinstance(claimed, int):
        return False
    return claimed == dim or equal(dim, claimed) is not False


def compare_dtypes(inference: Inference) -> list[Diagnostic]:
    """An error for every call of a dtype that its operation does not take: nothing casts what a program hands on."""
    found: list[Diagnostic] = []
    for call in inference.calls:
        type = call.layer.type
        if type is None or not call.layer.nodes or call.facts.status == "unknown":
            continue
        node = call.layer.nodes[0]
        dtypes = [inference.values[number].dtype if number >= 0 else "" for number in with_constants(call.inputs, node)]
        for constant in node.constants:
            dtypes[constant.index] = constant.dtype
        placed = len(dtypes) - len(node.keywords)
        by_place = dtypes[:placed] + [""] * len(type.schema.inputs)
        for name, dtype in zip(node.keywords, dtypes[placed:], strict=True):
            by_place[type.schema.inputs.index(name)] = dtype
        message = type.vocabulary.mistaken_dtypes(type.key, by_place)
        if message:
            from cnnsum.graph.findings import of_layer

            problem = Problem("GRF313", f"{type.name}: {message}", help="put a `Cast` before it")
            found.append(of_layer(call.layer, problem))
    return found


def compare_said(graph: Graph, inference: Inference) -> list[Diagnostic]:
    """A warning for every comment that says another size of a layer's output than it has.

    A row whose stride was dropped builds all the same, and so do those behind it: its label tells.
    """
    picture = graph.inputs[0].layer.spec.shape if graph.inputs and graph.inputs[0].layer.spec is not None else ()
    found: list[Diagnostic] = []
    for layer, factor, what, place in graph.said:
        shape = inference.output_of(layer.nodes[-1])[0].shape if layer.nodes else None
        if shape is None or len(shape) != len(picture):
            continue
        for axis, (whole, part) in enumerate(zip(picture[2:], shape[2:], strict=True), 2):
            if not isinstance(whole, int) or not isinstance(part, int) or part < 1:
                continue
            if whole // factor <= part <= -(-whole // factor):
                continue
            message = f"the comment says {what}, but the output is {part} of {whole} positions on axis {axis}"
            help = f"that is 1/{round(whole / part)}: a stride is missing or too many before it, or the comment is old"
            found.append(Diagnostic("SHP228", message, place, "warning", help))
            break
    return found
