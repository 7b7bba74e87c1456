"""What the core says of texts: findings as `check` has them, hints, hovers, completions, half-written texts."""

import json
import re
import sys
from pathlib import Path

from calling import call
from hypothesis import given
from hypothesis import strategies as st

import cnnsum
from cnnsum.lint.checking import check_file
from cnnsum.server import lenses, mends, outline
from cnnsum.server.analysis import Analysis
from cnnsum.server.completion import completions
from cnnsum.server.half_written import readable
from cnnsum.server.hints import hints
from cnnsum.server.hover import hover
from cnnsum.server.index import Index
from cnnsum.server.showing import Showing
from cnnsum.server.text import Text
from tests.thorough import each, some

ROOT = Path(__file__).parent.parent.parent
SPECS = sorted(ROOT.glob("specs/**/*.yaml"))
CORPUS = sorted(path for path in (ROOT / "tests/corpus").rglob("*") if path.suffix in (".yaml", ".yml", ".json"))
SMALL = """\
input: [H, W, 3]
vars: {width: 16, act: relu}
blocks:
  pair:
    args: {filters: , act: relu}
    layers:
      - Conv2D: {filters: filters, kernel_size: 3, padding: same}
      - Activation: $act
layers:
  - pair: {filters: width}
  - pair: {filters: 2*width, act: $act, name: second}
  - Add: {from: [second, second]}
  - GlobalAveragePooling2D
  - Dense: 10
"""


def analysed(text, path="<text>"):
    return Analysis(text, path)


def at_bar(text):
    offset = text.index("|")
    text = text[:offset] + text[offset + 1 :]
    return text, offset


# --- findings ---------------------------------------------------------------------------------------------------------


@each("path", [*some(SPECS, 6), *some(CORPUS, 4)])
def test_findings_are_those_of_check(path):
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return  # no editor has it open as a text
    analysis = Analysis(text, str(path), named=True)
    expected = check_file(str(path))
    if text.startswith("\ufeff"):
        return  # a mark of byte order is none of the text's characters in an editor
    assert analysis.checked.findings == expected.findings
    assert analysis.checked.mends == expected.mends
    assert analysis.fault is None


@each("path", some(SPECS, 5))
def test_errors_come_without_advice(path):
    text = path.read_text(encoding="utf-8").replace("filters", "filtres", 1)
    analysis = Analysis(text, str(path))
    advice = [one for one in analysis.checked.findings if one.code.startswith("ARC")]
    # A spec that says its filters by place is as good as before, and has advice.
    assert not analysis.errors.findings or not advice
    assert analysis.errors.findings == tuple(one for one in analysis.checked.findings if one not in advice)
    good = Analysis(path.read_text(encoding="utf-8"), str(path))
    assert not [one for one in good.errors.findings if one.code.startswith("ARC")]


def test_other_files_are_left_alone():
    for text in ("", "services:\n  web: {image: x}\n", '{"name": "x", "scripts": {}}', "a: [", "- b\n- c\n"):
        analysis = analysed(text)
        assert analysis.checked.findings == ()
        assert hints(analysis, Text(text)) == []
        assert outline.outline(analysis) == []
        assert lenses.lenses(analysis) == []


def test_advice_stays_while_one_types_and_goes_where_one_types():
    text = SMALL + "  - Dense: 10\n"
    analysis, showing = analysed(text), Showing()
    starts = sorted(one[0] for one in showing.in_time(analysis, Text(text)))
    assert len(starts) > 1
    showing.edited(0, 0, len("# a\n"))
    later = "# a\n" + text
    assert sorted(one[0] for one in showing.at_once(analysed(later), Text(later))) == [start + 4 for start in starts]
    showing.edited(starts[-1] + 4, starts[-1] + 5, 1)
    shown = showing.at_once(analysed(later), Text(later))
    assert sorted(one[0] for one in shown) == [start + 4 for start in starts[:-1]]
    again = showing.in_time(analysed(later), Text(later))
    assert sorted(one[0] for one in again) == [start + 4 for start in starts]


# --- hints ------------------------------------------------------------------------------------------------------------


def shown_hints(text, path="<text>"):
    state = Text(text)
    return {state.line_of(one.at): one.text for one in hints(analysed(text, path), state)}


