"""What runs the drawing code of the page outside of a browser: V8 in the extra `pictures`, or Node.js where it is.

Pages and pictures have one layout, dagre's, in one language. Only `assets/picture.js` is run, a file of this package; a
model is given to it as data. Knows no model, and nothing of what is drawn.
"""

from __future__ import annotations

from cnnsum.answers import OptionError

#: Seconds after which a drawing is given up, and the most memory of V8 in MiB.
MOST_SECONDS = 120
MOST_MEMORY = 2_048


def picture(data: str) -> str:
    """The SVG document of a page's data; raises OptionError where there is nothing that can draw it."""
    from cnnsum.answers.page.html import asset

    script = asset("picture.js")
    drawn = _by_v8(script, data)
    if drawn is None:
        drawn = _by_node(script, data)
    if drawn is None:
        message = "--format svg draws with V8 or Node.js, and there is neither"
        raise OptionError(message, "pip install 'cnnsum[pictures]'; --format html, dot and mermaid need neither")
    return drawn


#: Both read the script and the data from standard input, a zero between them: neither is a file, and no argument is as
#: long. V8 has a process of its own, too: one that may not take the memory it wants is ended by V8 itself.
_V8 = """
import os, sys
sys.path.insert(0, sys.argv[1])
try:
    from py_mini_racer import MiniRacer
    script, _, data = sys.stdin.buffer.read().decode().partition(chr(0))
    engine = MiniRacer()
    engine.set_hard_memory_limit(int(sys.argv[2]))
    engine.eval(script)
    sys.stdout.buffer.write(engine.call("picture", data).encode())
    sys.stdout.buffer.flush()
except Exception as fault:
    sys.stderr.write(str(fault))
    sys.stderr.flush()
    os._exit(1)
os._exit(0)  # the threads of V8 are not waited for
"""
_NODE = (
    "const [script, data] = require('fs').readFileSync(0, 'utf8').split('\\0');"
    "(0, eval)(script); process.stdout.write(globalThis.picture(data));"
)


def _by_v8(script: str, data: str) -> str | None:
    """Drawn by V8; None where the extra is not installed."""
    import os
    import sys
    from importlib.util import find_spec

    found = find_spec("py_mini_racer")
    if found is None or found.origin is None or not sys.executable:
        return None
    folder = os.path.dirname(os.path.dirname(found.origin))
    return _run("V8", [sys.executable, "-I", "-c", _V8, folder, str(MOST_MEMORY * 2**20)], script, data)


def _by_node(script: str, data: str) -> str | None:
    """Drawn by Node.js; None where it is not on the path."""
    import shutil

    node = shutil.which("node")
    return None if node is None else _run("Node.js", [node, "-e", _NODE], script, data)


def _run(name: str, command: list[str], script: str, data: str) -> str:
    """What a process draws; raises OptionError where it fails, is ended, or takes too long."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - our own script; the model is data
            command, input=f"{script}\0{data}".encode(), capture_output=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise OptionError(f"{name} could not draw the picture in {MOST_SECONDS} seconds", _SMALLER) from None
    except OSError as error:
        raise OptionError(f"{name} could not be started: {error.strerror}", _SMALLER) from None
    if done.returncode:
        raise OptionError(f"{name} could not draw the picture: {_last(done.stderr.decode(errors='replace'))}", _SMALLER)
    return done.stdout.decode()


_SMALLER = "--depth folds it; --format html, dot and mermaid need no such program"


def _last(text: str) -> str:
    """The line of a JavaScript error that names it."""
    named = [line for line in text.splitlines() if "Error: " in line]
    return named[-1].strip()[:200] if named else "it did not say why"
