"""The search behind `cnnsum fit`: the largest value of what is varied within all limits, and the proof of it.

Sizes and the batch are solved on the formulas of the network; vars that have no formula are searched by inference. The
answer and the next larger value are inferred with numbers in every case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd

from cnnsum.analyses.sizes.closed import ClosedForm
from cnnsum.analyses.sizes.largest import MOST, Solution, UnsolvedError, first, solution, within
from cnnsum.answers.fit.recorded import Recorded, as_text, recorded
from cnnsum.answers.fit.records import Best, Fit, Limit
from cnnsum.answers.measures import MEASURES as TITLED
from cnnsum.answers.variants.costs import MEASURES, Outcome
from cnnsum.answers.variants.ranges import Grid, Varied, plain, varied
from cnnsum.answers.variants.reading import Closed, Names, NotClosedError, Reading, inferred
from cnnsum.diagnostics import AskedError, Diagnostic, UnusableError
from cnnsum.dims import Dim, Unknown
from cnnsum.dims.sets import SizeSet
from cnnsum.typed import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    from cnnsum.model import Model

#: Values that are inferred one by one, where nothing is known of what lies between them.
MOST_INFERRED = 1_000
#: The step of a var whose value is a decimal.
STEP = Fraction(1, 100)
_MOST_REPAIRS = 100
_SAMPLES = 8
#: Values that are tried for the next that is legal.
_WINDOW = 64
#: Values of a var of which one is accepted where decimals are, as those of a width multiplier are.
_DECIMALS = (0.25, 0.5, 0.75, 1.5)


class Request(NamedTuple):
    """What is asked: the limits, what is varied, and between which values."""

    limits: tuple[Limit, ...]
    varied: Varied
    least: Fraction | None
    most: Fraction | None


class _Found(NamedTuple):
    """What a `Solution` says, of values that may be decimals."""

    value: float | None
    unlimited: bool
    next: float | None
    below: float | None


@overload
def fit(
    model: Model,
    *,
    memory: int | None = None,
    inference: bool = False,
    params: int | None = None,
    macs: int | None = None,
    flops: int | None = None,
    vary: str = "batch",
    least: float | None = None,
    most: float | None = None,
    batch: int | None = None,
    optimizer: str = "adam",
) -> Fit: ...
@overload
def fit(
    model: Model,
    *,
    memory: int | None = None,
    inference: bool = False,
    params: int | None = None,
    macs: int | None = None,
    flops: int | None = None,
    vary: str | list[str] | tuple[str, ...],
    maximize: str,
    batch: int | None = None,
    optimizer: str = "adam",
) -> Best: ...
def fit(
    model: Model,
    *,
    memory: int | None = None,
    inference: bool = False,
    params: int | None = None,
    macs: int | None = None,
    flops: int | None = None,
    vary: str | list[str] | tuple[str, ...] = "batch",
    maximize: str | None = None,
    least: float | None = None,
    most: float | None = None,
    batch: int | None = None,
    optimizer: str = "adam",
) -> Fit | Best:
    """The largest batch, size or var with which a model is within all limits; or of several of them, the values with
    the most of `maximize` (a `Best`).

    memory: bytes of a training step, or with `inference` of weights and peak together. params, macs, flops: the most of
    each; macs and flops are per sample. vary: "batch", a size ("H", or "H=W" for both) or a var, also with its values
    ("width=0.1:4:0.05"), or a list of these. maximize: a measure ("macs"), or what is varied, of which the most is
    wanted. least, most: the values to look between, where one is varied.

    Raises UnusableError for what cannot be varied and for a model with errors, ValueError where nothing is limited or
    the arguments contradict one another.
    """
    limits = limits_of(inference=inference, memory=memory, params=params, macs=macs, flops=flops)
    if not limits:
        raise ValueError("say what is limited: memory, params, macs or flops")
    if inference and memory is None:
        raise ValueError("`inference` says which memory is limited: give `memory`, too")
    reading = Reading.of(model.document, model.how, batch, optimizer)
    if maximize is not None or not isinstance(vary, str):
        axes = [varied(one) for one in ([vary] if isinstance(vary, str) else vary)]
        if maximize is None:
            raise ValueError("fit(): `vary` must be a single text where no `maximize` says of what the most is wanted")
        if least is not None or most is not None:
            raise ValueError(
                "fit(): several are varied between the values that `vary` gives: leave `least`, `most` out"
            )
        from cnnsum.answers.fit.several import best

        return best(reading, axes, limits, maximize)
    wanted = varied(vary)
    if wanted.values is not None and (least is not None or most is not None):
        raise ValueError("fit(): `vary` says from where to where already: leave `least` and `most` out")
    if least is not None and most is not None and least > most:
        raise ValueError("fit(): `least` is larger than `most`")
    bounds = [None if bound is None else Fraction(str(bound)) for bound in (least, most)]
    if sound(model, wanted.names) is None:
        raise UnusableError(*model.errors)
    return largest(reading, Request(limits, wanted, *bounds))


def sound(model: Model, names: Sequence[str]) -> Model | None:
    """The model that is fitted: the file's, or the same with its sizes open, where they alone are wrong and are varied.

    None where it has errors that no value of these names mends.
    """
    if not model.wrong:
        return model
    opened = model.again(model.how.freeing("spatial"))
    return opened if not opened.wrong and any(name in opened.graph.symbols for name in names) else None


def limits_of(*, inference: bool, **most: int | None) -> tuple[Limit, ...]:
    """The limits that were given. inference: whether that of memory is on inference."""
    measures = {"memory": "inference" if inference else "training"}
    return tuple(Limit(name, measures.get(name, name), number) for name, number in most.items() if number is not None)


def largest(reading: Reading, request: Request) -> Fit:
    """The largest value within the limits; raises UnusableError for what cannot be asked of this model."""
    names = Names(reading, request.varied.names, [limit.measure for limit in request.limits])
    kinds = {names.kind(name) for name in request.varied.names}
    grid = _grid(request)
    search = _Search(names, request)
    if "var" not in kinds:
        search.recorded = recorded(reading.model({}), request.varied.names)
        found = search.sizes(grid)
        return found._replace(recorded=as_text(search.recorded))
    if len(request.varied.names) > 1:
        message = f"`{request.varied}`: only sizes can be varied together"
        raise UnusableError(Diagnostic("SPC057", message, help="vary one var at a time"))
    return search.var(grid)


def _grid(request: Request) -> Grid | None:
    """The values that were asked for, where they are a range."""
    values = request.varied.values
    if values is None:
        return None
    if not isinstance(values, Grid):
        message = f"`{request.varied}`: give a range, FIRST:LAST:STEP"
        raise UnusableError(Diagnostic("SPC057", message))
    return values


class _Search:
    def __init__(self, names: Names, request: Request) -> None:
        self.names = names
        self.limits = request.limits
        self.varied = request.varied.names
        self.request = request
        self.outcomes: dict[object, Outcome] = {}
        self.formulas: dict[str, Dim] = {}
        self.recorded: Recorded = {}

    # --- sizes and the batch ------------------------------------------------------------------------------------------

    def sizes(self, grid: Grid | None) -> Fit:
        """Sizes, the batch, and vars that may be left open: solved on the formulas."""
        least, most, step = self._bounds(grid)
        try:
            closed = Closed(self.names, self.varied, {}, dict.fromkeys(self.varied, (least, gcd(least, step))))
            return self._solved(closed, least, most, step)
        except (NotClosedError, UnsolvedError) as error:
            if most is None or (most - least) // step >= MOST_INFERRED:
                found = error.found if isinstance(error, NotClosedError) else None
                if found is not None and found.fits_no_size:
                    raise UnusableError(found) from None  # whatever is tried
                why = f" ({found.code} {found.message})" if found is not None else ""
                message = f"there is no formula in {'='.join(self.varied)} for this network{why}"
                help = f"give --least and --most, at most {MOST_INFERRED:,} values apart: each is then tried"
                raise UnusableError(Diagnostic("SPC057", message, None, "error", help)) from None
            return self._tried([*filter(self._is_recorded, range(least, most + 1, step))], step)

    def _bounds(self, grid: Grid | None) -> tuple[int, int | None, int]:
        if grid is not None:
            numbers = [grid.first, grid.last, grid.step]
            if any(number.denominator != 1 for number in numbers) or grid.first < 1:
                raise self._no_sizes("vary")
            return int(grid.first), int(grid.last), int(grid.step)
        for argument, bound in (("least", self.request.least), ("most", self.request.most)):
            if bound is not None and (bound.denominator != 1 or bound < 1):
                raise self._no_sizes(argument)
        most = None if self.request.most is None else int(self.request.most)
        return int(self.request.least or 1), most, 1

    def _no_sizes(self, argument: str) -> AskedError:
        message = f"{'='.join(self.varied)}: sizes are positive whole numbers"
        return AskedError(argument, Diagnostic("SPC057", message))

    def _solved(self, closed: Closed, least: int, most: int | None, step: int) -> Fit:
        form = closed.merged()
        self._need_known(form.dims, closed.unknown)
        (symbol,) = form.symbols
        place = {measure: at for at, measure in enumerate(MEASURES)}
        self.formulas = {limit.name: form.dims[place[limit.measure]] for limit in self.limits}
        fits = {limit: within(self.formulas[limit.name], limit.most, symbol) for limit in self.limits}
        legal = [SizeSet.multiples(symbol.multiple_of, max(symbol.minimum, 1))]
        if step > 1:
            legal.append(SizeSet((), least, step, (least % step,)))
        legal += [one.allowed for one in form.requirements if one.allowed is not None]
        legal += [held for held, _ in self.recorded.values()]

        def accepts(value: int) -> bool:
            return form.refusal((value,)) is None

        found = solution([*fits.values()], legal, accepts, least, most)
        found = self._repaired(found, legal, accepts, form, most)
        self._compare(form, [value for value in (least, found.value, found.next) if value is not None])
        answer = self._fit(_Found(*found), self._binding(found.next), "formula", proved=True, step=step)
        endless = found.unlimited and found.value is None
        beyond = endless and any(one.is_finite for one in fits.values())
        return answer._replace(looked_up_to=MOST) if beyond else answer

    def _compare(self, form: ClosedForm, values: list[int]) -> None:
        """Hold the formulas to inference; raises UnsolvedError where they do not agree."""
        if form.symbols[0].name in self.varied and len(values) > 1:
            values.append((values[0] + values[1]) // 2)
        for value in values:
            outcome = self._outcome(value)
            refused = form.refusal((value,)) is not None
            if refused != (outcome.status != "legal"):
                raise UnsolvedError
            costs = None if refused else form((value,))
            if costs is not None and outcome.costs is not None and costs != tuple(outcome.costs):
                raise UnsolvedError

    def _need_known(self, dims: Sequence[Dim], unknown: tuple[str, ...]) -> None:
        for limit in self.limits:
            if isinstance(dims[MEASURES.index(limit.measure)], Unknown):
                if not unknown:
                    raise NotClosedError(None)
                raise _not_known(limit, unknown)

    def _repaired(
        self,
        found: Solution,
        legal: Sequence[SizeSet],
        accepts: Callable[[int], bool],
        form: ClosedForm,
        most: int | None,
    ) -> Solution:
        """The solution held to inference: where a formula is a bound only, a larger value may do, too."""
        for _ in range(_MOST_REPAIRS):
            following = found.next
            if not form.less_where or following is None or not self._fits(following):
                return found
            if most is not None and following > most:
                return found
            found = found._replace(value=following, next=first(legal, accepts, following + 1))
        raise UnsolvedError

    # --- vars ---------------------------------------------------------------------------------------------------------

    def var(self, grid: Grid | None) -> Fit:
        """A var: by a formula, where it is a whole number that the spec can do without, else by inference."""
        (name,) = self.varied
        now = self._file_value(name)
        # A whole number in the file counts whole values, unless what was asked for is not one.
        bounds = [Fraction(bound) for bound in (self.request.least, self.request.most) if bound is not None]
        counted = isinstance(now, int) and all(bound.denominator == 1 for bound in bounds)
        if grid is None:
            step = Fraction(1) if counted else STEP
            least = Fraction(self.request.least) if self.request.least is not None else step
            grid = self._from(least, step)
        found = self._var_in(grid, now)
        nothing = counted and self.request.varied.values is None and found.costs is None and not found.unlimited
        if nothing and self.request.least is None and self._is_accepted(0):
            # Most numbers may not be 0; one of repetitions may.
            found = self._var_in(self._from(Fraction(0), Fraction(1)), now)
            nothing = found.costs is None
        return found._replace(file=now, whole=nothing and any(map(self._is_accepted, _DECIMALS)))

    def _from(self, least: Fraction, step: Fraction) -> Grid:
        """The values from one on, up to the largest that was asked for."""
        most = self.request.most
        return _Endless(least, step) if most is None else Grid(least, Fraction(most), step)

    def _var_in(self, grid: Grid, now: object) -> Fit:
        whole = all(number.denominator == 1 for number in (grid.first, grid.step)) and grid.first >= 1
        if whole and isinstance(now, int):
            try:
                return self.sizes(None if isinstance(grid, _Endless) else grid)
            except UnusableError as error:
                if error.diagnostics[0].code != "SPC057":
                    raise
            self.formulas = {}
        return self._searched(grid)

    def _is_accepted(self, value: float) -> bool:
        return self._outcome(value).status == "legal"

    def _file_value(self, name: str) -> object:
        value = self.names.file_value(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            if self.request.varied.values is None:
                if value is None:
                    raise self.names.unknown(name)
                message = f"the value of `{name}` is not a number"
                help = f"say which values to try: --vary {name}=FIRST:LAST:STEP"
                raise UnusableError(Diagnostic("SPC057", message, None, "error", help))
            return value
        return value

    def _searched(self, grid: Grid) -> Fit:
        """Gallop and bisect, then look around: nothing proves that costs only rise with a var."""
        low = self._legal(grid, range(min(len(grid), _WINDOW)))
        if low is None:
            return self._answer(_Found(None, False, None, None), grid)
        if not self._fits(grid[low]):
            return self._looked_around(grid, None, low)
        if isinstance(grid, _Endless) and not self._matters(grid, low):
            return self._answer(_Found(None, True, None, None), grid)
        count = len(grid)
        stride = 1
        high = low + stride
        while high < count and self._passes(grid, high):
            low, stride = high, stride * 2
            high = low + stride
        high = min(high, count)
        while high - low > 1:
            middle = (low + high) // 2
            if self._passes(grid, middle):
                low = middle
            else:
                high = middle
        found = self._legal(grid, range(low, -1, -1))
        assert found is not None, "the least value was legal"
        return self._looked_around(grid, found, found)

    def _looked_around(self, grid: Grid, answer: int | None, index: int) -> Fit:
        """Sample smaller and larger values than the answer; where one is not as it should be, try them all."""
        count = min(len(grid), 4 * index + 1_000) if isinstance(grid, _Endless) else len(grid)
        below = set() if answer is None else {index * part // _SAMPLES for part in range(_SAMPLES)}
        above = {index + part for part in range(1, _SAMPLES + 1)}
        above |= {index + (count - 1 - index) * part // _SAMPLES for part in range(1, _SAMPLES + 1)}
        legal = [at for at in below | above if at < count and at != index and self._is_legal(grid, at)]
        odd = [at for at in legal if self._fits(grid[at]) != (at < index)]
        if not odd:
            return self._risen(grid, answer, index)
        if len(grid) > MOST_INFERRED:
            name = self.varied[0]
            message = f"what is limited does not only rise with `{name}`: see {grid[odd[0]]}"
            help = f"give at most {MOST_INFERRED:,} values, --vary {name}=FIRST:LAST:STEP: each is then tried"
            raise UnusableError(Diagnostic("SPC057", message, None, "error", help))
        return self._tried(grid, plain(grid.step))

    def _risen(self, grid: Grid, answer: int | None, index: int) -> Fit:
        """The answer where costs rise as far as was seen; `index` is that of the least legal value if there is none."""
        if answer is None:
            return self._answer(_Found(None, False, grid[index], None), grid)
        last = len(grid) - 1
        if isinstance(grid, _Endless) and answer == last:
            return self._answer(_Found(None, True, None, None), grid)._replace(looked_up_to=grid[last])
        following = self._legal(grid, range(index + 1, min(index + _WINDOW, last + 1)))
        after = None if following is None else grid[following]
        return self._answer(_Found(grid[answer], after is None, after, None), grid)

    def _answer(self, found: _Found, grid: Grid) -> Fit:
        return self._fit(found, self._binding(found.next), "inference", proved=False, step=plain(grid.step))

    def _matters(self, grid: Grid, low: int) -> bool:
        """Whether what is limited depends on the values at all, as far as some of them show."""
        seen = set()
        for ahead in (0, 1, 10, 100, 10_000):
            costs = self._outcome(grid[low + ahead]).costs
            if costs is not None:
                seen.add(tuple(costs._asdict()[limit.measure] for limit in self.limits))
        return len(seen) > 1

    def _is_legal(self, grid: Grid, index: int) -> bool:
        return self._outcome(grid[index]).status == "legal"

    def _legal(self, grid: Grid, indices: range) -> int | None:
        """The first of some values that is legal; only so many are tried."""
        return next((index for index in indices[:_WINDOW] if self._is_legal(grid, index)), None)

    def _passes(self, grid: Grid, index: int) -> bool:
        """Whether a search may go on from here: the value, or the first legal one before it, is within the limits."""
        found = self._legal(grid, range(index, -1, -1))
        return found is not None and not self._binding(grid[found])

    def _tried(self, values: Sequence[float], step: float) -> Fit:
        """The answer by trying every value."""
        legal = [value for value in values if self._outcome(value).status == "legal"]
        good = [value for value in legal if self._fits(value)]
        if not good:
            found = _Found(None, False, legal[0] if legal else None, None)
            return self._fit(found, self._binding(found.next), "inference", proved=True, step=step)
        largest = good[-1]
        following = next((value for value in legal if value > largest), None)
        below = next((value for value in legal if value < largest and not self._fits(value)), None)
        found = _Found(largest, following is None, following, below)
        return self._fit(found, self._binding(following), "inference", proved=True, step=step)

    # --- by inference -------------------------------------------------------------------------------------------------

    def _is_recorded(self, value: int) -> bool:
        return all(value in held for held, _ in self.recorded.values())

    def _outcome(self, value: object) -> Outcome:
        if value not in self.outcomes:
            self.outcomes[value] = found = inferred(self.names, dict.fromkeys(self.varied, value))
            for limit in self.limits if found.costs is not None else ():
                if found.costs is not None and found.costs._asdict()[limit.measure] is None:
                    raise _not_known(limit, ())
        return self.outcomes[value]

    def _fits(self, value: object) -> bool:
        return not self._binding(value) and self._outcome(value).status == "legal"

    def _binding(self, value: object) -> tuple[Limit, ...]:
        """The limits that a value breaks."""
        if value is None:
            return ()
        costs = self._outcome(value).costs
        if costs is None:
            return ()
        known = costs._asdict()
        return tuple([limit for limit in self.limits if known[limit.measure] > limit.most])

    def _fit(self, found: _Found, binding: tuple[Limit, ...], method: str, *, proved: bool, step: float) -> Fit:
        names = self.names
        value = found.value
        here = None if value is None else self._outcome(value)
        if value is not None and not self._fits(value):
            raise UnsolvedError  # inference does not confirm the formulas
        file = {names.fixed.get(name) for name in self.varied}
        return Fit(
            names.title,
            self.limits,
            names.reading.optimizer_title,
            self.varied,
            value,
            None if here is None else here.costs,
            found.next,
            None if found.next is None else self._outcome(found.next),
            binding,
            found.unlimited,
            found.below,
            method,
            proved,
            len(self.outcomes),
            self.formulas,
            step,
            file.pop() if len(file) == 1 else None,
        )


class _Endless(Grid):
    """Values without a last one, up to where no network is."""

    def __init__(self, first: Fraction, step: Fraction) -> None:
        super().__init__(first, first + step * (1 << 24), step)


def _not_known(limit: Limit, unknown: tuple[str, ...]) -> UnusableError:
    measure = TITLED[limit.measure]
    what = measure.title if measure.is_memory else f"number of {measure.title}"
    listed = ", ".join(f"`{name}`" for name in unknown[:3])
    more = f" and {len(unknown) - 3:,} more layers" if len(unknown) > 3 else ""
    because = f": nothing is known of {listed}{more}" if unknown else ""
    return UnusableError(Diagnostic("SPC057", f"the {what} of this network is not known{because}"))
