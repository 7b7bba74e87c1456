"""One entry of `defaults`: the fields that all layers of a type have unless they say otherwise.

Loaded for specs that have any.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType
from cnnsum.layers.kinds import show
from cnnsum.readers.native.entry import SPECIAL, Types
from cnnsum.readers.native.faults import Findings, Site
from cnnsum.readers.native.fields import Defaults, Reader, policy_of, truth
from cnnsum.readers.native.scope import Scope, whole, written
from cnnsum.typed import Any


def read(
    name: str, fields: Any, site: Site, defaults: Defaults, types: Types, scope: Scope, findings: Findings
) -> None:
    """Check each field on its own, so that a mistake is reported once and not at every layer."""
    head = site._replace(key=True)
    type = types.find(name)
    if not isinstance(type, LayerType):
        if type is not None:
            message = f"`{name}` is a block: the defaults of its arguments stand in its `args`"
            findings.add("SPC035", message, head)
        elif not types.declared(name) and not types.incomplete:
            help = types.suggest(name) if findings.diagnostics.wants_help("UNK701") else None
            findings.add("UNK701", f"unknown layer type `{name}`", head, help=help)
        return
    if not isinstance(fields, dict):
        findings.add("SPC022", f"the defaults of {name} are a mapping of fields, not {show(fields)}", site)
        return
    kept = defaults.fields.setdefault(type, {})
    reader = Reader(types, scope)
    trainable = policy = None
    for field, value in fields.items():
        here = site._replace(path=(*site.path, field))
        try:
            if field == "trainable":
                trainable = truth(value, scope, field)
            elif field == "dtype":
                policy = policy_of(value, scope)
            elif field in SPECIAL:
                findings.add("SPC035", f"`{field}` belongs to one layer and has no default", here._replace(key=True))
            else:
                value = whole(written(value, scope, here), scope)  # noqa: PLW2901 - the value as it is meant
                _, problems = type.bind({field: value}, reader)
                # What is missing is not asked of defaults.
                for problem in problems:
                    if problem.code != "CFG101":
                        raise problem
                kept[field] = value
        except Problem as problem:
            inside = problem.field[1:] if problem.field[:1] == (field,) else ()
            place = here._replace(path=(*here.path, *inside), key=problem.code == "CFG103")
            findings.problem(problem, place)
            defaults.failed.setdefault(type, set()).add(field)
    defaults.special[type] = trainable, policy
