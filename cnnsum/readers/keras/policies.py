"""Dtype policies of Keras files that are more than a name: quantized ones, and maps of policies by layer.

Knows what Keras writes for them, and nothing of the weights that follow (`cnnsum.layers.keras.quantized` does). Loaded
only for a layer with such a policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from cnnsum.diagnostics import Problem
from cnnsum.graph.model import POLICIES, policy
from cnnsum.layers.base import LayerType
from cnnsum.layers.keras import NOT_POLICIES
from cnnsum.layers.keras.quantized import HISTORY, Scheme, check, scheme
from cnnsum.layers.kinds import show
from cnnsum.typed import Any, NamedTuple

#: Keras's policies that quantize, and the modes that each has; a mode with a slash must name sizes too.
_MODES = {
    "QuantizedDTypePolicy": ("int8", "int4", "float8", "gptq", "awq"),
    "QuantizedFloat8DTypePolicy": ("int8", "int4", "float8", "gptq", "awq"),
    "Int4DTypePolicy": ("int4/",),
    "GPTQDTypePolicy": ("gptq/",),
    "AWQDTypePolicy": ("awq/",),
}
#: The policies that Keras takes for a text, by how that begins.
_BY_TEXT = {
    "int8": "QuantizedDTypePolicy",
    "int4/": "Int4DTypePolicy",
    "int4": "QuantizedDTypePolicy",
    "float8": "QuantizedFloat8DTypePolicy",
    "gptq": "GPTQDTypePolicy",
    "awq": "AWQDTypePolicy",
}
#: What a layer's `quantization_config` says in place of its policy, by mode: its class, and its fields with defaults.
_CONFIGS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "int4": ("Int4QuantizationConfig", {"block_size": -1}),
    "gptq": ("GPTQConfig", {"weight_bits": 4, "group_size": 128}),
    "awq": ("AWQConfig", {"weight_bits": 4, "group_size": 128}),
}
_QUANTIZERS = ("weight_quantizer", "activation_quantizer")
_OTHER_CONFIGS = ("Int8QuantizationConfig", "Float8QuantizationConfig", *(name for name, _ in _CONFIGS.values()))
#: Layers that hand their policy on to layers inside them, which a map knows by other paths.
_HANDING_ON = (
    *("MultiHeadAttention", "GroupedQueryAttention", "SimpleRNN", "LSTM", "GRU"),
    *("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
)
#: Signs of regular expressions, beyond those that are read here.
_SIGNS = frozenset("^$+?{}[]\\|()")


class Dtype(NamedTuple):
    """What a policy is but for the quantization, and how the layer is quantized, None where it is not."""

    policy: Any
    quantization: str | None = None


def read(raw: Any, of: LayerType, config: Mapping[str, Any], path: str | None) -> Dtype:
    """The policy of a layer of this type; raises Problem where what its weights are cannot be told.

    config: of the layer. path: what a map of policies knows the layer by, None where that is not known.
    """
    in_map = isinstance(raw, dict) and raw.get("class_name") == "DTypePolicyMap"
    if in_map:
        raw = _from_map(_config(raw), of, path)
    found = _taken_apart(raw)
    if found is None:
        return Dtype(raw)
    mode, source, history = found
    if mode == "int8" and policy(source).compute == "float16":
        raise Problem("UNK705", "Keras has no int8 with computation in float16")
    if "quantization" not in of.schema.fields:
        return Dtype(source)
    how = _how(mode, config.get("quantization_config"))
    if how.mode == "float8" and not in_map:
        how = how._replace(group=history)
    equation = config.get("equation")
    check(of.key, how, lora=bool(config.get("lora_rank")), equation=equation if isinstance(equation, str) else "")
    return Dtype(source, str(how))


def _config(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    config = raw.get("config")
    return config if isinstance(config, dict) else {}


def _from_map(config: Mapping[str, Any], of: LayerType, path: str | None) -> Any:
    """The policy that a map has for a layer: under its path, under a pattern for it, or the default."""
    policies = config.get("policy_map")
    default = config.get("default_policy")
    if not isinstance(policies, dict) or not policies:
        return default
    if path is None or any(key.startswith(f"{path}/") for key in policies):
        raise Problem("UNK705", "its map of dtype policies is for layers inside it, or by a path that is not known")
    keys = [path] if path in policies else [key for key in policies if _matches(key, path)]
    if len(keys) > 1:
        raise Problem("UNK705", f"Keras refuses its map of dtype policies, of which {len(keys)} patterns are for it")
    if keys and of.key in _HANDING_ON:
        raise Problem("UNK705", "its map of dtype policies has one for it, and others for the layers inside it")
    return policies[keys[0]] if keys else default


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern of a map is for a path. Of regular expressions `.` and `.*` are known: any other may take for
    ever to match.
    """
    if not _SIGNS.isdisjoint(pattern) or "*" in pattern.replace(".*", ""):
        raise Problem("UNK705", f"its map of dtype policies has a pattern that is not read, `{pattern}`")
    return fnmatchcase(path, pattern.replace(".*", "*").replace(".", "?"))


