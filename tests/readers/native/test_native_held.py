"""`defaults` and `data_format` hold for layers that other layers hold, wherever those are written."""

from __future__ import annotations

from typing import NamedTuple

from cnnsum.graph.infer import infer
from cnnsum.graph.model import Graph
from cnnsum.layers.inner import Inner
from cnnsum.layers.keras.fields import CellOrCells, Cells
from cnnsum.layers.kinds import Sublayer, Sublayers, kind_in
from cnnsum.layers.vocabulary import VOCABULARIES
from cnnsum.readers.native import read_native
from cnnsum.source import read
from tests.readers.native.spec_reading import alike, fields, found, good
from tests.thorough import each

HOLDING = tuple(map(kind_in, (Sublayer, Sublayers, Cells, CellOrCells)))
OF_TRANSFORMER = {"dim_feedforward": "20", "bias": "false"}


class Case(NamedTuple):
    """A layer that holds another, `%s` for what that one says besides; the other's type, and fields for it to say."""

    input: str
    layer: str
    held: str
    fields: dict[str, str]
    framework: str = "keras"


CASES = [
    Case("[4, 16, 28]", "TimeDistributed: {layer: {Dense: {units: 5%s}}}", "Dense", {"use_bias": "false"}),
    Case(
        "[4, 16, 28, 6]",
        "TimeDistributed: {layer: {Conv2D: {filters: 5, kernel_size: 3%s}}}",
        "Conv2D",
        {"use_bias": "false", "padding": "same", "data_format": "channels_first"},
    ),
    Case("[4, 16]", "Bidirectional: {layer: {LSTM: {units: 5%s}}}", "LSTM", {"return_sequences": "true"}),
    Case(
        "[4, 16]",
        "Bidirectional: {layer: {GRU: {units: 5%s}}, backward_layer: {GRU: {units: 5, go_backwards: true%s}}}",
        "GRU",
        {"reset_after": "false", "return_sequences": "true"},
    ),
    Case("[4, 16]", "RNN: {cell: {GRUCell: {units: 5%s}}}", "GRUCell", {"use_bias": "false"}),
    Case("[4, 16]", "RNN: {cell: [{GRUCell: {units: 5%s}}, {LSTMCell: 3}]}", "GRUCell", {"use_bias": "false"}),
    Case(
        "[4, 16]",
        "RNN: {cell: {StackedRNNCells: {cells: [{SimpleRNNCell: {units: 5%s}}, {LSTMCell: 3}]}}}",
        "SimpleRNNCell",
        {"use_bias": "false"},
    ),
    Case(
        "[4, 16]",
        "Bidirectional: {layer: {RNN: {cell: {LSTMCell: {units: 5%s}}}}}",
        "LSTMCell",
        {"use_bias": "false"},
    ),
    Case(
        "[16, 16, 3]",
        "SpectralNormalization: {layer: {Conv2D: {filters: 5, kernel_size: 3%s}}}",
        "Conv2D",
        {"use_bias": "false", "padding": "same", "data_format": "channels_first"},
    ),
    Case(
        "[16, 16, 3]",
        "Pipeline: {layers: [{CenterCrop: {height: 2, width: 2%s}}]}",
        "CenterCrop",
        {"data_format": "channels_first"},
    ),
    Case(
        "[10, 16]",
        "TransformerEncoder: {encoder_layer: {TransformerEncoderLayer: {d_model: 16, nhead: 4, batch_first: true%s}}, "
        "num_layers: 2, norm: {LayerNorm: 16}}",
        "TransformerEncoderLayer",
        OF_TRANSFORMER,
        "torch",
    ),
    Case(
        "[10, 16]",
        "TransformerEncoder: {encoder_layer: {TransformerEncoderLayer: {d_model: 16, nhead: 4, batch_first: true}}, "
        "num_layers: 2, norm: {LayerNorm: {normalized_shape: 16%s}}}",
        "LayerNorm",
        {"elementwise_affine": "false"},
        "torch",
    ),
    Case(
        "[10, 16]",
        "TransformerDecoder: {from: [input, input], num_layers: 2, norm: {LayerNorm: 16}, "
        "decoder_layer: {TransformerDecoderLayer: {d_model: 16, nhead: 4, batch_first: true%s}}}",
        "TransformerDecoderLayer",
        OF_TRANSFORMER,
        "torch",
    ),
    Case(
        "[10, 16]",
        "Transformer: {from: [input, input], d_model: 16, nhead: 4, batch_first: true, custom_encoder: "
        "{TransformerEncoder: {num_layers: 2, "
        "encoder_layer: {TransformerEncoderLayer: {d_model: 16, nhead: 4, batch_first: true%s}}}}, "
        "custom_decoder: {TransformerDecoder: {num_layers: 2, "
        "decoder_layer: {TransformerDecoderLayer: {d_model: 16, nhead: 4, batch_first: true}}}}}",
        "TransformerEncoderLayer",
        OF_TRANSFORMER,
        "torch",
    ),
]
EACH_FIELD = [(case, field, value) for case in CASES for field, value in case.fields.items()]


def written(case: Case, layer: str, more: str = "", around: str = "layers: [{%s}]\n") -> str:
    return f"framework: {case.framework}\ninput: {case.input}\n{more}{around % layer}"


def as_is(case: Case, more: str = "") -> str:
    return case.layer.replace("%s", more)


def test_every_field_that_holds_layers_has_a_case() -> None:
    said = " ".join(case.layer for case in CASES)
    for vocabulary in VOCABULARIES.values():
        for type in vocabulary.all_types().values():
            for field in type.schema.fields.values():
                if field.kind in HOLDING:
                    assert type.name in said, type.name
                    assert f"{field.name}: " in said, f"{type.name}.{field.name}"


