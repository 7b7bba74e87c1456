"""A layer written in a field of another: what TimeDistributed and Bidirectional wrap.

Loaded for specs that have one.
"""

from __future__ import annotations

from cnnsum.counted import counted
from cnnsum.diagnostics import Problem
from cnnsum.layers.base import LayerType
from cnnsum.layers.inner import Inner
from cnnsum.layers.kinds import wrong
from cnnsum.readers.native.entry import MODELS, SPECIAL
from cnnsum.readers.native.faults import ReportedError, Site
from cnnsum.readers.native.fields import Defaults, Reader, truth
from cnnsum.readers.native.scope import Written, WrittenMapping, whole
from cnnsum.typed import Any


def sublayer(raw: Any, reader: Reader) -> Inner:
    """The layer that is written as an item of `layers` would be; raises the first Problem found in it."""
    if isinstance(raw, str):
        name, value = str(raw), None
    elif isinstance(raw, dict) and len(raw) == 1:
        ((name, value),) = raw.items()
    else:
        raise wrong("a layer: the name of its type, or a mapping of it to its fields", raw)
    type = reader.types.find(name)
    if type is None and name in MODELS and reader.model is not None and isinstance(value, dict) and "layers" in value:
        reader.evaluated = True
        return reader.model(raw)
    if not isinstance(type, LayerType):
        if type is not None:
            raise Problem("CFG102", f"must be a layer, and `{name}` is a block", (name,))
        if reader.types.incomplete:
            raise ReportedError
        raise Problem("UNK701", f"unknown layer type `{name}`", (name,), help=reader.types.suggest(name))
    fields, positions = _by_name(type, name, value)
    written_in = reader.document
    if isinstance(raw, (Written, WrittenMapping)) and isinstance(raw.site, Site):
        written_in = raw.site.document  # `$name` stands in the field, and the layer in another file
    defaults = Defaults() if written_in is None else reader.defaults[written_in]
    if not defaults.are_good(type, fields):
        raise ReportedError
    default, policy = defaults.special.get(type, (None, None))
    if policy is not None:
        reader.evaluated = True  # another use of a block may say another dtype, which counts more
        policy = None if reader.says_dtype else policy
    own_name, trainable = "", default is not False
    for key in [key for key in fields if key in SPECIAL]:
        given = fields.pop(key)
        if key == "name" and isinstance(given, str):
            own_name = given
        elif key == "trainable":
            trainable = truth(given, reader.scope, key)
        else:
            raise Problem("CFG102", f"({name}): `{key}` cannot stand in a wrapped layer", (name, key))
    if any(one is raw for one in reader.open):
        # What `defaults` give a layer in a field of itself is one and the same, however deep it stands.
        raise Problem("SPC024", f"the {name} that `defaults` put in a field holds itself")
    outer, reader.document = reader.document, written_in
    reader.open.append(raw)
    try:
        bound, problems = type.bind({**defaults.of(type), **whole(fields, reader.scope)}, reader)
    finally:
        reader.open.pop()
        reader.document = outer
    for problem in problems:
        if problem.field:
            problem.field = (name, *positions.get(problem.field[0], (problem.field[0],)), *problem.field[1:])
        else:
            problem.field = (name,)
        if problem.code == "CFG102":
            problem.message = f"({name}): {problem.message}"
            problem.args = (problem.message,)
        raise problem
    return Inner(type, bound, own_name, trainable, None if policy is None else policy.variable)


def _by_name(type: LayerType, called: str, value: object) -> tuple[dict[str, object], dict[object, tuple[int, ...]]]:
    """The fields by name, and where each stands if it is not below its name."""
    if value is None:
        return {}, {}
    if isinstance(value, dict):
        return dict(value), {}
    names = type.by_position(called)
    values = value if isinstance(value, list) else [value]
    if len(values) > len(names):
        raise Problem(
            "CFG104",
            f"{type.name} got {counted(len(values), 'value')} but it has {counted(len(names), 'field')}",
            (type.name,),
        )
    positions: dict[object, tuple[int, ...]] = {
        name: (index,) if isinstance(value, list) else () for index, name in enumerate(names)
    }
    return dict(zip(names, values, strict=False)), positions
