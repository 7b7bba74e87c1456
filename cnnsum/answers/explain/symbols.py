"""One call of a layer, run again on named sizes: the facts come out with the formulas that they are made by.

Names are those a reader knows: the axes of the inputs by their layout (H, W and C of an image), the fields by their
own names with an axis (kernel_h, stride_w). Where the network itself calls something else so, a length is an H_in. The
rule is the layer's own; nothing here knows what any layer does, but for the letters of an einsum equation and the time
axis of TimeDistributed. Where the batch was folded into the first axis, `rows` are the rows of it that belong to one
sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnsum.answers.explain import arithmetic
from cnnsum.answers.explain.arithmetic import Term
from cnnsum.answers.explain.tracing import TracedFormula, TracedNumber, TracedStride, named, term_of, traced
from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim, Expr, symbols_of
from cnnsum.layers import kinds
from cnnsum.layers.base import LayerType, Role
from cnnsum.layers.facts import Facts, Shape
from cnnsum.layers.inner import Inner
from cnnsum.layers.meanings import Meaning, field_with, meant, said
from cnnsum.typed import NamedTuple

#: The axes of a tensor by its rank, the batch axis left out.
AXES = {2: ("features",), 3: ("T", "C"), 4: ("H", "W", "C"), 5: ("D", "H", "W", "C")}

#: The rank of a sequence, and the roles of layers that have features last whatever the framework, and channels first.
_OF_SEQUENCES = 3
_ON_LAST: frozenset[Role] = frozenset(
    (
        *("dense", "einsum", "embedding", "layer normalization", "rms normalization"),
        *("simple recurrence", "lstm", "gru", "bidirectional"),
        *("attention", "additive attention", "multi-head attention", "grouped attention"),
    )
)
OF_IMAGES: frozenset[Role] = frozenset(
    (
        *("convolution", "transposed convolution", "depthwise convolution", "separable convolution"),
        *("max pooling", "mean pooling", "global max pooling", "global mean pooling"),
        *("adaptive max pooling", "adaptive mean pooling", "padding", "cropping", "upsampling", "resizing"),
        *("batch normalization", "instance normalization", "group normalization", "channel dropout"),
    )
)

#: What is left out of the arithmetic where it is 1, as it mostly is.
_NEUTRAL: tuple[Meaning, ...] = ("dilation", "groups", "multiplier")

_SUFFIXES = {1: ("",), 2: ("_h", "_w"), 3: ("_d", "_h", "_w")}
_SIDES = {
    1: (("before", "after"),),
    2: (("top", "bottom"), ("left", "right")),
    3: (("front", "back"), ("top", "bottom"), ("left", "right")),
}


def _kinds(*annotated: object) -> frozenset[int]:
    return frozenset(id(kinds.kind_in(one)) for one in annotated)


_COUNTS = _kinds(kinds.Pos, kinds.Nat, kinds.Int)
_PER_AXIS = _kinds(kinds.One, kinds.Pair, kinds.Triple, kinds.NatOne, kinds.NatPair, kinds.NatTriple)
_PADS = _kinds(kinds.Pads1, kinds.Pads2, kinds.Pads3)


def is_size(kind: kinds.Kind) -> bool:
    """Whether a field of this kind holds sizes, which have names in the formulas."""
    return id(kind) in _COUNTS | _PER_AXIS | _PADS


class Retold(NamedTuple):
    """A call on named sizes.

    facts: what the rule says of them. shapes: the inputs. names: of the lengths of the first output, for what is made
    of them. axes: the names of the axes of the first input and of the first output.
    """

    facts: Facts
    shapes: tuple[Shape | None, ...]
    names: arithmetic.Names
    axes: tuple[tuple[str, ...], tuple[str, ...]]


def retell(
    layer_type: LayerType,
    fields: Mapping[str, object],
    shapes: Sequence[Shape | None],
    keywords: Sequence[str],
    tensors: Sequence[int],
    facts: Facts,
    images: tuple[bool, ...],
) -> Retold | None:
    """The call on named sizes, or None where the rule says anything else of them than `facts`, which it said before.

    tensors: the number of the value that each input is; one value has one name, wherever it goes in. images: whether
    each input is known to be an image, and last whether the output is.
    """
    suffixes = _suffixes(layer_type, len(shapes), keywords)
    for stride in (TracedStride, TracedNumber):
        run = _run(layer_type, fields, shapes, keywords, tensors, suffixes, stride, facts.repeats, images)
        if run is not None and _same(run.facts, facts):
            kept = _needed(run, suffixes, shapes)
            if kept != suffixes:
                run = _run(layer_type, fields, shapes, keywords, tensors, kept, stride, facts.repeats, images)
            return run
    return None


def _run(
    layer_type: LayerType,
    fields: Mapping[str, object],
    shapes: Sequence[Shape | None],
    keywords: Sequence[str],
    tensors: Sequence[int],
    suffixes: Mapping[tuple[int, str], str],
    stride: type[TracedNumber],
    repeats: Dim,
    images: tuple[bool, ...],
) -> Retold | None:
    given: list[Shape | None] = []
    for index, shape in enumerate(shapes):
        first = tensors.index(tensors[index]) if tensors[index] >= 0 else index
        axes = _axes(layer_type, fields, shape, image=images[index])
        given.append(None if shape is None else _named_shape(shape, axes, first, suffixes))
    try:
        facts = layer_type.apply(given, _named_fields(layer_type, fields, stride), keywords)
    except Problem:
        return None
    if repeats is not UNKNOWN and repeats != 1:
        rows = named("rows", repeats)
        facts.macs, facts.ops = facts.macs * rows, facts.ops * rows
    source = _axes(layer_type, fields, shapes[0] if shapes else None, image=images[0])
    result = _result_axes(layer_type, fields, facts.outputs[0], image=images[-1])
    return Retold(facts, tuple(given), _names(facts.outputs[0], result), (source, result))


# --- inputs -----------------------------------------------------------------------------------------------------------


def _axes(layer_type: LayerType, fields: Mapping[str, object], shape: Shape | None, *, image: bool) -> tuple[str, ...]:
    """The names of the axes of an input, or of an output; the batch axis left out."""
    if shape is None or len(shape) < 2:
        return ()
    if layer_type.role == "time distributed":
        inner = meant(layer_type, fields, "inner")
        first = isinstance(inner, Inner) and said(inner, "layout") == "channels_first"
        return ("T", *_layout(len(shape) - 1, channels_first=first))
    equation = fields.get("equation")
    if isinstance(equation, str):
        return _letters(equation.partition(",")[0], len(shape))
    rank = len(shape)
    if not layer_type.vocabulary.channels_first:
        return _layout(rank, channels_first=meant(layer_type, fields, "layout") == "channels_first")
    if rank == _OF_SEQUENCES and layer_type.role not in OF_IMAGES | _ON_LAST:
        # The steps of a sequence come first or last, and what treats both alike does not say which.
        return ("axis1", "axis2")
    if rank > _OF_SEQUENCES and not image and layer_type.role not in OF_IMAGES:
        others = tuple(f"axis{axis}" for axis in range(1, rank))
        return (*others[:-1], "features") if layer_type.role in _ON_LAST else others
    return _layout(rank, channels_first=layer_type.role not in _ON_LAST)


def _result_axes(
    layer_type: LayerType, fields: Mapping[str, object], shape: Shape | None, *, image: bool
) -> tuple[str, ...]:
    equation = fields.get("equation")
    if shape is not None and isinstance(equation, str):
        return _letters(equation.partition("->")[2], len(shape))
    return _axes(layer_type, fields, shape, image=image)


def _layout(rank: int, *, channels_first: bool) -> tuple[str, ...]:
    axes = AXES.get(rank)
    if axes is None:
        return tuple(f"axis{axis}" for axis in range(1, rank))
    return (axes[-1], *axes[:-1]) if channels_first else axes


def _letters(pattern: str, rank: int) -> tuple[str, ...]:
    """The axes of a tensor in an einsum equation: its letters, and numbers for the axes of `...`."""
    letters = pattern.replace(".", "")
    others = [f"axis{axis}" for axis in range(rank - len(letters))]
    return tuple([*others, *letters] if pattern.startswith(".") else [*letters, *others])[1:]


def _named_shape(shape: Shape, axes: tuple[str, ...], index: int, suffixes: Mapping[tuple[int, str], str]) -> Shape:
    taken = {symbol.name for dim in shape for symbol in symbols_of(dim)}

    def called(axis: str, dim: Dim) -> str:
        name = axis + suffixes.get((index, axis), "")
        return f"{name}_in" if name in taken and str(dim) != name else name

    return (*shape[:1], *[named(called(axis, dim), dim) for axis, dim in zip(axes, shape[1:], strict=False)])


def _suffixes(layer_type: LayerType, count: int, keywords: Sequence[str]) -> dict[tuple[int, str], str]:
    """What sets the axes of several inputs apart: the names of the inputs where they have good ones, else numbers."""
    if count < 2:
        return {}
    own = layer_type.schema.inputs
    texts = [*own[: count - len(keywords)], *keywords] if own else []
    found = {}
    for index in range(count):
        text = texts[index] if index < len(texts) else ""
        suffix = f"_{text}" if len(text) > 2 else f"_{index + 1}"
        for axis in {name for axes in AXES.values() for name in axes} | {f"axis{n}" for n in range(1, 9)}:
            found[index, axis] = suffix
    return found


def _needed(
    run: Retold, suffixes: Mapping[tuple[int, str], str], shapes: Sequence[Shape | None]
) -> dict[tuple[int, str], str]:
    """The suffixes without those of axes that only one input brings into the formulas."""
    used = set[str]()
    for dim in _dims(run.facts):
        used.update(arithmetic.names_in(term_of(dim)))
    if run.facts.keeps_input and not all(_equal((shape or ())[1:], (shapes[0] or ())[1:]) for shape in shapes):
        for dim in (dim for shape in run.shapes for dim in (shape or ())[1:] if isinstance(dim, (int, Expr))):
            used.update(arithmetic.names_in(term_of(dim)))
    bringing: dict[str, set[str]] = {}
    for (_, axis), suffix in suffixes.items():
        if axis + suffix in used:
            bringing.setdefault(axis, set()).add(suffix)
    return {key: suffix for key, suffix in suffixes.items() if len(bringing.get(key[1], ())) > 1}


# --- fields -----------------------------------------------------------------------------------------------------------


def _named_fields(
    layer_type: LayerType, fields: Mapping[str, object], stride: type[TracedNumber], prefix: str = ""
) -> dict[str, object]:
    declared = layer_type.schema.fields
    made: dict[str, object] = {
        name: _named_field(layer_type, prefix, name, value, id(declared[name].kind), stride)
        for name, value in fields.items()
    }
    result, equation = field_with(layer_type, "result"), fields.get("equation")
    sizes = fields.get(result)
    if isinstance(sizes, tuple):
        # The sizes of an einsum equation are called by its letters.
        letters = "" if not isinstance(equation, str) else equation.partition("->")[2].strip(".")[-len(sizes) :]
        names = letters or [result + (f"_{at}" if len(sizes) > 1 else "") for at in range(1, len(sizes) + 1)]
        made[result] = tuple(
            None if size is None else named(prefix + text, size) for text, size in zip(names, sizes, strict=False)
        )
    return made


def _named_field(
    layer_type: LayerType, prefix: str, name: str, value: object, kind: int, stride: type[TracedNumber]
) -> object:
    if isinstance(value, tuple) and value and all(isinstance(one, Inner) for one in value):
        # Each of several layers has names of its own.
        return tuple(
            _named_field(layer_type, f"{prefix}{at}_", name, one, kind, stride) for at, one in enumerate(value, 1)
        )
    if isinstance(value, Inner):
        inside = "backward_" if name == field_with(layer_type, "backward") else prefix
        inner = _named_fields(value.type, value.fields, stride, inside)
        return Inner(value.type, inner, value.name, value.trainable, value.dtype)
    if value is None or value is UNKNOWN:
        return value
    if kind in _COUNTS and isinstance(value, (int, Expr)):
        return value if value == 1 and name in _neutral(layer_type) else named(prefix + name, value)
    if kind in _PER_AXIS and isinstance(value, tuple):
        if name in _neutral(layer_type) and all(dim == 1 for dim in value):
            return value
        made = stride if name == field_with(layer_type, "stride") else TracedNumber
        stem = layer_type.vocabulary.meanings().singular.get(name, name) if len(value) > 1 else name
        return tuple(
            traced(dim, arithmetic.name(prefix + stem + suffix, dim), made)
            for dim, suffix in zip(value, _SUFFIXES[len(value)], strict=True)
        )
    if kind in _PADS and isinstance(value, tuple):
        return tuple(
            tuple(named(prefix + side, dim) for side, dim in zip(sides, pair, strict=True))
            for sides, pair in zip(_SIDES[len(value)], value, strict=True)
        )
    return _with_formulas(value)


def _neutral(layer_type: LayerType) -> tuple[str, ...]:
    return tuple([field_with(layer_type, meaning) for meaning in _NEUTRAL])


def _with_formulas(value: object) -> object:
    """The value with its formulas traced, so that none meets a traced number untraced."""
    if isinstance(value, tuple):
        return tuple(map(_with_formulas, value))
    return traced(value, term_of(value)) if isinstance(value, Expr) else value


# --- results ----------------------------------------------------------------------------------------------------------


def _names(shape: Shape | None, axes: tuple[str, ...]) -> dict[Term, Term]:
    """Names for the lengths of an output that are worked out: H_out and W_out."""
    found: dict[Term, Term] = {}
    for axis, dim in zip(axes, (shape or ())[1:], strict=False):
        if isinstance(dim, (TracedNumber, TracedFormula)) and dim.term.kind not in {"name", "number"}:
            found[dim.term] = arithmetic.name(f"{axis}_out", dim if isinstance(dim, int) else Expr(dim.terms))
    return found


def _dims(facts: Facts) -> list[int | Expr]:
    """All numbers that formulas are shown of."""
    shapes = [*facts.outputs, *(weight.shape for weight in facts.weights), *(item.shape for item in facts.kept)]
    dims: list[Dim] = [facts.macs, facts.ops]
    for shape in shapes:
        dims += (shape or ())[:]
    for window in facts.window if isinstance(facts.window, tuple) else ():
        dims += window
    return [dim for dim in dims if isinstance(dim, (int, Expr))]


def _same(one: Facts, other: Facts) -> bool:
    """Whether the rule says the same numbers."""
    return (
        _equal(one.outputs, other.outputs)
        and len(one.weights) == len(other.weights)
        and all(_equal(a.shape, b.shape) for a, b in zip(one.weights, other.weights, strict=True))
        and _equal(one.macs, other.macs)
        and _equal(one.ops, other.ops)
        and len(one.kept) == len(other.kept)
        and all(_equal(a.shape, b.shape) for a, b in zip(one.kept, other.kept, strict=True))
    )


def _equal(one: object, other: object) -> bool:
    """Equality in which what is not known is equal to itself."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return one is other or (one is not UNKNOWN and other is not UNKNOWN and bool(one == other))
