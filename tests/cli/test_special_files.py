"""Pipes, devices, sockets, streams that are full or closed, and signals at any moment: nothing waits for ever, and
nothing ends in a traceback.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from calling import call

from cnnsum.source import special
from tests.thorough import each, some

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and signals of POSIX")

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = "specs/horses_or_humans.yaml"
FORMATS = [
    *(["show", SEED, "--format", form] for form in ("table", "json", "csv", "markdown", "mermaid", "dot")),
    *(["show", SEED, "--chart", "params", "--format", form] for form in ("table", "svg")),
    *(["explain", SEED, "--format", form] for form in ("text", "markdown", "json")),
    *(["convert", SEED, "--to", form] for form in ("keras", "yaml", "json")),
    *(["diff", SEED, "specs/unet.yaml", "--format", form] for form in ("text", "markdown", "json")),
    *(["check", "tests/corpus/err/case.yaml", "--format", form] for form in ("text", "concise", "json", "sarif")),
    *(["check", "tests/corpus/err/case.yaml", "--format", form] for form in ("github", "gitlab", "junit")),
    *(["sizes", SEED, "--format", form] for form in ("text", "json")),
    *(["fit", SEED, "--params", "9G", "--format", form] for form in ("text", "json")),
    *(["show", SEED, "--sweep", "batch=1:3", "--format", form] for form in ("table", "json", "csv", "markdown")),
    *(["schema"], ["rule"], ["layers"], ["show", SEED, "--color", "always"]),
]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(special, "PATIENCE", 0.05)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.yaml")
    (tmp_path / "model.yaml").write_text("input: [4]\nlayers: [{Dense: 3}]\n", encoding="utf-8")
    return tmp_path


def test_a_pipe_that_nothing_writes_to_is_refused_as_a_folder_is(folder: Path) -> None:
    done = call("pipe.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == "SPC002 `pipe.yaml` is a pipe that nothing writes to\n  help: name a file\n"
    for arguments in (
        ["explain", "pipe.yaml"],
        ["diff", "model.yaml", "pipe.yaml"],
        ["convert", "pipe.yaml", "--to", "keras"],
        ["model.yaml", "--layer-types", "pipe.yaml"],
        ["check", "model.yaml", "--layer-types", "pipe.yaml"],
        ["check", "model.yaml", "--baseline", "pipe.yaml"],
    ):
        done = call(*arguments)
        assert (done.code, "pipe that nothing writes to" in done.err) == (2, True), (arguments, done)
    done = call("check", "pipe.yaml", "model.yaml", "--format", "concise")
    assert done.out == "pipe.yaml:1:1: error: SPC002 `pipe.yaml` is a pipe that nothing writes to\n"
    assert call("check", "pipe.yaml", "--fix").code == 1
    assert call("check", ".", "--format", "concise").code == 0  # in a folder, pipes are not files of models


def test_configuration_and_what_is_included_are_files(folder: Path) -> None:
    os.mkfifo("cnnsum.toml")
    done = call("check", "model.yaml", "--format", "concise")
    assert "cnnsum.toml:1:1: error: SPC049 cannot read `cnnsum.toml`: " in done.out
    assert "is a pipe that nothing writes to" in done.out
    Path("cnnsum.toml").unlink()
    os.mkfifo(".gitignore")
    Path(".git").mkdir()
    assert call("check", ".").code == 0
    Path("outer.yaml").write_text("include: pipe.yaml\ninput: [4]\nlayers: [{Dense: 3}]\n", encoding="utf-8")
    assert "SPC063 `pipe.yaml` is not a file" in call("outer.yaml").err
    os.mkfifo("plug.py")
    assert "SPC070" in call("model.yaml", "--plugin", "./plug.py").err


def test_a_pipe_is_read_however_late_its_text_comes(folder: Path) -> None:
    script = "{ sleep 0.4; echo '{input: [4], layers: [{Dense: '; sleep 0.3; echo '3}]}'; } > pipe.yaml"
    with subprocess.Popen(["sh", "-c", script], cwd=folder) as writer:
        special.PATIENCE = 30.0
        done = call("pipe.yaml", "--keras")
        assert (done.code, done.err) == (0, "")
        assert "Total params: 15" in done.out
        assert writer.wait(30) == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_what_a_shell_substitutes(folder: Path) -> None:
    command = f"PYTHONPATH='{ROOT}' '{sys.executable}' -m cnnsum"
    script = f"{command} --keras <(sleep 0.1; cat model.yaml) && {command} --keras /dev/stdin < model.yaml"
    script += f" && cat model.yaml | {command} --keras /dev/stdin && {command} diff <(cat model.yaml) <(cat model.yaml)"
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Total params: 15") == 3


def test_devices_and_sockets(folder: Path) -> None:
    assert "SPC004" in call("/dev/null").err
    for name in ("/dev/zero", "/dev/full", "/dev/random"):
        if os.path.exists(name):
            assert call(name).err == f"SPC002 `{name}` is a device\n  help: name a file\n"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
        assert call("socket").err == "SPC002 `socket` is a socket\n  help: name a file\n"
        done = call("model.yaml", "-o", "socket")
        assert (done.code, done.err) == (2, "Error: cannot write 'socket': `socket` is a socket\n")


def test_a_pipe_that_nothing_reads_from(folder: Path) -> None:
    for arguments in (
        ["model.yaml", "-o"],
        ["convert", "model.yaml", "--to", "yaml", "-o"],
        ["check", "model.yaml", "-o"],
    ):
        done = call(*arguments, "pipe.yaml")
        assert (done.code, done.out) == (2, "")
        assert "Error: cannot write 'pipe.yaml': it is a pipe that nothing reads from\n" in done.err
    assert call("check", "model.yaml", "--write-baseline", "pipe.yaml").code == 2
    assert call("model.yaml", "-o", ".").code == 2
    with subprocess.Popen(["cat", "pipe.yaml"], stdout=subprocess.PIPE) as reader:
        special.PATIENCE = 30.0
        assert call("model.yaml", "--keras", "-o", "pipe.yaml").code == 0
        assert b"Total params: 15" in reader.communicate(timeout=30)[0]


def shell(script: str) -> tuple[int, str, str]:
    """Run a line of shell in which `cnnsum` is the command."""
    whole = f'cnnsum() {{ "{sys.executable}" -m cnnsum "$@"; }}; {script}'
    done = subprocess.run(["sh", "-c", whole], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_for_every_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for arguments in some(FORMATS, 2):
        monkeypatch.setattr(sys, "argv", ["cnnsum", *arguments])
        with open("/dev/full", "w", encoding="utf-8") as full, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", full)
            from cnnsum.cli import main

            with pytest.raises(SystemExit) as end:
                main()
            assert end.value.code == 2, arguments
        if "layers" not in arguments:
            done = call(*arguments, "-o", "/dev/full")
            assert done.code == 2, arguments
            assert "Error: cannot write '/dev/full': No space left on device\n" in done.err, arguments


def test_closed_streams_for_every_command() -> None:
    commands = [f"cnnsum {' '.join(one)}" for one in (*FORMATS[::20], ("--version",), ("show", "--help"))]
    script = "; ".join(
        f"{one} {closed}; echo $? >&3" for one, closed in product(commands, (">&-", ">&- 2>&-", "<&- 2>&-"))
    )
    code, out, err = shell(f"{{ {script}; }} 3>&1 > /dev/null")
    assert "Traceback" not in err
    assert code == 0
    codes = out.split()
    assert codes[0::3] == codes[1::3] == ["2"] * len(commands)
    assert set(codes[2::3]) <= {"0", "1"}


#: The start of the command, with a signal to itself when a module is about to be loaded.
START = """
import os, signal, sys
if {heed}:  # what runs in the background of a shell ignores interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder())
from cnnsum.__main__ import process
sys.argv[0] = "cnnsum"
process()
"""


@each("module", ["cnnsum.cli", "click.core", "cnnsum.cli.show", "cnnsum.graph.infer", "cnnsum.answers.summary.table"])
def test_a_signal_at_any_moment_of_the_start(module: str, tmp_path: Path) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        start = START.format(name=module, number=int(number), heed=True)
        command = [sys.executable, "-c", start, str(ROOT / SEED), "-o", "result"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")
        assert os.listdir(tmp_path) == []


def test_signals_that_are_ignored_stay_so(tmp_path: Path) -> None:
    start = START.format(name="cnnsum.graph.infer", number=int(signal.SIGINT), heed=False)
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", start, str(ROOT / SEED)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
