"""`python -m cnnsum` as a process: pipes that break, disks that are full, streams that are closed, terminals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from processes import COMMAND, ROOT, environment, on_a_terminal, shell

from tests.thorough import each

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and terminals of POSIX")

SEED = "specs/horses_or_humans.yaml"
LARGE = ["specs/resnet152.yaml", "--format"]


def test_module_and_codes() -> None:
    code, out, err = shell(f"cnnsum --keras < {SEED} -")
    assert (code, err) == (0, "")
    assert out.startswith('Model: "sequential"\n')
    assert shell("cnnsum nowhere.yaml") == (2, "", "SPC001 there is no file `nowhere.yaml`\n")
    assert shell("echo '{input: [4], layers: [Conv2D: [3, 3]]}' | cnnsum - > /dev/null")[0] == 1


@each("unbuffered", ["", "1"])
@each(
    "command",
    [
        f"cnnsum {LARGE[0]}",
        f"cnnsum {LARGE[0]} --color always",
        f"cnnsum {LARGE[0]} --format json",
        "cnnsum layers",
        "cnnsum --help",
    ],
)
def test_a_reader_that_has_seen_enough(command: str, unbuffered: str) -> None:
    code, out, err = shell(f"{{ {command}; echo code $? >&2; }} | head -c 20", PYTHONUNBUFFERED=unbuffered)
    assert (code, err) == (0, "code 0\n")
    assert 0 < len(out) <= 20


def test_a_broken_pipe_hides_no_error() -> None:
    spec = "{input: [4], layers: [Conv2D: [3, 3]]}"
    code, _, err = shell(f"{{ echo '{spec}' | cnnsum -; echo code $? >&2; }} | true")
    assert code == 0
    assert err.endswith("code 1\n")
    assert "SHP204" in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk() -> None:
    message = "Error: the output cannot be written: No space left on device\n"
    assert shell(f"cnnsum {SEED} > /dev/full") == (2, "", message)
    assert shell("cnnsum --help > /dev/full") == (2, "", message)
    assert shell(f"cnnsum {SEED} > /dev/full 2>&1") == (2, "", "")
    code, out, err = shell(f"cnnsum {SEED} -v 2> /dev/full")
    assert (code, err) == (0, "")
    assert out.startswith("Model")


def test_closed_streams() -> None:
    assert shell(f"cnnsum {SEED} >&-") == (2, "", "Error: the output cannot be written: standard output is closed\n")
    assert shell("cnnsum nowhere 2>&-") == (2, "", "")
    assert shell(f"cnnsum {SEED} >&- 2>&-") == (2, "", "")
    code, out, err = shell("cnnsum - <&-")
    assert (code, out) == (2, "")
    assert err.startswith("SPC003 cannot read")


def test_output_to_standard_output_by_its_device() -> None:
    plain = shell(f"cnnsum {SEED}")[1]
    assert shell(f"cnnsum {SEED} -o /dev/stdout | cat") == (0, plain, "")


def test_a_disk_that_is_full_halfway_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "result"
    target.write_text("old", encoding="utf-8")

    resource = pytest.importorskip("resource")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [*COMMAND, *LARGE, "json", "-o", str(target)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        check=False,
        preexec_fn=limit,
    )
    assert (done.returncode, done.stderr) == (2, f"Error: cannot write '{target}': File too large\n".encode())
    assert target.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["result"]


def heed() -> None:
    """Do not ignore interrupts, as what runs in the background of a shell does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt(tmp_path: Path) -> None:
    fifo = tmp_path / "model.yaml"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [*COMMAND, str(fifo)],
        cwd=ROOT,
        env=environment(),
        stderr=subprocess.PIPE,
        preexec_fn=heed,  # noqa: PLW1509 - no threads here
    ) as running:
        with open(fifo, "wb"):  # it waits for the text from here on
            time.sleep(0.2)
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (130, b"")


@pytest.mark.parametrize(
    "settings",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_without_utf_8(settings: dict[str, str]) -> None:
    code, out, err = shell(f"cnnsum {SEED}", **settings)
    assert (code, err) == (0, "")
    assert out.split("\n")[1] == "+" + "-" * 74 + "+"


# --- terminals --------------------------------------------------------------------------------------------------------


def test_a_terminal_gets_colors_and_its_width() -> None:
    code, out = on_a_terminal(SEED, "--keras", columns=60)
    assert code == 0
    assert "\x1b[38;5;33mConv2D\x1b[0m" in out
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert plain == shell(f"cnnsum {SEED} --keras", COLUMNS="60")[1]
    assert len(plain.split("\n")[1]) == 56


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colors(more: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal(SEED, **more)[1]


def test_diagnostics_stand_below_the_summary_on_a_terminal(tmp_path: Path) -> None:
    spec = tmp_path / "bad.yaml"
    line = "  - Dense: {units: 4, activation: rleu, kernel_initializer: he_normal, bias_initializer: zeros, name: d}"
    spec.write_text(f"input: [4]\nlayers:\n{line}\n", encoding="utf-8")
    code, out = on_a_terminal(str(spec), "--color", "never", columns=60)
    assert code == 1
    summary, _, said = out.rpartition("\n\n")
    assert summary.startswith("Model: ")
    assert said.startswith(f"{spec}:3:")
    assert all(len(one) <= 60 for one in said.split("\n")[1:])
    marked, carets = said.split("\n")[1:3]
    assert marked[carets.index("^") :].startswith("rleu")


@pytest.mark.peers
@pytest.mark.skipif(find_spec("keras") is None, reason="needs Keras")
@pytest.mark.parametrize(("terminal", "columns"), [("xterm-256color", 80), ("xterm", 200), ("linux", 50)])
def test_a_terminal_shows_what_keras_shows(terminal: str, columns: int, tmp_path: Path) -> None:
    """Byte for byte, colours included, but for those that could hardly be read."""
    from keras_text import darker  # which imports Keras

    model = tmp_path / "model.json"
    make = "import keras, sys; open(sys.argv[1], 'w').write(keras.applications.MobileNetV2(weights=None).to_json())"
    show = "import keras, sys; keras.models.model_from_json(open(sys.argv[1]).read()).summary()"
    subprocess.run([sys.executable, "-c", make, str(model)], check=True, env=environment(KERAS_BACKEND="numpy"))
    found = on_a_terminal(str(model), "--keras", columns=columns, TERM=terminal)
    keras = [sys.executable, "-c", show]
    code, shown = on_a_terminal(str(model), columns=columns, command=keras, TERM=terminal, KERAS_BACKEND="numpy")
    assert found == (code, darker(shown))


def test_the_reference_of_layers_fits_a_terminal() -> None:
    code, out = on_a_terminal("layers", columns=60)
    assert code == 0
    assert max(map(len, out.split("\n"))) <= 60
    code, out = on_a_terminal("layers", "Conv2D", columns=60)
    assert code == 0
    assert max(map(len, out.split("\n"))) <= 60
    assert out.split() == shell("cnnsum layers Conv2D")[1].split()
