"""Whatever a Keras file holds, reading it ends in a report or in UnusableError, and every renderer copes."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_writing import called, functional, image, made, operation, sequential, tensor

import cnnsum
from cnnsum.answers.summary.rendering import OF_A_REPORT, Options, render, styled_lines
from tests.thorough import each, examples

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", examples(600)))


def _build(shape: list[int | None]) -> dict[str, Any]:
    return {"input_shape": shape}


def models() -> list[dict[str, Any]]:
    inner = functional(
        [
            image((8, 8, 3), "x"),
            made("Conv2D", "c", "x", filters=3, kernel_size=3, padding="same"),
            operation("Add", "plus", "c", "x"),
        ],
        "plus",
        name="inner",
        calls=["image", "conv"],
    )
    graph = functional(
        [
            image((8, 8, 3)),
            made(
                "Conv2D",
                "conv",
                called(tensor("image", (None, 8, 8, 3))),
                filters=3,
                kernel_size=[3, 3],
                padding="same",
                dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
            ),
            inner,
            sequential(made("Flatten", "f"), made("Dense", "d", units=4), name="tail", calls=["inner:0", "inner:1"]),
            operation("Multiply", "twice", "tail:0", 2.0),
            made("Concatenate", "both", ["twice", "tail:1"], axis=-1),
            made("Bidirectional", "b", "steps", layer={"class_name": "LSTM", "config": {"units": 3}}),
            made("Reshape", "steps", "both", target_shape=[2, 4]),
            made("LSTM", "lstm", called("steps"), units=3, return_state=True),
            made("LSTM", "again", called("steps", initial_state=["lstm:0:1", "lstm:0:2"]), units=3),
            made("MultiHeadAttention", "attend", called(query="steps", value="steps"), num_heads=2, key_dim=2),
        ],
        {"a": "again", "b": ["attend", "both", "b"]},
    )
    graph["config"]["layers"][1]["build_config"] = _build([None, 8, 8, 3])
    chain = sequential(
        image((20, None, 3), batch=2),
        made("Conv2D", "conv", filters=4, kernel_size=3),
        made("BatchNormalization", "norm", axis=-1, epsilon=0.001),
        made("Unheard", "of", module="mine"),
        made("Lambda", "code", function="x"),
        build_input_shape=[None, 20, None, 3],
    )
    unbuilt = sequential(made("Dense", "d", units=4), sequential(made("Dense", "e", units=2), name="in"))
    return [graph, chain, unbuilt]


ODD = (
    None,
    True,
    0,
    -1,
    1,
    2,
    3,
    1.5,
    10**30,
    "",
    "x",
    "image",
    "conv",
    "InputLayer",
    "Functional",
    "Dense",
    [],
    {},
    [[]],
    [None],
    [1, 2],
    ["image", 0, 0],
    ["conv", 1, 0],
    ["conv", 0, 7],
    {"x": 1},
    {"class_name": "Dense"},
    {"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}},
    "inner",
    "tail",
    [-1],
    "H",
    -(10**6),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def damaged(draw: Any) -> str:
    """A valid file with some values deleted, replaced, exchanged, doubled."""
    model = copy.deepcopy(draw(st.sampled_from(MODELS)))
    for _ in range(draw(st.integers(1, 3))):
        everywhere = list(places(model))
        if not everywhere:
            break
        path = draw(st.sampled_from(everywhere))
        parent, key = at(model, path[:-1]), path[-1]
        kind = draw(st.integers(0, 3))
        if kind == 0:
            del parent[key]
        elif kind == 1:
            parent[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif kind == 2:
            parent[key] = copy.deepcopy(at(model, draw(st.sampled_from(everywhere))))
        elif isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
    return json.dumps(model)


MODELS = models()


@each("model", MODELS, ids=lambda model: model["class_name"])
def test_undamaged_models_have_no_errors(model: Any) -> None:
    assert [str(found) for found in cnnsum.loads(json.dumps(model)).diagnostics if found.severity == "error"] == []


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(damaged(), st.sampled_from([{}, {}, {}, {"inputs": (9, 9, 3)}, {"inputs": {"image": ("H", None, 3)}}]))
def test_damaged_models(text: str, options: dict[str, Any]) -> None:
    use(text, **options)


@settings(max_examples=EXAMPLES // 3, deadline=None)
@given(
    st.recursive(
        st.sampled_from(ODD),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "class_name",
                        "config",
                        "layers",
                        "name",
                        "module",
                        "inbound_nodes",
                        "args",
                        "kwargs",
                        "input_layers",
                        "output_layers",
                    ]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
def test_nonsense(value: Any) -> None:
    use(
        json.dumps(
            {"class_name": "Functional", "module": "keras", "config": {"layers": [value], "input_layers": value}}
        )
    )
    use(json.dumps({"class_name": "Sequential", "module": "keras", "config": {"layers": [value, value]}}))


def use(text: str, **options: Any) -> None:
    try:
        model = cnnsum.loads(text, **options)
    except cnnsum.UnusableError as error:
        if not error.diagnostics:
            raise
        return
    report = cnnsum.summarize(model)
    wide = Options(expand_nested=True, show_trainable=True, width=150, symbolic=True, train=True)
    for format in OF_A_REPORT:
        assert "".join(render(report, format)) is not None
    "".join(render(report, "table", wide))
    list(styled_lines(report, wide))
