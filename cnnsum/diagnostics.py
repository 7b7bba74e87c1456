"""What is wrong, where, and under which code.

Everything that cnnsum has to say about an input is a `Diagnostic`. This module knows no format, no layer and no
screen: it holds the records, and the one way to say "did you mean".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from itertools import islice

from cnnsum.typed import Literal, NamedTuple

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
    "SPC020": "merge of something that is not a mapping",
    "SPC021": "character not allowed",
    "SPC022": "list, mapping or text needed here",
    "SPC023": "list where a number is needed",
    "SPC024": "value that depends on itself",
    "SPC025": "mistake in an expression",
    "SPC026": "unknown name in an expression",
    "SPC027": "item of `layers` that is not a layer",
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
    "SPC048": "suppression that is wrong or suppresses nothing",
    "SPC049": "broken configuration or baseline",
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
    "SPC061": "include that includes itself, or too deep",
    "SPC062": "include in a spec that is not a file",
    "SPC063": "included file that cannot be found",
    "SPC064": "file with nothing to bring in",
    "SPC065": "`...` misplaced in a pattern",
    "SPC067": "archive that is damaged or too large",
    "SPC068": "file without an architecture",
    "SPC069": "fault in cnnsum itself",
    "SPC070": "plugin that cannot be used",
    "SPC071": "plugin's rule that failed",
    "SPC072": "what a format to be written has no words for",
    "SPC073": "Sequential that is not a chain",
    "SPC074": "file of an older Keras that Keras 3 refuses",
    "SPC075": "check that ended without an answer",
    "SPC077": "path without a model",
    "SPC078": "exported program of another schema",
    "SPC079": "part of an exported program is malformed",
    "SPC080": "parameters that may be one tensor",
    "SPC081": "file that does not say its version",
    "SPC082": "operation or version that runtimes refuse",
    "SPC085": "cluster that cannot be used",
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
    "SHP203": "channels are not a multiple of groups",
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
    "SHP226": "tensor beyond what anything can hold",
    "SHP227": "sizes that the file refuses and the network accepts",
    "SHP228": "comment that says another size",
    "SHP229": "input of which no axis holds samples",
    "GRF301": "cycle",
    "GRF302": "no such layer",
    "GRF303": "wrong number of inputs",
    "GRF304": "no such input or output of a layer",
    "GRF305": "layer that nothing uses",
    "GRF306": "too many calls after expansion",
    "GRF307": "name used twice",
    "GRF308": "no outputs",
    "GRF309": "input that nothing uses",
    "GRF310": "input that is not an input layer",
    "GRF311": "input that the model does not list",
    "GRF312": "no input shape",
    "GRF313": "tensor of a dtype that the operation does not take",
    "GRF314": "tensor of the file that nothing reads",
    "ARC401": "bias that a normalisation takes away",
    "ARC402": "normalisation of single elements",
    "ARC403": "normalisation of what is normalised",
    "ARC404": "dropout before a batch normalisation",
    "ARC405": "frozen batch normalisation of a trained layer",
    "ARC406": "momentum of another library",
    "ARC407": "normalisation along the wrong axis",
    "ARC408": "normalisation of the answer",
    "ARC411": "activation applied twice",
    "ARC412": "softmax or sigmoid of cut scores",
    "ARC413": "softmax over one element",
    "ARC414": "sigmoid or softmax inside the network",
    "ARC415": "no activation between two layers",
    "ARC416": "ReLU of what is never negative",
    "ARC417": "answer for each place of a map",
    "ARC418": "ReLU of the answer",
    "ARC419": "softmax along an axis of space",
    "ARC421": "positions that no layer reads",
    "ARC422": "border that falls off",
    "ARC423": "padding that shifts features",
    "ARC424": "pooling of one position",
    "ARC425": "dilation of a kernel of one",
    "ARC426": "stride by its place behind the kernel",
    "ARC431": "transposed kernel that the stride does not divide",
    "ARC432": "dilated kernels that see a grid",
    "ARC433": "weights that see only padding",
    "ARC441": "cropping of padding",
    "ARC442": "layer that does nothing",
    "ARC443": "reshaped twice",
    "ARC444": "more elements than 32 bits can index",
    "ARC445": "global pooling of one place",
    "ARC446": "layout that changes without a Permute",
    "ARC447": "channels before the axes of space",
    "ARC451": "Dense on a flattened map with most parameters",
    "ARC452": "layer with most parameters",
    "ARC453": "single tensor that makes the peak",
    "ARC454": "embedding rows out of reach",
    "ARC455": "attention heads as wide as the model",
    "ARC456": "one unit inside the network",
    "ARC461": "receptive field smaller than the input",
    "ARC462": "receptive field far larger than the input",
    "ARC463": "merge of shifted maps",
    "ARC465": "sum that broadcasts by accident",
    "ARC466": "same input twice",
    "ARC467": "concatenation along a spatial axis",
    "ARC471": "dropout of nothing or of everything",
    "ARC472": "dropout rate that may be the part to keep",
    "ARC473": "dropout of the answer",
    "ARC474": "dropout twice",
    "ARC481": "answer in half precision",
    "ARC482": "weights trained in float16",
    "ARC483": "recurrent layer without the fast kernel",
    "ARC484": "channels that tensor cores dislike",
    "ARC491": "claim in a comment that is not true",
    "ARC492": "name that Keras refuses",
    "ARC493": "declared and not used",
    "BUD501": "budget exceeded",
    "BUD502": "budget that cannot be held against anything",
    "BUD503": "malformed budget",
    "BUD504": "more than in the baseline",
    "BUD505": "model of the baseline that is gone",
    "SAF601": "tag that asks for a program to be run",
    "SAF602": "include that leaves its folder",
    "SAF603": "layer that is code",
    "UNK701": "unknown layer type",
    "UNK702": "activation with weights of its own",
    "UNK704": "size that must be known",
    "UNK705": "quantized layer whose weights are not known",
    "UNK706": "activation that is not Keras's own",
    "UNK707": "further graphs of a file",
    "UNK708": "work of one of an unknown number",
}


#: What a spec is, for those who have none yet.
SMALLEST_SPEC = "a whole spec is `{input: [28, 28, 1], layers: [Flatten, Dense: 10]}`"

#: Findings of one code in a file; who has more than that is not helped by a longer list.
MAX_OF_CODE = 500
#: Findings of one code for which names that may have been meant are looked for.
MAX_HELPED = 100
#: Characters of a message or of its help.
MAX_MESSAGE = 2_000

# How alike two names must be, as difflib measures it; and what is compared before patience ends: names for one that is
# wrong, their lengths, and comparisons in all.
_LEAST_RATIO = 0.7
_MOST_CHOICES = 2_000
_LONGEST_NAME = 200
#: Letters of a word of which one, or two, may be mistyped without doubt what was meant.
_SHORT = 5
_LONG = 9
#: Codes of what depends on sizes: of shapes, of sizes and of quantized weights that must be known.
_OF_SIZES = ("SHP", "UNK704", "UNK705")
#: Of those, codes of what is asked of dims and ranks: what open sizes decide becomes a condition, so an error found
#: with them is there at all of them.
_AT_ALL = frozenset(f"SHP{number}" for number in (201, 202, 203, 204, 205, 207, 208, 209, 210, 211, 212, 214))
#: How a diagnostic begins that says that there are more findings of a code.
_MORE = "there are more findings of {}"


class Span(NamedTuple):
    """A place in a text: lines and columns count from 1; the end column is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Related(NamedTuple):
    """A second place that explains a diagnostic ("the other arm is made here").

    is_read: whether the file may be opened for its line. A place that is named in a file is not one that was asked for.
    """

    span: Span
    message: str
    is_read: bool = True


