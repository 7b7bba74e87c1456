"""What a budget says: limits by measure, and the sizes, the batch and the optimizer that they hold for.

A budget stands in a spec or in the configuration. Knows no model; what is wrong with a budget is a finding with a
place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnsum.analyses.sizes.worst import Range
from cnnsum.analyses.training.optimizers import OPTIMIZERS
from cnnsum.answers.summary.measured import MEASURES
from cnnsum.diagnostics import Diagnostic, Span, did_you_mean
from cnnsum.render.quantities import QuantityError, count, memory
from cnnsum.typed import NamedTuple

#: Measures of the network's shape, which are not sums. A receptive field is too small, all else is too much.
SHAPES = ("receptive_field", "stride", "depth")
LIMITS = (*MEASURES, *SHAPES)
_OF_LIMITS = ("over", "batch", "optimizer")
KEYS = (*LIMITS, *_OF_LIMITS)

_MOST = 1 << 48  # of a size
_MOST_SAMPLES = 10**9
_MOST_LIMIT = 1 << 64

#: The place of the value at a path inside the budget, or of its key.
Places = Callable[..., Span | None]


class Limit(NamedTuple):
    """One limit: its key, the number, as it was written, and where its key stands.

    least: whether the number is the least that will do. numbers: one for each axis, of a receptive field or a stride
    that is given as a list.
    """

    key: str
    numbers: tuple[int, ...]
    written: str
    span: Span | None

    @property
    def least(self) -> bool:
        """Whether the number is the least that will do, not the most."""
        return self.key == "receptive_field"


class Budget(NamedTuple):
    """A budget that was read.

    over: by symbol, the sizes that all limits hold for, and where that is said. batch, optimizer: that memory is
    estimated for; None where nothing is said.
    """

    limits: tuple[Limit, ...]
    over: Mapping[str, tuple[Range, Span | None]]
    batch: int | None
    optimizer: str | None


def read(table: Mapping[str, object], place: Places) -> tuple[Budget, list[Diagnostic]]:
    """The budget in a mapping, and what is wrong with it; what is sound holds all the same.

    place: `place(path, key=True)` is the place of the key at a path inside the mapping, without `key` of its value.
    """
    reader = _Reader(place)
    for key, value in table.items():
        reader.entry(key, value)
    return Budget(tuple(reader.limits), reader.over, reader.batch, reader.optimizer), reader.faults


def no_limit(table: Mapping[str, object], span: Span | None) -> tuple[Diagnostic, ...]:
    """The finding that a budget only says what its limits hold for, and has none."""
    if not table or any(key not in _OF_LIMITS for key in table):
        return ()
    return (Diagnostic("BUD503", "this budget has no limit", span, help="add one, as in `params: 5M`"),)


class _Reader:
    def __init__(self, place: Places) -> None:
        self.place = place
        self.limits: list[Limit] = []
        self.over: dict[str, tuple[Range, Span | None]] = {}
        self.batch: int | None = None
        self.optimizer: str | None = None
        self.faults: list[Diagnostic] = []

    def entry(self, key: object, value: object) -> None:
        """One key and its value."""
        if key not in KEYS:
            near = did_you_mean(str(key), KEYS)
            help = near or f"a budget has {', '.join(KEYS)}"
            self._refuse(f"a budget has no key `{key}`", (key,), help, key=True)
        elif key == "over":
            self._over(value)
        elif key == "batch":
            if type(value) is int and 1 <= value <= _MOST_SAMPLES:
                self.batch = value
            else:
                self._refuse(f"`batch` is a number of samples, got {_shown(value)}", (key,))
        elif key == "optimizer":
            if isinstance(value, str) and value.lower() in OPTIMIZERS:
                self.optimizer = value.lower()
            else:
                near = did_you_mean(value, OPTIMIZERS) if isinstance(value, str) else None
                help = near or f"choose from {', '.join(OPTIMIZERS)}"
                self._refuse(f"unknown optimizer {_shown(value)}", (key,), help)
        else:
            self._limit(key, value)

    def _limit(self, key: str, value: object) -> None:
        items = value if isinstance(value, list) and value and key in ("receptive_field", "stride") else [value]
        try:
            numbers = tuple([_number(key, item) for item in items])
        except QuantityError as error:
            self._refuse(f"`{key}`: {error}", (key,))
            return
        self.limits.append(Limit(key, numbers, _written(key, value, numbers[0]), self.place((key,), key=True)))

    def _over(self, value: object) -> None:
        example = "write `over: {H: 32:512, W: 32:512}`"
        if not isinstance(value, dict):
            self._refuse(f"`over` is a mapping of symbols to their sizes, got {_shown(value)}", ("over",), example)
            return
        for name, sizes in value.items():
            found = _range(sizes)
            if found is None:
                message = f"`{name}`: {_shown(sizes)} is not a range of sizes"
                self._refuse(message, ("over", name), "write the least and the largest, as in 32:512, or one size")
            else:
                self.over[str(name)] = found, self.place(("over", name), key=True)

    def _refuse(self, message: str, path: tuple[object, ...], help: str | None = None, *, key: bool = False) -> None:
        self.faults.append(Diagnostic("BUD503", message, self.place(path, key=key), help=help))


def _number(key: str, value: object) -> int:
    """The number that a limit is; raises QuantityError."""
    is_memory = key in MEASURES and MEASURES[key].is_memory
    if isinstance(value, str) and key in MEASURES:
        number = memory(value) if is_memory else count(value)
        if number > _MOST_LIMIT:
            raise QuantityError(f"`{value}` is not a limit: no network is as large")
        return number
    if isinstance(value, float) and abs(value) <= _MOST_LIMIT and value == int(value):  # 5.0e+6
        value = int(value)
    if type(value) is not int or not 0 <= value <= _MOST_LIMIT:
        if key in SHAPES:
            example = "a number of layers" if key == "depth" else "a number of input positions"
        else:
            example = "a number of bytes, 100MiB or 100MB" if is_memory else "a number, 5M or 1.5G"
        raise QuantityError(f"{_shown(value)} is not a limit: write {example}")
    return value


def _written(key: str, value: object, number: int) -> str:
    """A limit as its author wrote it, numbers set apart. number: the first that was read of it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return MEASURES[key].exact(number) if key in MEASURES else f"{number:,}"


def _range(value: object) -> Range | None:
    """The sizes that `32:512`, `32:`, `[32, 512]` or `224` stand for."""
    if isinstance(value, str):
        low, colon, high = (part.strip() for part in value.partition(":"))
        ends: list[object] = [_integer(low), _integer(high) if high else None] if colon else [None, None]
        open_end = bool(colon) and not high
    elif isinstance(value, list) and len(value) == 2:
        ends, open_end = list(value), False
    else:
        ends, open_end = [value, value], False
    first, last = ends
    if type(first) is not int or not 1 <= first <= _MOST:
        return None
    if open_end:
        return Range(first, None)
    return Range(first, last) if type(last) is int and first <= last <= _MOST else None


def _integer(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= len(str(_MOST)) else None


def _shown(value: object) -> str:
    """A value in a message."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    return f"`{str(value).lower() if isinstance(value, bool) else str(value)[:40]}`"
