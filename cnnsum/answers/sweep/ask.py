"""The variants of a sweep: what the model costs at each combination of values, as they come, in memory that stays.

What can be varied, in which order, and how many variants that is; `in_arrays` tells what they cost, or `one_by_one`
where there is no NumPy. Sizes and the batch vary fastest: the formulas of the network are evaluated at them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from cnnsum.answers.given import MOST_SAMPLES
from cnnsum.answers.rows import Part
from cnnsum.answers.sweep.choosing import Choice, Kept
from cnnsum.answers.sweep.records import Head, Swept, became
from cnnsum.answers.sweep.space import Space, values_of
from cnnsum.answers.variants.costs import BECAME, MEASURES, Outcome, Variant
from cnnsum.answers.variants.ranges import Grid, Varied, spread, type_of
from cnnsum.answers.variants.reading import Names, Reading, inferred
from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.render import units
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.executors import Executor
    from cnnsum.model import Model

#: Variants of a sweep that are all written, at most: more are looked at where few of them are kept.
MOST_VARIANTS = 1_000_000_000
_MOST_SIZE = 10**15 - 1
#: From so many variants on, or combinations of vars, it matters whether there is NumPy: without it these take some ten
#: seconds.
_MANY, _MANY_READ = 100_000, 2_000


def sweep(
    model: Model,
    values: Mapping[str, Iterable[object]],
    *,
    batch: int | None = None,
    optimizer: str = "adam",
    where: str | None = None,
    pareto: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    jobs: int | None = None,
    dask: str | None = None,
) -> Sweep:
    """What a model costs at each combination of values: an iterable of `Variant`, of which `names` says the order.

    values: by name: "batch", a size ("H", or "H=W" for both) or a var; a range, or any values. where: a condition on
    the columns in the spec language's expressions; pareto: the measures by which no other variant may be better,
    "params,macs,-batch" (the larger batch is the better one); sort: a column, "-macs" for the largest first; top:
    how many at most. They are followed in this order. jobs: processes; dask: the address of a dask cluster that does it
    in their place, "local" for one on this machine.

    Raises UnusableError for what cannot be varied, for too many variants, for a choice that cannot be meant, and for a
    cluster that cannot be used.
    """
    from cnnsum.answers.sweep.pieces import executor_of

    axes = [Varied(tuple(names.split("=")), spread(found)) for names, found in values.items()]
    reading = Reading.of(model.document, model.how, batch, optimizer)
    return Sweep(reading, axes, Choice(where, pareto, sort, top), executor=executor_of(jobs, dask))


class Sweep(Swept):
    """The variants of a model; raises UnusableError for what cannot be varied, and for too many variants.

    head: what formats say of all of them. names: in the order of their values in a variant: vars come first, and vary
    slowest. count: of all variants, before any choice. columns: what is told of each, with the type of its values.
    asked: the measures that must be numbers; others are not known where they depend on a size that stays open. named:
    whether columns are looked up by their names, so that what is varied is refused where it is called as another is;
    who counts them (names, measures, status, why) can do without, and `columns` then has fewer. After a walk: became:
    each status that there was, with the reason of the first; accepted: whether any variant was; wrong:
    whether one was an error; unsure: how many were left out because a condition could not be told.
    """

    def __init__(
        self,
        reading: Reading,
        axes: Sequence[Varied],
        choice: Choice | None = None,
        *,
        executor: Executor | None = None,
        asked: Collection[str] = MEASURES,
        named: bool = True,
    ) -> None:
        self._executor = executor
        wanted = [name for axis in axes for name in axis.names]
        twice = next((name for name in wanted if wanted.count(name) > 1), None)
        if twice is not None:
            raise _refused(f"`{twice}` is swept twice")
        self._known = Names(reading, wanted, asked)
        if sum(self._known.kind(name) == "batch" for name in wanted) > 1:
            raise _refused("the batch is swept twice")
        for axis in axes:
            self._check(axis)
        slow = [axis for axis in axes if any(self._known.kind(name) == "var" for name in axis.names)]
        self._slow = Space(tuple(slow))
        self._fast = Space(tuple([axis for axis in axes if axis not in slow]))
        self.axes = (*self._slow.axes, *self._fast.axes)
        self.names = tuple(name for axis in self.axes for name in axis.names)
        self.count = self._slow.size * self._fast.size
        self.choice = choice or Choice()
        if self.count > MOST_VARIANTS and not self.choice.bounds:
            message = f"the sweep has {self.count:,} variants, and at most {MOST_VARIANTS:,} are written"
            help = "give larger steps, or keep the best of them: --top 10, --pareto params,macs"
            raise UnusableError(Diagnostic("SPC058", message, None, "error", help))
        self._known.require({name: values_of(axis)[0] for axis in axes for name in axis.names})
        if named:
            self._need_names_of_their_own()
        self.columns: dict[str, type] = {
            **{name: type_of(values_of(axis)) for axis in self.axes for name in axis.names},
            **dict.fromkeys(MEASURES, int),
            **dict.fromkeys(BECAME, str),
        }
        self.head = Head(
            self._known.title,
            self.names,
            tuple([(axis.names, axis.values or ()) for axis in self.axes]),
            self.count,
            None if self._known.batched else reading.batch or self._known.samples or 1,
            reading.optimizer_title,
        )
        self._kept = Kept(self.choice, self.columns)
        self.became: dict[str, str] = {}
        #: Is told how many variants were looked at.
        self.progress: Callable[[int, int], object] = lambda _done, _all: None

    @property
    def is_slow(self) -> bool:
        """Whether it takes long for want of NumPy."""
        from cnnsum.answers.sweep.pieces import has_arrays

        return (self.count > _MANY or self._slow.size > _MANY_READ) and not has_arrays()

    @property
    def has_vars(self) -> bool:
        """Whether anything but sizes and the batch is varied."""
        return bool(self._slow.axes)

    @property
    def accepted(self) -> bool:
        """Whether any variant was accepted, kept or not."""
        return "legal" in self.became

    @property
    def wrong(self) -> bool:
        """Whether one was an error, kept or not."""
        return "error" in self.became

    @property
    def unsure(self) -> int:
        """Variants that were left out because it is not known whether the condition holds."""
        return self._kept.unsure

    def _need_names_of_their_own(self) -> None:
        """What is varied is not called as a column of what a variant costs is."""
        for name in self.names:
            if name in (*MEASURES, *BECAME):
                message = f"`{name}` cannot be swept: a column of what each variant costs is called so"
                is_batch = self._known.kind(name) == "batch"
                mend = "sweep `batch`" if is_batch else f"give it another name in the file, `{name}_`, and sweep that"
                raise _refused(message, mend)

    def _check(self, axis: Varied) -> None:
        """Sizes are whole numbers, and a batch is not larger than anything."""
        for name in axis.names:
            kind = self._known.kind(name)
            if kind == "var":
                continue
            values = values_of(axis)
            ends = [values[0], values[-1], values[min(1, len(values) - 1)]] if isinstance(values, Grid) else values
            for value in ends:
                what = "the batch" if kind == "batch" else f"`{name}` is a size: it"
                is_flag = isinstance(value, bool)
                if is_flag or not isinstance(value, (int, float)) or value != value // 1 or value < 1:
                    shown = f"the text {value!r}" if isinstance(value, str) else units.value(value)
                    raise _refused(f"{what} must be a positive whole number, not {shown}")
                most = MOST_SAMPLES if kind == "batch" else _MOST_SIZE
                if value > most:
                    raise _refused(f"{what} is at most {most:,}, not {units.value(value)}")
                if isinstance(value, float):
                    raise _refused(f"{what} must be a positive whole number, not a decimal", f"write {value:.0f}")

    def parts(self) -> Iterator[Part]:
        """The chosen variants column by column, in the order of `columns`, some at a time."""
        self.became = {}
        if self._executor is None:
            return self._kept.of(self.every())
        return Kept(self.choice._replace(where=None), self.columns).of(self._told_elsewhere(self._executor))

    def _told_elsewhere(self, executor: Executor) -> Iterator[Part]:
        """What each piece of the sweep keeps."""
        from cnnsum.answers.sweep.pieces import outcomes, pieces

        self._kept.unsure = done = 0
        for told in outcomes(executor, pieces(self._known, self._slow, self._fast, self.columns, self.choice)):
            self.became = {**told.seen, **self.became}
            self._kept.unsure += told.unsure
            done += told.variants
            self.progress(done, self.count)
            yield from told.parts

    def alone(self, values: Sequence[object]) -> Outcome:
        """What inference finds of one variant."""
        return inferred(self._known, dict(zip(self.names, values, strict=True)))

    def every(self) -> Iterator[Part]:
        """The same without any choice."""
        from cnnsum.answers.sweep.pieces import parts

        done = 0
        status = len(self.names) + len(MEASURES)
        for part in parts(self._known, self._slow, self._fast):
            became(part, status, self.became)
            done += len(part[status])
            self.progress(done, self.count)
            yield part

    def __iter__(self) -> Iterator[Variant]:
        return self.variants()


def _refused(message: str, help: str | None = None) -> UnusableError:
    return UnusableError(Diagnostic("SPC057", message, None, "error", help))
