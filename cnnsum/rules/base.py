"""What a rule of advice is: how one is declared, found and documented, and what it says.

A rule is one function: it is given the network and yields what it found. Its docstring is its documentation, in fixed
parts: what it checks, why it matters, a spec that fails it, and the same spec mended. Knows no rule by name and no
screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from inspect import cleandoc

from cnnsum.diagnostics import CODES, Diagnostic, Mend, Related, Severity, Span
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph, Layer
from cnnsum.source import Document
from cnnsum.typed import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnnsum.analyses.sizes.conditions import Sizes
    from cnnsum.rules.network import Network


class Subject(NamedTuple):
    """What advice is asked of: a model as it was read and inferred, and which codes are wanted."""

    graph: Graph
    inference: Inference
    sizes: Callable[[], Sizes]
    document: Document
    wanted: Callable[[str], bool]


class Finding(NamedTuple):
    """What a rule found: of which layer, in which of its fields, and how to mend it.

    span: its place, for what belongs to no layer. mend: a field of a layer, its value as JSON writes it, and whether
    that leaves the network what it was meant to be.
    """

    layer: Layer | None
    message: str
    help: str
    field: str | tuple[str | int, ...] = ()
    related: tuple[tuple[Layer, str], ...] = ()
    span: Span | None = None
    mend: tuple[Layer, str, str, bool] | None = None


class Documentation(NamedTuple):
    """The parts of a rule's docstring: prose, and two specs."""

    what: str
    why: str
    bad: str
    good: str


class Rule(NamedTuple):
    """A declared rule. `severity` is "warning" or "note"."""

    code: str
    severity: Severity
    theme: str
    check: Callable[[Network], Iterator[Finding]]

    @property
    def title(self) -> str:
        """What the code stands for, in a few words."""
        return CODES[self.code]

    @property
    def documentation(self) -> Documentation:
        """The parts of the docstring of its function."""
        return parts_of(self.check.__doc__ or "")


#: The modules that declare rules, in the order of their codes, and what each is about.
THEMES = {
    "normalization": "Normalisation",
    "activation": "Activations",
    "windows": "Kernels and strides",
    "coverage": "What a kernel sees",
    "shapes": "Shapes",
    "weights": "Weights and memory",
    "field": "Receptive field",
    "merging": "Merging",
    "dropout": "Dropout",
    "precision": "Precision and hardware",
    "claims": "Names and claims",
    "declared": "What a spec declares",
}

_RULES: dict[str, Rule] = {}


def rule(
    code: str, severity: Severity
) -> Callable[[Callable[[Network], Iterator[Finding]]], Callable[[Network], Iterator[Finding]]]:
    """Declare a rule under a code; its title is that of the code."""

    def declare(check: Callable[[Network], Iterator[Finding]]) -> Callable[[Network], Iterator[Finding]]:
        assert code not in _RULES
        _RULES[code] = Rule(code, severity, check.__module__.rpartition(".")[2], check)
        return check

    return declare


def all_rules() -> Mapping[str, Rule]:
    """Every rule by its code, in the order of the codes."""
    _load()
    return _RULES


@lru_cache(1)
def _load() -> None:
    """Import what declares rules, which may have been imported in any order before."""
    for theme in THEMES:
        import_module(f"cnnsum.rules.{theme}")
    in_order = sorted(_RULES.items())
    _RULES.clear()
    _RULES.update(in_order)


def parts_of(doc: str) -> Documentation:
    '''Take a rule's docstring apart.

    >>> doc = """What it looks for.
    ...
    ... Why: it is bad.
    ...
    ... Fails:
    ...
    ...     layers: [Dense: 1]
    ...
    ... Passes:
    ...
    ...     layers: [Dense: 2]
    ... """
    >>> found = parts_of(doc)
    >>> found.what, found.why, found.bad.strip(), found.good.strip()
    ('What it looks for.', 'it is bad.', 'layers: [Dense: 1]', 'layers: [Dense: 2]')
    '''
    text = cleandoc(doc)
    what, _, rest = text.partition("\n\nWhy: ")
    why, _, rest = rest.partition("\n\nFails:\n\n")
    bad, _, good = rest.partition("\n\nPasses:\n\n")
    return Documentation(what.strip(), why.strip(), _spec(bad), _spec(good))


def _spec(text: str) -> str:
    lines = [line[4:] for line in text.strip("\n").split("\n")]
    return "\n".join(lines).rstrip() + "\n"


def diagnose(found: Rule, finding: Finding) -> Diagnostic:
    """A finding as a diagnostic, with its place."""
    span = finding.span
    message = finding.message
    layer = finding.layer
    if layer is not None:
        field = (finding.field,) if isinstance(finding.field, str) else finding.field
        if span is None and layer.place is not None:
            span = layer.place.span(field)
        if f"`{layer.name}`" not in message:
            message = f"`{layer.name}`: {message}"
    related = tuple(Related(other.place.span(), words) for other, words in finding.related if other.place is not None)
    if layer is not None and layer.place is not None:
        related = (*related, *layer.place.written)
    return Diagnostic(found.code, message, span, found.severity, finding.help, related, _mend(finding))


def _mend(finding: Finding) -> Mend | None:
    if finding.mend is None or finding.mend[0].place is None:
        return None
    layer, field, value, safe = finding.mend
    return Mend(layer.place.fields, layer.place.positional, field, value, safe)  # type: ignore[union-attr]  # asked