class Mend(NamedTuple):
    """A field that mends a finding, and its value.

    fields: the path of the value that holds the fields, in the document; positional: the names of fields that stand
    there by place, as `graph.model.Place` has them. value: as JSON writes it. safe: whether the model stays what it was
    meant to be.
    """

    fields: tuple[str | int, ...]
    positional: tuple[str, ...] | str | None
    field: str
    value: str
    safe: bool = True


class Suggestion(str):
    """The help "did you mean X?"; `only` is X where there is one, and `given` what was written.

    safe: whether X is for certain what was meant: the same word in another case, or a slip of the fingers.
    """

    __slots__ = ("given", "only", "safe")
    given: str
    only: str | None
    safe: bool

    def __new__(  # noqa: PYI034 - Self is of Python 3.11
        cls, text: str, given: str, only: str | None, safe: bool = True
    ) -> Suggestion:
        """The text, with what it says."""
        made = super().__new__(cls, text)
        made.given = given
        made.only = only
        made.safe = safe
        return made

    def __reduce__(self) -> tuple[type[Suggestion], tuple[str, str, str | None, bool]]:
        return Suggestion, (str(self), self.given, self.only, self.safe)


#: How much a finding matters.
Severity = Literal["error", "warning", "note"]

#: The severities, worst first.
RANK: dict[str, int] = {"error": 0, "warning": 1, "note": 2}


