"""`cnnsum convert`: specs from Keras files and Keras files from specs, read back with the same report."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from keras_writing import called, functional, image, load, made, operation, sequential

import cnnsum
from cnnsum.answers.summary.rendering import render
from cnnsum.diagnostics import UnusableError
from cnnsum.layers.base import all_types
from cnnsum.layers.keras.fields import CELLS
from cnnsum.writers import write
from tests.cli.calling import call
from tests.thorough import each, in_batches, some
from tests.writers.samples import find_type, sample_spec

SPECS = Path(__file__).parents[2] / "specs"
#: Specs with layer types of their own, which Keras does not have.
OWN_TYPES = {"convnext_tiny", "siamese", "vit_b16"}


def cut(start: int | None = None, stop: int | None = None, step: int | None = None) -> dict[str, Any]:
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


def report_of(model: cnnsum.Model) -> dict[str, Any]:
    """The report without what says where things stand."""
    found = json.loads("".join(render(cnnsum.summarize(model), "json")))
    for key in ("source", "diagnostics"):
        del found[key]
    for row in found["layers"]:
        row["place"] = None
        row.pop("config", None)  # a converted file may say what the first left to its default
    return dict(found)


def written(model: cnnsum.Model, to: str) -> str:
    text, findings = write(model.graph, model.inference, to)
    assert findings == []
    return text


def refused(model: cnnsum.Model, to: str) -> list[str]:
    with pytest.raises(UnusableError) as error:
        write(model.graph, model.inference, to)
    assert {one.code for one in error.value.diagnostics} == {"SPC072"}
    return [one.message for one in error.value.diagnostics if one.severity == "error"]


NET = functional(
    [
        image((32, 32, 3)),
        made("Conv2D", "conv2d", "image", filters=8, kernel_size=[3, 3], strides=[2, 2], padding="same",
             activation="linear", data_format="channels_last"),
        made("BatchNormalization", "bn", "conv2d", momentum=0.9, trainable=False),
        operation("Add", "add", "bn", 3.0),
        made("Conv2D", "again", "bn", "add", filters=8, kernel_size=[1, 3], padding="same"),
        made("Add", "both", ["again", "again:1"]),
        made("GlobalAveragePooling2D", "global_average_pooling2d", "both"),
    ],
    ["global_average_pooling2d", "add"],
)  # fmt: skip


def test_a_spec_that_people_read() -> None:
    assert written(load(NET), "yaml") == (
        "name: net\n"
        "inputs:\n"
        "  image: [32, 32, 3]\n"
        "layers:\n"
        "  - Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same}\n"
        "  - BatchNormalization: {momentum: 0.9, name: bn, trainable: false}\n"
        "  - keras.src.ops.numpy.Add: {from: [bn, 3.0]}\n"
        "  - Conv2D: {filters: 8, kernel_size: [1, 3], padding: same, from: bn, name: again}\n"
        "  - Conv2D: {share: again, from: add, name: again_call_2}\n"
        "  - Add: {from: [again, again_call_2], name: both}\n"
        "  - GlobalAveragePooling2D\n"
        "outputs: [global_average_pooling2d, add]\n"
    )


@each("to", ["yaml", "json", "keras"])
def test_read_back_it_is_the_same(to: str) -> None:
    model = load(NET)
    assert report_of(cnnsum.loads(written(model, to))) == report_of(model)


def test_a_chain_stays_a_chain() -> None:
    chain = load(sequential(image((8, 8, 3)), made("Flatten", "flatten"), made("Dense", "score", units=2)))
    text = written(chain, "yaml")
    assert text == (
        "name: chain\ninput: {shape: [8, 8, 3], name: image}\nlayers:\n"
        "  - Flatten\n  - Dense: {units: 2, name: score}\n"
    )
    assert cnnsum.loads(text).graph.sequential
    assert json.loads(written(chain, "keras"))["class_name"] == "Sequential"


def test_a_layer_in_a_layer() -> None:
    inner = {"module": "keras.layers", "class_name": "LSTM",
             "config": {"name": "lstm", "units": 4, "return_sequences": True}}  # fmt: skip
    model = load(functional([image((5, 8)), made("Bidirectional", "both", "image", layer=inner)], "both"))
    text = written(model, "yaml")
    assert "Bidirectional: {layer: {LSTM: {units: 4, return_sequences: true, name: lstm}}, name: both}" in text
    assert report_of(cnnsum.loads(text)) == report_of(model)


def test_the_dtype_of_a_layer_in_a_layer() -> None:
    """Keras asks each layer for its own: that of the wrapper does not reach what it holds."""
    text = """
        input: [4, 5]
        dtype: mixed_float16
        defaults: {LSTM: {dtype: float64}}
        layers:
          - TimeDistributed: {layer: {Dense: 3}}
          - Bidirectional: {layer: {LSTM: 3}}
    """
    model = cnnsum.loads(dedent(text))
    written = json.loads(cnnsum.convert(model, "keras").text)["config"]["layers"][1:]
    assert [one["config"]["layer"]["config"]["dtype"] for one in written] == ["mixed_float16", "float64"]
    code = cnnsum.convert(model, "keras-py").text
    assert 'layers.Dense(units=3, dtype="mixed_float16")' in code
    assert 'layers.LSTM(units=3, dtype="float64")' in code
    # Read from a file of Keras, a spec has no words for it.
    read = cnnsum.loads(cnnsum.convert(model, "keras").text)
    assert [one.code for one in cnnsum.convert(read, "yaml").diagnostics] == ["SPC072"]


def test_texts_that_are_something_else_in_yaml() -> None:
    names = ["on", "010", "1e3", "1_0", "null", "a b", "~", "0x1f"]
    layers = [made("ReLU", name, names[index - 1] if index else "image") for index, name in enumerate(names)]
    text = written(load(functional([image((4,)), *layers], names[-1])), "yaml")
    assert [row.name for row in cnnsum.summarize(cnnsum.loads(text)).rows][1:] == names


def test_what_is_lost_is_said() -> None:
    net = functional([image((4,), batch=8), made("Dense", "a/b", "image", units=2)], "a/b")
    model = load(net)
    text, findings = write(model.graph, model.inference, "yaml")
    assert [(one.code, one.severity, one.message) for one in findings] == [
        ("SPC072", "warning", "`a/b` is not a name in a spec: it is called `a_b` there"),
    ]
    assert [row.name for row in cnnsum.summarize(cnnsum.loads(text)).rows] == ["image", "a_b"]


def test_a_layer_without_a_name_gets_one() -> None:
    layers = [made("ReLU", "_", "image"), made("ReLU", "", "_"), made("Add", "sum", ["", "image"])]
    model = load(functional([image((4,)), *layers], "sum", name=""))
    text, findings = write(model.graph, model.inference, "yaml")
    assert [(one.code, one.severity, one.message) for one in findings] == [
        ("SPC072", "warning", "an empty text is not a name in a spec: it is called `__` there"),
    ]
    again = cnnsum.loads(text)
    assert not again.diagnostics
    assert [row.name for row in cnnsum.summarize(again).rows] == ["image", "_", "__", "sum"]


@each(
    ("names", "told"),
    [
        (["a-b", "c"], []),
        (["a", "été", "层"], ["`été` is written as `t_`, and 1 other layer likewise"]),
        (["é", "è"], ["`é` is left out, and 1 other layer likewise"]),
        (["_x", ""], ["`_x` is written as `x`, and 1 other layer likewise"]),
        ([""], ["an empty text is written as `layer`"]),
    ],
)
def test_names_that_code_for_keras_changes_are_said_once(names: list[str], told: list[str]) -> None:
    layers = [made("ReLU", name, names[index - 1] if index else "image") for index, name in enumerate(names)]
    model = load(functional([image((4,)), *layers], names[-1]))
    text, findings = write(model.graph, model.inference, "keras-py")
    why = "not every backend of Keras takes such a name: "
    assert [(one.code, one.severity, one.message) for one in findings] == [
        ("SPC072", "warning", why + one) for one in told
    ]
    assert all(one.span is not None for one in findings)
    if not told:
        assert all(f'name="{name}"' in text for name in names)


def test_names_of_models_and_inputs_that_code_for_keras_changes_are_said() -> None:
    inner = functional([image((4,), "Bild 1"), made("ReLU", "r", "Bild 1")], "r", name="inner é", calls=["Image"])
    model = load(functional([image((4,), "Image"), inner], "inner é", name="netz é"))
    text, (warning,) = write(model.graph, model.inference, "keras-py")
    assert 'name="Image"' in text
    assert all(f'name="{name}"' in text for name in ("Bild_1", "inner__", "netz__"))
    assert warning.message.endswith("`Bild 1` is written as `Bild_1`, and 2 other layers likewise")


def test_what_a_spec_has_no_words_for() -> None:
    inner = sequential(image((4,)), made("Odd", "odd", module="mine"), name="inner", calls=["image"])
    net = functional([image((4,)), inner], "inner")
    assert refused(load(net), "yaml") == ["`odd` is of an unknown type, `Odd`"]
    assert refused(load(sequential(made("Dense", "d", units=2))), "yaml") == [
        "the model has no input shape, and a spec needs one"
    ]
    assert refused(load(sequential(image((4,)))), "yaml") == ["`chain` has no layers, and a spec has some"]


def test_what_keras_has_no_words_for() -> None:
    text = "{input: [H, W, 3], symbols: {k: {}}, layers: [Conv2D: {filters: 2*k, kernel_size: 3}]}"
    assert refused(cnnsum.loads(text), "keras") == ["`conv2d`: formulas have no place in a Keras file (filters)"]
    model = cnnsum.loads(text, settings={"k": 4})
    again = cnnsum.loads(written(model, "keras"))
    assert again.diagnostics == ()
    assert cnnsum.summarize(again).totals.params.total == (27 + 1) * 8
    own = "{input: [4], layer_types: {Twice: {}}, layers: [Twice]}"
    assert refused(cnnsum.loads(own), "keras") == ["`twice` is not a layer of Keras: `Twice`"]


def test_older_files_keep_regularizers_and_get_new_names() -> None:
    regularizer = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "kernel_regularizer": regularizer,
             "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
             "batch_input_shape": [None, 4]}}  # fmt: skip
    leaky = {"class_name": "LeakyReLU", "config": {"name": "l", "alpha": 0.1}}
    old = {"class_name": "Sequential", "keras_version": "2.4.0", "config": {"name": "s", "layers": [dense, leaky]}}
    layers = json.loads(written(load(old), "keras"))["config"]["layers"]
    configs = {layer["class_name"]: layer["config"] for layer in layers}
    assert configs["Dense"]["kernel_regularizer"] == regularizer
    assert "kernel_initializer" not in configs["Dense"]
    assert configs["LeakyReLU"]["negative_slope"] == 0.1


@pytest.mark.parametrize("path", some(sorted(SPECS.glob("*.yaml")), 2), ids=lambda path: path.stem)
def test_the_gallery_as_keras(path: Path) -> None:
    if "layers" not in yaml.safe_load(path.read_text(encoding="utf-8")):
        return  # blocks for others
    model = cnnsum.load(str(path), settings={"H": 64, "W": 64} if path.stem == "fcn" else None)
    if path.stem in OWN_TYPES:
        assert all("is not a layer of Keras" in message for message in refused(model, "keras"))
        return
    text, findings = write(model.graph, model.inference, "keras")
    again = cnnsum.loads(text)
    assert again.diagnostics == ()
    # The layers of a block have a dot in their names, which Keras has on some backends alone.
    dotted = [layer.name for layer in model.graph.layers if "." in layer.name]
    assert [one.message.count("likewise") for one in findings] == ([len(dotted) > 1] if dotted else [])
    said = json.dumps(report_of(model))
    for name in dotted:
        said = said.replace(json.dumps(name), json.dumps(name.replace(".", "_")))
    mine, theirs = json.loads(said), json.loads(json.dumps(report_of(again)))
    for row in (*mine["layers"], *theirs["layers"]):
        row["block"] = []
    for key in ("layers", "totals", "outputs"):
        assert theirs[key] == mine[key]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.json").write_text(json.dumps(NET), encoding="utf-8")
    assert call("convert", "model.json", "--to", "yaml", "-o", "model.yaml") == (0, "", "")
    assert call("convert", "model.yaml", "--to", "keras", "-o", "again.json") == (0, "", "")
    assert report_of(cnnsum.load("again.json"))["layers"] == report_of(cnnsum.load("model.json"))["layers"]
    assert call("convert", "model.json", "--to", "keras", "-o", "model.json").code == 2
    assert call("convert", "model.json").code == 2
    result = call("convert", "model.json", "--to", "keras", "-i", "16,16,3")
    assert result.code == 0
    assert cnnsum.loads(result.out).graph.inputs[0].layer.spec.shape[1:] == (16, 16, 3)  # type: ignore[union-attr]


def test_nothing_is_written_where_something_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.json").write_text(
        json.dumps(functional([image((4,)), made("Odd", "odd", "image", module="mine")], "odd")), encoding="utf-8"
    )
    result = call("convert", "model.json", "--to", "yaml", "-o", "model.yaml")
    assert (result.code, result.out) == (1, "")
    assert "SPC072 `odd` is of an unknown type, `Odd`" in result.err
    assert not Path("model.yaml").exists()


def test_a_spec_is_copied_with_its_structure() -> None:
    path = str(SPECS / "unet.yaml")
    for to in ("yaml", "json"):
        text = call("convert", path, "--to", to).out
        assert yaml.safe_load(text) == yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        assert report_of(cnnsum.loads(text)) == report_of(cnnsum.load(path))
    assert call("convert", path, "--to", "yaml", "-i", "64,64,3").code == 2


def test_a_copied_spec_has_what_it_included(tmp_path: Path) -> None:
    """It stood with the path of the included file, which held beside the source alone."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.yaml").write_text(
        "{vars: {k: 3}, blocks: {conv: {args: {n: }, layers: [Conv2D: [n, k]]}, idle: {layers: [ReLU]}}}"
    )
    (tmp_path / "parts.yaml").write_text(
        "include: more/deep.yaml\n"
        "vars: {w: 4, k: 1}\n"
        "layer_types: {Half: {input: [..., C], output: [..., C//2]}, Idle: {input: [..., C], output: [..., C]}}\n"
        "blocks: {pair: {args: {n: }, layers: [{conv: {n: n, repeat: 2}}, Half]}}\n"
    )
    path = tmp_path / "model.yaml"
    path.write_text(
        "vars: {w: 8}\ninclude: [parts.yaml]\nblocks: {own: {layers: [{pair: w}]}}\ninput: [9, 9, 3]\nlayers: [own]\n"
    )
    model = cnnsum.load(path)
    assert not model.diagnostics
    for to in ("yaml", "json"):
        text = call("convert", str(path), "--to", to).out
        value = yaml.safe_load(text)
        assert value["vars"] == {"w": 8, "k": 1}
        assert set(value["blocks"]) == {"own", "pair", "conv"}
        assert set(value["layer_types"]) == {"Half"}
        assert "include" not in value
        assert report_of(cnnsum.loads(text)) == report_of(model)


