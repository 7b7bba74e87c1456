"""Which records of an answer are kept, and in which order: `--where`, `--sort`, `--top`, the same for every question.

A record is seen as values by name: numbers and texts, None for what is not known. Knows no question and no format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nlargest, nsmallest
from itertools import islice, pairwise

from cnnsum.diagnostics import AskedError, Diagnostic, UnusableError, did_you_mean
from cnnsum.dims import UNKNOWN, ExpressionError, evaluate
from cnnsum.dims.tokens import WORDS, Token, tokens
from cnnsum.typed import TypeVar

R = TypeVar("R")

#: What stands for a number where a condition is tried: no two names have the same, and none is 0.
_TRIED = 10_007


#: Texts, which stay as they are, and numbers with a unit: 5M, 1.5G, 512MiB.
_QUANTITY = re.compile(r"""("[^"]*"|'[^']*')|(?<![\w.])\d[\d_]*(?:\.\d+)?[KMGTPE](?:i?B)?\b""", re.ASCII)


def _written_out(text: str) -> str:
    """An expression with its quantities as numbers, as `--budget` and `fit` take them."""

    def number(match: re.Match[str]) -> str:
        from cnnsum.render.quantities import QuantityError, count, memory

        if match[1] is not None:
            return match[0]
        try:
            return str((memory if match[0].endswith("B") else count)(match[0]))
        except QuantityError:
            return match[0]

    return _QUANTITY.sub(number, text)


def _refused(message: str, help: str | None, argument: str = "where") -> AskedError:
    return AskedError(argument, Diagnostic("SPC052", message, None, "error", help))


class Condition:
    """A condition in the spec language's own expressions: `params < 5000000 and format == "keras"`.

    names: what it may speak of, each with the type of its values, int or str. Raises UnusableError for what is no
    condition on these. Numbers may have units: 5M, 512MiB. The attribute `names` is what it does speak of.

    >>> small = Condition("params < 100 and macs > params", {"params": int, "macs": int})
    >>> small({"params": 7, "macs": 8}), small({"params": 7, "macs": 7}), small({"params": 7, "macs": None})
    (True, False, None)
    """

    def __init__(self, text: str, names: Mapping[str, type]) -> None:
        self.text, self._expression = text, _written_out(text)
        self.names: frozenset[str] = frozenset()
        tried = {
            name: _TRIED + 12 * number if kind is int else "a text" for number, (name, kind) in enumerate(names.items())
        }
        try:
            words = tokens(self._expression)
            self.names = frozenset(word.text for word in words if word.kind == "name").intersection(names)
            for word, after in pairwise(words):
                if word.kind == "name" and word.text not in WORDS and after.text != "(" and word.text not in names:
                    raise self._unknown(word, names)
            found = evaluate(self._expression, tried)
        except ExpressionError as error:
            raise _refused(f"`{text}`: {error.message}", error.help) from None
        if not isinstance(found, bool):
            raise _refused(f"`{text}` is not a condition: it is neither true nor false", "compare: `params < 5000000`")

    def _unknown(self, word: Token, names: Mapping[str, type]) -> UnusableError:
        help = did_you_mean(word.text, names)
        if help is None and any(names[name] is str for name in self.names):
            help = f'a text stands in quotes: `"{word.text}"`'
        help = help or f"the names are {', '.join(names)}"
        return _refused(f"`{self.text}`: there is no `{word.text}`", help)

    def __call__(self, values: Mapping[str, float | str | None]) -> bool | None:
        """Whether it holds for a record; None where that is not known."""
        try:
            found = evaluate(
                self._expression, {name: UNKNOWN if value is None else value for name, value in values.items()}
            )
        except ExpressionError:  # of what is not known, of a division by 0
            return None
        return found if isinstance(found, bool) else None


class Order:
    """An order by one name, `-name` for the largest first; what is not known comes last, equal ones stay as they came.

    Raises UnusableError for a name that is not among `names`.
    """

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self.falling = text.startswith("-")
        self.name = text[self.falling :]
        known = tuple(names)
        if self.name not in known:
            help = did_you_mean(self.name, known) or f"the names are {', '.join(known)}"
            raise _refused(f"there is no `{self.name}` to sort by", help, "sort")

    def sorted(self, records: Iterable[R], values: Callable[[R], Mapping[str, object]], top: int | None) -> list[R]:
        """The records in order, the first `top` of them: no more than these are held at a time."""

        def key(record: R) -> tuple[bool, object]:
            value = values(record)[self.name]
            return (value is None) != self.falling, 0 if value is None else value

        if top is not None:
            return (nlargest if self.falling else nsmallest)(top, records, key)
        return sorted(records, key=key, reverse=self.falling)


def chosen(
    records: Iterator[R], values: Callable[[R], Mapping[str, object]], order: Order | None, top: int | None
) -> Iterator[R]:
    """Records in an order, or as they come, the first `top` of them."""
    if order is None:
        return islice(records, top)
    return iter(order.sorted(records, values, top))
