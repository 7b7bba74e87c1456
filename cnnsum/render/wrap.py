"""Fit text into lines of a given width, as rich does it for the cells of a table and for a printed line.

Everything here works on plain strings and on runs of style within them; it knows no table, no report and no screen.
The rules (where a line may break, what happens to spaces at a break, where the ellipsis goes) are those of
`rich.text.Text.wrap`, because Keras draws with rich and cnnsum prints what Keras prints. rich itself is imported only
for text with characters that are not one cell wide, such as Chinese or emoji.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

#: A stretch of text and its style, a style string of rich ("" for none).
Span = tuple[str, str]
#: What stands in a cell of a table: plain text, or spans of it.
Cell = str | tuple[Span, ...]
#: Start, end and style of a styled stretch within a line.
Run = tuple[int, int, str]
#: A line of text and its styled stretches, in order, not overlapping.
Line = tuple[str, Sequence[Run]]

# As a text: it is compiled for a cell that does not fit, and most do.
_WORDS = r"\s*\S+\s*"
# Bell, backspace, vertical tab, form feed and carriage return never reach the screen.
_STRIPPED = dict.fromkeys((7, 8, 11, 12, 13))
_TAB = 8
#: By how much what continues a line stands further in.
_FURTHER = 4
# Latin, Greek, Cyrillic, box drawing, the ellipsis: one cell each, in whatever version of Unicode rich goes by.
_SINGLE_CELLS = ((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x370, 0x482), (0x2500, 0x25FC), (0x2026, 0x2026))


def is_simple(text: str) -> bool:
    """Whether every character certainly takes one cell, so that `len` is the width.

    >>> is_simple("conv2d"), is_simple("└ Größe"), is_simple("畳み込み")
    (True, True, False)
    """
    if text.isascii():
        return text.isprintable()
    return all(any(low <= code <= high for low, high in _SINGLE_CELLS) for code in map(ord, text))


def cell_length(text: str) -> int:
    """Return the number of terminal cells that `text` takes."""
    if is_simple(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def join(cell: Cell) -> str:
    """Return the text of a cell without its styles."""
    return cell if isinstance(cell, str) else "".join([text for text, _ in cell])


def wrap_plain(text: str, width: int, justify: str) -> list[str]:
    """Return the lines of a cell, each exactly `width` cells wide; `width` is at least 1.

    >>> wrap_plain("batch_normalization_1 (BatchNormalization)", 15, "left")
    ['batch_normaliz…', '(BatchNormaliz…']
    """
    lines = broken(text, width)
    if lines is None:
        return [join(tuple(line)) for line in wrap_spans(((text, ""),), width, justify)]
    return [place(line, width, justify) for line in lines]


def wrap_spans(spans: Iterable[Span], width: int, justify: str) -> list[list[Span]]:
    """Return the lines of a cell as spans, each line exactly `width` cells wide; `width` is at least 1."""
    text, runs = _joined(spans)
    if justify == "left" and len(text) <= width and is_simple(text):
        return [_cut_runs((text.ljust(width), runs))]
    return [_exactly(_cut_runs(line), width) for line in _wrap(text, runs, width, justify, fold=False)]


def fold_spans(spans: Iterable[Span], width: int) -> list[list[Span]]:
    """Return the lines that a printed paragraph takes: words too long for a line are folded, nothing is padded."""
    return [_cut_runs(line) for line in _wrap(*_joined(spans), width, "default", fold=True)]


def fitted(line: Sequence[Span], width: int) -> list[list[Span]]:
    """A line on as many as it takes on a screen that is narrower, the others further in than the first.

    >>> [join(tuple(one)) for one in fitted([("   training     7.92 GiB  of 8.00 GiB, 81 MiB left", "")], 30)]
    ['   training     7.92 GiB  of', '       8.00 GiB, 81 MiB left']
    """
    text, runs = _joined(line)
    if cell_length(text) <= width:
        return [list(line)]
    start = len(text) - len(text.lstrip(" "))
    first = min(start, width // 4)
    others = min(first + _FURTHER, width // 2)
    text, runs = _divide(text, runs, [start])[1]
    head, *rest = _divide(text, runs, _breaks(text, width - first, fold=True)[:1])
    parts = [head, *[part for one in rest for part in _divide(*one, _breaks(one[0], width - others, fold=True))]]
    result = []
    for number, (part, its) in enumerate(parts):
        shown = part.rstrip(" ")  # without the space that a line is broken at
        result.append([(" " * (others if number else first), ""), *_cut_runs((shown, _clipped(its, len(shown))))])
    return result


def broken(text: str, width: int) -> list[str] | None:
    """Return the lines of a cell whose characters certainly take one cell each, and whose words one space parts; not
    filled up. None for a text that takes more care: `wrap_spans` lays it out.

    >>> broken("batch_normalization_1 (BatchNormalization)", 30), broken("畳み込み", 30)
    (['batch_normalization_1', '(BatchNormalization)'], None)
    """
    if not (text.isascii() and text.isprintable()) or "  " in f" {text} ":
        return None
    lines: list[str] = []
    start, size = 0, len(text)
    while size - start > width:
        end = text.rfind(" ", start, start + width + 1)
        if end < 0:  # a word too long for any line has one of its own
            lines.append(text[start : start + width - 1] + "…")
            end = text.find(" ", start)
            if end < 0:
                return lines
        else:
            lines.append(text[start:end])
        start = end + 1
    lines.append(text[start:])
    return lines


def _joined(spans: Iterable[Span]) -> Line:
    """One text of all spans, and its styled runs."""
    parts: list[str] = []
    runs: list[Run] = []
    position = 0
    for part, style in spans:
        text = part.translate(_STRIPPED) if not part.isprintable() else part
        end = position + len(text)
        if style and text:
            runs.append((position, end, style))
        parts.append(text)
        position = end
    return "".join(parts), runs


def _wrap(text: str, runs: Sequence[Run], width: int, justify: str, *, fold: bool) -> list[Line]:
    lines: list[Line] = []
    paragraphs: list[Line] = [(text, runs)]
    if "\n" in text:
        paragraphs = _without_newlines(text, runs)
    for paragraph, its_runs in paragraphs:
        if "\t" in paragraph:
            paragraph, its_runs = _expand_tabs(paragraph, its_runs)  # noqa: PLW2901 - the same paragraph, expanded
        for line, line_runs in _divide(paragraph, its_runs, _breaks(paragraph, width, fold=fold)):
            lines.append(_justified(_drop_overhang(line, width), line_runs, width, justify))
    return lines


def _breaks(text: str, width: int, *, fold: bool) -> list[int]:
    """Where to break `text` so that its words fit into `width` cells; a break comes before a word that does not fit."""
    if len(text) <= width and is_simple(text):
        return []
    measure = len if is_simple(text) else cell_length
    positions: list[int] = []
    used = 0
    for match in re.finditer(_WORDS, text):
        word = match.group()
        start = match.start()
        length = measure(word.rstrip())
        if length <= width - used:
            used += measure(word)
            continue
        if length > width and fold:
            pieces = _chop(word, width)
            for piece in pieces[:-1]:
                if start:
                    positions.append(start)
                start += len(piece)
            if pieces:
                if start:
                    positions.append(start)
                used = measure(pieces[-1])
            continue
        if start:
            positions.append(start)
        used = measure(word)
    return positions


def _chop(word: str, width: int) -> list[str]:
    if is_simple(word):
        return [word[index : index + width] for index in range(0, len(word), width)]
    from rich.cells import chop_cells

    try:
        return chop_cells(word, width)
    except (IndexError, ZeroDivisionError):  # rich stumbles over some characters that take no cell
        return list(word)


def _drop_overhang(line: str, width: int) -> str:
    """Drop spaces at the end that stand beyond the width. Counted in characters, not cells, as rich does."""
    excess = len(line) - width
    if excess > 0:
        spaces = len(line) - len(line.rstrip())
        if spaces:
            return line[: len(line) - min(spaces, excess)]
    return line


def _justified(text: str, runs: Sequence[Run], width: int, justify: str) -> Line:
    """Cut one line to the width with an ellipsis, and pad it; "default" crops it and does not pad."""
    if justify == "default":
        if len(text) * 2 > width and cell_length(text) > width:
            text = _resize(text, width)
        return text, _clipped(runs, len(text)) if runs else runs
    if justify != "left":
        text = text.rstrip()
    length = cell_length(text)
    if length > width:
        text = _resize(text, width - 1) + "…"
        length = width if is_simple(text[:-1]) else cell_length(text)
        if justify == "left":
            return text, _clipped(runs, len(text))
    content = len(text)
    left = 0
    if justify == "center":
        left = (width - length) // 2
    elif justify == "right":
        left = width - length
    right = 0 if justify == "right" else width - left - length
    if justify == "center" and left and not is_simple(text):
        right = width - cell_length(" " * left + text)
    text = f"{' ' * left}{text}{' ' * right}"
    if not runs:
        return text, runs
    return text, [(start + left, end + left, style) for start, end, style in _clipped(runs, content)]


def place(text: str, width: int, justify: str) -> str:
    """Fill up a line that is known to fit and to take one cell a character."""
    if justify == "left":
        return text.ljust(width)
    if justify == "right":
        return text.rjust(width)
    left = (width - len(text)) // 2
    return f"{' ' * left}{text}".ljust(width)


def _clipped(runs: Sequence[Run], length: int) -> list[Run]:
    return [(start, min(end, length), style) for start, end, style in runs if start < length]


def _resize(text: str, width: int) -> str:
    return text[:width] if is_simple(text) else _fill(text, width)


def _divide(text: str, runs: Sequence[Run], positions: Sequence[int]) -> list[Line]:
    """Cut a text at positions, and its runs with it."""
    if not positions:
        return [(text, runs)]
    edges = [0, *positions, len(text)]
    lines: list[Line] = []
    for low, high in pairwise(edges):
        inside = [
            (max(start, low) - low, min(end, high) - low, style)
            for start, end, style in runs
            if start < high and end > low
        ]
        lines.append((text[low:high], inside))
    return lines


def _without_newlines(text: str, runs: Sequence[Run]) -> list[Line]:
    edges = [position for match in re.finditer("\n", text) for position in match.span()]
    return _divide(text, runs, edges)[::2]


def _expand_tabs(text: str, runs: Sequence[Run]) -> Line:
    """Replace tabs by spaces up to the next multiple of 8 cells; a styled tab gives styled spaces."""
    parts: list[str] = []
    starts = [start for start, _, _ in runs]
    ends = [end for _, end, _ in runs]
    position = cells = 0
    pieces = text.split("\t")
    for piece in pieces[:-1]:
        part = piece + " "
        position += len(part)
        cells += cell_length(part)
        missing = -cells % _TAB
        starts = [start + missing if start >= position else start for start in starts]
        ends = [end + missing if end >= position else end for end in ends]
        parts.append(part + " " * missing)
        position += missing
        cells += missing
    parts.append(pieces[-1])
    return "".join(parts), [(start, end, style) for start, end, (_, _, style) in zip(starts, ends, runs, strict=True)]


def _cut_runs(line: Line) -> list[Span]:
    """A line as spans."""
    text, runs = line
    if not runs:
        return [(text, "")]
    spans: list[Span] = []
    position = 0
    for start, end, style in runs:
        if start > position:
            spans.append((text[position:start], ""))
        if end > start:
            spans.append((text[start:end], style))
        position = end
    if position < len(text):
        spans.append((text[position:], ""))
    return spans


def _exactly(spans: list[Span], width: int) -> list[Span]:
    """Pad or crop a line whose width came out wrong, as joined characters (emoji with modifiers) may."""
    if all(is_simple(text) for text, _ in spans):
        return spans
    length = sum(cell_length(text) for text, _ in spans)
    if length < width:
        return [*spans, (" " * (width - length), "")]
    if length == width:
        return spans
    kept: list[Span] = []
    used = 0
    for text, style in spans:
        cells = cell_length(text)
        if used + cells >= width:
            kept.append((_fill(text, width - used), style))
            break
        kept.append((text, style))
        used += cells
    return kept


def _fill(text: str, width: int) -> str:
    """Cut or fill a text to exactly `width` cells."""
    from rich.cells import set_cell_size

    try:
        return set_cell_size(text, width)
    except (IndexError, ZeroDivisionError):  # rich stumbles over some characters that take no cell
        while cell_length(text) > width:
            text = text[:-1]
        return text + " " * (width - cell_length(text))
