"""A client of `cnnsum server` that knows no more of the protocol than its messages: for measuring and for fuzzing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any


class Client:
    """A server in a process of its own, asked one thing at a time. said: notifications that came meanwhile."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "cnnsum", "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.said: list[dict[str, Any]] = []
        self._numbers = count(1)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def raw(self, data: bytes) -> None:
        """Send bytes, whatever they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        """Tell something that is not answered."""
        self.send({"method": method, "params": params})

    def receive(self) -> dict[str, Any]:
        """The next message."""
        assert self.process.stdout is not None
        length = 0
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError("the server has ended")
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            if line == b"\r\n":
                message: dict[str, Any] = json.loads(self.process.stdout.read(length))
                return message

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """The whole answer to a request: with `result`, or with `error`."""
        number = next(self._numbers)
        self.send({"id": number, "method": method, "params": params})
        return self.answer(number)

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to the request of that number."""
        while True:
            message = self.receive()
            if message.get("id") == number and "method" not in message:
                return message
            self.said.append(message)

    def start(self, capabilities: dict[str, Any] | None = None, root: str | None = None) -> dict[str, Any]:
        """Greet the server as an editor does."""
        uri = None if root is None else Path(root).absolute().as_uri()
        answer = self.ask("initialize", {"processId": None, "rootUri": uri, "capabilities": capabilities or {}})
        self.notify("initialized", {})
        return answer

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """The next diagnostics of a text."""
        while True:
            found = [one for one in self.said if one.get("method") == "textDocument/publishDiagnostics"]
            mine = [one for one in found if one["params"]["uri"] == uri]
            if mine:
                self.said.clear()
                listed: list[dict[str, Any]] = mine[-1]["params"]["diagnostics"]
                return listed
            self.said.append(self.receive())

    def cpu_seconds(self) -> float:
        """What the server has used of the processor so far, in all its threads (Linux)."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks.iterdir()) / 1e9

    def memory(self) -> int:
        """Bytes of memory that the server holds (Linux)."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> int:
        """Shut it down as an editor does; its exit code."""
        self.ask("shutdown", None)
        self.notify("exit", None)
        return self.process.wait(10)
