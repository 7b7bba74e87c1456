"""typing's words: to mypy they are typing's, at run time stand-ins that cost nothing to load.

Loading typing takes a sixteenth of all that the summary of a small model does, and nearly all that it is loaded for is
read by mypy alone. What stands in the brackets of a stand-in is kept in `__args__` and `__metadata__`, as typing keeps
it, since rules of layers are read by it.

`NamedTuple` is made in a tenth of the time of typing's, which compiles every annotation and a constructor: the summary
of the smallest model loads seventy such classes. Here annotations stay what they are, and a constructor is compiled for
a class of which many tuples are made. Knows nothing of cnnsum.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what mypy takes for typing's

__all__ = [
    "IO",
    "TYPE_CHECKING",
    "Annotated",
    "Any",
    "BinaryIO",
    "Final",
    "Generic",
    "Literal",
    "NamedTuple",
    "NoReturn",
    "Protocol",
    "TextIO",
    "TypeAlias",
    "TypeVar",
    "get_args",
    "overload",
]

if TYPE_CHECKING:
    from typing import (
        IO,
        Annotated,
        Any,
        BinaryIO,
        Final,
        Generic,
        Literal,
        NamedTuple,
        NoReturn,
        Protocol,
        TextIO,
        TypeAlias,
        TypeVar,
        get_args,
        overload,
    )
else:
    from collections import _tuplegetter as field_at  # in C, where there is C: a property takes three times as long

    class _Said:
        """A type that is put together from others, or a variable that stands for one."""

        def __init__(self, *args: object, metadata: tuple[object, ...] = ()) -> None:
            self.__args__ = args
            self.__metadata__ = metadata

        def __or__(self, other: object) -> _Union:
            return _Union(*_Union.parts(self), *_Union.parts(other))

        def __ror__(self, other: object) -> _Union:
            return _Union(*_Union.parts(other), *_Union.parts(self))

        def __call__(self) -> None:
            """What is not callable is not a type to typing of Python 3.10."""
            raise TypeError("a type that is put together is not called")

    class _Union(_Said):
        """One of several types."""

        @staticmethod
        def parts(said: object) -> tuple[object, ...]:
            """The types of which a type is one."""
            return said.__args__ if isinstance(said, _Union) else (said,)

    class Any:
        """Whatever it is."""

    IO = BinaryIO = Final = NoReturn = TextIO = TypeAlias = Any

    class Annotated:
        """A type, and what else is to be known of it."""

        def __class_getitem__(cls, said: tuple[object, ...]) -> _Said:
            return _Said(said[0], metadata=said[1:])

    class Literal:
        """One of these values."""

        def __class_getitem__(cls, said: object) -> _Said:
            return _Said(*(said if isinstance(said, tuple) else (said,)))

    class Generic:
        """A class of which there is one for each type."""

        def __class_getitem__(cls, _said: object) -> type[Generic]:
            return cls

    Protocol = Generic

    def TypeVar(_name: str, *constraints: object, **_named: object) -> _Said:
        """A variable that stands for a type."""
        return _Said(*constraints)

    def get_args(said: object) -> tuple[object, ...]:
        """What stands in the brackets of a type."""
        return getattr(said, "__args__", ())

    def overload(function: object) -> object:
        """One of the ways to call a function."""
        return function

    class _Slotted(type):
        """Gives a class no room but that of its tuple, and its fields with it: put in afterwards they take longer."""

        def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, object]) -> type:
            """A class of the fields that its body annotates, unless it is one with the fields of another."""
            body["__slots__"] = ()
            if bases and bases[0].__base__ is tuple:
                fields = body["_fields"] = body["__match_args__"] = tuple(body.get("__annotations__", ()))
                body["_field_defaults"] = {field: body[field] for field in fields if field in body}
                body["_defaults"] = tuple(body["_field_defaults"].values())
                # How many tuples are still made before a constructor is compiled, which takes as long; one with values
                # that are left out counts for two, and one with values that are named for ten. In a list: a class that
                # was changed is slow for a while.
                body["_unspent"] = [250]
                for place, field in enumerate(fields):
                    body[field] = field_at(place, None)
            return type.__new__(meta, name, bases, body)

    class NamedTuple(tuple, metaclass=_Slotted):  # noqa: SLOT001 - its metaclass does
        """A tuple whose elements have names: those of the annotations, in their order."""

        def __new__(_cls, /, *values: object, **named: object) -> NamedTuple:  # noqa: PYI034 - Self came with Python 3.11
            """Put the first tuples of a class together, which takes long where values are named. From then on, and
            where the fields are wrong, compile a constructor of its own, which takes this one's place.
            """
            unspent = _cls._unspent
            if not named and unspent[0] > 0:
                missing = len(_cls._fields) - len(values)
                if not missing:
                    unspent[0] -= 1
                    return tuple.__new__(_cls, values)
                if 0 < missing <= len(_cls._defaults):
                    unspent[0] -= 2
                    return tuple.__new__(_cls, values + _cls._defaults[-missing:])
            rest = _cls._fields[len(values) :]
            known = {**_cls._field_defaults, **named}
            if unspent[0] > 0 and len(values) <= len(_cls._fields) and named.keys() <= set(rest) <= known.keys():
                unspent[0] -= 10
                return tuple.__new__(_cls, (*values, *[known[name] for name in rest]))
            names = ", ".join(_cls._fields)
            made = eval(f"lambda _cls, {names}: _new(_cls, ({names},))", {"_new": tuple.__new__})  # noqa: S307
            made.__defaults__ = _cls._defaults
            _cls.__new__ = staticmethod(made)
            return made(_cls, *values, **named)

        #: A tuple of all values, given as one: in C, for classes of which there is one for each layer, or more.
        _make = classmethod(tuple.__new__)

        def _replace(self, /, **changes: object) -> NamedTuple:
            values = tuple(map(changes.pop, self._fields, self))
            return type(self)(*values, **changes)

        def _asdict(self) -> dict[str, object]:
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"
