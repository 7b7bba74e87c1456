"""What a keystroke costs in `cnnsum server`, in processor time of the server's own process (Linux).

    python -m bench.server [FILE ...]

For each file: opening it up to its errors and its hints, then single characters typed in its middle, each up to errors
and hints, of the lines on a screen and of all lines: the median, and the quickest. Beside them what a full run takes,
`cnnsum FILE` in a process of its own, and what the server's memory has grown by. Without a file, a spec of 1,000
layers.

On a busy machine give it priority (`nice -n -10`): where a character takes longer than a pause, its advice is measured,
too.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.server_client import Client

#: Characters that are typed, and lines of a screen.
_TYPED = 40
_SCREEN = 60


def spec(layers: int) -> str:
    """A spec of that many layers, written in the ways that people write them."""
    lines = ["input: [224, 224, 3]", "layers:"]
    for number in range(layers // 4):
        lines += [
            f"  - Conv2D: {{filters: {16 + number % 7}, kernel_size: 3, padding: same, name: conv_{number}}}",
            "  - BatchNormalization",
            "  - Activation: relu",
            "  - Conv2D:",
            "      filters: 8",
            "      kernel_size: 1",
        ]
    return "\n".join(lines) + "\n"


def measure(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    client = Client()
    client.start()
    before, begun = client.cpu_seconds(), time.perf_counter()
    uri = path.as_uri()
    client.notify(
        "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}
    )
    client.diagnostics(uri)
    hints = _hints(client, uri, 0, len(lines))
    first = time.perf_counter() - begun
    print(f"{path.name}: {len(text):,} characters, {len(lines):,} lines, {hints:,} hints")
    print(f"  opened           {1000 * (client.cpu_seconds() - before):7.1f} ms of CPU  {1000 * first:7.1f} ms of time")
    print(f"  a full run       {1000 * _full_run(path):7.1f} ms of CPU")
    middle = len(lines) // 2
    column = len(lines[middle]) if len(lines) > 1 else text.rfind('"name"')
    for what, start, end in (("a screen", middle, middle + _SCREEN), ("all lines", 0, len(lines))):
        _rest(client)
        memory = client.memory()
        used, took = [], []
        for number in range(_TYPED):
            before, begun = client.cpu_seconds(), time.perf_counter()
            position = {"line": middle, "character": column}
            behind = {"line": middle, "character": column + 1}
            change: dict[str, Any] = {"range": {"start": position, "end": position}, "text": " "}
            if number % 2:
                change = {"range": {"start": position, "end": behind}, "text": ""}
            document = {"uri": uri, "version": number + 2}
            client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
            client.diagnostics(uri)
            _hints(client, uri, start, end)
            used.append(1000 * (client.cpu_seconds() - before))
            took.append(1000 * (time.perf_counter() - begun))
        print(
            f"  a character      {median(used):7.1f} ms of CPU, {min(used):.1f} at best  {median(took):7.1f} ms of time"
            f"  (hints of {what}); {(client.memory() - memory) / 2**20:.1f} MiB more"
        )
    client.stop()


def _full_run(path: Path) -> float:
    """Seconds of the processor that a fresh run takes, the quickest of five."""
    found = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "cnnsum", str(path)], stdout=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(found)


def _rest(client: Client) -> None:
    """Wait until the server has nothing to do: it looks for advice after a pause."""
    used = -1.0
    while used != (now := client.cpu_seconds()):
        used = now
        time.sleep(1)


def _hints(client: Client, uri: str, start: int, end: int) -> int:
    area = {"start": {"line": start, "character": 0}, "end": {"line": end, "character": 0}}
    return len(client.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": area})["result"])


def main() -> None:
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            measure(Path(name).absolute())
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "thousand.yaml"
        path.write_text(spec(1000), encoding="utf-8")
        measure(path)


if __name__ == "__main__":
    main()
