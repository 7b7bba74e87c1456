"""A room for each question that cnnsum answers: what is asked, the records of the answer, and its formats.

Every room has `ask`, the function and the records of the answer. Its formats are registered here, once for the command
line, the library and the tests: `renderer` finds the function of a format, and a format that a question does not have
is an OptionError that lists those it has. Knows the names of rooms and functions, and loads a room when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

#: The formats of each question, the first of them the default: the module and the function that renders an answer. The
#: answer is what the library's function gives for the question: nothing is put around it. A function called `lines`
#: makes lines of spans (text, style) for a width in columns, one of a format in `BINARY` chunks of bytes, every other
#: chunks of text. What more may be said of the look is told by name, and has a default.
FORMATS: Mapping[str, Mapping[str, str]] = {
    "summary": {
        "table": "answers.summary.table:chunks",
        "json": "answers.summary.json_format:chunks",
        "csv": "answers.summary.csv_format:chunks",
        "markdown": "answers.summary.markdown_format:chunks",
        "html": "answers.page.html:chunks",
        "svg": "answers.page.svg:chunks",
        "mermaid": "answers.picture.mermaid:chunks",
        "dot": "answers.picture.dot:chunks",
    },
    "chart": {"table": "answers.summary.chart:chunks", "svg": "answers.summary.chart_svg:chunks"},
    "sizes": {"text": "answers.sizes.formats:lines", "json": "answers.sizes.formats:json_chunks"},
    "fit": {"text": "answers.fit.formats:lines", "json": "answers.fit.formats:json_chunks"},
    "best": {"text": "answers.fit.several_formats:lines", "json": "answers.fit.several_formats:json_chunks"},
    "sweep": {
        "table": "answers.sweep.formats:lines",
        "json": "answers.sweep.formats:json_chunks",
        "csv": "answers.sweep.formats:csv_chunks",
        "jsonl": "answers.sweep.formats:jsonl_chunks",
        "parquet": "answers.sweep.formats:parquet_chunks",
        "markdown": "answers.sweep.formats:markdown_chunks",
    },
    "sweep chart": {"table": "answers.sweep.chart:lines", "svg": "answers.sweep.chart_svg:chunks"},
    "list": {
        "table": "answers.listing.formats:lines",
        "csv": "answers.listing.formats:csv_chunks",
        "jsonl": "answers.listing.formats:jsonl_chunks",
        "parquet": "answers.listing.formats:parquet_chunks",
        "json": "answers.listing.formats:json_chunks",
        "markdown": "answers.listing.formats:markdown_chunks",
    },
    "explain": {
        "text": "answers.explain.text:lines",
        "markdown": "answers.explain.data:markdown_chunks",
        "json": "answers.explain.data:json_chunks",
    },
    "conventions": {"text": "answers.conventions.formats:lines", "json": "answers.conventions.formats:json_chunks"},
    "diff": {
        "text": "answers.diff.formats:lines",
        "markdown": "answers.diff.formats:markdown_chunks",
        "json": "answers.diff.formats:json_chunks",
        "html": "answers.diff.drawn:html_chunks",
        "svg": "answers.diff.drawn:svg_chunks",
    },
    "check": {
        "text": "lint.report.text_format:lines",
        **{
            format: f"lint.report.{format}_format:render"
            for format in ("concise", "json", "sarif", "github", "gitlab", "junit", "statistics")
        },
    },
    "layers": {"text": "answers.layers.formats:chunks"},
    "rules": {
        "text": "codes.reference:text_chunks",
        "markdown": "codes.reference:markdown_chunks",
        "json": "codes.reference:json_chunks",
    },
}

#: The kinds of JSON that cnnsum writes, as their `schema` calls them, and the package that has the JSON Schema of each:
#: `schema/NAME.json` in it.
SCHEMAS: Mapping[str, str] = {
    "report": "answers.summary",
    "sizes": "answers.sizes",
    "fit": "answers.fit",
    "best": "answers.fit",
    "sweep": "answers.sweep",
    "list": "answers.listing",
    "explain": "answers.explain",
    "convention": "answers.conventions",
    "diff": "answers.diff",
    "check": "lint.report",
    "baseline": "lint.budget",
    "rules": "codes",
}

#: The formats of a summary that show details of its report: where layers stand, what they see and what they read.
DETAILED = ("json", "html", "svg", "mermaid", "dot")

#: What a function is called that makes lines of spans.
LINES = "lines"

#: The formats that are not text: their functions give chunks of bytes.
BINARY = ("parquet",)


class OptionError(ValueError):
    """A choice about the look of an answer that cannot be followed; `help` says what to choose, where that is known."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    @property
    def sentence(self) -> str:
        """What cannot be done, and in brackets the mend."""
        return f"{self.message} ({self.help})" if self.help else self.message


def as_text(question: str, answer: object, width: int = 80) -> str:
    """An answer in the format of a screen, plain, at most `width` columns wide where its words allow it."""
    from cnnsum.ink import inked

    return "".join(inked(renderer(question, "text")(answer, width))).removesuffix("\n")


def renderer(question: str, format: str) -> Callable[..., Iterator[str]]:
    """The function that renders an answer in a format, as chunks of plain text: `renderer("fit", "json")(answer)`.
    Raises OptionError where the question has no such format.
    """
    module, name = _home(question, format)
    found: Callable[..., Iterator[str]] = getattr(module, name)
    if name != LINES:
        return found
    lines = renderer_of_lines(question, format)

    def plain(answer: object, width: int = 80, **looks: object) -> Iterator[str]:
        return ("".join([text for text, _ in line]) + "\n" for line in lines(answer, width, **looks))

    return plain


def renderer_of_lines(question: str, format: str) -> Callable[..., Iterator[list[tuple[str, str]]]]:
    """The same for a screen: the function is given a width, too, and yields lines of spans."""
    found: Callable[..., Iterator[list[tuple[str, str]]]] = getattr(*_home(question, format))
    return found


def has_lines(question: str, format: str) -> bool:
    """Whether a format is made for a screen, and has lines of spans."""
    return FORMATS[question][format].endswith(f":{LINES}")


def renderer_of_bytes(question: str, format: str) -> Callable[..., Iterator[bytes]]:
    """The same for a format that is in `BINARY`."""
    found: Callable[..., Iterator[bytes]] = getattr(*_home(question, format))
    return found


def _home(question: str, format: str) -> tuple[ModuleType, str]:
    """The module and the name of what renders an answer in a format."""
    known = FORMATS[question]
    home = known.get(format)
    if home is None:
        from cnnsum.diagnostics import did_you_mean

        message = f"there is no format {format!r}: choose from {', '.join(known)}"
        raise OptionError(message, did_you_mean(format, known))
    module, _, name = home.partition(":")
    # Not by importlib, which a small model would load for this alone.
    return __import__(f"cnnsum.{module}", fromlist=(name,)), name


def json_schema(name: str) -> dict[str, object]:
    """The JSON Schema (2020-12) of a kind of JSON; raises OptionError where there is no such kind."""
    home = SCHEMAS.get(name)
    if home is None:
        from cnnsum.diagnostics import did_you_mean

        message = f"there is no schema {name!r}: choose from {', '.join(SCHEMAS)}"
        raise OptionError(message, did_you_mean(name, SCHEMAS))
    import json
    from importlib.resources import files

    text = files(f"cnnsum.{home}").joinpath("schema").joinpath(f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, object] = json.loads(text)
    return loaded
