"""Layer types of plugins, whose rules are a stranger's: what they raise, and all that they give, is looked at.

What is wrong is a problem of the layer, which names the member and what it may be. The members are those of `Facts`,
`Weight`, `Kept` and `Window`, where each is told. Runs no rule by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem, did_you_mean
from cnnsum.dims import UNKNOWN, Expr, at_least
from cnnsum.graph.promotion import OF_INPUTS
from cnnsum.layers.arithmetic.functions import FUNCTIONS
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import (
    Alias,
    Facts,
    Gradient,
    KeepsInput,
    KeepsOutput,
    Kept,
    Seen,
    Status,
    Turn,
    Use,
    Weight,
    Window,
)
from cnnsum.layers.headings import HEADS
from cnnsum.layers.kinds import INPUT_DTYPES, Reading
from cnnsum.layers.strides import Strides
from cnnsum.typed import NamedTuple, get_args

#: Choices that a message lists, and characters of a value that it shows.
_MOST_CHOICES = 9
_LONGEST_VALUE = 80
_HEAD = re.compile(r"(?:^|(?<=[.)] ))([A-Za-z]+(?: [a-z]+)?):|(?<=[.)] )([A-Z][a-z]+)(?= keeps\b)")


class Guarded(LayerType):
    """A plugin's layer type: what its rule raises is a problem of the layer, not of the program.

    Raises Problem for an activation that is not known, for a `settle` that is not a function, and for a sentence of
    its documentation that begins with a misspelt word.
    """

    __slots__ = ()

    def __init__(self, type: LayerType) -> None:
        # All that is declared of it, whatever that may be one day: a word that is dropped here is dropped in silence.
        for name in LayerType.__slots__:
            setattr(self, name, getattr(type, name))
        self._schema = type.schema  # of the rule itself
        self.rule = _guarded(type)
        if type.settle is not None and not callable(type.settle):
            raise Problem("SPC070", _sentence("settle", type.settle, (), "a function of the fields"))
        if type.function and type.function not in FUNCTIONS:
            raise Problem("SPC070", _sentence("function", type.function, tuple(FUNCTIONS)))
        for word in _misspelt_heads(type.doc):
            meant = did_you_mean(word, HEADS)
            raise Problem("SPC070", f"its documentation has `{word}` at the start of a sentence: {meant}")

    def bind(self, raw: Mapping[str, object], reading: Reading) -> tuple[dict[str, object], list[Problem]]:
        """Check raw fields and give them their types; what `settle` raises is a problem, too."""
        try:
            return super().bind(raw, reading)
        except Problem:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's function, whatever it raises
            return {}, [Problem("SPC071", f"the plugin's `settle` for {self.name} failed: {shown(error)}")]


def _misspelt_heads(doc: str) -> Iterator[str]:
    """Words at the start of sentences that were meant to be those by which a sentence is known."""
    for match in _HEAD.finditer(" ".join(doc.split())):
        word = match[1] or match[2]
        if word not in HEADS and did_you_mean(word, HEADS):
            yield word


def _guarded(type: LayerType) -> Callable[..., Facts]:
    name, rule, inputs = type.name, type.rule, type.schema.inputs

    def apply(*shapes: object, **fields: object) -> Facts:
        try:
            facts: object = rule(*shapes, **fields)
        except Problem:
            raise
        except (Exception, SystemExit) as error:
            raise Problem("SPC071", f"the plugin's rule for {name} failed: {shown(error)}") from error
        if not isinstance(facts, Facts):
            raise Problem("SPC071", f"the plugin's rule for {name} gives no Facts, but {facts.__class__.__name__}")
        count = len(shapes) + sum(1 for given in fields if given in inputs)
        for member, value, allowed in _wrong(facts, count):
            message = f"the plugin's rule for {name}: {_sentence(member, value, allowed.words, allowed.what)}"
            near = did_you_mean(value, allowed.words) if isinstance(value, str) else None
            raise Problem("SPC071", message, help=near)
        return facts

    apply.__doc__ = rule.__doc__
    apply.__module__ = rule.__module__
    apply.__name__ = rule.__name__
    return apply


def shown(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _sentence(member: str, value: object, words: tuple[str, ...], what: str = "") -> str:
    choices = [word for word in words if word]
    listed = ", ".join(choices if len(choices) <= _MOST_CHOICES else [*choices[:_MOST_CHOICES], "..."])
    # What is a word was meant as one of the choices, where there are some.
    allowed = [] if isinstance(value, str) and choices else [what]
    allowed += [f"one of {listed}"] if choices else []
    given = repr(value)
    given = given if len(given) <= _LONGEST_VALUE else f"{given[:_LONGEST_VALUE]}..."
    return f"`{member}` is {' or '.join(filter(None, allowed))}, got {given}"


# --- what a member may be ---------------------------------------------------------------------------------------------


class _Allowed(NamedTuple):
    """What a member may be: in words, those of its choices, and how any other value is told from what is wrong."""

    what: str
    words: tuple[str, ...] = ()
    fits: Callable[[object], bool] | None = None


def _is_dim(value: object) -> bool:
    return value is UNKNOWN or isinstance(value, Expr) or (isinstance(value, int) and not isinstance(value, bool))


def _is_amount(value: object) -> bool:
    return _is_dim(value) and not (isinstance(value, (int, Expr)) and at_least(value, 0) is False)


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_is_dim, value))


def _each(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple) and all(map(fits, value))


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_none(value: object) -> bool:
    return value is None


def _either(*ways: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: any(fits(value) for fits in ways)


def _is_dtype(value: object) -> bool:
    return value is None or (isinstance(value, str) and value in INPUT_DTYPES)


def _of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _is_one(value: object) -> bool:
    """Whether a value names a weight of something, which must be found by it."""
    return isinstance(value, tuple) and len(value) == 2 and _is_text(value[1]) and isinstance(value[0], Hashable)


def _are_outputs(value: object) -> bool:
    return value != () and _each(_either(_is_none, _is_shape))(value)


_DIM = _Allowed("a size", fits=_is_dim)
_AMOUNT = _Allowed("a size, and not below 0", fits=_is_amount)
_FLAG = _Allowed("true or false", fits=_is_flag)
_TEXT = _Allowed("a text", fits=_is_text)
_SHAPE = _Allowed("a shape, a tuple of sizes", fits=_is_shape)
_DTYPE = _Allowed("None", INPUT_DTYPES, _is_none)
_FACTS = {
    "outputs": _Allowed("a shape, or None, for each output", fits=_are_outputs),
    "macs": _AMOUNT,
    "ops": _AMOUNT,
    "rows": _Allowed("None or a size", fits=_either(_is_none, _is_dim)),
    "keeps_input": _Allowed(
        "true, false, a tuple of places for each input",
        get_args(get_args(KeepsInput)[1]),
        _either(_is_flag, _each(_each(_is_number))),
    ),
    "keeps_output": _Allowed("true, false", get_args(get_args(KeepsOutput)[1]), _is_flag),
    "alias": _Allowed("", get_args(Alias)),
    "gradient": _Allowed("", get_args(Gradient)),
    "activated": _FLAG,
    "scratch": _Allowed("a tuple of shapes", fits=_each(_is_shape)),
    "window": _Allowed(
        "None, a Turn, a tuple of Windows", get_args(Seen), _either(_is_none, _of(Turn), _each(_of(Window)))
    ),
    "dtype": _Allowed("None", (*INPUT_DTYPES, *sorted(OF_INPUTS)), _is_none),
    "rest": _Allowed("None, a dtype, a dtype for each", fits=_either(_is_dtype, _each(_is_dtype))),
    "contents": _Allowed("a tuple of None or of numbers for each output", fits=_each(_either(_is_none, _of(tuple)))),
    "status": _Allowed("", get_args(Status)),
    "strides": _Allowed("None or Strides", fits=_either(_is_none, _of(Strides))),
    "weights": _Allowed("a tuple of Weights", fits=_each(_of(Weight))),
    "kept": _Allowed("a tuple of Kepts", fits=_each(_of(Kept))),
}
_WEIGHT = {
    "name": _TEXT,
    "shape": _SHAPE,
    "trainable": _FLAG,
    "dtype": _Allowed("None", (*INPUT_DTYPES, "int"), _is_none),
    "cast": _FLAG,
    "buffer": _FLAG,
    "read": _FLAG,
    "place": _Allowed("a number", fits=_is_number),
    "one": _Allowed("None, or something and the name of its weight", fits=_either(_is_none, _is_one)),
}
_KEPT = {"name": _TEXT, "shape": _SHAPE, "dtype": _DTYPE, "batched": _FLAG, "use": _Allowed("", get_args(Use))}
_WINDOW = dict.fromkeys(Window._fields, _DIM)


def _wrong(facts: Facts, inputs: int) -> Iterator[tuple[str, object, _Allowed]]:
    """The members that are not what they may be, with what they are and may be; those of parts after the whole.

    inputs: how many the call has.
    """
    yield from _wrong_members("", facts, _FACTS)
    uses = facts.keeps_input
    if isinstance(uses, tuple) and (len(uses) > inputs or any(at >= inputs for one in uses for at in one)):
        yield "keeps_input", uses, _Allowed(f"of a call with {counted(inputs, 'input')}")
    for weight in facts.weights:
        yield from _wrong_members("Weight", weight, _WEIGHT)
    for kept in facts.kept:
        yield from _wrong_members("Kept", kept, _KEPT)
    if isinstance(facts.window, tuple):
        for window in facts.window:
            yield from _wrong_members("Window", window, _WINDOW)


def _wrong_members(of: str, record: object, members: dict[str, _Allowed]) -> Iterator[tuple[str, object, _Allowed]]:
    for name, allowed in members.items():
        value = getattr(record, name)
        if isinstance(value, str) and allowed.words:
            fits = value in allowed.words
        else:
            fits = allowed.fits is not None and allowed.fits(value)
        if not fits:
            yield f"{of}.{name}" if of else name, value, allowed
