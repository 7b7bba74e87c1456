"""`cnnsum sizes`: what it prints, what it refuses, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import call

import cnnsum
from tests.thorough import each

SPECS = Path(__file__).resolve().parents[2] / "specs"
UNET = str(SPECS / "unet.yaml")


def answer(*arguments: str, stdin: str = "", code: int = 0) -> dict:
    result = call("sizes", *arguments, "--format", "json", stdin=stdin.encode())
    assert result.code == code, result.err
    return json.loads(result.out)


def test_the_answer_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS)
    code, out, err = call("sizes", "unet.yaml")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:5] == [
        'Model: "unet"',
        "",
        " H  (input `input_layer`, axis 1, 256 in the file)",
        "   accepts     H % 16 == 0 and H >= 16",
        "   256         accepted; the nearest others are 240 and 272",
    ]
    assert lines[5] == "   forced by   concatenate (unet.yaml:35:5) needs H % 16 < 8"
    assert lines[-3:] == [
        "   accepts     W % 16 == 0 and W >= 16",
        "   256         accepted; the nearest others are 240 and 272",
        "   forced by   the same layers as H",
    ]
    assert max(map(len, lines)) <= 80


def test_the_answer_as_json() -> None:
    found = answer(UNET, "--list", "1:50", "--test", "224,250", code=1)
    assert found["schema"] == "cnnsum.sizes/1"
    height, width = found["axes"]
    assert [axis["symbol"] for axis in found["axes"]] == ["H", "W"]
    assert (height["input"], height["axis"], height["condition"]) == ("input_layer", 1, "H % 16 == 0 and H >= 16")
    assert (height["status"], height["size"], height["accepted"]) == ("exact", 256, True)
    assert height["nearest"] == {"below": 240, "above": 272}
    assert height["legal"] == width["legal"] == [16, 32, 48]
    assert [one["layer"] for one in height["forced_by"]] == [f"concatenate{end}" for end in ("", "_1", "_2", "_3")]
    assert [one["condition"] for one in height["forced_by"]][-1] == "H % 2 == 0 and H >= 2"
    assert height["forced_by"][0]["place"] == {"path": UNET, "line": 35, "column": 5}
    assert height["because"][0].startswith("concatenate: H % 16 < 8: Concatenate needs inputs of equal shapes")
    assert [(one["size"], one["legal"]) for one in found["tested"]] == [("224", True), ("250", False)]


@each(("tests", "code"), [("224,640", 0), ("224,650", 1), ("H=256", 0), ("W=1", 1), ("H=W=224", 0), ("H=W=1", 1)])
def test_tested_sizes_and_exit_codes(tests: str, code: int) -> None:
    assert call("sizes", UNET, "--test", tests).code == code


def test_a_size_in_the_file_that_is_refused() -> None:
    found = answer(UNET, "-i", "250,256,3")
    height, width = found["axes"]
    assert (height["size"], height["accepted"], height["nearest"]) == (250, False, {"below": 240, "above": 256})
    assert width["accepted"]
    assert "250         not accepted; the nearest are 240 and 256" in call("sizes", UNET, "-i", "250,256,3").out


def test_keep_and_set() -> None:
    assert answer(UNET, "--keep")["axes"] == []
    assert "All sizes of the inputs are fixed" in call("sizes", UNET, "--keep").out
    assert [axis["symbol"] for axis in answer(UNET, "--set", "W=320")["axes"]] == ["H"]
    wrong = call("sizes", UNET, "--set", "W=321")
    assert wrong.code == 1  # at this width the model has errors, whatever its height
    assert "SHP207" in wrong.err


def test_channels_and_batch() -> None:
    spec = "{input: [8, 8, 6], layers: [{Conv2D: {filters: 4, kernel_size: 3, groups: 2}}]}"
    found = answer("-", "--free", "channels", stdin=spec)
    assert [(axis["symbol"], axis["condition"]) for axis in found["axes"]] == [
        ("H", "H >= 3"),
        ("W", "W >= 3"),
        ("C", "C % 2 == 0 and C >= 2"),
    ]
    assert found["axes"][2]["weights"] == ["conv2d"]


def test_relations_are_solved_with_the_files_sizes() -> None:
    spec = "{input: [6, 8, 3], layers: [{Permute: {dims: [2, 1, 3], name: t}}, {Concatenate: {from: [input, t]}}]}"
    height, width = answer("-", "--list", "1:20", stdin=spec)["axes"]
    assert (height["condition"], height["given"], height["legal"]) == ("H == W", {"W": 8}, [8])
    assert (width["given"], width["legal"], width["nearest"]) == ({"H": 6}, [6], {"below": 6, "above": None})
    assert answer("-", "--test", "7", stdin=spec)["tested"][0]["legal"]


def test_what_the_file_declares() -> None:
    spec = "{symbols: {H: {min: 64, multiple_of: 8}}, input: [H, 64, 3], layers: [{MaxPooling2D: [[80, 2]]}]}"
    height = answer("-", stdin=spec)["axes"][0]
    assert height["condition"] == "H >= 80"
    assert height["declared"] == {"condition": "H % 8 == 0 and H >= 64", "holds": False, "refused": 64}


def test_a_search_that_is_given_up_says_so() -> None:
    spec = (
        "inputs: {a: [64, 4], b: [S, 4]}\nlayers: ["
        "Add: {from: [a, b]}, AveragePooling1D: {pool_size: 2, padding: same}, Reshape: {target_shape: [1, 128]}]"
    )
    text = call("sizes", "-", "--list", "1:5000", stdin=spec.encode()).out
    words = " ".join(text.split())
    assert "64 accepted; the nearest that was found is 63, not searched further than 320" in words
    axis = answer("-", "--list", "1:5000", stdin=spec)["axes"][0]
    assert axis["nearest"] == {"below": 63, "above": None, "searched_to": {"below": None, "above": 320}}
    assert axis["legal"] == list(range(1, 65))
    assert f"64; not searched further than {axis['legal_to']:,}" in words
    # Where nothing is left to try, null is proved, and nothing else is said.
    short = answer("-", "--list", "1:64", stdin=spec)["axes"][0]
    assert "legal_to" not in short


def test_a_model_with_no_legal_size() -> None:
    spec = """
    input: [H, 8, 3]
    layers:
      - Conv2D: {filters: 3, kernel_size: 3, padding: same, strides: [2, 1], name: down, from: input}
      - UpSampling2D: {size: [2, 1], name: up}
      - Concatenate: {from: [input, up], name: even}
      - Cropping2D: {cropping: [[1, 0], [0, 0]], from: up, name: cropped}
      - Concatenate: {from: [input, cropped], name: odd}
      - Concatenate: {from: [even, odd]}
    """
    code, out, err = call("sizes", "-", stdin=spec.encode())
    assert code == 1
    assert "accepts     false" in out
    assert "SHP222 " in err
    assert "`odd` needs H % 2 == 1" in err
    assert "`even` needs H % 2 == 0" in err


@each(
    ("arguments", "message"),
    [
        (("--test", "0"), "`0` is not a size: write 224 or H=224"),
        (("--test", "-5"), "`-5` is not a size"),
        (("--test", "2x"), "`2x` is not a size"),
        (("--list", "9:3"), "`9:3` is not a range of sizes"),
        (("--list", "12"), "`12` is not a range of sizes"),
        (("--list", "1:99999999"), "has more than 1,000,000 sizes"),
        (("--free", "height"), "'height' is not one of 'channels', 'batch'"),
        (("--test", "HH=3"), "the model has no symbol `HH`"),
        (("--keep", "--test", "3"), "the model has no open image size or sequence length"),
        (("--set", "Q=3"), "the model has no var or symbol `Q`"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], message: str) -> None:
    code, out, err = call("sizes", UNET, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_file_that_is_not_there() -> None:
    code, out, err = call("sizes", "missing.yaml")
    assert (code, out) == (2, "")
    assert "SPC001" in err


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "sizes.json"
    assert call("sizes", UNET, "--format", "json", "-o", str(target)) == (0, "", "")
    assert json.loads(target.read_text())["schema"] == "cnnsum.sizes/1"


UNUSED = """input: [H, W, 2]
layers:
- AveragePooling2D: {pool_size: 3, strides: 2, padding: same, name: n0}
- Cropping2D: {cropping: 2, from: input, name: unused}
- ReLU: {from: n0, name: n3}
"""


def test_a_layer_that_no_output_needs_is_judged_alike_by_all_commands(tmp_path: Path) -> None:
    path = tmp_path / "unused.yaml"
    path.write_text(UNUSED, encoding="utf-8")
    model = str(path)
    for size, accepted in ((4, False), (5, True)):
        assert (call(model, "-i", f"{size},9,2").code == 0) is accepted
        assert (call("sizes", model, "--test", f"H={size}").code == 0) is accepted
        swept = json.loads(call(model, "--sweep", f"H={size}", "--set", "W=9", "--format", "json").out)
        assert [row["status"] for row in swept["variants"]] == ["legal" if accepted else "illegal"]
        report = cnnsum.summarize(cnnsum.load(model))
        if accepted:
            assert report.evaluate(H=size, W=9).totals.params.total == 0
        else:
            with pytest.raises(ValueError, match="`unused` needs H >= 5"):
                report.evaluate(H=size, W=9)
    nothing = call("fit", model, "--vary", "H", "--inference", "--memory", "300B", "--set", "W=9", "--format", "json")
    assert nothing.code == 1  # a height of 4 would be within the limit, and is not accepted


def test_no_size_is_accepted_where_an_error_is_there_at_all_of_them():
    text = b"input: [32, 32, 3]\nlayers:\n  - Flatten\n  - Reshape: [[7, 11]]\n"
    done = call("sizes", "-", "--test", "32", "--list", "10:12", stdin=text)
    assert done.code == 1
    assert done.out.count("accepts     no size") == 2
    assert "32          not accepted, nor is any other size" in done.out
    assert "32  not accepted: `reshape` (<stdin>:4:5) needs what no size gives" in done.out
    told = json.loads(call("sizes", "-", "--test", "32", "--list", "10:12", "--format", "json", stdin=text).out)
    assert [axis["condition"] for axis in told["axes"]] == ["no size"] * 2
    assert [one["legal"] for one in told["tested"]] == [False]
    assert told["tested"][0]["refused_by"]["place"]["line"] == 4