@each(("case", "field", "value"), EACH_FIELD)
@each("around", ["layers: [{%s}]\n", "blocks: {b: {layers: [{%s}]}}\nlayers: [b]\n"])
def test_defaults_are_what_the_held_layer_would_say_itself(case: Case, field: str, value: str, around: str) -> None:
    said = good(written(case, as_is(case, f", {field}: {value}"), around=around))
    given = good(written(case, as_is(case), f"defaults: {{{case.held}: {{{field}: {value}}}}}\n", around))
    assert alike(said) == alike(given)
    # And the layer's own word counts more.
    other = f"defaults: {{{case.held}: {{{field}: {OTHER.get(value, '21')}}}}}\n"
    assert alike(good(written(case, as_is(case, f", {field}: {value}"), other, around))) == alike(said)


OTHER = {"true": "false", "false": "true", "same": "valid", "channels_first": "channels_last"}


@each("case", [case for case in CASES if "data_format" in case.fields])
def test_the_data_format_of_the_spec_is_that_of_held_layers(case: Case) -> None:
    said = good(written(case, as_is(case, ", data_format: channels_first")))
    given = good(written(case, as_is(case), "data_format: channels_first\n"))
    assert alike(said) == alike(given)


def held(graph: Graph, name: str, field: str = "layer") -> Inner:
    inner = fields(graph, name, field)
    assert isinstance(inner, Inner)
    return inner


def params(graph: Graph) -> list[int]:
    return [
        sum(weight.shape[0] if len(weight.shape) == 1 else weight.shape[0] * weight.shape[1] for weight in owned)
        for owned in (call.facts.weights for call in infer(graph).calls)
    ]


def test_numbers_that_keras_counts() -> None:
    """Those of `count_params` of Keras 3.15 for each of these layers."""
    graph = good("""
        input: [16, 28]
        defaults: {Dense: {use_bias: false}, GRUCell: {use_bias: false}, LSTM: {units: 7}}
        layers:
          - TimeDistributed: {layer: {Dense: 10}}
          - RNN: {cell: {GRUCell: 3}, return_sequences: true}
          - Bidirectional: {layer: LSTM}
    """)
    assert params(graph) == [280, 117, 616]


def test_switch_and_dtype_of_a_type_hold_for_held_layers() -> None:
    graph = good("""
        input: [16, 28]
        defaults: {Dense: {trainable: false, dtype: float16}}
        layers:
          - TimeDistributed: {layer: {Dense: 10}}
          - TimeDistributed: {layer: {Dense: {units: 10, trainable: true}}}
          - TimeDistributed: {layer: {LayerNormalization: }}
    """)
    first, second, third = (held(graph, name) for name in ("time_distributed", *OTHERS))
    assert (first.trainable, first.dtype) == (False, "float16")
    assert (second.trainable, second.dtype) == (True, "float16")
    assert (third.trainable, third.dtype) == (True, None)


OTHERS = ("time_distributed_1", "time_distributed_2")


def test_a_held_layer_has_the_defaults_of_the_file_that_it_is_written_in(tmp_path) -> None:
    (tmp_path / "lib.yaml").write_text(
        "defaults: {Dense: {use_bias: false}}\n"
        "blocks:\n"
        "  td: {args: {inner: {Dense: 10}}, layers: [{TimeDistributed: {layer: $inner}}]}\n"
        "  fixed: {layers: [{TimeDistributed: {layer: {Dense: 9}}}]}\n",
        encoding="utf-8",
    )
    main = tmp_path / "main.yaml"
    main.write_text(
        "include: lib.yaml\ndefaults: {Dense: {units: 6}}\nvars: {some: Dense}\ninput: [16, 28]\nlayers:\n"
        "  - td\n  - td: {inner: {Dense: 3}}\n  - td: {inner: Dense}\n  - fixed\n  - td: {inner: $some}\n",
        encoding="utf-8",
    )
    graph = read_native(read(str(main)))
    assert graph.diagnostics == []
    seen = [layer.fields["layer"].fields for layer in graph.layers[1:]]
    assert [(one["units"], one["use_bias"]) for one in seen] == [
        *((10, False), (3, True), (6, True), (9, False), (6, True)),
    ]


def test_defaults_may_give_the_held_layer_itself() -> None:
    graph = good("""
        input: [16, 28]
        defaults: {TimeDistributed: {layer: Dense}, Dense: {units: 7}}
        layers: [TimeDistributed]
    """)
    assert held(graph, "time_distributed").fields["units"] == 7


@each(
    ("defaults", "layer", "problems"),
    [
        (
            "{TimeDistributed: {layer: TimeDistributed}}",
            "TimeDistributed",
            ["1:37-52 SPC024 the TimeDistributed that `defaults` put in a field holds itself"],
        ),
        (
            "{Bidirectional: {layer: LSTM}, LSTM: {unit: 7}}",
            "Bidirectional",
            ["1:49-53 CFG103 LSTM has no field `unit` | did you mean `units`?"],
        ),
        (
            "{Bidirectional: {layer: LSTM}}",
            "Bidirectional",
            ["1:35-39 CFG101 LSTM needs `units` | `units` is a positive integer"],
        ),
        (
            "{LSTM: {units: 0}}",
            "Bidirectional: {layer: LSTM}",
            ["1:26-27 CFG102 `units` must be a positive integer, got 0"],
        ),
    ],
)
def test_what_is_wrong_with_defaults_of_held_layers_is_said_once(
    defaults: str, layer: str, problems: list[str]
) -> None:
    assert found(f"defaults: {defaults}\ninput: [4, 5, 6]\nlayers:\n  - {layer}\n  - {layer}\n") == problems
