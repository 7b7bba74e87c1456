"""The gallery in `specs/`: every spec meets the count that was published for its network, and is a pleasure to read."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import cnnsum
from cnnsum.cli.commands import cli
from cnnsum.dims import evaluate, substitute
from tests.thorough import each

SPECS = Path(__file__).parents[2] / "specs"

#: Files that hold blocks for other specs and are not networks.
LIBRARIES = {"resnet_blocks"}


class Published(NamedTuple):
    """What is known of a network: parameters in all, how many of them train, the output without the batch axis, the
    other outputs, and the elements of buffers, which PyTorch does not count as parameters.
    """

    total: int
    trainable: int
    output: tuple[int, ...]
    others: tuple[tuple[int, ...], ...] = ()
    buffers: int = 0


GALLERY = {
    "alexnet": Published(61_100_840, 61_100_840, (1000,)),
    "c3d": Published(78_409_573, 78_409_573, (101,)),
    "convnext_tiny": Published(28_589_128, 28_589_128, (1000,)),
    "densenet121": Published(8_062_504, 7_978_856, (1000,)),
    "efficientnet_b0": Published(5_330_571, 5_288_548, (1000,)),
    "fcn": Published(134_489_759, 134_362_751, (320, 480, 21)),
    "horses_or_humans": Published(2_617_665, 2_617_665, (1,)),
    "inception_v3": Published(23_851_784, 23_817_352, (1000,)),
    "lenet5": Published(61_706, 61_706, (10,)),
    "m5_audio": Published(27_299, 26_915, (35,)),
    "mobilenet_v1": Published(4_253_864, 4_231_976, (1000,)),
    "mobilenet_v2": Published(3_538_984, 3_504_872, (1000,)),
    "mobilenet_v3_large": Published(5_507_432, 5_483_032, (1000,)),
    "resnet18": Published(11_699_112, 11_689_512, (1000,)),
    "resnet34": Published(21_814_696, 21_797_672, (1000,)),
    "resnet50": Published(25_636_712, 25_583_592, (1000,)),
    "resnet101": Published(44_707_176, 44_601_832, (1000,)),
    "resnet152": Published(60_419_944, 60_268_520, (1000,)),
    "siamese": Published(38_951_745, 38_951_745, (1,)),
    "squeezenet": Published(1_235_496, 1_235_496, (1000,)),
    "unet": Published(31_049_409, 31_037_633, (256, 256, 1)),
    "vgg16": Published(138_357_544, 138_357_544, (1000,)),
    "vgg19": Published(143_667_240, 143_667_240, (1000,)),
    "vit_b16": Published(86_567_656, 86_567_656, (1000,)),
    "xception": Published(22_910_480, 22_855_952, (1000,)),
    "torch/convnext_tiny": Published(28_589_128, 28_589_128, (1000,)),
    "torch/lstm": Published(66_034_000, 66_034_000, (35, 10_000)),
    "torch/mobilenet_v2": Published(3_504_872, 3_504_872, (1000,), buffers=34_164),
    "torch/resnet50": Published(25_557_032, 25_557_032, (1000,), buffers=53_173),
    "torch/unet": Published(31_037_633, 31_037_633, (1, 320, 480), buffers=11_794),
    "torch/vit_b16": Published(86_567_656, 86_567_656, (1000,)),
    "torch/wavenet": Published(1_833_536, 1_833_536, (256, 1000)),
    "torch/yolo_like": Published(
        61_949_149, 61_949_149, (255, 13, 13), ((255, 26, 26), (255, 52, 52)), buffers=52_608 + 72
    ),
}

#: Symbols in the shapes of `GALLERY`.
SIZES = {"H": 320, "W": 480, "T": 1000}

_PARAMETERS = re.compile(r"^# Parameters: ([\d,]+)( trainable)? \(", re.MULTILINE)


def text_of(name: str) -> str:
    return (SPECS / f"{name}.yaml").read_text(encoding="utf-8")


def header_of(name: str) -> str:
    """The comment that a spec begins with."""
    return "".join(itertools.takewhile(lambda line: line.startswith("#"), text_of(name).splitlines(keepends=True)))


@pytest.fixture(scope="module")
def reports() -> dict[str, cnnsum.Report]:
    """Every spec's report, made once."""
    return {name: cnnsum.summarize(cnnsum.load(SPECS / f"{name}.yaml")) for name in GALLERY}


