"""What charts in a terminal are drawn with: characters, bars and the ticks of an axis. Knows texts and numbers only."""

from __future__ import annotations

from cnnsum.render.wrap import Span, cell_length

#: The colours of bars, of the largest, and of axes.
BAR, MOST, AXIS = "color(33)", "bold color(196)", "color(244)"
#: Widths of a chart, and the lines that it is high.
LEAST_WIDTH, MOST_WIDTH, HEIGHT = 60, 200, 16

_GROWING, _GROWING_ASCII = " ▏▎▍▌▋▊▉█", " -=#"

Line = list[Span]


class Ink:
    """The characters to draw with."""

    def __init__(self, *, ascii: bool) -> None:
        self.rising = " .:#" if ascii else " ▁▂▃▄▅▆▇█"
        self.shades = ".:+*#" if ascii else "·░▒▓█"
        self.ascii = ascii
        self.used = "#" if ascii else "█"
        self.waiting = ":" if ascii else "▒"
        self.scratch = "+" if ascii else "░"
        self.peak = "v" if ascii else "▼"
        self.point = "o" if ascii else "●"
        self.tick, self.side, self.corner = ("+", "|", "+") if ascii else ("┤", "│", "└")
        self.floor, self.mark = ("-", "+") if ascii else ("─", "┴")
        self.more = "~" if ascii else "…"


def bar(amount: int, most: int, room: int, *, ascii: bool) -> str:
    """A bar to the scale of the largest amount, which takes all the room; a little is not nothing.

    >>> bar(5, 10, 4, ascii=True), bar(1, 1000, 4, ascii=True)
    ('##', '-')
    """
    if not most or not amount:
        return ""
    glyphs = _GROWING_ASCII if ascii else _GROWING
    parts = len(glyphs) - 1
    length = max(round(amount * room * parts / most), 1)
    return glyphs[parts] * (length // parts) + (glyphs[length % parts] if length % parts else "")


def add(line: Line, text: str, style: str) -> None:
    """Add to the last span where it has the same style: thousands of spans are slow to write."""
    if line and line[-1][1] == style:
        line[-1] = (line[-1][0] + text, style)
    else:
        line.append((text, style))


def shortened(text: str, width: int, ink: Ink) -> str:
    """Of a text that is too long, the beginning."""
    if cell_length(text) <= width:
        return text
    while text and cell_length(text) >= width:
        text = text[:-1]
    return text + ink.more if width > 0 else ""


def middle(text: str, width: int, ink: Ink) -> str:
    """Of a text that is too long, both ends."""
    if cell_length(text) <= width:
        return text
    if len(text) != cell_length(text):
        return shortened(text, width, ink)
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}{ink.more}{text[len(text) - tail :]}"


def row_of(amount: int, most: int) -> int:
    """The row of a chart, counted from below, that the end of a bar falls into."""
    return max(-(-amount * HEIGHT // most) - 1, 0) if most else 0


def filled(amount: int, most: int, row: int, ink: Ink) -> int:
    """How many parts of the character in a row a bar fills, of those that `ink.rising` has; a little is not nothing."""
    if not most:
        return 0
    parts = len(ink.rising) - 1
    found = min(max(round(amount * HEIGHT * parts / most) - row * parts, 0), parts)
    return found or int(not row and amount > 0)


def ticks(most: int, count: int, base: int = 2) -> list[int]:
    """At most so many round numbers between 0 and `most`, both ends aside, equally far apart: powers of 2 for bytes; 1,
    2 and 5 times powers of 10 for counts.

    >>> ticks(5_000_000, 4), ticks(5_000_000, 4, 10)
    ([1048576, 2097152, 3145728, 4194304], [2000000, 4000000])
    """
    step = 1
    while most // step > count:
        step = step * 2 if base == 2 or str(step)[0] != "2" else step // 2 * 5
    return [*range(step, most, step)]
