"""The fuzzing bench: it runs, its cases are made of their numbers alone, and what it looks for it finds."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from bench.fuzz import oracles
from bench.fuzz.cases import COMMANDS, Case, case
from bench.fuzz.oracles import Result
from bench.fuzz.readers import READERS
from tests.thorough import each, examples

ROOT = Path(__file__).parent.parent
RUNS = examples(200)

resource = pytest.importorskip("resource", reason="the bench sets limits as Unix has them")


def test_runs_find_no_escape(tmp_path):
    command = [sys.executable, "-m", "bench.fuzz", "--runs", str(RUNS), "--jobs", "1", "--shrink", "0"]
    done = subprocess.run(
        [*command, "--found", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr == ""
    assert f"{RUNS:,} runs with seed 13" in done.stdout
    assert ": 0 escapes\n" in done.stdout
    assert done.returncode == 0


def test_a_case_is_made_of_its_number():
    """In another process, in which sets have another order and other layer types were loaded first."""
    program = (
        "import json, cnnsum.layers.keras.arrays, cnnsum.layers.keras.audio; from bench.fuzz.cases import case;"
        "print(json.dumps([case(5, n).as_json() for n in range(80)]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True, timeout=120
    )
    elsewhere = [Case.from_json(value) for value in json.loads(done.stdout)]
    assert elsewhere == [case(5, number) for number in range(80)]


def test_every_command_and_reader_is_drawn():
    cases = [case(1, number) for number in range(400)]
    assert {one.command.partition(":")[0] for one in cases} == set(COMMANDS)
    assert {one.reader for one in cases} == {reader.name for reader in READERS} | {"none", "corpus"}


def test_every_option_is_drawn(monkeypatch):
    from bench.fuzz import cases
    from bench.fuzz.readers import Files
    from cnnsum.cli.commands import cli

    # Of calls, not of files, of which a thousand take their time.
    monkeypatch.setattr(
        cases, "files", lambda *_args, **_keys: Files("model.yaml", {"model.yaml": b"{}"}, "none", True)
    )

    drawn = {word for number in range(1500) for argv in case(3, number).steps for word in argv}
    commands = [cli.get_command(None, name) for name in cli.list_commands(None)]
    options = [parameter for command in commands for parameter in command.params if parameter.opts[0].startswith("-")]
    missing = {one.opts[-1] for one in options if not drawn & set(one.opts)}
    # One that does not end, one that starts a browser, one that starts or waits for other processes.
    assert missing == {"--watch", "--open", "--dask"}


def test_sound_files_are_mostly_sound(tmp_path, monkeypatch):
    """Most files that were not damaged are networks without errors: what comes after a fault is not tried."""
    from random import Random

    import cnnsum
    from bench.fuzz.readers import files

    monkeypatch.chdir(tmp_path)
    good = Counter()
    count = 100
    for number in range(count):
        found = files(Random(number), sound=1)
        for name, data in found.contents.items():
            (tmp_path / name).write_bytes(data)
        try:
            model = cnnsum.load(found.name)
        except cnnsum.UnusableError:
            continue
        good["read"] += 1
        good["sound"] += not any(one.severity == "error" for one in model.diagnostics)
    assert good["read"] > 0.8 * count
    assert good["sound"] > 0.3 * count


def test_archives_are_archives():
    found = [one for one in (case(2, number) for number in range(400)) if one.reader == "archive"]
    sound = [data for one in found for name, data in one.files.items() if name.endswith(".keras")]
    assert any(zipfile.is_zipfile(io.BytesIO(data)) for data in sound)


def result(*argv, code=0, out="", err="", **keys):
    keys = {"seconds": 0.1, "memory": 0, "layers": 10, "size": 1000, **keys}
    return Result(argv, code, out, err, **keys)


@each(
    ("wrong", "kind"),
    [
        (result("m.yaml", code=3), "exit code 3"),
        (result("m.yaml", code=None, fault="traceback KeyError in x.py f: 'a'"), "traceback KeyError in x.py f"),
        (result("m.yaml", code=2, err="Error: a fault in cnnsum itself: KeyError"), "fault"),
        (result("m.yaml", seconds=2.1), "time"),
        (result("m.yaml", memory=301 * 2**20), "memory"),
        (result("m.yaml", code=2, out="x"), "half-written"),
        (result("m.yaml", out="a\x1b[31mb"), "control character '\\x1b' in standard output"),
        (result("m.yaml", code=1, err="a\u202eb"), "control character '\\u202e' in standard error"),
        (result("explain", "m.yaml", out="\n::error::x\n"), "workflow command in standard output"),
        (result("m.yaml", code=1, err="SHP201 too small"), "no place SHP201"),
        (result("m.yaml", "--format", "json", out='{"a": NaN}'), "show json does not parse"),
        (result("m.yaml", "--format", "json", out='{"a": 1, "a": 2}'), "show json does not parse"),
        (result("m.yaml", "--format", "json", out='{"schema": "cnnsum.report/1"}'), "schema"),
        (result("m.yaml", "--format", "json", out='{"macs": -1}'), "negative"),
        (result("m.yaml", "--format", "csv", out="a,b\n1\n"), "csv"),
        (result("m.yaml", "--format", "csv", out="a,b\n=1+1,2\n"), "csv"),
        (result("m.yaml", "--chart", "macs", "--format", "svg", out="<svg>"), "show svg does not parse"),
        (result("check", "--format", "junit", out="<a><b></a>"), "check junit does not parse"),
        (result("check", "--format", "github", out="hello\n"), "github"),
    ],
)
def test_what_is_wrong_is_found(wrong, kind):
    assert kind in [fault.partition(":")[0] for fault in oracles.faults(wrong)]


def test_what_is_right_is_not_found():
    right = [
        result("m.yaml", out="Model\n", err="m.yaml:1:2: SHP201 too small\n", code=1),
        result("m.yaml", "--color", "always", out="\x1b[1mModel\x1b[0m\n"),
        result("m.yaml", "--format", "csv", out="a,b\r\n-1,(None, 3)\r\n".replace("(None, 3)", '"(None, 3)"')),
        result("m.yaml", seconds=5, layers=40_000),
        result("check", "--format", "github", out="::error file=a,line=1::x\n", code=1),
    ]
    for one in right:
        assert list(oracles.faults(one)) == []


def test_a_process_that_dies_is_an_answer():
    from bench.fuzz.pool import Child

    child = Child()
    child.process.kill()
    assert child.ask({"seed": 1, "number": 1}) == {"faults": ["dies of SIGKILL: "], "ended": True}


def test_a_case_is_made_smaller():
    from bench.fuzz.shrink import Shrinker

    layers = "".join(f"  - Dense: {number}\n" for number in range(1, 30))
    one = Case(
        "show",
        "",
        {"m.yaml": f"input: [8]\nlayers:\n{layers}  - Nosuch\n".encode(), "x": b""},
        [["m.yaml", "-v", "-b", "2"]],
    )

    class Told(Shrinker):
        def fails(self, one):
            return b"Nosuch" in one.files.get("m.yaml", b"") and "m.yaml" in one.steps[0]

    small = Told("", 60).shrink(one)
    assert small.files == {"m.yaml": b"Nosuch"}
    assert small.steps == [["m.yaml"]]


def test_values_that_are_put_into_files_stay_as_they_are():
    """A value that a later change of the same file reached into made cases depend on those before them."""
    from random import Random

    from bench.fuzz.mutate import ARSENAL, restructured

    before = repr(ARSENAL)
    for number in range(3000):
        restructured({"a": [{"b": 1}, {"c": 2}]}, Random(number))
    assert repr(ARSENAL) == before
