"""Answers on a terminal with few columns: no line is wider, and nothing is left out but what is named."""

from __future__ import annotations

import os
import re

import pytest
from processes import on_a_terminal, shell

from tests.thorough import each

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")

COLUMNS = 40
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LENET = "specs/lenet5.yaml"


def narrow(command: str, *more: str) -> list[str]:
    shown = _COLOURS.sub("", on_a_terminal(*command.split(), *more, columns=COLUMNS)[1])
    lines = shown.splitlines()
    assert [line for line in lines if len(line) > COLUMNS] == []
    return lines


@each(
    ("command", "color"),
    [
        (f"fit {LENET} --memory 8MiB", "never"),
        (f"fit {LENET} --memory 8MiB --vary batch=1:8 --maximize batch", "always"),
        (f"list {LENET} specs/alexnet.yaml --columns path,params,macs,peak,training", "never"),
        (f"sizes {LENET}", "never"),
        (f"{LENET} --sweep batch=1,2", "always"),
        ("rule SHP201 SPC001", ""),
        ("rule SHP ARC40", ""),
    ],
)
def test_lines_are_as_wide_as_the_terminal(command: str, color: str) -> None:
    found = narrow(command, *(("--color", color) if color else ()))
    assert " ".join(found).split() == shell(f"cnnsum {command}")[1].split()


def test_a_comparison_stands_below_each_other() -> None:
    found = narrow("diff specs/resnet18.yaml specs/resnet34.yaml --color never")
    at = found.index(" training memory")
    assert found[at : at + 4] == [
        " training memory",
        "   resnet18  226,079,280 B",
        "   resnet34  403,898,928 B",
        "   +177,819,648 B (+78.7%)",
    ]


def test_a_list_names_what_it_leaves_out() -> None:
    assert narrow("list specs/mobilenet_v3_large.yaml --color never") == [
        "Path                           Params",
        "specs/mobilenet_v3_large.yaml  5.51 M",
        "",
        " Without room in 40 columns: weights,",
        "     format, peak, macs, training",
    ]
