"""A child process: runs cases one after another through the real command line, and says what came of each.

A line of JSON in is a case (`{"seed", "number"}` or `{"case"}`), a line out what came of it. Limits hold for each call:
the kernel ends a process that takes far more CPU than is allowed, with its stack on standard error; memory beyond the
limit cannot be had.
"""

from __future__ import annotations

import faulthandler
import gc
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from typing import Any

from bench.fuzz import oracles
from bench.fuzz.cases import Case, case
from bench.fuzz.oracles import Result

#: Seconds of CPU after which a call is ended. Above the limit for what is allowed, so that slow calls are told apart
#: from those that hang.
HARD_SECONDS = 12
#: Bytes of address space that a call may add; a file is read into a place of 512 MiB that stays empty.
HARD_MEMORY = 2**30
_PAGE = resource.getpagesize()
_HAS_SIZES = os.path.exists("/proc/self/statm")


class Worker:
    """Runs cases in one process. layers: calls in the largest network that was inferred since it was set to 0."""

    def __init__(self) -> None:
        from cnnsum.graph import infer as module

        os.environ["CNNSUM_TRACEBACK"] = "1"
        for name in ("GITHUB_ACTIONS", "NO_COLOR", "_CNNSUM_COMPLETE"):
            os.environ.pop(name, None)
        os.environ["COLUMNS"] = "80"
        self.layers = 0
        self.folder = tempfile.mkdtemp(prefix="cnnsum-fuzz-")
        self.done = 0
        original = module.infer

        def infer(*args: Any, **keys: Any) -> Any:
            result = original(*args, **keys)
            self.layers = max(self.layers, len(result.calls))
            return result

        module.infer = infer  # before anything else takes it from there

    def close(self) -> None:
        """Take the folder away."""
        os.chdir("/")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, one: Case) -> dict[str, Any]:
        """What came of a case."""
        self._clear()
        size = 0
        for name, data in one.files.items():
            if os.path.dirname(name):
                os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "wb") as file:
                file.write(data)
            size += len(data)
        results = []
        found: list[str] = []
        for argv in one.steps:
            result = self._call(argv, one.stdin, size)
            results.append(result)
            found += oracles.faults(result)
            if result.fault is not None:
                break
        if not found and one.judge:
            try:
                found += oracles.JUDGES[one.judge](one, results)
                if one.judge == "fix":
                    name = one.facts["model"]
                    with open(name, "rb") as file:
                        found += oracles.fix_keeps(one.files[name], file.read())
            except (ValueError, KeyError, TypeError, IndexError) as error:
                found.append(f"oracle {one.judge}: {type(error).__name__}: {error}")
        if not found:
            found += oracles.left_over(one, self.folder, results)
        self.done += 1
        if self.done % 25 == 0:
            gc.collect()
        digest = hashlib.sha256(
            repr([(result.code, result.out, result.err) for result in results]).encode("utf-8", "replace")
        )
        return {
            "command": one.command,
            "reader": one.reader,
            "codes": [result.code for result in results],
            "seconds": max(result.seconds for result in results),
            "layers": self.layers,
            "faults": found,
            "digest": digest.hexdigest(),
            "resident": _resident(),
        }

    def _clear(self) -> None:
        os.chdir(self.folder)
        for name in os.listdir(self.folder):
            if os.path.isdir(name):
                shutil.rmtree(name, ignore_errors=True)
            else:
                os.unlink(name)

    def _call(self, argv: list[str], stdin: bytes, size: int) -> Result:
        from cnnsum.cli import main
        from cnnsum.source.raw import READ

        READ.clear()  # a command has a process of its own, which has read nothing yet
        out, err = _Stream("strict"), _Stream("backslashreplace")  # as Python opens them
        streams = sys.argv, sys.stdin, sys.stdout, sys.stderr
        sys.argv, sys.stdin, sys.stdout, sys.stderr = ["cnnsum", *argv], io.TextIOWrapper(io.BytesIO(stdin)), out, err
        code: int | None = None
        fault = None
        self.layers = 0
        gc.disable()
        _forget_peak()
        before = _resident()
        _limit()
        start = time.process_time()
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except MemoryError:
            fault = "memory: MemoryError"
        except BaseException as error:  # noqa: BLE001 - whatever comes out is what is looked for
            fault = _where(error)
        finally:
            seconds = time.process_time() - start
            _unlimit()
            more = _peak() - before
            gc.enable()
            sys.argv, sys.stdin, sys.stdout, sys.stderr = streams
        return Result(argv, code, out.text(), err.text(), seconds, more, self.layers, size, fault)


class _Stream(io.TextIOWrapper):
    """A stream that keeps its text."""

    def __init__(self, errors: str) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding="utf-8", errors=errors, newline="")

    def text(self) -> str:
        self.flush()
        return self.kept.getvalue().decode("utf-8", "surrogateescape")


def _where(error: BaseException) -> str:
    """The kind of a fault: the error, and the place in cnnsum that it came from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "cnnsum" in frame.filename]
    last = frames[-1] if frames else None
    place = f"{os.path.basename(last.filename)} {last.name}" if last else "?"
    message = str(error)[:200].replace("\n", " ")
    return f"traceback {type(error).__name__} in {place}: {message} (line {last.lineno if last else '?'})"


def _statm() -> tuple[int, int]:
    with open("/proc/self/statm", encoding="ascii") as file:
        total, resident = file.read().split()[:2]
    return int(total) * _PAGE, int(resident) * _PAGE


def _resident() -> int:
    return _statm()[1] if _HAS_SIZES else 0


def _peak() -> int:
    """The most bytes that were resident since `_forget_peak`."""
    if not _HAS_SIZES:
        return 0
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def _forget_peak() -> None:
    if _HAS_SIZES:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")


def _limit() -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    end = int(usage.ru_utime + usage.ru_stime) + HARD_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    if _HAS_SIZES:
        resource.setrlimit(resource.RLIMIT_AS, (_statm()[0] + HARD_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _unlimit() -> None:
    for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS):
        most = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most, most))


def serve() -> None:
    """Answer lines of standard input until it ends."""
    faulthandler.enable()
    faulthandler.register(signal.SIGXCPU, chain=True)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints by itself is not an answer
    worker = Worker()
    try:
        for line in _lines():
            asked = json.loads(line)
            one = Case.from_json(asked["case"]) if "case" in asked else case(asked["seed"], asked["number"])
            answers.write(json.dumps(worker.run(one)) + "\n")
            answers.flush()
    finally:
        worker.close()


def _lines() -> Iterator[str]:
    stream = os.fdopen(os.dup(0), encoding="utf-8")
    while line := stream.readline():
        yield line


if __name__ == "__main__":
    serve()