class Diagnostic(NamedTuple):
    """One finding. `severity` is "error", "warning" or "note"; `help` says how to mend it, and `mend` how a program
    can.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = "error"
    help: str | None = None
    related: tuple[Related, ...] = ()
    mend: Mend | None = None

    @property
    def is_of_sizes(self) -> bool:
        """Whether it is one of shapes, or of what must be known or is not supported at some sizes: as far as its code
        tells, other sizes may not have it.
        """
        return self.code.startswith(_OF_SIZES)

    @property
    def is_of_more(self) -> bool:
        """Whether it says that there are more findings of its code than are listed, and is itself none of them."""
        return self.message.startswith(_MORE.format(self.code))

    @property
    def fits_no_size(self) -> bool:
        """Whether it is one of shapes that, found while sizes were open, is there at all of them."""
        return self.code in _AT_ALL

    def __str__(self) -> str:
        from cnnsum.ink import harmless, inked

        place = "" if self.span is None else f"{self.span.path}:{self.span.line}:{self.span.column}: "
        return "".join(inked((harmless(f"{place}{self.code} {self.message}"),)))


class DiagnosticList(list[Diagnostic]):
    """Diagnostics of one file, with a bound on how many there are of a code and on how long each is.

    Where a bound is reached, a diagnostic of the same code says so, so that whatever chooses among codes or counts
    errors does not miss those that are left out.

    >>> found = DiagnosticList()
    >>> found.extend(Diagnostic("SPC041", str(number)) for number in range(10_000))
    >>> len(found), found[-1].message
    (501, 'there are more findings of SPC041, which are not listed: at most 500 of a code are')
    """

    __slots__ = ("_counts", "_most")

    def __init__(self, found: Iterable[Diagnostic] = (), most: int = MAX_OF_CODE) -> None:
        """most: findings of one code that are kept; more than usual where equal ones are put together later."""
        super().__init__()
        self._most = most
        self._counts: dict[tuple[str, str], int] = {}
        self.extend(found)

    def has_room(self, code: str, severity: Severity = "error") -> bool:
        """Whether one more finding can be listed in the end, be it only to say that there are more."""
        return self._counts.get((code, severity), 0) <= MAX_OF_CODE

    def wants_help(self, code: str, severity: Severity = "error") -> bool:
        """Whether to look for what was meant: nobody reads the hundredth suggestion, and each looks at all names."""
        return self._counts.get((code, severity), 0) < MAX_HELPED

    def append(self, found: Diagnostic) -> None:
        """Take a finding."""
        code, severity = found.code, found.severity
        count = self._counts[code, severity] = self._counts.get((code, severity), 0) + 1
        if count <= self._most:
            if len(found.message) > MAX_MESSAGE or len(found.help or "") > MAX_MESSAGE:
                found = found._replace(message=_cut(found.message), help=_cut(found.help) if found.help else None)
            super().append(found)
        elif count == self._most + 1:
            message = f"{_MORE.format(code)}, which are not listed: at most {self._most:,} of a code are"
            super().append(Diagnostic(code, message, found.span, severity))  # from there on

    def extend(self, found: Iterable[Diagnostic]) -> None:
        """Take findings."""
        for one in found:
            self.append(one)

    def __iadd__(self, found: Iterable[Diagnostic]) -> DiagnosticList:  # type: ignore[override,misc]  # noqa: PYI034
        self.extend(found)
        return self


def _cut(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "..."


class Problem(Exception):
    """Raised by the part that detects a fault and does not know where it stands; others add the place.

    `field` is the path, within the layer's fields, of the value at fault (("kernel_size", 1)), or (). `rank`: the only
    one that an input may have, of an input of another. `words`: those that a value may be, of a text that is none.
    """

    rank: int | None = None
    words: tuple[str, ...] = ()

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


class AskedError(UnusableError):
    """What was asked for cannot be meant, of whatever model: an unknown optimizer, a condition that is none.

    argument: which argument of the library's function it is, which then raises a ValueError (`cnnsum.arguments`).
    """

    def __init__(self, argument: str, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.argument = argument


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that `name` was probably meant to be, or None.

    >>> nearest("Conv2d", ["Dense", "Conv2D"])
    'Conv2D'
    >>> nearest("kernal_size", ["kernel_size", "strides"])
    'kernel_size'
    """
    found = _nearest(name, choices)
    return found[0] if found else None


