"""What is wrong, where, and under which code.

Everything that cnnsum has to say about an input is a `Diagnostic`. This module knows no format, no layer and no
screen: it holds the records, and the one way to say "did you mean".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

# Every code and its title. A code is never reused for something else.
CODES: dict[str, str] = {
    "SPC001": "file not found",
    "SPC002": "not a file",
    "SPC003": "file cannot be read",
    "SPC004": "empty file",
    "SPC005": "not a text file",
    "SPC006": "not UTF-8",
    "SPC007": "file too large",
    "SPC008": "syntax error",
    "SPC009": "text ends too early",
    "SPC010": "nested too deep",
    "SPC011": "aliases stand for too much",
    "SPC012": "alias within its own value",
    "SPC013": "alias without an anchor",
    "SPC014": "more than one document",
    "SPC015": "key given twice",
    "SPC016": "key is not text",
    "SPC017": "number too long",
    "SPC018": "number not finite",
    "SPC019": "unknown or wrong tag",
    "SPC020": "merge of something that is no mapping",
    "SPC021": "character not allowed",
    "SPC022": "list, mapping or text needed here",
    "SPC023": "list where a number is needed",
    "SPC024": "value that depends on itself",
    "SPC025": "mistake in an expression",
    "SPC026": "unknown name in an expression",
    "SPC027": "item of `layers` that is no layer",
    "SPC028": "name that is taken",
    "SPC029": "name that cannot be one",
    "SPC030": "unknown key",
    "SPC031": "missing key",
    "SPC032": "block that contains itself",
    "SPC033": "blocks nested too deep",
    "SPC034": "expression with a comma, without quotes",
    "SPC035": "no such default",
    "SPC036": "inputs of a block given by name",
    "SPC037": "layer that cannot be shared like this",
    "SPC038": "both `input` and `inputs`",
    "SPC039": "too many layers after expansion",
    "SPC040": "not a model that this reader knows",
    "SPC041": "part of a Keras file is malformed",
    "SPC042": "malformed input shape",
    "SPC043": "malformed dtype policy",
    "SPC046": "unknown precision",
    "SPC047": "unknown checkpoint layer",
    "SPC050": "no such input",
    "SPC051": "no such var or symbol",
    "SPC052": "value from outside that cannot be",
    "SPC053": "unknown format",
    "SPC054": "unknown optimizer",
    "SPC055": "impossible batch",
    "SPC057": "nothing that can be varied",
    "SPC058": "too many variants",
    "SPC059": "unknown convention",
    "SPC060": "not a model",
    "SPC061": "include that includes itself",
    "SPC062": "include in a spec that is no file",
    "SPC063": "included file that cannot be found",
    "SPC064": "included file with nothing to bring in",
    "SPC065": "`...` misplaced in a pattern",
    "SPC066": "format whose reader is not installed",
    "SPC067": "archive that is damaged or too large",
    "SPC068": "file without an architecture",
    "CFG101": "missing field",
    "CFG102": "wrong value of a field",
    "CFG103": "unknown field",
    "CFG104": "more values than fields",
    "CFG106": "impossible number of groups",
    "CFG107": "mean and variance do not fit",
    "CFG108": "negative number",
    "CFG109": "axes of Dot",
    "CFG110": "groups do not divide the filters",
    "CFG111": "strides and dilation_rate both above 1",
    "CFG112": "output_padding not smaller than strides",
    "CFG113": "more than one open size in a target shape",
    "CFG114": "not a permutation of the axes",
    "CFG115": "malformed einsum equation",
    "CFG116": "fields that exclude each other",
    "CFG121": "layers that Bidirectional cannot pair",
    "SHP201": "input too small",
    "SHP202": "sizes that must be equal",
    "SHP203": "channels are no multiple of groups",
    "SHP204": "wrong rank",
    "SHP205": "no such axis",
    "SHP206": "size of a weight is not known",
    "SHP207": "inputs that cannot be concatenated",
    "SHP208": "constants that do not fit the input",
    "SHP209": "noise_shape that does not fit the input",
    "SHP210": "nothing left of an axis",
    "SHP211": "total size must not change",
    "SHP212": "einsum equation that does not fit the shapes",
    "SHP214": "pattern that gives no size",
    "SHP220": "recorded shape differs from the inferred one",
    "SHP221": "shared layer with calls that need different weights",
    "SHP222": "no size is accepted",
    "SHP223": "condition on a size with too long a period",
    "SHP224": "declared sizes that are not accepted",
    "SHP225": "recorded weight differs from the inferred one",
    "GRF301": "cycle",
    "GRF302": "no such layer",
    "GRF303": "wrong number of inputs",
    "GRF304": "no such input or output of a layer",
    "GRF305": "layer that nothing uses",
    "GRF306": "too many calls after expansion",
    "GRF307": "name used twice",
    "GRF308": "no outputs",
    "GRF309": "input that nothing uses",
    "GRF310": "input that is no input layer",
    "GRF311": "input that the model does not list",
    "GRF312": "no input shape",
    "SAF601": "tag that asks for a program to be run",
    "SAF602": "include that leaves its folder",
    "SAF603": "layer that is code",
    "UNK701": "unknown layer type",
    "UNK702": "activation with weights of its own",
    "UNK703": "operation along the batch axis",
    "UNK704": "size that must be known",
    "UNK705": "quantized layer",
}


# How alike two names must be, as difflib measures it; and the names that are compared before patience ends.
_LEAST_RATIO = 0.7
_MOST_CHOICES = 2_000


class Span(NamedTuple):
    """A place in a text: lines and columns count from 1; the end column is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Related(NamedTuple):
    """A second place that explains a diagnostic ("the other arm is made here")."""

    span: Span
    message: str


