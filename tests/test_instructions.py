"""How many instructions of Python a run takes in cnnsum's own code: what it is to load it, and to read a layer.

A count, and not a time: it is the same in every run, and differs by a few parts in a hundred between versions of
Python. Where one of these fails, what was added runs in every summary; a ceiling that must rise rises in a commit that
says why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = "specs/horses_or_humans.yaml"

COUNT = """
import os, sys

counted = 0
end = os._exit

def is_own(code):
    return f"{os.sep}cnnsum{os.sep}" in code.co_filename and "site-packages" not in code.co_filename

def trace(frame, event, _argument):
    global counted
    if not is_own(frame.f_code):
        return None
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    counted += event == "opcode"
    return trace

def report(_code):
    sys.settrace(None)
    if sys.version_info >= (3, 12):
        sys.monitoring.set_events(3, 0)
    os.write(2, f"\\n{counted}".encode())
    end(0)

os._exit = report
sys.argv[0] = "cnnsum"
if sys.version_info >= (3, 12):  # whose first releases trace no instructions
    monitoring = sys.monitoring

    def instruction(code, _offset):
        global counted
        if not is_own(code):
            return monitoring.DISABLE
        counted += 1

    monitoring.use_tool_id(3, "instructions")
    monitoring.register_callback(3, monitoring.events.INSTRUCTION, instruction)
    monitoring.set_events(3, monitoring.events.INSTRUCTION)
else:
    sys.settrace(trace)

def run():  # what is traced begins with a call
    from cnnsum.__main__ import process

    process()

run()
"""


def instructions(*arguments: str) -> int:
    """Of one call of the command line, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", COUNT, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stderr.rsplit("\n", 1)[1])


def test_the_summary_of_a_small_spec() -> None:
    assert 100_000 < instructions(SEED) < 165_000


def test_the_help_runs_next_to_nothing_of_its_own() -> None:
    assert 300 < instructions("--help") < 1_000


def keras_model(blocks: int) -> str:
    """A network of Keras's as it writes one: blocks of a convolution, a normalisation and a sum, like NASNet's."""

    def layer(kind: str, name: str, config: dict[str, object], *read: str) -> dict[str, object]:
        history = [{"class_name": "__keras_tensor__", "config": {"keras_history": [one, 0, 0]}} for one in read]
        args = [history] if len(history) > 1 else history
        return {
            "module": "keras.layers",
            "class_name": kind,
            "config": {"name": name, "trainable": True, "dtype": "float32", **config},
            "registered_name": None,
            "name": name,
            "inbound_nodes": [{"args": args, "kwargs": {}}] if read else [],
        }

    layers = [layer("InputLayer", "x", {"batch_shape": [None, 32, 32, 8]})]
    last = "x"
    for at in range(blocks):
        convolution, normalized, added = f"conv_{at}", f"bn_{at}", f"add_{at}"
        layers += [
            layer("Conv2D", convolution, {"filters": 8, "kernel_size": [3, 3], "padding": "same"}, last),
            layer("BatchNormalization", normalized, {"axis": -1}, convolution),
            layer("Add", added, {}, normalized, last),
        ]
        last = added
    config = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [[last, 0, 0]]}
    return json.dumps({"module": "keras", "class_name": "Functional", "config": config, "registered_name": None})


def test_a_layer_that_repeats_others(tmp_path: Path) -> None:
    found: list[int] = []
    for blocks in (50, 100):
        path = tmp_path / f"{blocks}.json"
        path.write_text(keras_model(blocks), encoding="utf-8")
        found.append(instructions(str(path)))
    few, many = found
    assert 2_500 < (many - few) / 150 < 3_600
