"""Charts of sweeps: what is drawn is what the sweep says, in a terminal and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import cnnsum
from tests.cli.calling import call
from tests.thorough import each

UNET, MOBILENET = "specs/unet.yaml", "specs/mobilenet_v1.yaml"
CURVE = (UNET, "--sweep", "H=128:256:8", "--chart", "macs")
MAP = (MOBILENET, "--sweep", "alpha=0.25,0.5,1", "--sweep", "H=W=64:128:32", "--chart", "training")
SWEPT = (MOBILENET, "--sweep", "alpha=0.25,0.5,1", "--sweep", "batch=1:3")
FRONT = (*SWEPT, "--pareto", "training,-batch", "--chart", "pareto")


def test_a_curve_is_as_high_as_its_values():
    lines = call(*CURVE).out.splitlines()
    assert lines[0] == " MACs per sample of unet"
    rows = [line.split("┤")[-1].split("│")[-1] for line in lines[2:18]]
    values = [one.outcome.costs for one in cnnsum.sweep(cnnsum.load(UNET), {"H": range(128, 257, 8)})]
    wide = len(rows[0]) // len(values)
    for place, costs in enumerate(values):
        height = sum(row[place * wide] == "█" for row in rows if len(row) > place * wide)
        if costs is None:
            assert rows[-1][place * wide] == "x"
        else:
            assert abs(height - 16 * costs.macs / values[-1].macs) <= 1


def test_sizes_have_their_thousands_set_apart(monkeypatch):
    def below() -> str:
        return call("specs/fcn.yaml", "--sweep", "H=W=1024:2048:512", "--chart", "macs").out.splitlines()[-2]

    assert below().split() == ["1,024", "1,536", "2,048"]
    monkeypatch.setattr("cnnsum.answers.sweep.pieces.find_spec", lambda _name: None)
    assert below().split() == ["1,024", "1,536", "2,048"]


def test_a_map_has_a_row_for_each_value():
    lines = call(*MAP).out.splitlines()
    assert [line.split("│")[0].strip() for line in lines[3:6]] == ["0.25", "0.5", "1"]
    assert lines[5].endswith("█")
    assert "·" in lines[3]
    assert lines[-1].lstrip().startswith("·· ")


def test_a_legend_has_the_shades_that_there_are():
    def swept(*sizes: str) -> tuple[str, str]:
        asked = (UNET, "--sweep", f"H={','.join(sizes)}", "--sweep", "W=64,72", "--chart", "macs")
        texts = " ".join(str(one.text) for one in ET.fromstring(call(*asked, "--format", "svg").out).iter())
        return next(line for line in call(*asked).out.splitlines() if line.lstrip().startswith(("··", "██"))), texts

    # Two numbers, at the ends; a single one is not a range.
    assert swept("64", "128")[0] == " ·· 3.01 G   ██ 5.42 G"
    legend, drawn = swept("64")
    assert legend == " ██ 3.01 G"
    assert "3.01 G wherever accepted" in drawn
    assert "(light)" not in drawn


def test_a_front_has_a_point_for_each_of_the_best():
    """Of each batch the least width is the best, so that there are three points."""
    out = call(*FRONT).out
    assert "the best 3" in out
    assert out.count("●") == 3
    assert "o" in call(*FRONT, encoding="ascii").out


@each(("arguments", "count"), [(CURVE, 17), (MAP, 9), (FRONT, 3)])
def test_a_picture_tells_of_every_variant(arguments, count):
    done = call(*arguments, "--format", "svg")
    assert done.code == 0, done.err
    titles = [one.text for one in ET.fromstring(done.out).iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == count
    assert all(": " in str(title) for title in titles)


@each(
    ("arguments", "message"),
    [
        ((UNET, "--chart", "peak"), "--chart peak goes with --sweep"),
        ((UNET, "--sweep", "H=32,64", "--chart", "memory"), "--sweep goes with --chart params"),
        ((*SWEPT, "--chart", "pareto"), "name them: --pareto params,macs"),
        ((*SWEPT, "--sweep", "H=W=32,64", "--chart", "macs"), "of one axis or two"),
        ((UNET, "--sweep", "batch=1:200000", "--chart", "peak"), "at most 100,000 variants"),
        ((*CURVE, "--format", "csv"), "goes with --format table or svg"),
        ((UNET, "--sweep", "H=33,35", "--where", "macs > 1", "--chart", "macs"), "no variant to draw"),
    ],
)
def test_charts_that_cannot_be(arguments, message):
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