def test_defaults_of_an_included_file_have_no_place_in_one_spec(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text(
        "{defaults: {Conv2D: {padding: same}}, blocks: {b: {layers: [Conv2D: [4, 3]]}}}"
    )
    path = tmp_path / "model.yaml"
    path.write_text("{include: parts.yaml, input: [9, 9, 3], layers: [b]}")
    done = call("convert", str(path), "--to", "yaml")
    assert done.code == 1
    assert done.out == ""
    assert "SPC072 the `defaults` of" in done.err
    assert call("convert", str(path), "--to", "keras").code == 0


def test_a_copied_spec_says_which_layer_types_it_does_not_have(tmp_path: Path) -> None:
    types = tmp_path / "types.yaml"
    types.write_text("layer_types: {Half: {input: [..., C], output: [..., C//2]}}")
    path = tmp_path / "model.yaml"
    path.write_text("{input: [9, 9, 8], layers: [Half, Half]}")
    done = call("convert", str(path), "--layer-types", str(types), "--to", "yaml")
    assert done.code == 0
    assert done.err.count("SPC072 warning: `half` is of a layer type that is declared elsewhere") == 1


# What Keras writes and specs once had no words for.


def round_trip(value: Any) -> None:
    """The model is the same as a spec, in both texts, and as Keras's own file."""
    model = load(value)
    assert [str(found) for found in model.diagnostics] == []
    for to in ("yaml", "json", "keras"):
        again = cnnsum.loads(written(model, to))
        assert [str(found) for found in again.diagnostics] == []
        assert report_of(again) == report_of(model), to


def test_texts_as_inputs() -> None:
    text = (Path(__file__).parents[1] / "readers" / "keras_json" / "files" / "string.json").read_text(encoding="utf-8")
    model = cnnsum.loads(text)
    for to in ("yaml", "json", "keras"):
        again = cnnsum.loads(written(model, to))
        assert again.diagnostics == ()
        assert report_of(again) == report_of(model)


@pytest.mark.parametrize("batch", [1, 7])
def test_a_fixed_batch(batch: int) -> None:
    source = image((5, 3), batch=batch)
    round_trip(functional([source, made("Dense", "dense", "image", units=2)], "dense"))


def test_a_batch_of_one_input_alone() -> None:
    sources = [image((5, 3), "a", batch=4), image((5, 3), "b", dtype="int32")]
    layers = [made("Dense", "d", "a", units=2), made("Dense", "e", "b", units=2)]
    round_trip(functional([*sources, *layers], ["d", "e"]))


def test_masks_by_name() -> None:
    sources = [image((5, 3), "a"), image((5,), "m", dtype="bool")]
    cell = {"module": "keras.layers", "class_name": "LSTM", "config": {"name": "l", "units": 4}}
    both = made("Bidirectional", "bidirectional", called("a", mask="m"), layer=cell)
    round_trip(functional([*sources, both], "bidirectional"))


@pytest.mark.parametrize("name", ["Cast", "SaturateCast"])
def test_casts(name: str) -> None:
    cast = made(name, "cast", "image", module="keras.src.ops.core", dtype="int32")
    net = functional([image((4,)), cast, made("Dense", "dense", "cast", units=2)], "dense")
    round_trip(net)
    assert cnnsum.summarize(load(net)).rows[1].outputs[0].dtype == "int32"


def test_what_is_wrong_with_an_input() -> None:
    spec = "inputs:\n  a: {shape: [4], dtype: texts, batch: 0}\n  b: {shape: [4], bach: 2}\nlayers: [Flatten]\n"
    found = [str(one) for one in cnnsum.loads(spec, "s.yaml").diagnostics]
    assert "s.yaml:2:40: CFG102 `batch` must be a positive integer, got 0" in found
    assert "s.yaml:2:26: CFG102 `dtype` must be the name of a dtype, got 'texts'" in found
    assert "s.yaml:3:19: SPC030 an input has no key `bach`" in found


def test_the_optimizer_stays_with_a_keras_file() -> None:
    path = Path(__file__).parents[1] / "readers" / "keras_json" / "files" / "compiled.json"
    model = cnnsum.load(path)
    again = cnnsum.loads(written(model, "keras"))
    assert again.graph.compile_config == model.graph.compile_config


@each(
    ("name", "to", "why"),
    [
        ("compiled.json", "yaml", "a spec says nothing of training"),
        ("compiled.keras", "json", "a spec says nothing of training"),
        ("compiled.h5", "yaml", "a spec says nothing of training"),
        ("compiled.h5", "keras", "Keras would build it here"),
    ],
)
def test_an_optimizer_that_is_left_out_is_named(name: str, to: str, why: str) -> None:
    found = cnnsum.convert(cnnsum.load(Path(__file__).parents[1] / "readers" / "keras_json" / "files" / name), to)
    (warning,) = found.diagnostics
    assert (warning.code, warning.severity) == ("SPC072", "warning")
    assert warning.message.startswith(f"the optimizer that the model was compiled with, Adam, is left out: {why}")
    assert cnnsum.loads(found.text).graph.compile_config == {}


def test_weights_that_the_archive_alone_has_are_named() -> None:
    model = cnnsum.load(Path(__file__).parents[1] / "readers" / "keras_json" / "archives" / "attention.keras")
    (warning,) = cnnsum.convert(model, "keras").diagnostics
    assert warning.message == "`attention`: its weights are known from the archive alone, and are left out with it"


def test_weights_of_a_layer_that_has_no_rule_are_named_too(tmp_path: Path) -> None:
    """Its type is known, and not what it does: a spec can name it, and loses its weights."""
    source = Path(__file__).parents[1] / "readers" / "keras_json" / "archives" / "attention.keras"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "a.keras", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                layer = next(one for one in config["config"]["layers"] if one["config"]["name"] == "attention")
                layer.update(module="keras.layers", class_name="TextVectorization", registered_name=None)
                layer["config"] = {"name": "attention"}
                data = json.dumps(config).encode()
            new.writestr(name, data)
    model = cnnsum.load(tmp_path / "a.keras")
    assert cnnsum.summarize(model).totals.stored == ("attention",)
    for to in ("json", "keras"):
        (warning,) = cnnsum.convert(model, to).diagnostics
        assert warning.message == "`attention`: its weights are known from the archive alone, and are left out with it"


def test_what_follows_a_layer_that_is_not_known_stays_known() -> None:
    model = cnnsum.load(Path(__file__).parents[1] / "readers" / "keras_json" / "files" / "noname.json")
    assert report_of(cnnsum.loads(written(model, "keras"))) == report_of(model)


@each("name", ["image", "input", "in/put", "dense_1", "input_layer", "input_layer_1"])
@each("to", ["yaml", "json", "keras"])
def test_the_input_of_a_chain_keeps_its_name(name: str, to: str) -> None:
    source = {"class_name": "InputLayer", "module": "keras.layers", "registered_name": None,
              "config": {"name": name, "batch_shape": [None, 4], "dtype": "float32"}}  # fmt: skip
    model = load(sequential(source, made("Dense", "dense", units=3), made("Dense", "other", units=3)))
    again = cnnsum.loads(write(model.graph, model.inference, to)[0])
    assert again.graph.sequential
    assert [node.layer.name for node in again.graph.inputs] == [name.replace("/", "_")]
    assert len(cnnsum.summarize(again).rows) == 2


def test_names_that_every_backend_of_keras_takes() -> None:
    names = ["a.b", "a_b", "c/d", "c_d_", "é", "plain-1"]
    shared = made("TimeDistributed", "wrap.1", layer=made("Dense", "in.side", units=3))
    model = load(sequential(*[made("Dense", name, units=3) for name in names], shared))
    text, (warning,) = write(model.graph, model.inference, "keras")
    assert warning.message == (
        "not every backend of Keras takes such a name: `a.b` is written as `a_b_`, and 2 other layers likewise"
    )
    assert warning.span == model.graph.layers[0].place.span()
    configs = [layer["config"] for layer in json.loads(text)["config"]["layers"]]
    assert [one["name"] for one in configs] == ["a_b_", "a_b", "c_d", "c_d_", "é", "plain-1", "wrap_1"]


def test_names_are_the_same_in_calls() -> None:
    model = cnnsum.loads(
        "inputs: {in.put: [4]}\nlayers:\n- Dense: {units: 4, name: a.b}\n"
        "- Functional: {name: in.ner, inputs: {x.y: [4]}, layers: [Dense: {units: 4, name: d.e}], from: [a.b]}\n"
        "- Add: {from: [a.b, in.ner]}\n"
    )
    text, (warning,) = write(model.graph, model.inference, "keras")
    assert (warning.span.line, warning.span.column) == (1, 18)
    again = cnnsum.loads(text)
    assert again.diagnostics == ()
    assert [row.name for row in cnnsum.summarize(again).rows] == ["in_put", "a_b", "in_ner", "add"]
    assert [row.name for row in cnnsum.summarize(again).rows[2].rows] == ["x_y", "d_e"]


@each("to", ["yaml", "torch", "keras-py"])
def test_an_array_that_a_layer_is_called_on_is_not_lost(to: str) -> None:
    array = {"class_name": "__numpy__", "config": {"value": [[1.0, 2.0]], "dtype": "float32"}}
    model = load(functional([image((2,)), made("Add", "sum", called(["image", array]))], "sum"))
    assert ["constant" in message for message in refused(model, to)] == [True]
    again = cnnsum.loads(write(model.graph, model.inference, "keras")[0])
    (call,) = [node for layer in again.graph.layers for node in layer.nodes if layer.name == "sum"]
    assert [(one.index, one.shape) for one in call.constants] == [(1, (1, 2))]


def test_a_dtype_that_no_spec_has_is_refused() -> None:
    text = json.dumps(
        {
            "class_name": "Sequential",
            "config": [
                {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8], "dtype": "SAME", "name": "x"}},
                {"class_name": "Dense", "config": {"name": "d", "units": 2, "dtype": "SAME"}},
            ],
        }
    )
    found = cnnsum.loads(text, "model.json")
    with pytest.raises(UnusableError, match="a spec has no dtype `SAME`"):
        write(found.graph, found.inference, "yaml")


