"""The optimizer that a Keras file was compiled with: the variables that it has once the file is loaded.

`keras.models.load_model` and `model_from_json` compile a model again as its file says, and build the optimizer where
the model is built; the summary then has a row for it. Knows the compile_config of Keras, and no screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnsum.analyses.params import each_once
from cnnsum.analyses.training.optimizers import Trained, of_keras, variables
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.graph.infer import Inference
from cnnsum.graph.model import Graph
from cnnsum.typed import NamedTuple

#: What `compile` takes where a file names no optimizer.
_DEFAULT = "rmsprop"
_CLASSES = (
    *("Adadelta", "Adafactor", "Adagrad", "Adam", "Adamax", "AdamW", "Ftrl", "Lamb", "Lion", "LossScaleOptimizer"),
    *("Muon", "Nadam", "RMSprop", "ScheduleFreeAdamW", "SGD"),
)
#: Class by the name that `compile` takes for it, in any case.
_BY_NAME = {name.lower(): name for name in _CLASSES} | {"lossscale": "LossScaleOptimizer"}
#: Nested optimizers within each other; a file may hold any number.
_MOST_NESTED = 4
_WRAPPER = "LossScaleOptimizer"


class Compiled(NamedTuple):
    """The variables of a built optimizer: elements and bytes, UNKNOWN of one that is not Keras's.

    at_least: elements that are known where not all are.
    """

    name: str
    params: Dim
    bytes: Dim
    at_least: Dim


def compiled(graph: Graph, inference: Inference) -> Compiled | None:
    """What the summary of a loaded model says of its optimizer; None where it says nothing."""
    config = graph.compile_config
    if not config or not inference.inputs:
        return None
    return _built(config.get("optimizer", _DEFAULT), graph, inference, 0)


def _built(raw: object, graph: Graph, inference: Inference, depth: int) -> Compiled | None:
    name, config = _class_of(raw)
    if name is None:
        return None
    if name == _WRAPPER and depth < _MOST_NESTED:
        inner = _built(config.get("inner_optimizer"), graph, inference, depth + 1)
        if inner is None:
            return None
        # Its own count of steps and learning rate, and the scale of the loss with a count of steps of its own.
        return Compiled(f"{name}, {inner.name}", inner.params + 4, inner.bytes + 16, inner.at_least + 4)
    optimizer = of_keras(name, config)
    if optimizer is None or config.get("exclude_layers"):
        return Compiled(name, UNKNOWN, UNKNOWN, 0)
    embeddings = name != "Muon" or config.get("exclude_embeddings", True) is not False
    trained = [] if graph.is_built_without else list(_trained(graph, inference, embeddings=embeddings))
    params, size = variables(optimizer, [one for one in trained if one is not None], "")
    if None in trained:
        return Compiled(optimizer.title, UNKNOWN, UNKNOWN, params)
    return Compiled(optimizer.title, params, size, params)


def _class_of(raw: object) -> tuple[str | None, Mapping[str, object]]:
    """The class of an optimizer and its arguments; a text is the name of a class with none."""
    if isinstance(raw, str):
        return _BY_NAME.get(raw.lower(), raw), {}
    if not isinstance(raw, Mapping) or not isinstance(raw.get("class_name"), str):
        return None, {}
    config = raw.get("config")
    name: str = raw["class_name"]
    module = raw.get("module", "keras")
    if not isinstance(module, str) or module.partition(".")[0] not in ("keras", "tf_keras", "tensorflow"):
        return f"{name} (not Keras's own)", {}
    if "module" not in raw:
        name = _BY_NAME.get(name.lower(), name)
    return name, config if isinstance(config, Mapping) else {}


def _trained(graph: Graph, inference: Inference, *, embeddings: bool) -> Iterator[Trained | None]:
    """Every weight that is trained, each once; None for a layer whose weights are not known.

    embeddings: whether Muon treats those of embeddings in another way, which it tells by their paths.
    """
    for layer, step, weights in each_once(inference.calls):
        call = inference.calls[step]
        if not graph.trainable or layer.freezes:
            continue
        if call.facts.status == "unknown":
            yield None
            continue
        for weight in weights:
            if weight.trainable:
                path = "/".join((*(model.name for model in call.path), layer.name, weight.name)).lower()
                is_embedding = embeddings and "embedding" in path
                yield Trained(weight.shape, weight.dtype or layer.policy.variable, is_embedding)
