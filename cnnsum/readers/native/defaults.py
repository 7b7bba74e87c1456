"""The key `defaults` of a file: the fields that all layers of a type have unless they say otherwise.

Loaded for specs that have any.
"""

from __future__ import annotations

from itertools import chain

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import INPUTS, MODELS, SPECIAL, Types
from cnnsum.readers.native.faults import Findings, ReportedError, Site
from cnnsum.readers.native.fields import Defaults, Reader, policy_of, truth
from cnnsum.readers.native.scope import Scope, whole, written
from cnnsum.source import Document
from cnnsum.typed import Any


def read(
    raw: dict[str, Any], site: Site, known: dict[Document, Defaults], types: Types, scope: Scope, findings: Findings
) -> None:
    """Check each field on its own, so that a mistake is reported once and not at every layer.

    Layers that stand in fields have defaults as well, so all of them are kept before one is checked.
    """
    defaults = known[site.document]
    reader = Reader(types, scope, known)
    reader.document = site.document
    found: list[tuple[LayerType, str, Site]] = []
    for name, fields in raw.items():
        place = site.below(name)
        type = _type(name, place._replace(key=True), types, findings)
        if type is None:
            continue
        if not isinstance(fields, dict):
            findings.add("SPC022", f"the defaults of {name} are a mapping of fields, not {show(fields)}", place)
            continue
        kept = defaults.fields.setdefault(type, {})
        for field, value in fields.items():
            here = place.below(field)
            try:
                if field in SPECIAL:
                    _keep_special(type, field, value, here, defaults, scope, findings)
                else:
                    kept[field] = whole(written(value, scope, here), scope)
                    found.append((type, field, here))
            except Problem as problem:
                findings.problem(problem, here)
                defaults.failed.setdefault(type, set()).add(field)
    # Layers that hold one come last: what is wrong with the defaults of that one is known then, and not said again.
    first = _WithoutLayers(types, scope, known)
    holding: list[tuple[LayerType, str, Site]] = []
    for type, field, here, reading in chain([(*one, first) for one in found], ((*one, reader) for one in holding)):
        try:
            _check(type, field, defaults.fields[type][field], reading)
        except _HoldsError:
            holding.append((type, field, here))
        except Problem as problem:
            if not isinstance(problem, ReportedError):
                inside = problem.field[1:] if problem.field[:1] == (field,) else ()
                findings.problem(problem, here.below(*inside, key=problem.code == "CFG103"))
            defaults.failed.setdefault(type, set()).add(field)
    for type, fields in defaults.failed.items():
        for field in fields:
            defaults.fields[type].pop(field, None)


def _type(name: str, head: Site, types: Types, findings: Findings) -> LayerType | None:
    """The type that an entry is for; None where there is none, which is reported."""
    type = types.find(name)
    if isinstance(type, LayerType):
        return type
    help: str | None = None
    if type is not None:
        message = f"`{name}` is a block: the defaults of its arguments stand in its `args`"
        findings.add("SPC035", message, head)
    elif types.declared(name):
        pass  # wrongly, which is reported there
    elif name in MODELS:
        message = f"`{name}` is a model, which has no defaults"
        help = "what its layers have by default stands under their types; `trainable` and `dtype` stand in each model"
        findings.add("SPC035", message, head, help=help)
    elif name in INPUTS:
        help = "its `shape` and `dtype` stand in `input`, or in each of `inputs`"
        findings.add("SPC035", f"`{name}` is no layer here: an input has no defaults", head, help=help)
    elif not types.incomplete:
        if findings.diagnostics.wants_help("UNK701"):
            help = types.suggest(name)
        findings.add("UNK701", f"unknown layer type `{name}`", head, help=help)
    return None


def _keep_special(
    type: LayerType, field: str, value: object, here: Site, defaults: Defaults, scope: Scope, findings: Findings
) -> None:
    """Keep a key of the language; raises Problem."""
    trainable, policy = defaults.special.get(type, (None, None))
    if field == "trainable":
        trainable = truth(value, scope, field)
    elif field == "dtype":
        policy = policy_of(value, scope)
    else:
        findings.add("SPC035", f"`{field}` belongs to one layer and has no default", here._replace(key=True))
    defaults.special[type] = trainable, policy


class _HoldsError(Exception):
    """Raised where a field holds a layer."""


class _WithoutLayers(Reader):
    """Reads the fields that hold no layers."""

    def sublayer(self, raw: object) -> object:  # noqa: ARG002 - which it is does not matter
        """There are none in them."""
        raise _HoldsError


def _check(type: LayerType, field: str, value: object, reader: Reader) -> None:
    """Raise the first Problem of a field; what is missing beside it is not asked of defaults."""
    _, problems = type.bind({field: value}, reader)
    for problem in problems:
        if problem.code != "CFG101" or problem.field:
            raise problem