def test_a_model_without_layers_has_a_place() -> None:
    found = cnnsum.loads('{"class_name": "Sequential", "config": {"layers": []}}', "m.json", inputs=(1,))
    with pytest.raises(UnusableError) as error:
        write(found.graph, found.inference, "json")
    (one,) = error.value.diagnostics
    assert one.span is not None
    assert (one.span.line, one.span.column) == (1, 1)


def test_weights_of_an_open_size_are_refused_in_keras() -> None:
    """Keras needs the size that a kernel spans when it builds the layer; a spec takes a formula."""
    text = "input: [H, 8]\nlayers:\n  - Permute: {dims: [2, 1]}\n  - LSTM: 3\n"
    found = cnnsum.loads(text, "m.yaml")
    with pytest.raises(UnusableError, match="`lstm`: a size of its weights is a formula, and Keras needs a number"):
        write(found.graph, found.inference, "keras")
    found = cnnsum.loads(text, "m.yaml", settings={"H": 5})
    assert '"LSTM"' in write(found.graph, found.inference, "keras")[0]


def test_calls_by_the_name_beside_the_config() -> None:
    """A file may call a layer otherwise than its config does; what is written has one name for it."""
    layers = [image((8,)), made("Dense", "a", "image", units=3), made("Dense", "b", "a", units=2)]
    layers[1]["config"]["name"] = "other"
    layers[2]["config"]["name"] = "last"  # an output of the model, which the file names likewise
    found = cnnsum.loads(json.dumps(functional(layers, "b")), "m.json")
    text, _warnings = write(found.graph, found.inference, "keras")
    again = cnnsum.loads(text, "again.json")
    assert [str(one) for one in again.diagnostics] == []
    assert [layer.name for layer in again.graph.layers] == ["image", "other", "last"]


