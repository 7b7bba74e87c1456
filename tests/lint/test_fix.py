"""Mending: what is written, that the rest of a text stays, that a second round finds nothing, and files on a disk."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from calling import call
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnsum
from cnnsum.cli import output
from cnnsum.diagnostics import MAX_OF_CODE
from cnnsum.lint.mending import mend
from cnnsum.lint.settings import Settings
from cnnsum.source import read
from tests.thorough import each, examples

EXAMPLES = int(os.environ.get("CNNSUM_EXAMPLES", "1"))
HEAD = "input: [32, 32, 3]\nlayers:\n"
NORM = "  - BatchNormalization\n"


def mended(path: Path, text: str, *, unsafe: bool = False) -> str:
    path.write_text(text, encoding="utf-8", newline="")
    found = mend(str(path), Settings(), unsafe=unsafe)
    if found is None:
        return text
    assert found.before == text
    return found.after


@each(
    ("before", "after"),
    [
        # Names.
        ("  - Conv2d: {filters: 4, kernel_size: 3}\n", "  - Conv2D: {filters: 4, kernel_size: 3}\n"),
        ("  - Conv2D: {filters: 4, kernal_size: 3}  # why\n", "  - Conv2D: {filters: 4, kernel_size: 3}  # why\n"),
        ("  - 'Conv2d': {filters: 4, kernel_size: 3}\n", "  - 'Conv2D': {filters: 4, kernel_size: 3}\n"),
        ("  - Dense: {units: 4, activation: softmx}\n", "  - Dense: {units: 4, activation: softmax}\n"),
        ("  - Flattn\n", "  - Flatten\n"),
        # What is shared by an anchor stays, and everything else is mended beside it.
        (
            "  - Conv2D: {filters: 4, kernel_size: 3}\n"
            + NORM
            + "  - Conv2D: &a {filters: 8, kernel_size: 5}\n"
            + NORM
            + "  - ReLU\n  - Conv2D: *a\n  - ReLU\n",
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n"
            + NORM
            + "  - Conv2D: &a {filters: 8, kernel_size: 5}\n"
            + NORM
            + "  - ReLU\n  - Conv2D: *a\n  - ReLU\n",
        ),
        # A field, in every form in which a layer is written.
        (
            "  - Conv2D: {filters: 4, kernel_size: 3}\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n" + NORM,
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3, }\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false, }\n" + NORM,
        ),
        ("  - Conv2D: [4, 3]\n" + NORM, "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n" + NORM),
        (
            "  - Conv2D: [4, 3, 1, same, null, 1, 1, null, true]\n" + NORM,
            "  - Conv2D: [4, 3, 1, same, null, 1, 1, null, false]\n" + NORM,
        ),
        (
            "  - Conv2D: [4, [3, 5]]\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: [3, 5], use_bias: false}\n" + NORM,
        ),
        ("  - Dense: 8\n" + NORM, "  - Dense: {units: 8, use_bias: false}\n" + NORM),
        (
            "  - Conv2D:\n      filters: 4\n      kernel_size: 3 # here\n\n" + NORM,
            "  - Conv2D:\n      filters: 4\n      kernel_size: 3 # here\n      use_bias: false\n\n" + NORM,
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: true}\n" + NORM,
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false}\n" + NORM,
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3, activation: relu}\n  - ReLU\n",
            "  - Conv2D: {filters: 4, kernel_size: 3, activation: linear}\n  - ReLU\n",
        ),
    ],
)
def test_what_is_mended(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    assert mended(path, HEAD + before) == HEAD + after
    assert mended(path, HEAD + after) == HEAD + after
    windows = (HEAD + before).replace("\n", "\r\n")
    assert mended(path, windows) == (HEAD + after).replace("\n", "\r\n")


@each(
    "text",
    [
        # Two names are as near, no name is near, the name is another layer's.
        HEAD + "  - MaxPool: 2\n",
        HEAD + "  - Nothing\n",
        HEAD + "  - Flatten: {name: aa}\n  - Dense: {units: 3, from: ab}\n",
        # The right name is there, too, or would be there twice.
        HEAD + "  - Conv2D: {filters: 4, kernel_size: 3, kernal_size: 5}\n",
        HEAD + "  - Conv2D: {filters: 4, Kernel_Size: 3, kernal_size: 5}\n",
        HEAD + "  - Conv2D: {'filters': 4, 'Filters': 5, kernel_size: 3}\n",
        HEAD + "  - Flatten\nLayers: [Flatten]\n",
        # An expression decides.
        "vars: {bias: true}\n" + HEAD + "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: bias}\n" + NORM,
        # A softmax twice is a mistake, but which is meant?
        HEAD + "  - Flatten\n  - Dense: {units: 3, activation: softmax}\n  - Softmax\n",
    ],
)
def test_what_is_left_alone(text: str, tmp_path: Path) -> None:
    assert mended(tmp_path / "spec.yaml", text) == text


def test_what_is_not_safe(tmp_path: Path) -> None:
    text = HEAD + "  - Flatten: {name: first}\n  - Dense: {units: 3, from: frist}\n"
    found = mended(tmp_path / "spec.yaml", text, unsafe=True)
    assert found == text.replace("frist", "first")


BLOCK = """\
input: [32, 32, 3]
blocks:
  unit:
    args: {norm: true}
    layers:
      - Conv2D: {filters: 4, kernel_size: 3}
      - BatchNormalization: {when: norm}
      - ReLU
