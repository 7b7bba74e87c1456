"""`NamedTuple`: typing's to mypy and to whoever uses one, and made in a tenth of the time.

The summary of the smallest model loads seventy of them. For each, typing's compiles every annotation and a constructor:
a third of all that such a run did. Here annotations stay what they are, and a constructor is compiled for a class of
which many tuples are made. Knows nothing of cnnsum.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what mypy takes for typing's

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple
else:
    from collections import _tuplegetter as field_at  # in C, where there is C: a property takes three times as long

    class _Slotted(type):
        """Gives a class no room but that of its tuple."""

        @classmethod
        def __prepare__(cls, _name: str, _bases: tuple[type, ...]) -> dict[str, object]:
            return {"__slots__": ()}

    class NamedTuple(tuple, metaclass=_Slotted):  # noqa: SLOT001 - its metaclass does
        """A tuple whose elements have names: those of the annotations, in their order."""

        _seldom = 20  # how many tuples of a class are still made without compiling for it

        def __init_subclass__(cls) -> None:
            if cls.__bases__ != (NamedTuple,):
                return  # it has the fields of another
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
            for place, name in enumerate(cls._fields):
                setattr(cls, name, field_at(place, None))

        def __new__(_cls, /, *values: object, **named: object) -> NamedTuple:  # noqa: PYI034 - Self came with Python 3.11
            """Put the first tuples of a class together; from then on, and where the fields are wrong, compile a
            constructor of its own, which takes this one's place.
            """
            rest = _cls._fields[len(values) :]
            known = {**_cls._field_defaults, **named}
            if _cls._seldom and len(values) <= len(_cls._fields) and named.keys() <= set(rest) <= known.keys():
                _cls._seldom -= 1
                return tuple.__new__(_cls, (*values, *[known[name] for name in rest]))
            names = ", ".join(_cls._fields)
            made = eval(f"lambda _cls, {names}: _new(_cls, ({names},))", {"_new": tuple.__new__})  # noqa: S307
            made.__defaults__ = tuple(_cls._field_defaults.values())
            _cls.__new__ = staticmethod(made)
            return made(_cls, *values, **named)

        @classmethod
        def _make(cls, values: Iterable[object]) -> NamedTuple:
            return cls(*values)

        def _replace(self, /, **changes: object) -> NamedTuple:
            values = tuple(map(changes.pop, self._fields, self))
            return type(self)(*values, **changes)

        def _asdict(self) -> dict[str, object]:
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"