def test_every_spec_is_held_against_a_count():
    found = {path.relative_to(SPECS).with_suffix("").as_posix() for path in SPECS.rglob("*.yaml")}
    assert found == set(GALLERY) | LIBRARIES


@each("name", GALLERY)
def test_parameters(name, reports):
    params = reports[name].totals.params
    assert (params.total, params.trainable) == (GALLERY[name].total, GALLERY[name].trainable)
    assert params.non_trainable == GALLERY[name].total - GALLERY[name].trainable
    assert reports[name].totals.buffers.total == GALLERY[name].buffers


@each("name", GALLERY)
def test_output(name, reports):
    found = [tuple(substitute(dim, SIZES) for dim in output.shape[1:]) for output in reports[name].outputs]
    assert found == [GALLERY[name].output, *GALLERY[name].others]


@each("name", GALLERY)
def test_nothing_to_complain_about(name, reports):
    assert [str(found) for found in reports[name].diagnostics if found.severity != "note"] == []


@each("name", GALLERY)
def test_everything_is_known(name, reports):
    report = reports[name]
    assert report.totals.unknown == ()
    assert [row.name for row in report.rows if row.status != "exact"] == []


@each("name", GALLERY)
def test_the_header_states_the_published_count(name):
    text = text_of(name)
    stated = _PARAMETERS.search(text)
    assert stated is not None, "no line `# Parameters: N (whose count)`"
    published = GALLERY[name].trainable if stated[2] else GALLERY[name].total
    assert stated[1] == f"{published:,}"
    if stated[2] and GALLERY[name].total != GALLERY[name].trainable:
        assert f"{GALLERY[name].total:,} in all" in header_of(name)


@each("name", GALLERY)
def test_the_header_says_how_to_run_it(name):
    header = header_of(name)
    assert f"\n# Run:        cnnsum specs/{name}.yaml" in header
    assert re.search(r"\b(19|20)\d\d\b", header), "the year"
    assert re.findall(r"^name: (.*)$", text_of(name), re.MULTILINE) in ([name.rpartition("/")[2]], [])


@each("name", [*GALLERY, *sorted(LIBRARIES)])
def test_a_spec_reads_like_a_table(name):
    lines = text_of(name).splitlines(keepends=True)
    assert len(lines) < 120
    assert all(len(line) <= 121 and line == line.rstrip() + "\n" for line in lines)
    assert text_of(name).isascii()


#: Billions of multiply-accumulates, as torchvision states them (`_ops` in the metadata of its weights).
WORK = {
    "alexnet": 0.714,
    "convnext_tiny": 4.456,
    "densenet121": 2.834,
    "efficientnet_b0": 0.386,
    "inception_v3": 5.713,
    "mobilenet_v2": 0.301,
    "mobilenet_v3_large": 0.217,
    "resnet18": 1.814,
    "resnet34": 3.664,
    "squeezenet": 0.349,
    "vgg16": 15.47,
    "vgg19": 19.632,
    "vit_b16": 17.564,
    "torch/convnext_tiny": 4.456,
    "torch/mobilenet_v2": 0.301,
    "torch/resnet50": 4.089,
    "torch/vit_b16": 17.564,
    "torch/yolo_like": 32.932,  # the authors' 65.864 billion operations, two for each
}


@each("name", WORK)
def test_work(name, reports):
    assert round(reports[name].totals.macs / 1e9, 3) == WORK[name]


