"""What holds for a file: which codes are reported, what fails a run, which budgets there are, and who said so.

Plain data, small enough to be sent to another process. Knows no file; `config` reads configuration into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from cnnsum.diagnostics import Severity, Span
from cnnsum.lint.codes import Selection
from cnnsum.lint.report.findings import SEVERITIES
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.lint.budget.baseline import Baseline, Increase

DEFAULT_FAIL_ON = "error"
#: Choices whose answers are kept: files that choose for themselves may be many.
_MOST_ANSWERS = 1 << 8


class Said(NamedTuple):
    """A code, or the beginning of some, and where it was said: "pyproject.toml:12", "the command line"."""

    text: str
    origin: str


class Choice(NamedTuple):
    """What one place says of codes. select: None where it chooses none."""

    select: tuple[Said, ...] | None = None
    ignore: tuple[Said, ...] = ()


class Settings(NamedTuple):
    """What holds for one file, before the file itself is read.

    configured, called: what its configuration and the call choose. silenced: what `per-file-ignores` says of it.
    fail_on: the least severity that fails the run. budget: the table of the configuration, None without one.
    budget_places: where its keys stand, and under "" the table itself. origins: who set the other values, by key.
    baseline: what the file's model cost at some time, None without; increases: how much more it may cost now.
    layer_types, plugins: files and modules that declare layer types. keras_backend: whose dtypes count.
    """

    configured: Choice = Choice()
    called: Choice = Choice()
    silenced: tuple[Said, ...] = ()
    fail_on: str = DEFAULT_FAIL_ON
    budget: Mapping[str, object] | None = None
    budget_places: Mapping[str, Span] | None = None
    origins: tuple[tuple[str, str], ...] = ()
    baseline: Baseline | None = None
    increases: Mapping[str, Increase] | None = None
    layer_types: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    keras_backend: str = "tensorflow"

    def with_types(self, layer_types: tuple[str, ...], plugins: tuple[str, ...]) -> Settings:
        """These settings, with the layer types of a call beside those of the configuration."""
        return self._replace(layer_types=(*self.layer_types, *layer_types), plugins=(*self.plugins, *plugins))

    def choice(self, own: Choice = Choice()) -> Choice:  # noqa: B008 - it cannot be changed
        """All choices as one: a `select` sets aside what was said farther away, an `ignore` adds to it.

        own: what the file says of itself, which is nearer than its configuration and farther than the call.
        """
        select: tuple[Said, ...] | None = None
        ignore: tuple[Said, ...] = ()
        for one in (self.configured, own, self.called):
            if one.select is not None:
                select, ignore = one.select, ()
            ignore += one.ignore
        return Choice(select, ignore)

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of this severity fails the run."""
        return SEVERITIES.index(severity) <= SEVERITIES.index(self.fail_on)


class _Answers(dict[str, bool]):
    """Whether findings of a code are reported, as they are chosen and silenced; each answer is found when it is first
    asked for.
    """

    __slots__ = ("chosen", "silenced")

    def __init__(self, choice: Choice, silenced: tuple[Said, ...]) -> None:
        select = None if choice.select is None else tuple([said.text for said in choice.select])
        self.chosen = Selection(select, tuple([said.text for said in choice.ignore]))
        self.silenced = Selection(tuple([said.text for said in silenced]))

    def __missing__(self, code: str) -> bool:
        self[code] = self.chosen.reports(code) and not self.silenced.reports(code)
        return self[code]


#: Most files of a run have the same settings, and so the same answers.
_answers = lru_cache(_MOST_ANSWERS)(_Answers)


class Wanted:
    """Whether findings of a code are reported in one file; asked very often, so each answer is kept."""

    __slots__ = ("_answers", "_insisted")

    def __init__(self, choice: Choice, silenced: Iterable[Said] = ()) -> None:
        self._answers = _answers(choice, tuple(silenced))
        self._insisted: dict[str, bool] = {}

    def __call__(self, code: str) -> bool:
        """Whether findings of `code` are reported."""
        return self._insisted[code] if code in self._insisted else self._answers[code]

    def insist(self, codes: Iterable[str]) -> None:
        """Report these codes whatever is selected, unless they are ignored.

        For what says that others could not be looked for: who selects those alone would take the file for sound.
        """
        chosen, silenced = self._answers.chosen, self._answers.silenced
        for code in codes:
            self._insisted[code] = not chosen.ignores(code) and not silenced.reports(code)