def test_hints_stand_behind_layers_and_uses_of_blocks():
    assert shown_hints(SMALL) == {
        6: "(None, H, W, 16) \u00b7 448 params",
        7: "(None, H, W, 16)",
        9: "(None, H, W, 16) \u00b7 448 params",
        10: "(None, H, W, 32) \u00b7 4,640 params",
        11: "(None, H, W, 32)",
        12: "(None, 32)",
        13: "(None, 10) \u00b7 330 params",
    }


@each("path", some(SPECS, 5))
def test_hints_add_up_to_the_summary(path):
    """Of layers and uses at the top, one each: what they own is all that there is."""
    text = path.read_text(encoding="utf-8")
    analysis = Analysis(text, str(path))
    document = analysis.document
    if "layers" not in document.value:
        return  # a library of blocks holds no network to add up
    report = cnnsum.summarize(cnnsum.load(str(path)))
    state = Text(text)
    found = {state.line_of(one.at): one.text for one in hints(analysis, state)}
    total = 0
    for number in range(len(document.value["layers"])):
        line = state.line_of(document.offsets(("layers", number))[0])
        words = found.get(line, "").rpartition(" \u00b7 ")[2].split()
        total += int(words[0].replace(",", "")) if words[1:] == ["params"] else 0
    repeated = any("repeat" in str(item) for item in document.value["layers"])
    assert total == report.totals.params.total or (repeated and total < report.totals.params.total)


def test_hints_of_rows_are_those_of_all_that_a_row_makes():
    rows = ["[-1, 1, Conv, [64, 3, 2]]", "[-1, 1, Conv, [128, 3, 2]]", "[-1, 2, C2f, [64]]"]
    text = f"nc: 80\nbackbone:\n  - {rows[0]}\n  - {rows[1]}\nhead:\n  - {rows[2]}\n"
    report = cnnsum.summarize(cnnsum.loads(text, "yolov8.yaml"))
    found = shown_hints(text, "yolov8.yaml")
    assert list(found) == [2, 3, 5]
    numbers = [int(said.rpartition(" \u00b7 ")[2].split()[0].replace(",", "")) for said in found.values()]
    assert sum(numbers) == report.totals.params.total
    assert found[2].startswith("(None, 64, 320, 320)")


def test_a_file_of_darknet_is_answered_for():
    text = (
        "[net]\nwidth=416\nheight=416\nchannels=3\n\n[convolutional]\nfilters=32\nsize=3\npad=1\n\n[maxpool]\nsize=2\n"
    )
    assert shown_hints(text, "a.cfg") == {
        5: "(None, 32, 416, 416) \u00b7 896 params",
        10: "(None, 32, 416, 416)",
    }
    assert [part.detail.split()[0] for part in outline.outline(analysed(text, "a.cfg"))] == ["convolutional", "maxpool"]
    assert "896 params" in hover(analysed(text, "a.cfg"), text.index("convol"), None).text
    assert completions(analysed(text, "a.cfg"), Text(text), len(text)) == []


def test_hints_of_json_stand_behind_each_layer():
    text = '{"input": [8, 8, 3], "layers": [{"Conv2D": [4, 3]}, "Flatten"]}'
    found = [(text[one.at - 1], one.text) for one in hints(analysed(text), Text(text))]
    assert found == [("}", "(None, 6, 6, 4) \u00b7 112 params"), ("}", "(None, 144)")]
    indented = json.dumps(json.loads((ROOT / "tests/corpus/ok/keras_3.json").read_text(encoding="utf-8")), indent=2)
    state = Text(indented)
    for one in hints(analysed(indented), state):
        line = state.text[state.start_of(state.line_of(one.at)) : one.at]
        assert '"class_name"' in line


def test_hints_of_a_half_written_text_are_those_above_the_fault():
    lines = SMALL.rstrip("\n").split("\n")
    whole = shown_hints(SMALL)
    broken = "\n".join([*lines[:12], "  - Dense: {units: 10", *lines[12:]])
    assert shown_hints(broken) == {11: whole[11]}
    above = "\n".join([lines[0], "vars: {width: ", *lines[2:]])
    assert shown_hints(above) == {}


# --- half-written texts -----------------------------------------------------------------------------------------------