def test_a_softmax_of_a_number_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "input: [3]\nlayers:\n  - keras.src.ops.numpy.Sum\n  - Softmax: {axis: -1}\n", encoding="utf-8"
    )
    assert "fault" not in call("check", str(tmp_path / "m.yaml")).err


KEYS = [
    [cut(), cut(1, 4)],
    [cut(), cut(None, None, 2), -1],
    [{"class_name": "__ellipsis__", "config": {}}, 1],
    [cut(), None],
    [cut(), cut(5, 1, -2), {"class_name": "__ellipsis__", "config": {}}, 0],
    0,
    [0],
    [],
]


@each("key", KEYS)
@each("to", ["yaml", "json"])
def test_slices_read_back(key: Any, to: str) -> None:
    model = load(functional([image((10, 4)), operation("GetItem", "part", "image", key)], "part"))
    back = cnnsum.loads(written(model, to))
    assert report_of(back) == report_of(model)
    again = cnnsum.loads(written(back, "keras"))
    assert report_of(again) == report_of(model)


def test_a_chain_with_an_operation_is_no_chain_of_keras() -> None:
    model = cnnsum.loads("input: [10, 4]\nlayers:\n  - keras.src.ops.numpy.GetItem: {key: ':, 1:4'}\n  - Dense: 3\n")
    text = written(model, "keras")
    found = json.loads(text)["config"]["layers"][1]
    assert json.loads(text)["class_name"] == "Functional"
    assert found["config"] == {"name": "get_item"}
    assert found["inbound_nodes"][0]["args"][1] == [cut(), cut(1, 4)]
    rows = cnnsum.summarize(cnnsum.loads(text)).rows
    assert [(row.name, row.outputs, row.macs) for row in rows[1:]] == [
        (row.name, row.outputs, row.macs) for row in cnnsum.summarize(model).rows
    ]


