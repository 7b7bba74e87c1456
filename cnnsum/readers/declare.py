"""What every reader does alike: turn a type's name and raw fields into a `Layer`, and problems into diagnostics with
a place.

Knows no file format.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.diagnostics import Diagnostic, Problem, Severity, Suggestion, UnusableError
from cnnsum.dims import Dim, Expr, Symbol
from cnnsum.graph.model import FLOAT32, Layer, Place, Policy
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import Reading, show
from cnnsum.typed import Any


def report(diagnostics: list[Diagnostic], problem: Problem, place: Place, severity: Severity = "error") -> None:
    """Add a problem with its place. An unknown field is shown at its name, anything else at its value."""
    span = place.span(problem.field, key=problem.code == "CFG103")
    diagnostics.append(Diagnostic(problem.code, str(problem), span, severity, problem.help))


def declare(
    name: str,
    type: LayerType | None,
    raw: Mapping[str, object],
    reading: Reading,
    place: Place,
    diagnostics: list[Diagnostic],
    *,
    type_name: str,
    policy: Policy = FLOAT32,
    trainable: bool = True,
    block: tuple[str, ...] = (),
    lenient: bool = False,
) -> Layer:
    """A layer of this type with checked fields; every problem found goes to `diagnostics`.

    A layer whose fields are wrong has no type: what it yields is not known. `lenient` makes unknown fields warnings,
    for formats in which newer writers add fields.
    """
    fields: dict[str, object] = {}
    if type is not None:
        fields, problems = type.bind(raw, reading)
        misspelt = {
            problem.help.only: problem.field[0]
            for problem in problems
            if problem.code == "CFG103" and isinstance(problem.help, Suggestion)
        }
        for problem in problems:
            missing = problem.message.partition("`")[2].rstrip("`") if problem.code == "CFG101" else None
            if missing in misspelt:  # the field is there, under a name that it does not have
                problem.help = f"did you mean `{missing}` by `{misspelt[missing]}`?"
            # A layer of an unknown type inside another is not a fault of the file, but nothing is known of either.
            soft = lenient and problem.code in {"CFG103", "UNK701", "UNK702", "UNK705"}
            report(diagnostics, problem, place, "warning" if soft else "error")
            if problem.code != "CFG103" or not lenient:
                type = None
    return Layer(
        name,
        type,
        fields if type is not None else {},
        type_name=type_name,
        place=place,
        policy=policy,
        trainable=trainable,
        block=block,
    )


def size_from_outside(name: str, value: Any, source: str = "") -> Any:
    """A value that the caller gives to a size: a positive integer, or a dim. Raises UnusableError for any other.

    source: where it comes from, as the message begins.
    """
    if isinstance(value, Expr):
        return value
    if type(value) is not int or value < 1:
        shown = value if isinstance(value, str) else show(value)
        message = f"{source or f'{name}={shown}'}: a size must be a positive integer, got {show(value)}"
        raise UnusableError(Diagnostic("SPC052", message))
    return value


#: What the spatial axes of an input are called, by the rank with batch and channels.
AXES = {3: ("T",), 4: ("H", "W"), 5: ("D", "H", "W")}


def open_axes(shape: tuple[Any, ...], taken: dict[str, Symbol]) -> tuple[Dim, ...]:
    """Put an anonymous symbol in place of every None of a shape with its batch axis; they are added to `taken`.

    Names follow the layout: N for the batch, H and W for the axes of images, T for sequences; a name in use gets a
    number.
    """
    names = AXES.get(len(shape), ())
    result: list[Dim] = []
    for axis, dim in enumerate(shape):
        if dim is not None:
            result.append(dim)
            continue
        stem = "N" if axis == 0 else names[axis - 1] if axis <= len(names) else f"D{axis}"
        result.append(fresh(stem, taken).dim)
    return tuple(result)


def fresh(stem: str, taken: dict[str, Symbol]) -> Symbol:
    """A new anonymous symbol, named `stem` or `stem` with the first free number; added to `taken`."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}{count}"
    symbol = taken[name] = Symbol(name, anonymous=True)
    return symbol