@each("path", some(SPECS, 6))
def test_what_can_be_read_stands_where_it_stands(path):
    text = path.read_text(encoding="utf-8")
    for end in range(re.search("^(layers|blocks):", text, re.MULTILINE).end(), len(text), max(1, len(text) // 20)):
        document = readable(text[:end], str(path))
        assert document is not None, text[:end]
        assert len(document.text) == end
        assert all(a in (b, " ") for a, b in zip(document.text, text, strict=False))
        assert len(set(document.text.split("\n")) ^ set(text[:end].split("\n"))) <= 2
    as_json = json.dumps(Analysis(text, str(path)).document.value)
    for end in range(20, len(as_json), max(1, len(as_json) // 12)):
        document = readable(as_json[:end], "x.json")
        assert document is not None
        assert isinstance(document.value, dict)


@given(st.text(st.sampled_from("input layers: [8]\n-{},\"'#D$"), max_size=80))
def test_any_text_is_answered(text):
    analysis = analysed(text)
    state = Text(text)
    for offset in range(0, len(text) + 1, 7):
        completions(analysis, state, offset)
        hover(analysis, offset, None)
    assert hints(analysis, state) is not None
    assert outline.outline(analysis) is not None
    assert analysis.checked is not None
    assert analysis.fault is None


# --- hovers -----------------------------------------------------------------------------------------------------------


def hovered(text):
    text, offset = at_bar(text)
    analysis = analysed(text)
    found = hover(analysis, offset, None if analysis.language is None else Index(analysis.language))
    return None if found is None else found.text


@each(
    ("old", "new", "words"),
    [
        ("- Dense: 10", "- De|nse: 10", ["dense (Dense)", "= 330"]),
        ("- GlobalAv", "- Gl|obalAv", ["global_average_pooling2d", "(None, H, W, 32) -> (None, 32)"]),
        ("kernel_size: 3", "kernel|_size: 3", ["`kernel_size`", "list of two"]),
        ("padding: same", "pad|ding: same", ["By default `valid`", "same"]),
        ("{filters: width}", "{filters: wi|dth}", ["`width` = `16`"]),
        ("from: [second", "from: [sec|ond", ["`second` (`pair`)", "(None, H, W, 32)"]),
        ("filters: filters", "filters: fil|ters", ["an argument of the block `pair`", "must be given"]),
        ("- pair: {filters: width", "- pa|ir: {filters: width", ["a use of the block `pair`", "448"]),
        ("input: [H", "input: [|H", ["a size that is open"]),
        ("      - Conv2D", "      - Con|v2D", ["pair.conv2d", "for 2 layers", "`second.conv2d`"]),
        ("blocks:", "blo|cks:", ["Pieces of a network"]),
    ],
)
def test_a_word_is_explained(old, new, words):
    text = hovered(SMALL.replace(old, new, 1))
    assert text is not None
    assert not [word for word in words if word not in text], text


def test_a_layer_that_cannot_be_made_has_its_documentation():
    assert "Slide `filters` kernels" in hovered("input: [8, 8, 3]\nlayers:\n  - Con|v2D: {filters: 3}\n")


@each(
    ("framework", "reads_torch"),
    [
        ("torch", True),
        ("pytorch", True),
        ("PyTorch", True),
        ("keras", False),
        ("TF", False),
        ("pytroch", False),
        ("3", False),
    ],
)
def test_words_are_those_of_the_framework_that_is_read(framework, reads_torch):
    """A framework under another name is reported, and its layers are read: so they are shown and offered, too."""
    layer, other = ("Linear", "Dense") if reads_torch else ("Dense", "Linear")
    field = "out_features" if reads_torch else "units"
    text = f"framework: {framework}\ninput: [8]\nlayers:\n  - {layer}: {{{field}: 2}}\n"
    assert shown_hints(text) == {3: "(None, 2) \u00b7 18 params"}
    assert f"`{field}`: A positive integer" in hovered(text.replace(field, f"{field}|"))
    assert layer in completed(f"{text}  - |")
    assert other not in completed(f"{text}  - |")
    assert field in completed(f"{text}  - {layer}: {{|")


# --- completions ------------------------------------------------------------------------------------------------------


def completed(text):
    text, offset = at_bar(text)
    return {one.label: one for one in completions(analysed(text), Text(text), offset)}


@each(
    ("text", "wanted", "unwanted"),
    [
        ("in|", ["input", "layers", "blocks", "framework"], ["Conv2D"]),
        (SMALL + "  - |", ["Conv2D", "pair", "LSTM"], ["input", "BatchNorm2d"]),
        (SMALL.replace("input", "framework: torch\ninput", 1) + "  - |", ["BatchNorm2d", "pair"], ["Conv2D"]),
        (SMALL + "  - Conv2D: {|", ["filters", "padding", "from", "name"], ["units"]),
        (SMALL + "  - Conv2D: {padding: |", ["valid", "same"], ["width", "relu"]),
        (SMALL + '  - Conv2D: {padding: "|"}', ["valid", "same"], []),
        (SMALL + "  - Conv2D:\n      |", ["filters", "padding"], ["layers"]),
        (SMALL + "  - Conv2D: {filters: w|", ["width", "H"], ["$width", "second"]),
        (SMALL + "  - Activation: |", ["relu", "$act"], ["width"]),
        (SMALL + "  - Add: {from: [|]}", ["second", "pair", "dense"], ["width", "conv2d"]),
        (SMALL + "  - pair: {|}", ["filters", "act", "name"], ["padding"]),
        (SMALL.replace("$act\n", "$act\n      - Add: {from: [|]}\n", 1), ["conv2d", "input"], ["second"]),
        (SMALL.replace("$act\n", "|\n", 1), ["relu", "$act", "$width"], []),
        (SMALL.replace("filters: filters", "filters: |", 1), ["filters", "width", "index"], []),
        (SMALL + "outputs: [|]", ["second", "dense"], ["width"]),
        (SMALL + "  - Bidirectional: {layer: {|", ["LSTM", "GRU"], ["input"]),
        (SMALL + "symbols: {H: {|", ["min", "multiple_of"], ["shape"]),
        (SMALL + "defaults:\n  |", ["Conv2D"], ["pair"]),
        (SMALL + "defaults: {Conv2D: {|", ["padding"], []),
        (SMALL + "layer_types:\n  Own:\n    |", ["fields", "weights"], []),
        ("framework: |", ["keras", "torch"], []),
        ("input: [8]\nlayers:\n  - Dense: {use_bias: |", ["true", "false"], []),
        ("input: [8]\nlayers:\n  - MultiHeadAttention: {from: {|", ["query", "value", "key"], []),
        ('{"input": [8], "layers": [{"Dense": {"|', ["units", "use_bias"], []),
        ('{"input": [8], "layers": [|', ["Dense"], []),
    ],
)
def test_what_may_be_written_is_offered(text, wanted, unwanted):
    found = completed(text)
    assert not [one for one in wanted if one not in found], list(found)[:40]
    assert not [one for one in unwanted if one in found]


def test_a_completed_text_can_be_read():
    """Each completion of a layer type, with its required fields filled in, is a layer of that type."""
    for before, after in (("input: [8, 8, 3]\nlayers:\n  - ", "\n"), ('{"input": [8, 8, 3], "layers": [', "]}")):
        for label, one in completed(before + "|" + after).items():
            text = before + one.text + after
            for number in range(1, 9):
                text = text.replace(f"${number}", "1")
            document = Analysis(text, "<text>").document
            assert document is not None, text
            (item,) = document.value["layers"]
            assert (item if isinstance(item, str) else next(iter(item))) == label


def test_what_is_needed_and_near_comes_first():
    found = completed(SMALL + "  - Conv2D: {|")
    order = sorted(found, key=lambda label: (found[label].rank, label))
    assert set(order[:2]) == {"filters", "kernel_size"}
    found = completed(SMALL.replace("[second, second]", "[|]"))
    order = sorted(found, key=lambda label: found[label].rank)
    assert order[:2] == ["second", "pair"]


@each("rest", ["", ", [256, 3, 2]]\nhead:\n  - [-1, 1, Detect, [nc]]\n"])
def test_modules_of_a_row_are_completed(rest):
    text = f"nc: 80\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 1, C2|{rest}"
    found = completed(text)
    assert {"C2f", "C2PSA", "Conv", "Detect", "Concat", "nn.Upsample"} <= set(found)
    assert text.replace("|", "")[found["C2f"].start : found["C2f"].end] == "C2"
    # Each is one that is read.
    for name in ("C2f", "SPPF", "C3"):
        row = f"[-1, 1, {found[name].text}, [64]]"
        model = cnnsum.loads(f"nc: 3\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n  - {row}\nhead: []\n", "yolov8.yaml")
        assert not any(one.code == "UNK701" for one in model.diagnostics)
    assert completed(text.replace("-1, 1, C2|", "-1, |")) == {}


def test_other_files_are_not_completed():
    assert completed("services:\n  web: {image: x}\n|") == {}


# --- mends, outlines, lenses ------------------------------------------------------------------------------------------


def test_mends_are_offered_where_they_are_needed(tmp_path):
    path = tmp_path / "a.yaml"
    text = "input: [8, 8, 3]\nlayers:\n  - Conv2D: {filters: 4, kernal_size: 3}\n  - Conv2d: [4, 3]\n"
    path.write_text(text, encoding="utf-8")
    analysis, state = Analysis(text, str(path)), Text(text)
    at = text.index("Conv2D")
    (offer,) = mends.offers(analysis, state, at, at)
    assert offer.safe
    assert "kernel_size" in offer.title
    edit = mends.all_safe(analysis, state)
    mended = text[: edit.start] + edit.text + text[edit.end :]
    assert mended == text.replace("kernal", "kernel").replace("Conv2d", "Conv2D")
    assert mends.offers(analysis, state, 0, 3) == []


def test_an_outline_has_every_layer():
    found = {part.name: part for part in outline.outline(analysed(SMALL))}
    assert list(found) == ["input", "vars", "blocks", "layers"]
    assert [part.name for part in found["layers"].parts] == [
        *("pair", "second", "add", "global_average_pooling2d", "dense"),
    ]
    assert [part.name for part in found["blocks"].parts[0].parts] == ["pair.conv2d", "pair.activation"]
    for part in [*found.values(), *found["layers"].parts]:
        assert part.start <= part.name_start <= part.name_end <= part.end


def test_lenses_have_totals_and_sizes():
    analysis = Analysis((ROOT / "specs/unet.yaml").read_text(encoding="utf-8"), str(ROOT / "specs/unet.yaml"))
    report = cnnsum.summarize(cnnsum.load(str(ROOT / "specs/unet.yaml")))
    assert f"{report.totals.params.total:,} params" in lenses.said(analysis, "totals")
    assert "H % 16 == 0" in lenses.said(analysis, "sizes")
    assert "errors" in lenses.said(analysed("input: [8]\nlayers:\n  - Dens: 4\n  - Flatten\n"), "totals")


def test_without_pygls_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    monkeypatch.delitem(sys.modules, "cnnsum.server.protocol", raising=False)
    done = call("server")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: the language server needs pygls: pip install 'cnnsum[server]'\n"


def test_the_extension_has_the_version_of_cnnsum():
    package = json.loads((ROOT / "editors/vscode/package.json").read_text(encoding="utf-8"))
    assert package["version"] == cnnsum.__version__
    assert package["contributes"]["configuration"]["properties"]["cnnsum.command"]["default"] == ["cnnsum", "server"]


@each(
    ("line", "after"),
    [
        ("- Dense: 16*wi|", "- Dense: 16*width"),
        ("- Dense: wi|", "- Dense: width"),
        ("- Dense: 16*wi|*3", "- Dense: 16*width*3"),
        ("- Dense: 16 * w|id", "- Dense: 16 * width"),
        ("- Dense: {units: 2*wi|}", "- Dense: {units: 2*width}"),
        ("- Dense: '2*wi|'", "- Dense: '2*width'"),
        ("- Dense: 16*|", "- Dense: 16*width"),
        ("- Dense: min(wi|, 3)", "- Dense: min(width, 3)"),
        ("- Dense: '|'", "- Dense: 'width'"),
    ],
)
def test_a_name_in_an_expression_replaces_what_is_written_of_it_alone(line: str, after: str) -> None:
    before = f"input: [8]\nvars: {{width: 4}}\nlayers:\n  {line}"
    text, offset = before.replace("|", ""), before.index("|")
    found = {one.label: one for one in completions(analysed(text), Text(text), offset)}["width"]
    assert text[: found.start] + found.text + text[found.end :] == before.partition("  - ")[0] + f"  {after}"


def test_the_symbol_of_the_batch_is_not_offered() -> None:
    text = "input: [H, 8, 3]\nlayers:\n  - Flatten\n  - Dense: {units: }"
    labels = {one.label for one in completions(analysed(text), Text(text), len(text) - 1)}
    assert "H" in labels
    assert "N" not in labels