def did_you_mean(
    name: str,
    choices: Iterable[str],
    meant: Callable[[str], Suggestion | None] | None = None,
    given: Container[str] = (),
) -> str | None:
    """The help line "did you mean X?", or None where nothing is near.

    meant: knows the words of other libraries. What it says goes before the nearest spelling, which a word of another
    library does not stand for; not before the same word in another case. given: words that stand there already, of
    which none is meant a second time.

    >>> did_you_mean("MaxPool", ["MaxPooling1D", "MaxPooling2D", "Dense"])
    'did you mean `MaxPooling1D` or `MaxPooling2D`?'
    >>> did_you_mean("layer", ["layers", "input"], given=["layers"])
    'remove it: `layers` is given already'
    """
    found = _meant(name, list(choices), meant)
    if isinstance(found, Suggestion) and found.only is not None and found.only in given:
        return f"remove it: `{found.only}` is given already"
    return found


def _meant(name: str, choices: list[str], meant: Callable[[str], Suggestion | None] | None) -> str | None:
    near = _nearest(name, choices)
    if meant is not None and not (near and folded(near[0]) == folded(name)):
        known = meant(name)
        if known is not None:
            return known
    if not near:
        return None
    found = [f"`{one}`" for one in near]
    text = f"did you mean {', '.join(found[:-1])}{' or ' if len(found) > 1 else ''}{found[-1]}?"
    return Suggestion(
        text, name, near[0] if len(near) == 1 else None, len(near) == 1 and _is_slip(name, near[0], choices)
    )


def _is_slip(name: str, word: str, choices: Iterable[str]) -> bool:
    """Whether a name is for certain a word that was mistyped: in its case, or by a letter of a word of five or more.

    By two letters of a word of nine or more; and no other choice may be as near. Numbers are never mistyped here: a
    `Conv4D` is not a `Conv3D` for certain.
    """
    written, right = folded(name), folded(word)
    if written == right:
        return True
    most = 2 if len(right) >= _LONG else 1 if len(right) >= _SHORT else 0
    if re.findall(r"\d+", written) != re.findall(r"\d+", right):
        return False
    apart = letters_apart(written, right, most)
    if apart > most:
        return False
    return not any(folded(one) != right and letters_apart(written, folded(one), apart) <= apart for one in choices)


def letters_apart(a: str, b: str, most: int) -> int:
    """Letters to put in, take out, change, or exchange with the next one, to get from one word to another.

    Any number above `most` where there are more.

    >>> letters_apart("kernal_sise", "kernel_size", 2), letters_apart("untis", "units", 1)
    (2, 1)
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _nearest(name: str, choices: Iterable[str]) -> list[str]:
    """The nearest choices, up to three that are equally near, in their order."""
    known: dict[str, str] = {}
    for choice in choices:
        known.setdefault(folded(choice), choice)
    wanted = folded(name)
    if wanted in known:
        return [known[wanted]]
    if len(wanted) > _LONGEST_NAME:
        return []
    from difflib import SequenceMatcher

    # Most choices are ruled out by the letters that they share with the name, before any comparing.
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    best = _LEAST_RATIO
    found: list[str] = []
    for choice in known if len(known) <= _MOST_CHOICES else islice(known, _MOST_CHOICES):
        # The ratio is of what is common to what there is, twice the shorter one at most.
        shorter, longer = sorted((len(choice), len(wanted)))
        if 2 * shorter < best * (shorter + longer):
            continue
        matcher.set_seq1(choice)
        if matcher.quick_ratio() < best:
            continue
        ratio = matcher.ratio()
        if ratio > best:
            best, found = ratio, []
        if ratio == best:
            found.append(known[choice])
    return found[:3]


def folded(name: str) -> str:
    """A name without case, `_` and `-`, in which the spellings of libraries differ."""
    return name.replace("_", "").replace("-", "").lower()


def unknown_choice(code: str, what: str, name: str, choices: Iterable[str], most: int = 99) -> Diagnostic:
    """A name that is not among the choices: the nearest of them, and all, or the first few of very many."""
    known = list(choices)
    near = did_you_mean(name, known)
    listed = ", ".join(known if len(known) <= most else [*known[: most - 1], "...", known[-1]])
    help = f"{near} Or choose from {listed}" if near else f"choose from {listed}"
    return Diagnostic(code, f"unknown {what} `{name}`", help=help)
