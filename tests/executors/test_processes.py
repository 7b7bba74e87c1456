"""Items worked on in several processes, of which some die."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsum.executors import Died
from cnnsum.executors.processes import Processes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that are copies of this one")
ROOT = Path(__file__).resolve().parent.parent.parent


def work(job: str | int) -> object:
    """Do what a job says."""
    if job == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if job == "fault":
        faulthandler.disable()  # pytest's, which would tell of it
        os.kill(os.getpid(), signal.SIGSEGV)
    if job == "exit":
        os._exit(3)
    if job == "raise":
        raise SystemExit(4)
    if job == "large":
        return "x" * 300_000
    return job


WHY = {
    "kill": Died("it was killed by SIGKILL"),
    "fault": Died("it was killed by SIGSEGV"),
    "exit": Died("it ended with 3"),
    "raise": Died("it ended with 4"),
    "large": "x" * 300_000,
}


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, "large", *WHY]), max_size=12), st.integers(1, 4), st.integers(1, 5))
def test_every_job_has_an_outcome(jobs: list[str | int], processes: int, piece: int) -> None:
    wanted = [WHY.get(job, job) if isinstance(job, str) else job for job in jobs]
    assert [*Processes(processes, piece).map(work, jobs)] == wanted


KILLER = '''
import os
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape

@layer
def Killer(x: Shape) -> Facts:
    """Ends the process."""
    os.kill(os.getpid(), 9)
    return Facts(x)
'''


def test_check_reports_the_file_and_goes_on(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"m{number}.yaml").write_text("input: [4]\nlayers: [{Dense: q}]\n", encoding="utf-8")
    (tmp_path / "m4.yaml").write_text("input: [4]\nlayers: [Killer]\n", encoding="utf-8")
    (tmp_path / "killer.py").write_text(KILLER, encoding="utf-8")
    command = [sys.executable, "-m", "cnnsum", "check", ".", "--plugin", "./killer.py", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for more, code in ((["--format", "concise"], 2), (["--format", "concise", "--exit-zero", "--ignore", "SPC026"], 2)):
        done = subprocess.run(
            [*command, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stderr
        lines = done.stdout.splitlines()
        assert sum("SPC026" in line for line in lines) == (8 if "--ignore" not in more else 0)
        told = "error: SPC075 the process that checked it ended without an answer: it was killed by SIGKILL"
        assert f"m4.yaml:1:1: {told}" in lines


def test_no_process_outlives_an_interrupt(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from cnnsum.executors.processes import Processes\n"
        "def work(job):\n    os.write(1, f'{os.getpid()}\\n'.encode())\n    time.sleep(60)\n"
        "try:\n    list(Processes(2, 2).map(work, range(4)))\nexcept KeyboardInterrupt:\n    sys.exit(130)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        children = [int(running.stdout.readline()) for _ in range(2)]
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
    end = time.monotonic() + 10
    while any(map(alive, children)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(alive, children))


def alive(process: int) -> bool:
    """Whether a process runs; one that ended and that nobody waits for does not."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
