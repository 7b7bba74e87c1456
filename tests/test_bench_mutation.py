"""`bench/mutation.py`: its children end within their limits, with all that they started; what it says is exchanged."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="the bench sets limits as Unix has them")
if not hasattr(os, "waitid"):
    pytest.skip("the bench waits as Linux does", allow_module_level=True)

from bench import mutation

ROOT = Path(__file__).parent.parent
PROGRAM = """
import subprocess, sys
from bench.mutation import MEMORY, children

def starts_another():
    return b"%d" % subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid

def does_not_end():
    while True:
        pass

def is_too_large():
    return b"%d" % len(bytearray(MEMORY))

for work, answer in children([(one, one, 1) for one in (starts_another, does_not_end, is_too_large)], 3):
    print(work.__name__, answer and int(answer))
"""


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # what was killed may not have been waited for yet
    return not (state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] in {"Z", "X"})


def test_a_child_ends_with_all_that_it_started_and_within_its_limits():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    answers = dict(line.split() for line in done.stdout.splitlines())
    started = int(answers.pop("starts_another"))
    assert answers == {"does_not_end": "None", "is_too_large": "b''"}
    until = time.monotonic() + 60
    while lives(started):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_one_place_is_exchanged_in_a_live_function(monkeypatch, tmp_path):
    text = "def area(width, height):\n    return width * height + 1\n"
    (tmp_path / "room.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(mutation, "ROOT", tmp_path)
    space = {}
    exec(compile(text, str(tmp_path / "room.py"), "exec"), space)
    area = space["area"]
    right = area.__code__
    values = {}
    for one in mutation.mutants("room.py"):
        area.__code__ = right
        assert one.function == ("room.py", 1, "area")
        assert mutation.put_in(one, [area])
        values[one.what] = area(3, 5)
    assert values == {"Mult -> Add": 9, "1 -> 2": 17, "Add -> Sub": 14}


def test_the_tests_that_stand_nearest_come_first():
    names = ("tests/cli/test_process.py", "tests/analyses/test_training.py", "tests/analyses/test_envelope.py")
    path = "cnnsum/analyses/sizes/envelope.py"
    assert [mutation.nearness(ROOT / name, path) for name in names] == [0, 1, 2]
