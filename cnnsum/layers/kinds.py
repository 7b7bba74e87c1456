"""Kinds of layer fields: what a value read from a file must be, and the typed value that a rule then receives.

A rule names the kind of each field as its annotation (`filters: Pos`), where it is also the static type. Knows no
layer, no file format and no position: a wrong value raises `Problem` with the path inside the field, and the caller
adds the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.dims import Dim, Expr, Unknown, at_least
from cnnsum.typed import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn, Protocol, TypeVar

if TYPE_CHECKING:
    from cnnsum.layers.inner import Inner

T = TypeVar("T")

#: Dtypes that a tensor or a policy may name.
DTYPES = (
    *("float32", "float16", "bfloat16", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"),
    *("float8_e4m3fn", "float8_e5m2", "int4", "uint4"),
)
#: Dtypes that an input may have: texts too, and complex numbers, in which no layer computes.
INPUT_DTYPES = (*DTYPES, "string", "complex64", "complex128")
_DTYPE = "a dtype such as float32"


class Reading(Protocol):
    """What a format's reader lends to the kinds: its way to turn text into numbers and to read a layer in a field."""

    def number(self, text: str) -> object:
        """The value of an expression written where a number is expected; raises Problem."""

    def sublayer(self, raw: object) -> object:
        """The layer that a field holds (of TimeDistributed, Bidirectional); raises Problem."""


Read = Callable[[object, Reading], object]


class PlainReading:
    """The reading of values that have no expressions and no layers in them."""

    def number(self, text: str) -> NoReturn:
        """There are no expressions."""
        raise Problem("CFG102", f"must be a number, got {text!r}")

    def sublayer(self, raw: object) -> object:
        """There are no layers within layers."""
        raise Problem("CFG102", f"must be left out, got {show(raw)}")


class Kind(NamedTuple):
    """One kind: `expects` completes the sentence "must be ..."; `read` converts a raw value or raises Problem.

    `choices` lists the words that are allowed, for kinds that are a choice of words. `spell` gives what a spec says for
    a value that was read, where the value itself does not read back. `least` is what the integers in it are at least:
    of a formula that is a condition. `null` is the word that says the same as null, in a field that takes both.
    """

    expects: str
    read: Read
    choices: tuple[str, ...] = ()
    spell: Callable[[Any], object] | None = None
    least: int | None = None
    null: str | None = None

    def spelled(self, value: object) -> object:
        """A value that was read, as a file says it."""
        return value if self.spell is None or value is None else self.spell(value)

    def means(self, value: object) -> object:
        """A value that was read, with one form for what null and a word say alike."""
        return self.null if value is None else value


def kind_in(annotated: Any) -> Kind:
    """The kind in an annotation: `Pos`, `Flag`."""
    kind: Kind
    (kind,) = annotated.__metadata__
    return kind


def wrong(expects: str, value: object, *path: str | int, help: str | None = None) -> Problem:
    """The Problem of a value that is not what its field needs."""
    return Problem("CFG102", f"must be {expects}, got {show(value)}", path, help=help)


