"""Child processes as the parent sees them: asked, waited for with a limit, ended and started again."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds that a case may take before its process is ended, on a machine that does other things as well.
WALL = 90.0


class Child:
    """One process. `ask` gives its answer, or what became of it; then it must be started again."""

    def __init__(self, hash_seed: str | None = None) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        if hash_seed is not None:
            environment["PYTHONHASHSEED"] = hash_seed
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.fuzz.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.count = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(b"")

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question; {"faults": [...], "ended": True} where the process died or hangs."""
        self.count += 1
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            line = self.lines.get(timeout=WALL)
        except queue.Empty:
            self.end()
            return {"faults": [f"hangs: no answer in {WALL:.0f} s"], "ended": True}
        except OSError:
            line = b""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = self.process.wait()
        where = self._said()
        self.end()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        kind = "hangs" if name == "SIGXCPU" else f"dies of {name}"
        return {"faults": [f"{kind}: {where}"], "ended": True}

    def _said(self) -> str:
        """The innermost frames of cnnsum on the stack that the process left, or the end of what it said."""
        self.errors.seek(0)
        text = self.errors.read().decode("utf-8", "replace")
        frames = [line.strip() for line in text.splitlines() if "/cnnsum/" in line]
        return " < ".join(line.rpartition("/cnnsum/")[2].replace('"', "") for line in frames[:4]) or text[-300:]

    def end(self) -> None:
        """End the process, and whatever it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.errors.close()

    def finish(self) -> None:
        """Let the process end by itself, so that it takes its folder away."""
        if self.process.poll() is None and self.process.stdin is not None:
            self.process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        self.end()
