"""One line for each of many models: `list_models`. Files are read one at a time in each process, and none is kept.

Knows no format and no screen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from cnnsum.answers.choosing import Condition, Order, chosen
from cnnsum.answers.listing.records import COLUMNS, COSTLY, Listed, Listing
from cnnsum.diagnostics import Diagnostic, UnusableError
from cnnsum.dims import Expr, symbols_of
from cnnsum.executors import Died
from cnnsum.lint.checking import STDIN, check_model, ended, fault_of, opened, read_model
from cnnsum.lint.config import Configs
from cnnsum.lint.files import Target, Trouble
from cnnsum.lint.searching import Search, searched
from cnnsum.lint.settings import Choice, Settings
from cnnsum.lint.worth import spread
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.answers.summary.records import InputRecord
    from cnnsum.dims import Dim
    from cnnsum.model import Model
    from cnnsum.source import Document

_MOST_NAMES = 3


def list_models(
    paths: str | Iterable[str],
    *,
    where: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    more: Iterable[str] = (),
    columns: Iterable[str] | None = None,
    batch: int | None = None,
    optimizer: str = "adam",
    jobs: int | None = 1,
    dask: str | None = None,
    layer_types: Iterable[str] = (),
    plugins: Iterable[str] = (),
    keras_backend: str | None = None,
) -> Models:
    """The models in files and folders, found as `check` finds them: an iterable of `Listed`, one for each.

    where: a condition on the columns in the spec language's expressions; sort: a column, "-macs" for the largest first;
    top: how many at most. more: columns that are else left empty, since they take longer than all others: "sizes",
    "findings". columns: those that a format writes, in their order, in place of its own; of those that take longer,
    these are looked for. batch, optimizer: what memory is counted for. jobs: processes; None for as many as pay.
    dask: the address of a dask cluster that reads them in their place, "local" for one on this machine. layer_types,
    plugins, keras_backend: as `load` takes them, nearer than a configuration.

    A file that cannot be read and a folder without a model are records that say so. Raises UnusableError for a call
    that cannot be meant, and for a cluster that cannot be used.
    """
    return Models(
        [paths] if isinstance(paths, str) else paths,
        where=None if where is None else Condition(where, COLUMNS),
        order=None if sort is None else Order(sort, COLUMNS),
        top=top,
        more=more,
        columns=None if columns is None else tuple(columns),
        batch=batch,
        optimizer=optimizer,
        jobs=jobs,
        dask=dask,
        layer_types=tuple(layer_types),
        plugins=tuple(plugins),
        keras_backend=keras_backend,
    )


class _Job(NamedTuple):
    """A file, and what is asked of it."""

    target: Target
    settings: Settings
    batch: int | None
    optimizer: str
    more: frozenset[str]


class Models(Listing):
    """The models of a call as a list of them, read anew by each walk over it.

    failed: files with errors, also those that are not listed. unsure: models that are not listed because it is not
    known whether the condition holds. progress: is told how many of how many files were read.
    """

    def __init__(
        self,
        paths: Iterable[str],
        *,
        where: Condition | None,
        order: Order | None,
        top: int | None,
        more: Iterable[str],
        columns: tuple[str, ...] | None,
        batch: int | None,
        optimizer: str,
        jobs: int | None,
        dask: str | None,
        layer_types: tuple[str, ...],
        plugins: tuple[str, ...],
        keras_backend: str | None,
    ) -> None:
        from cnnsum.analyses.training.optimizers import OPTIMIZERS
        from cnnsum.answers.summary.ask import known_optimizer
        from cnnsum.model import read_types
        from cnnsum.readers import check_backend

        self.where = where
        self.order = order
        self.top = top
        self.jobs = jobs
        self.dask = dask
        self.failed = 0
        self.unsure = 0
        self.progress: Callable[[int, int], None] = lambda _done, _all: None
        optimizer = known_optimizer(optimizer)
        super().__init__(columns, batch, OPTIMIZERS[optimizer].title)
        if keras_backend is not None:
            check_backend(keras_backend)
        read_types(layer_types, plugins)  # what is wrong with them is wrong with the call
        configs = Configs()
        paths = list(paths)
        self._search = Search(paths)
        self._trouble = Trouble([], [])
        targets = searched(configs, paths, trouble=self._trouble)
        faults = [fault for config in configs.used() for fault in config.faults]
        if faults:
            raise UnusableError(*faults)
        wanted = {
            *more,
            *(columns or ()),
            *(where.names if where is not None else ()),
            order.name if order is not None else "",
        }
        costly = wanted.intersection(COSTLY)
        self._work = []
        for target in sorted(targets, key=lambda target: target.path.split(os.sep)):
            settings = configs.settings(target.path, Choice(), None).with_types(layer_types, plugins)
            if keras_backend is not None:
                settings = settings._replace(keras_backend=keras_backend)
            self._work.append(_Job(target, settings, batch, optimizer, frozenset(costly)))

    @property
    def paths(self) -> list[str]:
        """The files that are looked into, whether or not they hold models."""
        return [job.target.path for job in self._work]

    def __iter__(self) -> Iterator[Listed]:
        self.failed = self.unsure = 0
        return chosen(self._kept(), Listed.values, self.order, self.top)

    def _kept(self) -> Iterator[Listed]:
        for model in self._found():
            self.failed += model.status == "error"
            holds = self.where is None or self.where(model.values())
            self.unsure += holds is None
            if holds:
                yield model

    def _found(self) -> Iterator[Listed]:
        paths: list[str] = []
        for number, (job, outcome) in enumerate(self._outcomes(), 1):
            self.progress(number, len(self._work))
            if outcome is not None:
                if self._search.folders:
                    paths.append(job.target.path)
                yield outcome
        for folder in self._trouble.folders:
            yield Listed(folder, status="error", why=f"SPC003 no permission to read the folder `{folder}`")
        for missing in self._search.missing([*paths, *self._trouble.folders]):
            assert missing.span is not None
            yield Listed(missing.span.path, status="error", why=f"{missing.code} {missing.message}")

    def _outcomes(self) -> Iterator[tuple[_Job, Listed | None]]:
        outcomes = spread(
            _listed,
            self._work,
            lambda job: (job.target.path, job.settings),
            processes=self.jobs,
            dask=self.dask,
            prepare=_warm_up,
        )
        for job, outcome in zip(self._work, outcomes, strict=True):
            if isinstance(outcome, Died):
                yield job, _failed(job.target.path, ended(job.target.path, outcome.why))
            else:
                yield job, outcome


def _warm_up() -> None:
    import_module("cnnsum.answers.summary.build")


def _listed(job: _Job) -> Listed | None:
    """The line of a file, None where it was found in a folder and is not a model. Raises nothing for any content."""
    path = STDIN if job.target.path == "-" else job.target.path
    try:
        document = opened(job.target.path, sought=job.target.sought)
        found = None if document is None else _model(document, job)
    except UnusableError as error:
        found = _failed(path, error.diagnostics[0])
    except Exception as error:
        if "CNNSUM_TRACEBACK" in os.environ:
            raise
        found = _failed(path, fault_of(path, error))
    return found


def _failed(path: str, found: Diagnostic) -> Listed:
    return Listed(path, status="error", why=_error(path, found))


def _error(path: str, found: Diagnostic) -> str:
    """An error without what the line begins with."""
    told = str(found)
    return told.removeprefix(f"{path}:") if found.span is not None else told


def _model(document: Document, job: _Job) -> Listed:
    model = read_model(document, job.settings, compared="findings" in job.more)
    if isinstance(model, UnusableError):
        raise model
    try:
        return _of_model(model, job)
    finally:
        model.graph.take_apart()


def _of_model(model: Model, job: _Job) -> Listed:
    from cnnsum.answers.summary.build import totals_of
    from cnnsum.answers.variants.reading import first_error

    document = model.document
    ends = _ends(model)
    named = Listed(document.path, model.format, model.graph.name, inputs=ends[0], outputs=ends[1])
    if "findings" in job.more:
        named = named._replace(findings=len(check_model(document, model, job.settings).findings))
    wrong = first_error(model)
    if wrong is not None:
        return named._replace(status="error", why=_error(document.path, wrong))
    sizes = model.sizes if model.inference.needs else None
    if "sizes" in job.more:
        named = named._replace(sizes=_sizes(model))
    totals = totals_of(
        model.graph, model.inference, batch=model.samples(job.batch), optimizer=job.optimizer, sizes=sizes
    )
    found: tuple[Dim, ...] = (
        *(totals.params.total, totals.params.trainable, totals.macs),
        *(totals.weights.total, totals.peak.bytes, totals.training.total),
    )
    params, trainable, macs, weights, peak, training = [value if isinstance(value, int) else None for value in found]
    named = named._replace(params=params, trainable=trainable, macs=macs, weights=weights, peak=peak, training=training)
    if totals.unknown:
        more = f" and {len(totals.unknown) - _MOST_NAMES} more" if len(totals.unknown) > _MOST_NAMES else ""
        return named._replace(status="partial", why=f"not known: {', '.join(totals.unknown[:_MOST_NAMES])}{more}")
    left = sorted({symbol.name for value in found for symbol in symbols_of(value)})
    if left:
        return named._replace(status="open", why=f"depends on {', '.join(left)}")
    if any(value is None for value in (named.params, named.macs, named.peak, named.training)):
        return named._replace(status="partial", why="the model has no input that is known")
    return named


def _sizes(model: Model) -> str:
    """What the network asks of each size of its inputs that is open or may be another: "H % 32 == 0; W >= 75"."""
    from cnnsum.answers.sizes.ask import sizes

    asked = dict.fromkeys(axis.record.condition for axis in sizes(model).axes)
    return "; ".join(condition for condition in asked if condition)


def _ends(model: Model) -> tuple[str, str]:
    """The shapes of what goes in and of what comes out."""
    from cnnsum.answers.summary.build import ends_of

    inputs, outputs = ends_of(model.graph, model.inference)
    return _shapes(inputs, model.graph.batch), _shapes(outputs, model.graph.batch)


def _shapes(tensors: Iterable[InputRecord], batch: Dim | None) -> str:
    """One shape, or several with their names: "a (None, 8); b (None, 4)"."""
    found = [(name, "?" if shape is None else _shape(shape, batch)) for name, shape, _ in tensors]
    if len(found) == 1:
        return found[0][1]
    return "; ".join(f"{name} {shape}" for name, shape in found)


def _shape(shape: tuple[Dim, ...], batch: Dim | None) -> str:
    """A shape as Keras writes it: an open batch is None."""
    dims = ["None" if isinstance(dim, Expr) and dim == batch else str(dim) for dim in shape]
    return f"({', '.join(dims)}{',' * (len(shape) == 1)})"
