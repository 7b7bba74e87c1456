"""What is wrong with the fields of a layer whatever it is called on: found also where its input is not known.

A rule is asked with inputs of which no size is known, of each rank: what it says of the fields at every rank that it
takes is a mistake of the fields by themselves. Loaded for networks with errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN
from cnnsum.layers.base import REQUIRED, LayerType
from cnnsum.layers.facts import Shape, show_shape
from cnnsum.layers.requiring import put_back, set_aside

#: The ranks that are tried, batch axis included, first those that most layers take: no layer asks for more axes.
_RANKS = (4, 3, 2, 5, 6, 1)
#: Calls with more inputs of unknown rank are not tried: each may have any rank.
_MOST_UNKNOWN = 3
#: What a rule says of inputs of a rank that it does not take.
_OF_RANK = ("SHP204", "SHP205")
#: What was found, for the layers of one network that say the same.
_known: dict[object, tuple[Problem, ...]] = {}
_MOST_KNOWN = 1024


def own_mistakes(
    type: LayerType,
    key: object,
    fields: Mapping[str, object],
    shapes: tuple[Shape | None, ...],
    keywords: tuple[str, ...],
) -> tuple[Problem, ...]:
    """The problems of the fields, each of another one. key: of layers that do the same.

    A relation of two fields is one problem, of the field that it names; what else is wrong is found with the default of
    that one in its place.
    """
    known = (key, tuple([None if shape is None else tuple(shape) for shape in shapes]), keywords)
    found = _known.get(known)
    if found is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        outer = set_aside()
        try:
            found = _known[known] = tuple(_mistakes(type, fields, shapes, keywords))
        finally:
            put_back(outer)
    return found


def _mistakes(
    type: LayerType, fields: Mapping[str, object], shapes: tuple[Shape | None, ...], keywords: tuple[str, ...]
) -> Iterator[Problem]:
    if shapes.count(None) > _MOST_UNKNOWN or any(hasattr(value, "graph") for value in fields.values()):
        return
    replaced: list[str] = []
    for _ in type.schema.fields:
        problem = _certain(type, fields, shapes, keywords)
        if problem is None or any(name in str(problem) or name in problem.field for name in replaced):
            return
        yield problem
        name = problem.field[0] if problem.field else None
        field = None if name is None else type.schema.fields.get(str(name))
        if field is None or field.default is REQUIRED:
            return
        replaced.append(field.name)
        fields = {**fields, field.name: field.default}


def _certain(
    type: LayerType, fields: Mapping[str, object], shapes: tuple[Shape | None, ...], keywords: tuple[str, ...]
) -> Problem | None:
    """What the rule says of the fields for inputs of all ranks; None where it says nothing for one of them."""
    found: Problem | None = None
    choices = [((UNKNOWN,) * rank for rank in _RANKS) if shape is None else (shape,) for shape in shapes]
    for given in product(*choices):
        try:
            type.apply(given, fields, keywords)
        except Problem as problem:
            if problem.code in _OF_RANK:
                continue
            if not problem.code.startswith("CFG") or any(show_shape(one) in str(problem) for one in given if one):
                return None  # of the sizes, too
            if found is not None and (problem.code, str(problem), problem.field) != (
                found.code,
                str(found),
                found.field,
            ):
                return None
            found = problem
        except Exception:  # noqa: BLE001 - a rule need not do without sizes: then nothing is certain
            return None
        else:
            return None
    return found
