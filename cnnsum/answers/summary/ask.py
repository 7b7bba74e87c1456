"""What a network is, as a report: `summarize`. Knows no format and no screen."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cnnsum import __version__
from cnnsum.answers.summary.records import Report, Source
from cnnsum.diagnostics import AskedError, Diagnostic, UnusableError, unknown_choice
from cnnsum.dims import Expr
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.model import Model

#: Of an input that may have its channels before its places: more axes than this, and at most so many channels.
_RANK = 2
_FEW = 4


def summarize(
    model: Model,
    *,
    batch: int | None = None,
    symbolic: bool = False,
    optimizer: str = "adam",
    checkpoint: Collection[str] | None = None,
    details: bool = True,
    step: bool = False,
) -> Report:
    """The report of a model.

    batch: samples that memory is estimated for (default: what the file fixes, else the least that is accepted, mostly
    1). symbolic: leave the batch a symbol where neither the caller nor the file gives it, so that memory is a formula
    in it. optimizer: the one that training memory is estimated for. checkpoint: names of layers between which training
    keeps nothing but runs the forward pass again, "auto" to choose them. details: whether the report also holds places
    and receptive fields, and the peak of a training step moment by moment; step: that alone.

    Raises UnusableError for a layer that the model does not have, or for a batch that contradicts the file's, and
    AskedError for an unknown optimizer.
    """
    from cnnsum.answers.summary.build import build  # a check makes no report

    optimizer = known_optimizer(optimizer)
    if checkpoint is not None:
        check_checkpoint(model, checkpoint)
    graph = model.graph
    samples = model.samples(batch)
    document = model.document
    return build(
        graph,
        model.inference,
        Source(document.path, model.format, document.sha256 if details else ""),
        __version__,
        batch=graph.batch if symbolic and batch is None and isinstance(graph.batch, Expr) else samples,
        optimizer=optimizer,
        checkpoint=checkpoint,
        sizes=model.sizes if model.inference.needs else None,
        details=details,
        step=step,
    )


def known_optimizer(name: str) -> str:
    """The optimizer's name as the table has it; raises AskedError for an unknown one."""
    from cnnsum.analyses.training.optimizers import OPTIMIZERS

    optimizer = name.lower()
    if optimizer not in OPTIMIZERS:
        raise AskedError("optimizer", unknown_choice("SPC054", "optimizer", optimizer, OPTIMIZERS))
    return optimizer


def require_own(function: str, model: Model, report: Report, optimizer: str | None = None) -> None:
    """Raise ValueError for a report of another model, or optimizer; function: of the library, which was given them."""
    is_own = report.source.sha256 in ("", model.document.sha256)
    if is_own and not model.wrong:
        names = [layer.name for layer in model.graph.order().layers if not layer.counts_sizes]
        found = [row.name for row in report.rows]
        if model.graph.modular:
            # The operations of a module stand below its row, in the place of the first of them.
            own = set(names)
            names.sort()
            found = sorted(one.name for row in report.rows for one in ((row,) if row.name in own else row.rows))
        is_own = names == found
    if not is_own:
        raise ValueError(f"{function}(): `report` must be a report of this model")
    if optimizer is not None:
        from cnnsum.analyses.training.optimizers import OPTIMIZERS

        title, wanted = OPTIMIZERS[known_optimizer(optimizer)].title, report.totals.optimizer
        if title != wanted:
            raise ValueError(f"{function}(): `optimizer` must be that of the report, {wanted}; got {title}")


def check_checkpoint(model: Model, wanted: Collection[str]) -> None:
    """Raise UnusableError for a layer that activations cannot be kept of, or that there is not."""
    from cnnsum.analyses.training.checkpoint import AUTO, places

    known = places(model.inference)
    for name in wanted:
        if name not in known and name != AUTO:
            raise UnusableError(unknown_choice("SPC047", "checkpoint layer", name, (*known, AUTO), most=8))


def policy_of(precision: str | None, dtype: str | None = None) -> str | None:
    """The dtype policy that a precision of training stands for: the `dtype` of `load`, of which it is another name.

    Raises UnusableError for an unknown precision, or where both are given and are not the same.
    """
    if precision is None:
        return dtype
    from cnnsum.analyses.training.total import PRECISIONS

    if precision not in PRECISIONS:
        raise UnusableError(unknown_choice("SPC046", "precision", precision, PRECISIONS))
    if dtype not in (None, precision):
        message = f"the precision `{precision}` contradicts the dtype `{dtype}`"
        raise UnusableError(Diagnostic("SPC052", message, help="give one of the two: a precision is a dtype policy"))
    return precision


def optimizer_names() -> list[tuple[str, str]]:
    """The optimizers whose memory is known, each with its title."""
    from cnnsum.analyses.training.optimizers import OPTIMIZERS

    return [(name, one.title) for name, one in OPTIMIZERS.items()]


def with_layout(model: Model, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings of a model with the advice that is given wherever it is shown, errors or not: its input has the
    channels on the other side (ARC447). What is too small for a kernel then has no mend of its own.
    """
    layout = _mistaken_layout(model)
    if not layout:
        return [*found]
    return [*(one._replace(help=None) if one.code == "SHP201" else one for one in found), *layout]


def _mistaken_layout(model: Model) -> list[Diagnostic]:
    """ARC447 of a model. Rules are loaded only where an input might be meant."""
    for node in model.graph.inputs:
        shape = node.layer.spec.shape if node.layer.spec is not None else ()
        first, last = (shape[1], shape[-1]) if len(shape) > _RANK else (0, 0)
        if not isinstance(first, int) or not isinstance(last, int):
            continue
        if 0 < first <= _FEW < last or (model.wrong and 0 < last <= _FEW < first):
            from cnnsum.rules import advise
            from cnnsum.rules.base import Subject

            subject = Subject(
                model.graph, model.inference, lambda: model.sizes, model.document, lambda code: code == "ARC447"
            )
            return advise(subject)
    return []