def test_a_function_of_somebody_elses_has_no_place_in_a_spec() -> None:
    function = {"class_name": "function", "module": "mine", "config": "relu_max", "registered_name": "mine>relu_max"}
    model = load(functional([image((4,)), made("Dense", "d", "image", units=2, activation=function)], "d"))
    (message,) = refused(model, "yaml")
    assert message.startswith("`d`: in a spec `activation` must be the name of an activation")


def test_what_no_output_depends_on_is_in_no_model_of_keras() -> None:
    """Keras has only what its outputs lead to, and takes no tensor whose shape nobody says."""
    spec = """
input: [4]
layers:
  - Dense: {units: 4, name: shared}
  - Dense: {units: 4, name: a}
  - Dense: {units: 5, name: d1}
  - Dense: {units: 6, name: d2}
  - Dense: {share: shared, from: d3, name: twice}
  - Dense: {share: shared, from: a, name: last}
  - Dense: {units: 4, from: d1, name: d3}
outputs: [OUTPUTS]
"""
    whole = cnnsum.loads(spec.replace("OUTPUTS", "last, twice, d2"))
    text, findings = write(whole.graph, whole.inference, "keras")
    assert findings == []
    part = cnnsum.loads(spec.replace("OUTPUTS", "last"))
    known = json.loads(text)
    ends = known["config"]["output_layers"]
    assert ends == [["shared", 2, 0], ["shared", 1, 0], ["d2", 0, 0]]
    known["config"]["output_layers"] = ends[0]  # a file of Keras 3 by hand: its calls are as many as in the other
    for model in (part, load(known)):
        text, findings = write(model.graph, model.inference, "keras")
        assert sorted(one.message for one in findings) == [
            f"`{name}` is left out: no output depends on it" for name in ("d1", "d2", "d3")
        ]
        config = json.loads(text)["config"]
        assert '"shape": null' not in text
        assert [layer["name"] for layer in config["layers"]] == ["input_layer", "shared", "a"]
        assert config["output_layers"] == ["shared", 1, 0]
        read = [layer["inbound_nodes"] for layer in config["layers"]]
        said = [[call["args"][0]["config"]["keras_history"] for call in calls] for calls in read]
        assert said == [[], [["input_layer", 0, 0], ["a", 0, 0]], [["shared", 0, 0]]]
        again = cnnsum.loads(text)
        assert not again.diagnostics
        assert cnnsum.summarize(again).totals == cnnsum.summarize(model).totals


