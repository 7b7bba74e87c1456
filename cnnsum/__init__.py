"""cnnsum: know a neural network from its file.

>>> import cnnsum
>>> model = cnnsum.loads("{input: [100, 100, 3], layers: [Conv2D: [32, 3], Flatten, Dense: 10]}")
>>> report = cnnsum.summarize(model)
>>> report.totals.params.total
3074186

`load` reads a file into a `Model`, `summarize` gives its `Report`; nothing in a file is ever executed, and no
deep-learning framework is needed.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # what mypy takes for typing's: this module is the first of every run, and loads nothing

if TYPE_CHECKING:
    from cnnsum.answers.conventions.ask import reconcile
    from cnnsum.answers.convert.ask import convert
    from cnnsum.answers.diff.ask import diff
    from cnnsum.answers.explain.ask import Explanation, explain
    from cnnsum.answers.fit.ask import fit
    from cnnsum.answers.listing.ask import list_models
    from cnnsum.answers.page.ask import page
    from cnnsum.answers.plan.ask import plan
    from cnnsum.answers.sizes.ask import sizes
    from cnnsum.answers.summary.ask import summarize
    from cnnsum.answers.summary.records import Report
    from cnnsum.answers.sweep.ask import sweep
    from cnnsum.diagnostics import Diagnostic, Span, UnusableError
    from cnnsum.lint import check
    from cnnsum.model import Model, load, loads

__all__ = [
    "Diagnostic",
    "Explanation",
    "Model",
    "Report",
    "Span",
    "UnusableError",
    "__version__",
    "check",
    "convert",
    "diff",
    "explain",
    "fit",
    "list_models",
    "load",
    "loads",
    "page",
    "plan",
    "reconcile",
    "sizes",
    "summarize",
    "sweep",
]

_HOMES = {
    "Diagnostic": "cnnsum.diagnostics",
    "Explanation": "cnnsum.answers.explain.ask",
    "Report": "cnnsum.answers.summary.records",
    "Span": "cnnsum.diagnostics",
    "UnusableError": "cnnsum.diagnostics",
    "check": "cnnsum.lint",
    "convert": "cnnsum.answers.convert.ask",
    "diff": "cnnsum.answers.diff.ask",
    "explain": "cnnsum.answers.explain.ask",
    "fit": "cnnsum.answers.fit.ask",
    "list_models": "cnnsum.answers.listing.ask",
    "page": "cnnsum.answers.page.ask",
    "plan": "cnnsum.answers.plan.ask",
    "reconcile": "cnnsum.answers.conventions.ask",
    "sizes": "cnnsum.answers.sizes.ask",
    "summarize": "cnnsum.answers.summary.ask",
    "sweep": "cnnsum.answers.sweep.ask",
}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> object:
    """Import what is asked for at its first use, so that the command line pays for nothing that it does not need."""
    if name not in __all__:
        raise AttributeError(f"module 'cnnsum' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, "cnnsum.model")), name)
    if callable(value) and not isinstance(value, type):
        from cnnsum.arguments import checked

        value = checked(value)
    globals()[name] = value
    return value
