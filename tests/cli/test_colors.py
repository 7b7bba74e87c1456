"""Colours can be read on light and on dark backgrounds: the contrast of every one that a command writes."""

from __future__ import annotations

import re

from tests.cli.calling import call
from tests.thorough import each

_CODES = re.compile(r"\x1b\[([0-9;]*)m")
#: The steps of the colour cube of a terminal of 256 colours.
_CUBE = (0, 95, 135, 175, 215, 255)
BACKGROUNDS = {
    "white": (255, 255, 255),
    "Solarized light": (0xFD, 0xF6, 0xE3),
    "black": (0, 0, 0),
    "dark grey": (30, 30, 30),
    "Solarized dark": (0, 0x2B, 0x36),
}
#: What WCAG 2 asks of large texts and of graphics. No colour has 4.5 on a white and on a dark grey background.
LEAST = 3.0

CALLS = [
    ("specs/resnet_blocks.yaml", "--show-trainable", "--train", "--plan", "-v"),
    ("specs/resnet_blocks.yaml", "--style", "compact"),
    ("specs/horses_or_humans.yaml", "--chart", "macs"),
    ("specs/horses_or_humans.yaml", "--chart", "memory"),
    ("specs/unet.yaml", "--sweep", "H=240:272:8"),
    ("specs/unet.yaml", "--sweep", "H=240:272:8", "--chart", "macs"),
    ("explain", "specs/lenet5.yaml"),
    ("sizes", "specs/unet.yaml", "--test", "250"),
    ("diff", "specs/vgg16.yaml", "specs/vgg19.yaml"),
    ("fit", "specs/lenet5.yaml", "--memory", "8GiB"),
    ("check", "tests/corpus/messages", "--ignore", "ARC9"),
    ("list", "specs/lenet5.yaml"),
    ("rule", "SHP204"),
]


def luminance(color: tuple[int, int, int]) -> float:
    """The relative luminance of WCAG 2."""
    red, green, blue = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in color
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast of WCAG 2, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def color_of(number: int) -> tuple[int, int, int]:
    """A colour of the 256; the first sixteen are a theme's own."""
    assert number >= 16, f"{number} is what a theme makes of it"
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    number -= 16
    return _CUBE[number // 36], _CUBE[number // 6 % 6], _CUBE[number % 6]


def colors_in(text: str) -> set[int]:
    """The colours that a text is written in."""
    found = set()
    for codes in _CODES.findall(text):
        parts = [int(code or 0) for code in codes.split(";")]
        while parts:
            part = parts.pop(0)
            if part == 38:
                assert parts.pop(0) == 5, codes
                found.add(parts.pop(0))
            else:
                assert part in (0, 1, 2, 3, 39, 49), f"{codes}: a colour that is none of the 256"
    return found


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == 21
    assert round(contrast((0x77, 0x77, 0x77), (255, 255, 255)), 2) == 4.48


@each("arguments", CALLS)
def test_every_color_can_be_read(arguments: tuple[str, ...]) -> None:
    result = call(*arguments, "--color", "always") if "rule" not in arguments else call(*arguments)
    for color in colors_in(result.out + result.err):
        for name, background in BACKGROUNDS.items():
            assert contrast(color_of(color), background) >= LEAST, (color, name)


def test_there_are_colors() -> None:
    result = call("specs/lenet5.yaml", "--color", "always")
    assert len(colors_in(result.out)) >= 3
    result = call("check", "tests/corpus/messages/51_convt.yaml", "--color", "always")
    assert len(colors_in(result.out)) >= 2
