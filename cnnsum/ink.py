"""What goes out: the one place where text that came from a file is made harmless, for each format.

A name in a file may hold anything. Written as it stands it could steer a terminal (control characters, marks that turn
the direction of writing), give commands to the server that runs CI (`::error`, `##[`), be a formula in a spreadsheet or
markup in a page. Renderers pass names through `harmless`, and make cells of CSV, Markdown and XML here and nowhere
else; and whatever a renderer forgot, `inked` catches: all output of the process goes through it, and every text of a
report. What cannot stand as it is is written as an escape, which Python, YAML and JSON read back as it was.

Knows texts and formats; no model, no screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: Formats whose texts are in JSON's quotes, and so are their escapes. All others are written with those of Python.
JSON = frozenset(("json", "sarif", "gitlab", "keras"))

# Characters that move the cursor, draw nothing, turn the direction of writing, change those that follow, or
# are not characters (XML has no way to write U+FFFE). Variants of characters and the joiners of scripts and emoji draw
# something, where they have neighbours.
_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINED = f"[^\x00-\x7f\u200c\u200d{_UNSEEN}]"
_JOINERS = f"(?<!{_JOINED})[\u200c\u200d]|[\u200c\u200d](?!{_JOINED})"
# GitHub's old commands and Azure's (`##[error]`, `##vso[...]`) count wherever they stand in a line.
_ANYWHERE = r"#(?=#\w*\[)"
_WORD = f"[{_UNSEEN}]|{_JOINERS}|{_ANYWHERE}"
# In whole texts line ends and tabs are the format's own.
_TEXT = f"(?![\t\n]|\r\n)(?:{_WORD})"
# GitHub's commands count at the start of a line, after any space.
_AT_START = r"(?m)^([^\S\n]*):(?=:)"
_NOT_OURS = r"(?m)^(?!::(?:error|warning|notice) file=)([^\S\n]*):(?=:)"


def harmless(text: str) -> str:
    r"""A name, or a message of one line, as any format may show it: what acts or is not seen is written as an escape.

    >>> harmless("conv2d"), harmless("a\x1b[31m\n"), harmless("b\u202e"), harmless("##[error]")
    ('conv2d', 'a\\x1b[31m\\n', 'b\\u202e', '\\x23#[error]')
    """
    if text.isprintable() and "##" not in text:
        return text
    return re.sub(_WORD, _escape, text)


def inked(chunks: Iterable[str], format: str = "text") -> Iterator[str]:
    """A whole text as it goes out, in the same pieces but for unfinished lines: the last guard of every format."""
    held: list[str] = []
    for chunk in chunks:
        end = chunk.rfind("\n") + 1
        if end:
            yield _clean("".join((*held, chunk[:end])), format)
            held = [chunk[end:]] if end < len(chunk) else []
        else:
            held.append(chunk)
    if held:
        yield _clean("".join(held), format)


def inked_line(line: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A line of spans with their styles. One that could do harm loses its styles with it."""
    text = "".join([piece for piece, _ in line])
    safe = text if _is_plain(text) else _clean(text, "text")
    return line if safe == text else [(safe, "")]


def drawn(text: str) -> str:
    """A part of a file's line as it is shown above carets: as many characters, a box for each that is not seen."""
    if text.isprintable() and "##" not in text:
        return text
    return re.sub(f"[\u200c\u200d{_UNSEEN}]|{_ANYWHERE}", "\ufffd", text.replace("\t", " "))


def _is_plain(text: str) -> bool:
    # One sign, which few texts have, is found out in a tenth of the time that two of them take.
    return text.isprintable() and (":" not in text or "::" not in text) and ("#" not in text or "##" not in text)


def _clean(text: str, format: str) -> str:
    lines = text.replace("\r\n", "\n") if "\r" in text else text
    if _is_plain(lines.replace("\n", " ")):
        return text
    if format in JSON:  # a line of JSON begins with a bracket, a quote or a number
        return re.sub(_TEXT, _escape_of_json, text)
    text = re.sub(_TEXT, _escape, text)
    return re.sub(_NOT_OURS if format == "github" else _AT_START, r"\1\\x3a", text)


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    return "\\x23" if found == "#" else found.encode("unicode_escape").decode("ascii")


def _escape_of_json(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join([f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)])


# --- cells and texts of formats ---------------------------------------------------------------------------------------

# What makes a formula of a cell, also as wide letters, which spreadsheets take for the same.
_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
_NUMBER = r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?"
# What Markdown would read as its own; `_` means something at the edge of a word only, and addresses become links.
_MARKDOWN = r"[\\`*|<>\[\]&~$]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=\bwww)\."