class Diagnostic(NamedTuple):
    """One finding. `severity` is "error", "warning" or "note"; `help` says how to mend it."""

    code: str
    message: str
    span: Span | None = None
    severity: str = "error"
    help: str | None = None
    related: tuple[Related, ...] = ()

    def __str__(self) -> str:
        place = "" if self.span is None else f"{self.span.path}:{self.span.line}:{self.span.column}: "
        return f"{place}{self.code} {self.message}"


class Problem(Exception):
    """Raised by the part that detects a fault and does not know where it stands; others add the place.

    `field` is the path, within the layer's fields, of the value at fault (("kernel_size", 1)), or ().
    """

    def __init__(
        self, code: str, message: str, field: str | tuple[str | int, ...] = (), *, help: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = (field,) if isinstance(field, str) else field
        self.help = help


class UnusableError(Exception):
    """The file cannot be used at all (not found, unreadable, not a model): exit code 2.

    `line` gives the lines of the text at fault by number, where there is a text; it may not be there to be read again.
    """

    def __init__(self, *diagnostics: Diagnostic, line: Callable[[int], str] | None = None) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics
        self.line = line


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that `name` was probably meant to be, or None.

    >>> nearest("Conv2d", ["Dense", "Conv2D"])
    'Conv2D'
    >>> nearest("kernal_size", ["kernel_size", "strides"])
    'kernel_size'
    """
    found = _nearest(name, choices)
    return found[0] if found else None


def did_you_mean(name: str, choices: Iterable[str]) -> str | None:
    """The help line "did you mean X?", or None where nothing is near.

    >>> did_you_mean("MaxPool", ["MaxPooling1D", "MaxPooling2D", "Dense"])
    'did you mean `MaxPooling1D` or `MaxPooling2D`?'
    """
    found = [f"`{near}`" for near in _nearest(name, choices)]
    return f"did you mean {', '.join(found[:-1])}{' or ' if len(found) > 1 else ''}{found[-1]}?" if found else None


def _nearest(name: str, choices: Iterable[str]) -> list[str]:
    """The nearest choices, up to three that are equally near, in their order."""
    folded: dict[str, str] = {}
    for choice in choices:
        folded.setdefault(_fold(choice), choice)
    wanted = _fold(name)
    if wanted in folded:
        return [folded[wanted]]
    from difflib import SequenceMatcher

    # Most choices are ruled out by the letters that they share with the name, before any comparing.
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    best = _LEAST_RATIO
    found: list[str] = []
    for choice in folded if len(folded) <= _MOST_CHOICES else islice(folded, _MOST_CHOICES):
        matcher.set_seq1(choice)
        if matcher.real_quick_ratio() < best or matcher.quick_ratio() < best:
            continue
        ratio = matcher.ratio()
        if ratio > best:
            best, found = ratio, []
        if ratio == best:
            found.append(folded[choice])
    return found[:3]


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