layers:
  - unit
  - unit: {norm: NORM}
"""


def test_a_block_is_mended_if_all_its_copies_need_it(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    assert "use_bias: false" in mended(path, BLOCK.replace("NORM", "true"))
    assert "use_bias" not in mended(path, BLOCK.replace("NORM", "false"))


def test_json(tmp_path: Path) -> None:
    text = '{"input": [8, 8, 3],\n "layers": [{"Conv2D": {"filters": 4, "kernal_size": 3}},\t"BatchNormalization"]}'
    found = mended(tmp_path / "spec.json", text)
    assert found == text.replace('"kernal_size": 3', '"kernel_size": 3, "use_bias": false')
    assert json.loads(found)


@each("mark", ["", "\ufeff"])
@each("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@each("name", ["Flattn", "Flattn # \u00e4\U0001f600"])
def test_an_encoding_and_its_mark_are_kept(
    mark: str, encoding: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if encoding != "utf-8":
        mark = "\ufeff"  # without it they are no text that anybody could be sure of
    monkeypatch.chdir(tmp_path)
    text = f"{mark}{HEAD}  - {name}\r\n"
    right = text.replace("Flattn", "Flatten")
    path = Path("spec.yaml")
    path.write_bytes(text.encode(encoding))
    assert call("check", "--diff", ".").out.endswith(right.rsplit("\n", 2)[-2] + "\n")
    assert path.read_bytes() == text.encode(encoding)
    assert call("check", "--fix", "--quiet", ".").code == 0
    assert path.read_bytes() == right.encode(encoding)
    path.write_bytes(text.encode(encoding))
    call("check", "--add-ignores", ".")
    silenced = text.replace("\r\n", "  # cnnsum: ignore[UNK701]\r\n").encode(encoding)
    assert path.read_bytes() == silenced


@each("option", ["--fix", "--diff", "--add-ignores"])
def test_an_archive_is_not_overwritten_by_the_text_in_it(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ZipFile("spec.zip", "w") as archive:
        archive.writestr("config.json", HEAD + "  - Flattn\n")
        archive.writestr("notes.txt", "that nobody may lose")
    before = Path("spec.zip").read_bytes()
    assert "UNK701" in call("check", "--quiet", "spec.zip").out
    call("check", option, "spec.zip")
    assert Path("spec.zip").read_bytes() == before


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(HEAD + "  - Flattn\n", encoding="utf-8")
    document = read(str(path))
    assert document.is_all_of_its_file
    path.write_text(HEAD + "  - Flattn\n  - ReLU\n", encoding="utf-8")
    assert not document.is_all_of_its_file
    path.unlink()
    assert not document.is_all_of_its_file


@each("option", ["--fix", "--add-ignores"])
def test_what_somebody_writes_meanwhile_is_not_lost(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is looked at once more right before another takes its place."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        Path(name).write_text(HEAD + "  - Flattn\n", encoding="utf-8")
    written = output._require_unchanged

    def meanwhile(path: str, was: bytes) -> None:
        if path.endswith("a.yaml"):
            with open(path, "a", encoding="utf-8") as file:
                file.write("# edited\n")
        written(path, was)

    monkeypatch.setattr(output, "_require_unchanged", meanwhile)
    code, _, err = call("check", option, ".")
    assert code == 2
    assert "cannot write 'a.yaml': it changed meanwhile" in err
    assert Path("a.yaml").read_text(encoding="utf-8") == HEAD + "  - Flattn\n# edited\n"
    assert Path("b.yaml").read_text(encoding="utf-8") != HEAD + "  - Flattn\n"
    assert ("mended 1 finding in 1 file" if option == "--fix" else "silenced 1 finding in comments") in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.yaml"]


def test_a_diff_says_what_it_could_not_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_bytes(b"input: [8, 8, 3] # \xe9\nlayers: [Conv2d: 3]\n")
    code, out, err = call("check", "--diff", "spec.yaml")
    assert (code, out) == (1, "")
    assert err == "nothing to mend\n'spec.yaml' cannot be read: nothing in it would be mended\n"
    with ZipFile("spec.zip", "w") as archive:
        archive.writestr("config.json", HEAD + "  - Flattn\n")
    code, _, err = call("check", "--diff", "spec.zip")
    assert code == 1
    assert "'spec.zip' is more than a text, or has changed" in err


def test_that_there_are_more_findings_is_silenced_by_no_comment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the gate would be open for those that nobody has seen."""
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(HEAD + "  - Flattn\n" * (MAX_OF_CODE + 100), encoding="utf-8")
    code, _, err = call("check", "--add-ignores", ".")
    assert code == 0
    assert err == f"silenced {MAX_OF_CODE} findings in comments; 1 stands where no comment can\n"
    code, out, _ = call("check", ".")
    assert code == 1
    assert "there are more findings of UNK701" in out