def test_ends_of_a_model_stay_nested_as_its_file_has_them() -> None:
    whole = cnnsum.loads("{input: [4], layers: [{Dense: {units: 4}}, {Add: {from: [dense, input], name: a}}]}")
    text, _ = write(whole.graph, whole.inference, "keras")
    known = json.loads(text)
    for ends in (["word", {"more": [["a", 0, 0]]}], {"x": [["a", 0, 0]]}, [["a", 0, 0], ["word", 1]]):
        known["config"]["output_layers"] = ends
        model = load(known)
        again, _ = write(model.graph, model.inference, "keras")
        assert json.loads(again)["config"]["output_layers"] == ends


def test_a_model_of_several_inputs_is_called_on_a_list() -> None:
    head = "{Functional: {name: head, from: [x, y], inputs: {a: [4], b: [4]}, layers: [{Subtract: {from: [a, b]}}]}}"
    model = cnnsum.loads(f"{{inputs: {{x: [4], y: [4]}}, layers: [{head}]}}")
    (call,) = json.loads(written(model, "keras"))["config"]["layers"][-1]["inbound_nodes"]
    assert [[one["config"]["keras_history"][0] for one in given] for given in call["args"]] == [["x", "y"]]


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("RNN: {cell: [{LSTMCell: 4}, {GRUCell: 5}], return_state: true", "y, (x1, _), _ = layers.RNN("),
        ("RNN: {cell: [{LSTMCell: 4}, {GRUCell: 5}], from: [x, s, t, u]", "initial_state=[[s, t], u])"),
        ("RNN: {cell: {LSTMCell: 4}, return_state: true", "y, x1, _ = layers.RNN("),
        ("LSTMCell: {units: 4, from: [z, s, t]", 'y, (x1, _) = layers.LSTMCell(4, name="r")(z, [s, t])'),
        (
            "LSTMCell: {units: 4, from: {x: z, carry: t, state: s}",
            'y, (x1, _) = layers.LSTMCell(4, name="r")(z, [s, t])',
        ),
        ("GRUCell: {units: 4, from: [z, s]", 'y, x1 = layers.GRUCell(4, name="r")(z, s)'),
        ("StackedRNNCells: {cells: [{GRUCell: 4}], from: [z, s]", "y, (x1,) = layers.StackedRNNCells("),
    ],
)
def test_states_are_nested_as_keras_nests_them(layer: str, line: str) -> None:
    inputs = "inputs: {x: [7, 3], z: [3], s: [4], t: [4], u: [5]}"
    ends = "[r]" if "initial_state" in line else "['r:0', 'r:1']"
    source = "" if "from" in layer else ", from: x"
    text = written(cnnsum.loads(f"{{{inputs}, layers: [{{{layer}, name: r{source}}}}}], outputs: {ends}}}"), "keras-py")
    assert line in text


