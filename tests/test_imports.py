"""What a run loads, module by module: start-up is most of the time of a small model, and it grows unseen.

Every run is a process of its own. What click and yaml load is not cnnsum's to choose; all else must be listed here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.thorough import each

ROOT = Path(__file__).resolve().parent.parent
SEED = "specs/horses_or_humans.yaml"

RUN = """
import sys
sys.argv[0] = "cnnsum"
from cnnsum.cli import main
try:
    main()
except SystemExit:
    pass
"""
LIST = "\nimport sys\nprint(*sorted(sys.modules), file=sys.stderr)"

#: Of the standard library, beyond what click and yaml load themselves.
ALWAYS = {"__future__", "gc", "math", "locale", "_locale", "encodings.ascii", "encodings.latin_1"}
JSON = {"json", "json.decoder", "json.encoder", "json.scanner", "_json"}
#: What click loads to lay out its help, and to report a mistake.
HELP = {"click._textwrap", "textwrap"}
#: Loaded by every summary of a spec that uses neither blocks nor expressions.
OWN = {
    "cnnsum",
    *(f"cnnsum.analyses{name}" for name in ("", ".counting", ".params")),
    *(f"cnnsum.analyses.memory{name}" for name in ("", ".activations", ".liveness")),
    *(f"cnnsum.analyses.training{name}" for name in ("", ".alive", ".optimizers", ".total")),
    *(f"cnnsum.answers{name}" for name in ("", ".summary")),
    *(
        f"cnnsum.answers.summary.{name}"
        for name in ("ask", "block", "build", "cells", "keras_table", "options", "rendering", "rows")
    ),
    *(f"cnnsum.answers.summary.{name}" for name in ("records", "row_building", "table")),
    *(f"cnnsum.cli{name}" for name in ("", ".asked", ".names", ".output", ".progress", ".summary", ".terminal")),
    *("cnnsum.counted", "cnnsum.diagnostics", "cnnsum.ink", "cnnsum.typed"),
    *(f"cnnsum.dims{name}" for name in ("", ".expr", ".intervals", ".making", ".questions")),
    *(f"cnnsum.graph{name}" for name in ("", ".infer", ".model", ".names", ".order", ".promotion")),
    *(
        f"cnnsum.layers{name}"
        for name in (
            "",
            ".base",
            ".facts",
            ".inner",
            ".kinds",
            ".requiring",
            ".vocabulary",
        )
    ),
    *(
        f"cnnsum.layers.arithmetic{name}"
        for name in ("", ".convolution", ".functions", ".pooling", ".shaping", ".slide")
    ),
    *(f"cnnsum.layers.keras{name}" for name in ("", ".convolution", ".core", ".fields", ".pooling", ".reshaping")),
    "cnnsum.model",
    *(f"cnnsum.readers{name}" for name in ("", ".declare", ".how")),
    *(f"cnnsum.render{name}" for name in ("", ".grid", ".style", ".units", ".wrap")),
    *(f"cnnsum.source{name}" for name in ("", ".document", ".findings", ".lines", ".raw")),
}
NATIVE = {
    *(f"cnnsum.readers.native{name}" for name in ("", ".defaults", ".entry", ".expand", ".faults", ".fields")),
    *(f"cnnsum.readers.native.{name}" for name in ("inputs", "keys", "limit", "scope", "spec", "wires")),
    *(f"cnnsum.source.{name}" for name in ("kept_places", "yaml_scalars", "yaml_text")),
}
KERAS = {
    *(f"cnnsum.readers.{name}" for name in ("keras", "keras.alike", "keras.calls", "keras.classes")),
    *(f"cnnsum.readers.{name}" for name in ("keras.model", "keras.retired", "keras.values", "override")),
    *("cnnsum.graph.compare", "cnnsum.source.json_text"),
}


def modules(code: str, *arguments: str, stdin: str = "") -> set[str]:
    """The modules of a process that ran this code."""
    done = subprocess.run(
        [sys.executable, "-c", code + LIST, *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 1, done.stderr
    return set(lines[0].split())


@pytest.fixture(scope="module")
def click() -> set[str]:
    return modules("import click")


@pytest.fixture(scope="module")
def click_and_yaml() -> set[str]:
    return modules("import click, yaml")


def own(loaded: set[str]) -> set[str]:
    return {name for name in loaded if name.split(".")[0] == "cnnsum"}


def test_the_summary_of_a_spec(click_and_yaml: set[str]) -> None:
    """What most calls are: no options, and no parser of options."""
    loaded = modules(RUN, SEED)
    assert loaded - click_and_yaml - own(loaded) <= ALWAYS
    assert own(loaded) <= OWN | NATIVE
    assert "click" not in loaded


def test_an_option_loads_the_parser_of_options_and_no_more() -> None:
    plain, with_one = modules(RUN, SEED), modules(RUN, SEED, "--keras")
    assert "click" in with_one
    options = {f"cnnsum.cli.{name}" for name in ("commands", "formats", "frame", "options", "show")}
    assert own(with_one) - own(plain) == {*options, "cnnsum.answers.given"}


def test_the_summary_of_a_keras_model(click: set[str]) -> None:
    """JSON needs no yaml."""
    source = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"name": "i", "batch_shape": [None, 32, 32, 3]},
    }
    layer = {"module": "keras.layers", "class_name": "Conv2D", "config": {"name": "c", "filters": 8, "kernel_size": 3}}
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [source, layer]}}
    loaded = modules(RUN, "-", stdin=json.dumps(model))
    assert loaded - click - own(loaded) <= ALWAYS | JSON
    assert own(loaded) <= OWN | KERAS


def test_a_spec_in_json(click: set[str]) -> None:
    loaded = modules(RUN, "-", stdin='{"input": [8, 8, 3], "layers": [{"Conv2D": [4, 3]}]}')
    assert loaded - click - own(loaded) <= ALWAYS | JSON
    assert own(loaded) <= OWN | NATIVE | {"cnnsum.source.json_text"}


@each("command", [["--version"], ["--help"], ["show", "--help"]])
def test_what_reads_no_model(command: list[str], click: set[str]) -> None:
    loaded = modules(RUN, *command)
    assert loaded - click - own(loaded) <= ALWAYS | HELP
    # The names of formats, and the bounds of options.
    given = {"cnnsum.answers", "cnnsum.answers.given", "cnnsum.typed"} & loaded
    assert {name for name in own(loaded) if not name.startswith("cnnsum.cli")} == {"cnnsum", *given}


def test_the_help_loads_no_command() -> None:
    frame = {f"cnnsum.cli{name}" for name in ("", ".commands", ".names", ".terminal")}
    assert own(modules(RUN, "--help")) == {"cnnsum", *frame}


def test_rich_is_for_colors_only() -> None:
    assert "rich" not in modules(RUN, SEED)
    assert "rich" not in modules(RUN, SEED, "--format", "json")
    assert "rich" in modules(RUN, SEED, "--color", "always")


def test_the_package_itself_loads_nothing() -> None:
    assert own(modules("import cnnsum; cnnsum.__version__")) == {"cnnsum"}
