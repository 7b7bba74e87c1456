"""What codes mean: every code is documented, and of its two examples one fails and one passes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cnnsum.codes import CALL, Code, meaning, meanings
from cnnsum.diagnostics import CODES
from tests.thorough import in_batches

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from calling import call  # noqa: E402 - of the folder of the command line

#: Codes without examples, of which those of advice are tried with their rules, and why no example can be given.
WITHOUT = {
    "SPC069": "nothing in cnnsum is known to fail",
    "SPC075": "a process would have to be ended",
    "SPC080": "an exported program",
    "SPC081": "a file of ONNX",
    "SPC082": "a file of ONNX",
    "SPC085": "a cluster",
    "UNK707": "a file of TensorFlow Lite",
    "UNK708": "a file of Caffe",
    "SHP225": "a file with weights",
    "SHP227": "an exported program",
    "SHP228": "an architecture file of Ultralytics",
    "SHP229": "an exported program",
    "GRF306": "a file of megabytes",
    "GRF313": "a file of ONNX",
    "GRF314": "a file of ONNX",
}
OTHERS = [one for one in meanings() if one.family != "ARC" and one.code not in WITHOUT]
SHELL = 'cnnsum() { "$PYTHON" -m cnnsum "$@"; }\npython3() { "$PYTHON" "$@"; }\n'
PLAIN = re.compile(r"cnnsum(?: [\w./,:=+%*-]+)+")


def said(example: str) -> tuple[int, str]:
    """The exit code of an example, tried in the working directory, and what is written."""
    Path("net.yaml").write_text("input: [28, 28, 1]\nlayers: [Flatten, Dense: 10]\n", encoding="utf-8")
    if not example.startswith(CALL):
        name = "model.json" if example.startswith("{") else "model.yaml"
        Path(name).write_text(example, encoding="utf-8")
        done = call("check", name)
        return done.code, done.out + done.err
    code, text = 0, ""
    for part in example[len(CALL) :].rstrip("\n").split(" && "):
        if PLAIN.fullmatch(part):
            done = call(*shlex.split(part)[1:])
            code, text = done.code, text + done.out + done.err
        else:
            code, more = _in_bash(part)
            text += more
    return code, text


def _in_bash(part: str) -> tuple[int, str]:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("the examples are bash's")
    done = subprocess.run(
        [bash, "-c", SHELL + part],
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _in_a_folder(example: str) -> tuple[int, str]:
    before = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return said(example)
        finally:
            os.chdir(before)


@in_batches(OTHERS, lambda one: one.code, 4)
def test_the_examples(one: Code) -> None:
    _, text = _in_a_folder(one.bad)
    assert one.code in text, f"{one.code} is not found in its example: {text}"
    code, text = _in_a_folder(one.good)
    assert (code, one.code in text) == (0, False), f"{one.code} passes: {text}"


def test_every_code_is_documented_in_all_its_parts() -> None:
    assert [one.code for one in meanings()] == list(CODES)
    for one in meanings():
        assert one.what.rstrip().endswith("."), one.code
        assert one.why.rstrip().endswith((".", ".)")), one.code
        if one.family != "ARC":
            assert one.mend.endswith("."), one.code
        assert bool(one.bad and one.good) != (one.code in WITHOUT), one.code


def test_there_is_nothing_of_a_code_that_is_none() -> None:
    for code in ("SPC999", "ARC499", "XYZ001"):
        with pytest.raises(KeyError):
            meaning(code)


def test_advice_says_of_its_example_how_it_is_mended() -> None:
    from cnnsum.codes.advice import with_mend

    assert with_mend(meaning("ARC401")).mend == "Of this example: `use_bias: false`."
    assert with_mend(meaning("SHP204")) == meaning("SHP204")