def test_a_cell_without_its_states_is_refused_in_keras() -> None:
    model = cnnsum.loads("{input: [3], layers: [{LSTMCell: {units: 4}}]}")
    for to in ("keras", "keras-py"):
        assert refused(model, to)[0] == "`lstm_cell`: Keras calls LSTMCell on an input and all of its states"


@pytest.mark.parametrize("to", ["keras", "keras-py"])
def test_a_switch_that_does_not_reach_the_layers_within_is_warned_of(to: str) -> None:
    layer = "MultiHeadAttention: {num_heads: 2, key_dim: 4, from: [input, input], trainable: false}"
    model = cnnsum.loads(f"{{input: [5, 8], layers: [{{{layer}}}]}}")
    text, (warning,) = write(model.graph, model.inference, to)
    assert "`trainable=False` does not reach the layers that Keras makes in MultiHeadAttention" in warning.message
    if to == "keras":
        assert cnnsum.summarize(cnnsum.loads(text)).totals.params.trainable == 288
    assert cnnsum.summarize(model).totals.params.trainable == 0


# --- every layer type -------------------------------------------------------------------------------------------------


@in_batches(some(sorted({layer_type.key for layer_type in all_types().values()}), 2))
def test_every_layer_type_reads_back(key: str) -> None:
    model = cnnsum.loads(sample_spec(key))
    if any(one.severity == "error" for one in model.diagnostics):
        assert key.endswith("SliceUpdate"), model.diagnostics  # its sample slices the batch, which has no size here
        return
    assert report_of(cnnsum.loads(written(model, "yaml"))) == report_of(model)
    if find_type(key).rule.__module__.endswith(".applications"):
        assert "is not a layer of Keras" in refused(model, "keras")[0]
    elif key in CELLS:
        assert "on an input and all of its states" in refused(model, "keras")[0]
    else:
        assert report_of(cnnsum.loads(written(model, "keras"))) == report_of(model)


@pytest.mark.parametrize("after", ["", "  - Dense: {units: 2, from: 'r:0'}\n"])
@pytest.mark.parametrize("around", ["{0}", "Sequential: {{layers: [{{{0}}}], name: s}}"])
def test_a_chain_through_a_layer_of_several_outputs_is_no_sequential_of_keras(after: str, around: str) -> None:
    last = after if around == "{0}" else after.replace("r:0", "s")
    layer = around.format("LSTM: {units: 4, return_state: true, name: r}")
    model = cnnsum.loads(f"input: [7, 5]\nlayers:\n  - {layer}\n{last}")
    written = json.loads(cnnsum.convert(model, "keras").text)
    of_it = written if around == "{0}" else written["config"]["layers"][1]
    assert of_it["class_name"] == "Functional"
    assert of_it["config"]["output_layers"] == (["dense", 0, 0] if after and of_it is written else ["r", 0, 0])