def show(value: object) -> str:
    """A value as a message quotes it: short, in the spelling of the spec language."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, (list, tuple)):
        inner = ", ".join(show(item) for item in value[:6])
        return f"[{inner}, ...]" if len(value) > 6 else f"[{inner}]"
    if isinstance(value, dict):
        return "a mapping"
    return str(value)


def integer(value: object, reading: Reading, expects: str = "an integer", low: int | None = None) -> Dim:
    """A whole number, or an expression for one. A float is allowed only as the whole result of an expression."""
    if isinstance(value, Unknown):
        return value
    if type(value) is not int:
        given = value
        if isinstance(value, str):
            value = reading.number(value)
            if isinstance(value, float):
                if not value.is_integer():
                    raise wrong(expects, value, help="round it: `round(...)`, `floor(...)` or `divisible(..., 8)`")
                value = int(value)
        if isinstance(value, Expr):
            if low is not None and at_least(value, low) is False:
                raise wrong(expects, value)
            return value
        if type(value) is not int:
            is_whole = isinstance(given, float) and given.is_integer()
            # Of a name that stands for true the value is what is wrong.
            raise wrong(expects, value, help=f"write `{given:.0f}`" if is_whole else None)
    if low is not None and value < low:
        raise wrong(expects, value)
    result: Dim = value
    return result


def real(value: object, reading: Reading) -> float:
    """A number, whole or not, or an expression for one."""
    if isinstance(value, str):
        value = reading.number(value)
    if isinstance(value, Expr):
        raise wrong("a number that does not depend on a symbol", value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong("a number", value)
    return value


#: A rate of this or more was meant in percent.
_LEAST_PERCENT = 5


def _rate(value: object, reading: Reading) -> float:
    rate = real(value, reading)
    if not 0 <= rate <= 1:
        part = f": {rate} % is {rate / 100:g}" if _LEAST_PERCENT <= rate <= 100 else ", 0.5 for half of them"
        raise wrong("a number from 0 to 1", rate, help=f"the rate is the part that is dropped{part}")
    return rate


def flag(value: object, reading: Reading) -> bool:
    """True or false, or an expression for one."""
    if isinstance(value, str):
        value = reading.number(value)
    if not isinstance(value, bool):
        raise wrong("true or false", value)
    return value


def _text(value: object, _reading: Reading) -> str:
    if not isinstance(value, str):
        raise wrong("a text", value)
    return value


def choice(*words: str, instead: Callable[[object], str] | None = None, null: str | None = None) -> Kind:
    """A kind whose value is one of some words, compared without regard to case.

    instead: the mend of a value that is not a text. null: as of `Kind`.
    """
    expects = "one of " + ", ".join(words) if len(words) > 1 else words[0]

    def read(value: object, _reading: Reading) -> str:
        if isinstance(value, str):
            if value in words:
                return value
            if value.lower() in words:
                return value.lower()
            problem = wrong(expects, value, help=did_you_mean(value, words))
            problem.words = words
            raise problem
        raise wrong(expects, value, help=None if instead is None else instead(value))

    return Kind(expects, read, words, None, None, null)


def items(
    value: object, reading: Reading, read: Callable[[object, Reading], T], expects: str, count: int | None = None
) -> tuple[T, ...]:
    """A list of `count` values (any number if None), each read by `read`."""
    if not isinstance(value, (list, tuple)) or (count is not None and len(value) != count):
        raise wrong(expects, value)
    result: list[T] = []
    for index, item in enumerate(value):
        try:
            result.append(read(item, reading))
        except Problem as problem:
            problem.field = (index, *problem.field)
            raise
    return tuple(result)


def _sizes(count: int, low: int) -> Read:
    words = {0: "an integer of at least 0", 1: "a positive integer"}[low]
    expects = {
        1: f"{words}",
        2: f"{words}, or a list of two",
        3: f"{words}, or a list of three",
    }[count]

    def one(value: object, reading: Reading) -> Dim:
        return integer(value, reading, words, low)

    def read(value: object, reading: Reading) -> tuple[Dim, ...]:
        if isinstance(value, (list, tuple)):
            return items(value, reading, one, expects, count)
        return (integer(value, reading, expects, low),) * count

    return read


def _pair_list(value: object, reading: Reading) -> tuple[Dim, ...]:
    return items(value, reading, _pos, "a list of two positive integers", 2)


def _pos(value: object, reading: Reading) -> Dim:
    return integer(value, reading, "a positive integer", 1)


def _nat(value: object, reading: Reading) -> Dim:
    return integer(value, reading, "an integer of at least 0", 0)


def _int(value: object, reading: Reading) -> Dim:
    return integer(value, reading)


def _plain_int(value: object, reading: Reading) -> int:
    number = integer(value, reading)
    if not isinstance(number, int):
        raise wrong("an integer that does not depend on a symbol", number)
    return number


def _plain_pos(value: object, reading: Reading) -> int:
    number = _plain_int(value, reading)
    if number < 1:
        raise wrong("a positive integer", value)
    return number


def _axes(value: object, reading: Reading) -> tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        return items(value, reading, _plain_int, "an axis, or a list of axes")
    return (_plain_int(value, reading),)


def _one_or_list(low: int | None, expects: str, words: str) -> Callable[[object, Reading], int | tuple[int, ...]]:
    """An integer that stays one, or a list of them: for operations, where the two mean different things."""

    def one(value: object, reading: Reading) -> int:
        number = _plain_int(value, reading)
        if low is not None and number < low:
            raise wrong(words, value)
        return number

    def read(value: object, reading: Reading) -> int | tuple[int, ...]:
        if isinstance(value, (list, tuple)):
            return items(value, reading, one, expects)
        if isinstance(value, (dict, float)) or value is None:
            raise wrong(expects, value)
        return one(value, reading)

    return read


_CUTS = "a positive integer, or a list of integers in order"


def _cuts(value: object, reading: Reading) -> int | tuple[int, ...]:
    """A number of sections, or the places of cuts, which Keras counts from the start only."""
    found = _one_or_list(0, _CUTS, "an integer of at least 0, counted from the start")(value, reading)
    if found == 0 or (isinstance(found, tuple) and list(found) != sorted(found)):
        raise wrong(_CUTS, value)
    return found


def _widths(value: object, reading: Reading) -> tuple[tuple[Dim, Dim], ...]:
    """Amounts before and after axes, as numpy reads them: one integer or one pair stands for all axes."""
    expects = "an integer, a pair, or a pair for each axis"
    if not isinstance(value, (list, tuple)):
        amount = _nat(value, reading)
        return ((amount, amount),)
    if not value:
        raise wrong(expects, value)
    if not isinstance(value[0], (list, tuple)):
        value = [value]
    elif all(isinstance(item, (list, tuple)) and len(item) == 1 for item in value):
        value = [(amount, amount) for (amount,) in value]  # the same before and after

    def pair(item: object, reading: Reading) -> tuple[Dim, Dim]:
        before, after = items(item, reading, _nat, "a pair of integers", 2)
        return before, after

    return items(value, reading, pair, expects)


def _numbers(value: object, reading: Reading) -> tuple[float, ...]:
    return items(value, reading, real, "a list of numbers")


#: Numbers in nested lists, as an array of them is written; one number is one for all.
NestedNumbers = float | tuple["NestedNumbers", ...]

_SCALE = "a number, or a list of numbers"


def _nested_numbers(value: object, reading: Reading) -> NestedNumbers:
    """A number, or lists of numbers as an array has them: those of one list are all numbers, or all as long."""
    if not isinstance(value, (list, tuple)):
        if value is None or isinstance(value, (bool, dict)):
            raise wrong(_SCALE, value)
        return real(value, reading)
    found = items(value, reading, _nested_numbers, _SCALE)
    if not found or len({_lengths(one) for one in found}) > 1:
        raise wrong(_SCALE, value, help="lists in a list must be of one length" if found else None)
    return found


def _lengths(value: NestedNumbers) -> tuple[int, ...]:
    return (len(value), *_lengths(value[0])) if isinstance(value, tuple) else ()


def _table(value: object, _reading: Reading) -> object:
    """Words in a list; the words of a file are not known."""
    if not isinstance(value, (str, list, tuple)):
        raise wrong("a list, or the path of a file", value)
    return _freeze(value)


def _ints(value: object, reading: Reading) -> tuple[Dim, ...]:
    return items(value, reading, _int, "a list of integers")


def _positives(value: object, reading: Reading) -> tuple[Dim, ...]:
    return items(value, reading, _pos, "a list of positive integers")


def _naturals(value: object, reading: Reading) -> tuple[Dim, ...]:
    return items(value, reading, _nat, "a list of integers of at least 0")


def _extent(value: object, reading: Reading) -> tuple[Dim | None, ...]:
    def one(item: object, reading: Reading) -> Dim | None:
        return None if item is None else integer(item, reading, "a positive integer or null", 1)

    return items(value, reading, one, "a list of sizes")


def pads(count: int) -> Read:
    """Amounts before and after each of `count` axes: one integer, one per axis, or a pair per axis."""
    expects = (
        "an integer or a pair of integers"
        if count == 1
        else f"an integer, a list of {count}, or a list of {count} pairs"
    )

    def pair(value: object, reading: Reading) -> tuple[Dim, Dim]:
        if isinstance(value, (list, tuple)):
            before, after = items(value, reading, _nat, "a pair of integers", 2)
            return before, after
        amount = _nat(value, reading)
        return amount, amount

    def read(value: object, reading: Reading) -> tuple[tuple[Dim, Dim], ...]:
        if not isinstance(value, (list, tuple)):
            return (pair(value, reading),) * count
        if count == 1:
            return (pair(value, reading),)
        return items(value, reading, pair, expects, count)

    return read


def _freeze(value: object) -> object:
    if isinstance(value, list):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, dict):
        return tuple((key, _freeze(item)) for key, item in value.items())
    return value


def _dtype(value: object, _reading: Reading) -> str:
    if isinstance(value, str) and value in INPUT_DTYPES:
        return value
    raise wrong(_DTYPE, value, help=did_you_mean(value, INPUT_DTYPES) if isinstance(value, str) else None)


def _anything(value: object, _reading: Reading) -> object:
    return _freeze(value)


def _sublayer(value: object, reading: Reading) -> object:
    return reading.sublayer(value)


def _sublayers(value: object, reading: Reading) -> tuple[object, ...]:
    return items(value, reading, _sublayer, "a list of layers")


def _alone(values: tuple[object, ...]) -> object:
    """One value by itself: Keras has layers that do not take a list of one."""
    return values[0] if len(values) == 1 else values


Pos = Annotated[Dim, Kind("a positive integer", _pos, least=1)]
Nat = Annotated[Dim, Kind("an integer of at least 0", _nat, least=0)]
Int = Annotated[Dim, Kind("an integer", _int)]
PlainInt = Annotated[int, Kind("an integer", _plain_int)]
PlainPos = Annotated[int, Kind("a positive integer", _plain_pos)]
Real = Annotated[float, Kind("a number", real)]
Rate = Annotated[float, Kind("a number from 0 to 1", _rate)]
Flag = Annotated[bool, Kind("true or false", flag)]
Text = Annotated[str, Kind("a text", _text)]
One = Annotated[tuple[Dim, ...], Kind("a positive integer", _sizes(1, 1), least=1, spell=_alone)]
Pair = Annotated[tuple[Dim, ...], Kind("a positive integer, or a list of two", _sizes(2, 1), least=1)]
PairList = Annotated[tuple[Dim, ...], Kind("a list of two positive integers", _pair_list, least=1)]
Triple = Annotated[tuple[Dim, ...], Kind("a positive integer, or a list of three", _sizes(3, 1), least=1)]
NatOne = Annotated[tuple[Dim, ...], Kind("an integer of at least 0", _sizes(1, 0), least=0, spell=_alone)]
NatPair = Annotated[tuple[Dim, ...], Kind("an integer of at least 0, or a list of two", _sizes(2, 0), least=0)]
NatTriple = Annotated[tuple[Dim, ...], Kind("an integer of at least 0, or a list of three", _sizes(3, 0), least=0)]
Pads1 = Annotated[
    tuple[tuple[Dim, Dim], ...],
    Kind("an integer or a pair of integers", pads(1), spell=_alone),
]
Pads2 = Annotated[tuple[tuple[Dim, Dim], ...], Kind("an integer, a pair, or two pairs", pads(2))]
Pads3 = Annotated[tuple[tuple[Dim, Dim], ...], Kind("an integer, a list of three, or three pairs", pads(3))]
Axes = Annotated[tuple[int, ...], Kind("an axis, or a list of axes", _axes)]
AxisOrAxes = Annotated[tuple[int, ...], Kind("an axis, or a list of axes", _axes, spell=_alone)]
Cuts = Annotated[int | tuple[int, ...], Kind(_CUTS, _cuts)]
Sizes = Annotated[
    int | tuple[int, ...],
    Kind(
        "a positive integer, or a list of them",
        _one_or_list(1, "a positive integer, or a list of them", "a positive integer"),
    ),
]
Counts = Annotated[
    int | tuple[int, ...],
    Kind(
        "an integer of at least 0, or a list of them",
        _one_or_list(0, "an integer of at least 0, or a list of them", "an integer of at least 0"),
    ),
]
Widths = Annotated[tuple[tuple[Dim, Dim], ...], Kind("an integer, a pair, or a pair for each axis", _widths)]
Ints = Annotated[tuple[Dim, ...], Kind("a list of integers", _ints)]
Positives = Annotated[tuple[Dim, ...], Kind("a list of positive integers", _positives, least=1)]
Naturals = Annotated[tuple[Dim, ...], Kind("a list of integers of at least 0", _naturals, least=0)]
Extent = Annotated[tuple[Dim | None, ...], Kind("a list of sizes", _extent)]
Numbers = Annotated[tuple[float, ...], Kind("a list of numbers", _numbers)]
NumberOrNumbers = Annotated[NestedNumbers, Kind(_SCALE, _nested_numbers)]
Table = Annotated[object, Kind("a list, or the path of a file", _table)]
Dtype = Annotated[str, Kind(_DTYPE, _dtype)]
Anything = Annotated[object, Kind("any value", _anything)]
Sublayer = Annotated["Inner", Kind("a layer", _sublayer)]
Sublayers = Annotated["tuple[Inner, ...]", Kind("a list of layers", _sublayers)]
