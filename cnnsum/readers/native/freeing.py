"""Setting the sizes of a spec's inputs free, before anything that may depend on them is read.

Loaded when a caller asks for it. See `cnnsum.readers.free`, which does the same to graphs.
"""

from __future__ import annotations

from cnnsum.dims import ExpressionError, Symbol, evaluate, is_name
from cnnsum.graph.model import AxisKind, Freed
from cnnsum.readers.declare import size_from_outside
from cnnsum.readers.free import kind_of, name_for, stem_of
from cnnsum.readers.native.inputs import Sizes
from cnnsum.typed import Any


def free(sizes: Sizes, kinds: frozenset[str], *, channels_first: bool) -> None:
    """Make symbols of the sizes on axes of these kinds. A var that stands alone on an axis is set free itself."""
    given = sizes.how.settings
    if "declared" in kinds:
        for name, symbol in sizes.symbols.items():
            if (symbol.minimum, symbol.multiple_of) != (1, 1) and name not in given:
                sizes.freed[name] = Freed(None, symbol.minimum, symbol.multiple_of)
                sizes.symbols[name] = Symbol(name)
    names = _names_given(sizes)
    for one in sizes.declared:
        shape: Any = sizes.replaced.get(one.name, one.shape)
        if shape is None:
            continue
        own = one.shape if one.name in sizes.replaced and one.shape and len(one.shape) == len(shape) else None
        rank = len(shape) + 1
        dtype = one.dtype if isinstance(one.dtype, str) else ""
        for axis, item in enumerate(shape):
            kind = kind_of(axis + 1, rank, dtype, channels_first=channels_first)
            if kind not in kinds:
                continue
            said = own[axis] if own is not None else None
            if type(item) is int and isinstance(said, str) and said in names:
                _open_name(sizes, said, item, kind)
                sizes.replaced[one.name] = (*shape[:axis], said, *shape[axis + 1 :])
                shape = sizes.replaced[one.name]
            elif isinstance(item, str):
                _open_var(sizes, item.removeprefix("$"), kind)
            elif type(item) is int and item > 0:
                stem = stem_of(axis + 1, rank, kind, channels_first=channels_first)
                name = name_for(stem, {*sizes.symbols, *sizes.vars, *sizes.freed})
                sizes.freed[name] = Freed(item, kind=kind)
                sizes.opened[one.name, axis] = (
                    size_from_outside(name, given[name]) if name in given else Symbol(name).dim
                )


def _names_given(sizes: Sizes) -> set[str]:
    """The names that stand alone on axes for which the caller gives one number: these are free by that name."""
    given: dict[str, set[object]] = {}
    for one in sizes.declared:
        replaced = sizes.replaced.get(one.name, ())
        if one.shape is not None and len(one.shape) == len(replaced):
            for name, size in zip(one.shape, replaced, strict=True):
                if isinstance(name, str) and size != name:
                    given.setdefault(name, set()).add(size)
    known, settings = {*sizes.symbols, *sizes.vars}, sizes.how.settings
    return {
        name
        for name, values in given.items()
        if name in known and len(values) == 1 and (name not in settings or settings[name] in values)
    }


def _open_name(sizes: Sizes, name: str, size: int, kind: AxisKind) -> None:
    """Set a symbol or a var free on whose axis the caller has a number."""
    if name in sizes.freed and sizes.freed[name].size is not None:
        return
    declared = sizes.freed.get(name)
    sizes.freed[name] = Freed(size, kind=kind) if declared is None else declared._replace(size=size, kind=kind)
    if name in sizes.vars and name not in sizes.how.settings:
        sizes.symbols[name] = Symbol(name)
        sizes.values[name] = Symbol(name).dim, f"`{name}` is set free"


def _open_var(sizes: Sizes, name: str, kind: AxisKind) -> None:
    """Set a var free that is a plain number, or made of such, wherever the spec mentions it."""
    if name not in sizes.vars or name in sizes.freed or not is_name(name):
        return
    numbers = {other: cell.raw for other, cell in sizes.vars.items() if isinstance(cell.raw, int | float)}
    value = sizes.vars[name].raw
    if isinstance(value, str):
        try:
            value = evaluate(value, numbers)
        except ExpressionError:
            return  # it depends on more than numbers, or is wrong, which is reported where the size is read
    if type(value) is int and value > 0:
        sizes.freed[name] = Freed(value, kind=kind)
        if name not in sizes.how.settings:
            sizes.symbols[name] = Symbol(name)
            sizes.values[name] = Symbol(name).dim, f"`{name}` is set free"