def _taken_apart(raw: object) -> tuple[str, str, int] | None:
    """Mode, source and length of histories of a quantized policy; None for any other."""
    if isinstance(raw, str):
        start, *sources = raw.split("_from_")
        kind = next((kind for known, kind in _BY_TEXT.items() if start.startswith(known)), None)
        if kind is None or not sources:
            return None
        config: Mapping[str, object] = {"mode": start, "source_name": "_from_".join(sources)}
    elif isinstance(raw, dict) and raw.get("class_name") not in ("DTypePolicy", "FloatDTypePolicy"):
        kind, config = str(raw.get("class_name")), _config(raw)
    else:
        return None
    mode: object = config.get("mode")
    source: object = config.get("source_name")
    history: object = config.get("amax_history_length", HISTORY)
    said = f"`{raw}`" if isinstance(raw, str) else f"`{kind}` with mode {show(mode)}"
    if not isinstance(mode, str) or not any(
        mode == known or (known[-1] == "/" and mode.startswith(known)) for known in _MODES.get(kind, ())
    ):
        raise Problem("UNK705", f"Keras has no dtype policy {said}")
    if "/" in mode:
        mode = str(_scheme(mode, said))
    # Where there is no source, Keras takes the policy that it is set to.
    source = "float32" if source is None else source
    if not isinstance(source, str) or source not in POLICIES or source in NOT_POLICIES:
        raise Problem("UNK705", f"Keras has no dtype policy {said} from {show(source)}")
    if type(history) is not int or history < 1:
        raise Problem("UNK705", f"Keras has no dtype policy {said} with histories of {show(history)}")
    return mode, source, history


def _scheme(text: str, said: str) -> Scheme:
    try:
        return scheme(text)
    except Problem:
        raise Problem("UNK705", f"Keras has no dtype policy {said}") from None


def _how(mode: str, config: Any) -> Scheme:
    """How a layer is quantized: as its policy says, or rather as its own `quantization_config` does."""
    base = mode.partition("/")[0]
    name = config.get("class_name") if isinstance(config, dict) else None
    if base in _CONFIGS and name is not None:
        own, fields = _CONFIGS[base]
        said = _config(config)
        if name == own:
            sizes = [default if said.get(field) is None else said[field] for field, default in fields.items()]
            found = _scheme("/".join((base, *map(str, sizes))), f"of {own}({', '.join(map(str, sizes))})")
            if base == "int4" and found.group != -1 and any(said.get(one) for one in _QUANTIZERS):
                raise Problem("UNK705", "Keras has no int4 in blocks with quantizers of one's own")
            return found
        if name not in _OTHER_CONFIGS:
            raise Problem("UNK705", f"its quantization_config is not known, `{name}`")
    if mode in ("gptq", "awq"):
        raise Problem("UNK705", f"neither its dtype policy nor its quantization_config has the sizes of {mode}")
    return scheme(mode)