#: Networks that take pictures of any size that fits, and which sizes fit, worked out by hand.
LEGAL = {
    "fcn": lambda size: size >= 32 and size % 32 < 8,
    "unet": lambda size: size >= 16 and size % 16 == 0,
    "vit_b16": lambda size: size >= 16,
    "torch/unet": lambda size: size >= 16 and size % 16 == 0,
    "torch/yolo_like": lambda size: size >= 25 and (size + 7) % 32 < 8,
}


@each("name", LEGAL)
def test_legal_sizes(name):
    inputs = (3, "H", "W") if name.startswith("torch/") else ("H", "W", 3)
    report = cnnsum.summarize(cnnsum.load(SPECS / f"{name}.yaml", inputs=inputs))
    conditions = {record.symbol: record.condition for record in report.sizes}
    assert set(conditions) == {"H", "W"}
    for symbol, condition in conditions.items():
        found = [size for size in range(1, 300) if evaluate(condition, {symbol: size})]
        assert found == [size for size in range(1, 300) if LEGAL[name](size)]


#: Totals of Keras's larger and smaller siblings, which a spec gives when its variables are set.
SIBLINGS = [
    ("efficientnet_b0", {"width": 1, "depth": 1.1}, 7_856_239),  # B1
    ("efficientnet_b0", {"width": 1.1, "depth": 1.2}, 9_177_569),  # B2
    ("efficientnet_b0", {"width": 1.2, "depth": 1.4}, 12_320_535),  # B3
    ("efficientnet_b0", {"width": 1.4, "depth": 1.8}, 19_466_823),  # B4
    ("efficientnet_b0", {"width": 2, "depth": 3.1}, 66_658_687),  # B7
    ("mobilenet_v1", {"alpha": 0.25}, 475_544),
    ("mobilenet_v1", {"alpha": 0.5}, 1_342_536),
    ("mobilenet_v2", {"alpha": 0.35}, 1_691_208),
    ("mobilenet_v2", {"alpha": 0.5}, 1_987_224),
    ("mobilenet_v2", {"alpha": 1.4}, 6_156_712),
    ("c3d", {"classes": 487}, 79_991_015),  # Sports-1M
    ("torch/vit_b16", {"patch": 32}, 88_224_232),  # torchvision's vit_b_32
]


@each(("name", "settings", "total"), SIBLINGS)
def test_siblings(name, settings, total):
    model = cnnsum.load(SPECS / f"{name}.yaml", settings=settings)
    assert cnnsum.summarize(model).totals.params.total == total


@pytest.mark.parametrize(("name", "inputs"), [("vit_b16", (384, 384, 3)), ("torch/vit_b16", (3, 384, 384))])
def test_the_position_embedding_follows_the_picture(name, inputs):
    """torchvision states 86,859,496 parameters and 55.484 G for ViT-B/16 at 384 x 384."""
    report = cnnsum.summarize(cnnsum.load(SPECS / f"{name}.yaml", inputs=inputs))
    assert report.totals.params.total == 86_859_496
    assert round(report.totals.macs / 1e9, 3) == 55.484


def test_check_finds_nothing_in_pytorchs_words():
    assert [str(found) for found in cnnsum.check([SPECS / "torch"])] == []


def test_what_decides_about_a_sample_of_sound():
    """As V. Herrmann's WaveNetModel says of itself: `receptive_field` is 3070."""
    report = cnnsum.summarize(cnnsum.load(SPECS / "torch" / "wavenet.yaml"))
    assert report.rows[-1].receptive_field.size == (3070,)


#: What the headers tell the reader to type.
COMMANDS = [line for name in GALLERY for line in re.findall(r"^# .* (cnnsum .*)$", header_of(name), re.MULTILINE)]


@each("command", [command for command in COMMANDS if not command.startswith("cnnsum sizes ")])
def test_the_commands_of_the_headers_run(command, monkeypatch):
    monkeypatch.chdir(SPECS.parent)
    result = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    assert "Total params" in result.output