def test_included_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    (tmp_path / "blocks.yaml").write_text("blocks:\n  unit:\n    layers:\n      - Flattn\n", encoding="utf-8")
    text = "include: blocks.yaml\n" + HEAD + "  - unit\n"
    assert mended(path, text) == text


NAMES = st.sampled_from(["Conv2D", "Conv2d", "conv2D", "Dense", "Dnse", "Flatten", "Flattn", "ReLU", "Relu", "Nothing"])
FIELDS = st.sampled_from(
    ["", ": {filters: 4, kernel_size: 3}", ": {filters: 4, kernal_size: 3}", ": [4, 3]", ": 4", ": {units: 4}"]
)


@given(st.lists(st.tuples(NAMES, FIELDS, st.booleans()), min_size=1, max_size=6), st.booleans())
@settings(max_examples=examples(60 * EXAMPLES), deadline=None)
def test_a_second_round_finds_nothing(layers: list[tuple[str, str, bool]], unsafe: bool) -> None:
    import tempfile

    lines = "".join(f"  - {name}{fields}\n" + NORM * norm for name, fields, norm in layers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        once = mended(path, HEAD + lines, unsafe=unsafe)
        assert mended(path, once, unsafe=unsafe) == once
    errors = [sum(one.severity == "error" for one in cnnsum.loads(text).diagnostics) for text in (HEAD + lines, once)]
    assert errors[1] <= errors[0]


# What counts as safe.

FOREIGN = (
    *(
        "BatchNorm2d",
        "Dropout2d",
        "Dropout1d",
        "ReLU6",
        "lrelu",
        "prelu",
        "rrelu",
        "hsigmoid",
        "hswish",
        "Linear",
        "PReLU",
    ),
    *(
        "LayerNorm",
        "InstanceNorm2d",
        "GroupNorm",
        "AvgPool2d",
        "ConvTranspose2d",
        "Upsample",
        "Hardswish",
        "SELU",
        "CELU",
    ),
    *(
        "GELU",
        "GLU",
        "Mish",
        "SiLU",
        "Softmin",
        "LSTMCell",
        "RNNCell",
        "GlobalPooling2D",
        "SpatialDropout",
        "MaxPool",
        "eps",
    ),
    *(
        "p",
        "dim",
        "bias",
        "stride",
        "kernel",
        "dilation",
        "out_channels",
        "num_groups",
        "alpha",
        "leaky",
        "swiglu",
        "relu2",
    ),
)


def spelled_as(name: str, word: str) -> bool:
    """Whether a name is a word in other case, or with `_` and `-` elsewhere."""
    return re.sub("[_-]", "", name).lower() == re.sub("[_-]", "", word).lower()


def one_letter_off(name: str) -> set[str]:
    cut = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {
        *(a + b[1:] for a, b in cut if b),
        *(a + b[1] + b[0] + b[2:] for a, b in cut if len(b) > 1),
        *(a + letter + b for a, b in cut for letter in letters),
        *(a + letter + b[1:] for a, b in cut if b for letter in letters),
    }


@st.composite
def words(draw: st.DrawFn) -> str:
    from cnnsum.layers.arithmetic.functions import FUNCTIONS
    from cnnsum.layers.base import all_types

    known = [name for name in all_types() if "." not in name]
    word = draw(st.sampled_from([*known, *FUNCTIONS, "filters", "kernel_size", "activation", "strides", *FOREIGN * 4]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(word) - 1))
        kind = draw(st.sampled_from(["drop", "swap", "add", "case", "digit"]))
        letter = draw(st.sampled_from("aeioudstr_"))
        if kind == "drop" and len(word) > 2:
            word = word[:at] + word[at + 1 :]
        elif kind == "swap":
            word = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        elif kind == "add":
            word = word[:at] + letter + word[at:]
        elif kind == "digit":
            word = re.sub("[0-9]", draw(st.sampled_from("1234")), word)
        else:
            word = word[:at] + word[at].swapcase() + word[at + 1 :]
    return word


@given(words(), st.sampled_from(["  - {}\n", "  - Activation: {}\n", "  - Conv2D: {{filters: 4, {}: 3}}\n"]))
@settings(max_examples=examples(300 * EXAMPLES), deadline=None)
def test_a_safe_mend_is_the_same_word_or_a_slip(word: str, layer: str) -> None:
    from cnnsum.layers.keras import foreign
    from cnnsum.lint.fix import fixes
    from cnnsum.source import read_text

    text = HEAD + layer.format(word)
    document = read_text(text, "spec.yaml")
    for fix in fixes(document, cnnsum.loads(text).diagnostics):
        if not fix.safe or fix.finding.mend is not None or text[fix.edit.start : fix.edit.end] != word:
            continue
        right = fix.edit.text
        if spelled_as(word, right):
            continue
        key = re.sub("[_-]", "", word).lower()
        tables = (foreign.LAYERS, foreign.ACTIVATIONS, foreign.FIELDS, foreign.NO_FIELDS, foreign.VALUES, foreign.KEYS)
        assert not any(key in table for table in (tables[:2] if "{}\n" in layer else tables[2:4]))
        wanted = re.sub("[_-]", "", right).lower()
        once = one_letter_off(key)
        assert wanted in once or (len(wanted) > 8 and any(wanted in one_letter_off(other) for other in once))
        assert re.findall(r"\d", word) == re.findall(r"\d", right)


def test_words_of_other_libraries_are_not_mended_safely(tmp_path: Path) -> None:
    text = (
        "input: [64, 64, 3]\nlayers:\n"
        "  - Conv2D: {filters: 8, kernel_size: 3, activation: lrelu}\n  - ReLU6\n  - Dropout2d: 0.5\n"
        "  - Conv2d: {filters: 8, kernel_size: 3, activation: prelu}\n  - BatchNorm2D\n  - SpatialDropout: 0.2\n"
        "  - MaxPool: 2\n  - GlobalPooling2D\n  - Dense: {units: 10, activation: logsoftmax}\n"
    )
    path = tmp_path / "spec.yaml"
    right = text.replace("Conv2d", "Conv2D").replace("logsoftmax", "log_softmax")
    assert mended(path, text) == right
    # What each word means, where one word does; nothing where it takes more than that.
    assert mended(path, text, unsafe=True) == (
        right.replace("lrelu", "leaky_relu").replace("Dropout2d", "SpatialDropout2D").replace("BatchNorm2D", NORM[4:-1])
    )


# The command.


def test_fix_writes_and_checks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(HEAD + "  - Flattn\n", encoding="utf-8")
    Path("b.yaml").write_text(HEAD + "  - Nothing\n", encoding="utf-8")
    shown = call("check", "--diff", ".")
    assert shown.code == 1
    assert shown.out.splitlines()[-2:] == ["-  - Flattn", "+  - Flatten"]
    assert shown.err == "would mend 1 finding in 1 file\n"
    assert "Flattn" in Path("a.yaml").read_text(encoding="utf-8")
    code, out, err = call("check", "--fix", ".")
    assert code == 1
    assert Path("a.yaml").read_text(encoding="utf-8") == HEAD + "  - Flatten\n"
    assert out.startswith("b.yaml:3:5: UNK701")
    assert err == "mended 1 finding in 1 file\n2 files, 1 error\n"
    assert call("check", "--diff", ".").out == ""


def test_a_file_that_a_framework_wrote_keeps_the_weights_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bias that has no effect is one of the arrays that were trained, and stored somewhere."""
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(HEAD + "  - Conv2D: {filters: 4, kernel_size: 3}\n" + NORM, encoding="utf-8")
    assert call("convert", "spec.yaml", "--to", "keras", "-o", "model.json").code == 0
    before = Path("model.json").read_text(encoding="utf-8")
    assert call("check", "--fix", "model.json").err.startswith("nothing mended; 1 more with --unsafe-fixes")
    assert Path("model.json").read_text(encoding="utf-8") == before
    assert call("check", "--fix", "--unsafe-fixes", "model.json").err.startswith("mended 1 finding")


def test_fix_is_for_files() -> None:
    assert call("check", "--fix", "-").code == 2
    assert call("check", "--diff", "--watch", ".").code == 2


# --- comments and layout ----------------------------------------------------------------------------------------------

FILTERS, KERNEL = 4, 3


@st.composite
def gaps(draw: st.DrawFn, number: list[int]) -> str:
    """What may stand between two words in brackets, often with a comment of its own number."""
    kind = draw(st.sampled_from(["", " ", "  ", "\n        ", "comment", "comment"]))
    if kind != "comment":
        return kind
    number[0] += 1
    quote = draw(st.sampled_from(["", "'", '"', "[", "}", ", ", ": "]))
    return f" # c{number[0]}{quote}\n        "


@st.composite
def commented(draw: st.DrawFn) -> str:
    """A spec with comments nearly everywhere, and with something to mend in most of its layers."""
    number = [0]
    lines = ["# head", "input: [32, 32, 3]  # in", "layers:"]
    for _ in range(draw(st.integers(1, 4))):
        gap = [draw(gaps(number)) for _ in range(6)]
        name = draw(st.sampled_from(["Conv2D", "Conv2D", "Conv2d"]))
        comma = draw(st.sampled_from(["", ","]))
        kernel = draw(st.sampled_from(["kernel_size", "kernel_size", "kernal_size"]))
        form = draw(st.integers(0, 4))
        if form == 0:
            lines.append(f"  - {name}: [{gap[0]}{FILTERS}{gap[1]},{gap[2]}{KERNEL}{gap[3]}{comma}{gap[4]}]")
        elif form == 1:
            fields = f"{{{gap[0]}filters: {FILTERS}{gap[1]},{gap[2]}{kernel}: {KERNEL}{gap[3]}{comma}{gap[4]}}}"
            lines.append(f"  - {name}: {fields}")
        elif form == 2:
            lines += [f"  - {name}:  # b{len(lines)}", f"      filters: {FILTERS}  # f{len(lines)}"]
            lines += [f"      {kernel}: {KERNEL}  # k{len(lines)}", f"      # below {len(lines)}"]
        elif form == 3:
            lines.append(f"  - {name}: {{filters: {FILTERS}, {kernel}: [{gap[0]}{KERNEL}{gap[1]},{gap[2]}{KERNEL}]}}")
        else:
            lines.append(f"  - Dense: {FILTERS}  # d{len(lines)}")
        lines.append("  - BatchNormalization" + draw(st.sampled_from(["", "  # norm"])))
    return "\n".join((*lines, "# foot", ""))


def comments(text: str) -> list[str]:
    """The comments of a text, in their order: no text of these specs holds a `#`."""
    return [line[line.index("#") :].rstrip() for line in text.split("\n") if "#" in line]


def plain_layers(text: str) -> list[tuple[str, dict[str, object]]]:
    """The layers with the fields that they were given, by name."""
    found = []
    for layer in cnnsum.loads(text).graph.layers:
        given = {name: layer.fields[name] for name in ("filters", "units", "kernel_size") if name in layer.fields}
        found.append((layer.type_name, given))
    return found


@settings(max_examples=examples(60 * EXAMPLES))
@given(commented())
def test_no_comment_and_no_line_is_lost(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("mend") / "spec.yaml"
    found = mended(path, text, unsafe=True)
    assert comments(found) == comments(text)
    assert found.count("\n") >= text.count("\n")
    right = text.replace("Conv2d", "Conv2D").replace("kernal_size", "kernel_size")
    assert plain_layers(found) == plain_layers(right)
    assert not cnnsum.loads(found).diagnostics
    layers = cnnsum.loads(found).graph.layers
    mendable = [layer for layer in layers if layer.type_name in ("Conv2D", "Dense")]
    assert all(layer.fields["use_bias"] is False for layer in mendable)


@each(
    ("before", "after"),
    [
        (
            "  - Conv2D: [4, # a\n      3 # b\n    ]\n",
            "  - Conv2D: {filters: 4, # a\n      kernel_size: 3, use_bias: false # b\n    }\n",
        ),
        (
            "  - Conv2D: {filters: 4, kernel_size: 3 # b\n    }\n",
            "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: false # b\n    }\n",
        ),
        (
            "  - Conv2D: {# a\n      filters: 4, kernel_size: 3, # b\n    }\n",
            "  - Conv2D: {# a\n      filters: 4, kernel_size: 3, use_bias: false, # b\n    }\n",
        ),
        ("  - Dense: max(4, 8)\n", '  - Dense: {units: "max(4, 8)", use_bias: false}\n'),
    ],
)
def test_where_comments_stand(before: str, after: str, tmp_path: Path) -> None:
    assert mended(tmp_path / "spec.yaml", HEAD + before + NORM) == HEAD + after + NORM


@each(
    "text",
    [
        "vars: {k: &k 3}\n" + HEAD + "  - Conv2D: [4, *k]\n" + NORM,
        "vars: {k: &k 3}\n" + HEAD + "  - Conv2D: {filters: 4, kernel_size: *k}\n" + NORM,
        HEAD + "  - Conv2D: [&n 4, 3]\n" + NORM + "  - Conv2D: [*n, 3]\n",
        HEAD + "  - Conv2D: &c {filters: 4, kernel_size: 3}\n" + NORM + "  - Conv2D: {<<: *c, strides: 2}\n" + NORM,
        HEAD + "  - Conv2D: &c [4, 3]\n" + NORM + "  - Conv2D: *c\n  - ReLU\n",
        HEAD + "  - Conv2D: [4, 3, !!int 1]\n" + NORM,
        HEAD
        + "  - Conv2D: {filters: 4, kernel_size: 3, use_bias: &b true}\n"
        + NORM
        + "  - Dense: {units: 2, use_bias: *b}\n"
        + NORM,
    ],
)
def test_what_stands_elsewhere_stays_right(text: str, tmp_path: Path) -> None:
    found = mended(tmp_path / "spec.yaml", text, unsafe=True)
    assert plain_layers(found) == plain_layers(text)
    assert not [one for one in cnnsum.loads(found).diagnostics if one.severity == "error"]


BORROWED = """\
input: [32, 32, 3]
layers:
  - Conv2d: {out_channels: 16, kernel_size: 3}
  - BatchNorm2d: 16
  - ReLU
  - MaxPool2d: 2
"""


def test_a_spec_in_the_words_of_another_framework_is_not_mended_by_half(tmp_path: Path) -> None:
    """`Conv2d` and `MaxPool2d` differ by a case from Keras's names, `BatchNorm2d` with its value does not."""
    path = tmp_path / "m.yaml"
    path.write_text(BORROWED, encoding="utf-8")
    for more in ([], ["--unsafe-fixes"]):
        call("check", str(path), "--fix", *more)
        assert path.read_text(encoding="utf-8") == BORROWED


def test_a_spec_in_the_words_of_another_framework_is_mended_where_all_of_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    text = "input: [32, 32, 3]\nlayers:\n  - Conv2d: {filters: 4, kernel_size: 3}\n  - MaxPool2d: 2\n"
    path.write_text(text, encoding="utf-8")
    call("check", str(path), "--fix")
    assert path.read_text(encoding="utf-8") == text.replace("2d", "2D")


def test_a_name_beside_an_unknown_type_that_is_nobodys_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    text = "input: [32, 32, 3]\nlayers:\n  - Conv2D: {filtres: 4, kernel_size: 3}\n  - Mystery\n"
    path.write_text(text, encoding="utf-8")
    call("check", str(path), "--fix")
    assert path.read_text(encoding="utf-8") == text.replace("filtres", "filters")


def test_a_framework_that_is_no_name_is_no_fault_of_a_mend(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("framework: {e: 1}\nlayers:\n  - MaxPool3d: {e: 1}\n", encoding="utf-8")
    done = call("check", str(path), "--fix")
    assert done.code == 1
    assert "a fault in cnnsum" not in done.err + done.out