# Of Mermaid all but words, spaces and what means nothing there in a label; and of that what is part of an address or an
# icon (`:`), and what Markdown reads at the start of a line (`- `, `1. `) and at the edge of words (`_`).
_MERMAID = r"[^\w (),./=+?:-]|:(?! )|(?<!\w)_|_(?!\w)|^[-+=]|(?<=\d)\.(?= |$)|(?<=-)-"


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    r"""Rows as CSV (RFC 4180). A text that a spreadsheet would calculate gets an apostrophe before it; numbers stay.

    >>> csv_lines([["=1+1", "conv", -3, "-3", 0.5, None]])
    "'=1+1,conv,-3,-3,0.5,\r\n"
    """
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([[_cell(value) for value in row] for row in rows])
    return buffer.getvalue()


def csv_columns(columns: Iterable[tuple[list[object], bool]]) -> str:
    """Columns as lines of CSV, as `csv_lines` writes rows; with each, whether all of it is numbers, which stand as they
    are.
    """
    import csv
    import io

    buffer = io.StringIO()
    cells = [values if numbers else _cells(values) for values, numbers in columns]
    csv.writer(buffer, lineterminator="\r\n").writerows(zip(*cells, strict=True))
    return buffer.getvalue()


def _cells(values: list[object]) -> list[object]:
    """The cells of a column, whose few texts are looked at once each."""
    texts = {value: _cell(value) for value in {value for value in values if isinstance(value, str)}}
    return [texts[value] if isinstance(value, str) else value for value in values]


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = harmless(value)
    if text.lstrip()[:1] in _FORMULA and text.strip() and not re.fullmatch(_NUMBER, text, re.ASCII):
        return f"'{text}"
    return text


def markdown(text: str) -> str:
    r"""Text that Markdown shows as it stands, on one line.

    >>> markdown("block1_conv1 | <b>")
    'block1_conv1 \\| \\<b\\>'
    """
    return re.sub(_MARKDOWN, r"\\\g<0>", harmless(" ".join(text.split())))


def markdown_code(text: str) -> str:
    r"""Text as code, in a cell too.

    >>> markdown_code("a | b"), markdown_code("a`b")
    ('`a \\| b`', '`` a`b ``')
    """
    text = harmless(" ".join(text.split())).replace("|", "\\|")
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (max(map(len, re.findall("`+", text))) + 1)
    return f"{fence} {text} {fence}"


def markdown_prose(text: str) -> str:
    """Sentences of the documentation, in which backticks are Markdown's own; those that do not pair are shown."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0 or "" in pieces[1::2]:
        return markdown(text)
    # Making one line of it takes the spaces at both ends.
    return "".join(
        [markdown_code(piece) if at % 2 else markdown(f".{piece}.")[1:-1] for at, piece in enumerate(pieces)]
    )


def mermaid(text: str) -> str:
    r"""A label of Mermaid, in its quotes: what it reads as syntax, as Markdown or as HTML is written by its number.

    >>> mermaid('conv2_block1 "x" --> <b>%%'), mermaid("(None, 98)")
    ('conv2_block1 #34;x#34; -#45;#62; #60;b#62;#37;#37;', '(None, 98)')
    """
    return re.sub(_MERMAID, lambda match: f"#{ord(match.group())};", harmless(" ".join(text.split())))


def dot(text: str) -> str:
    r"""A text of Graphviz in its quotes, whose escapes (`\N`, `\G`) and entities it shows as they stand.

    >>> print(dot(r'a "b" \N &lt;'))
    "a \"b\" \\N &amp;lt;"
    """
    text = harmless(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{text}"'


def dot_html(text: str) -> str:
    """Text within a label of Graphviz that is marked up, where a label may not be without any.

    >>> dot_html("a<b>"), dot_html("")
    ('a&lt;b&gt;', '&#160;')
    """
    if not text.strip():
        return "&#160;"
    # Escapes count here, too; and a bracket alone, which might begin the end of a CDATA section, is an error.
    return xml(harmless(text)).replace("\\", "\\\\").replace("]", "&#93;")


def xml(text: str) -> str:
    """Text between tags or in quotes, of XML and HTML; its lines stay.

    >>> xml('<a b="c">')
    '&lt;a b=&quot;c&quot;&gt;'
    """
    from html import escape

    return escape("\n".join(map(harmless, text.split("\n"))))
