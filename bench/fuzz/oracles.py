"""What every result must be, and what results of several calls must be together. Each fault is one line of text.

The text begins with the kind of the fault, up to the first colon: faults of one kind are counted together.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from bench.fuzz.cases import Case

ROOT = Path(__file__).resolve().parent.parent.parent
#: Seconds of CPU and bytes that a call may take for files of up to `SMALL` bytes and networks of up to `LAYERS` calls.
SECONDS, MEMORY = 2.0, 300 * 2**20
SMALL, LAYERS = 100_000, 10_000
#: Characters that a call may write, for such files and networks.
CHARACTERS = 20_000_000


class Result(NamedTuple):
    """What came of one call.

    memory: bytes that it held at most. layers: calls of layers in the largest network that it inferred. size: bytes of
    its files.
    """

    argv: Sequence[str]
    code: int | None
    out: str
    err: str
    seconds: float
    memory: int
    layers: int
    size: int
    fault: str | None = None

    def option(self, name: str) -> str | None:
        """The value of an option, the last one given."""
        values = [self.argv[at + 1] for at, word in enumerate(self.argv[:-1]) if word == name]
        return values[-1] if values else None

    @property
    def json(self) -> Any:
        """The output, which is JSON."""
        return _strict(self.out)


def _not_json(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _strict(text: str) -> Any:
    return json.loads(text, parse_constant=_not_json, object_pairs_hook=_unique)


# --- one call ---------------------------------------------------------------------------------------------------------

_COLORS = re.compile(r"\x1b\[[0-9;]*m")
# Controls, also those of 8 bits; what turns the direction of text or cannot be seen; what ends a line elsewhere.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_COMMAND = re.compile(r"^\s*::\s*[\w-]+[^:\n]*::|##\[[\w-]+[^\]\n]*\]", re.MULTILINE)
#: A finding without a place: what is wrong with a value of the call names its option.
_PLACELESS = re.compile(r"^(?:error: |warning: )?([A-Z]{3}\d{3}) (?!--set )", re.MULTILINE)
_CODE = re.compile(r"\b[A-Z]{3}\d{3} ")
#: Findings on a file as a whole, or on the call.
_WHOLE = frozenset(
    f"SPC{number:03}" for number in (*range(1, 8), 26, 28, 46, 47, *range(50, 60), 64, 66, 67, 68, 69, 70)
)


def faults(result: Result) -> Iterator[str]:
    """What is wrong with the result of one call."""
    if result.fault is not None:
        yield result.fault
        return
    if result.code not in (0, 1, 2):
        yield f"exit code {result.code}:"
    small = result.layers <= LAYERS
    allowed = SECONDS * max(1.0, result.size / SMALL, result.layers / LAYERS)
    if result.seconds > allowed:
        yield f"time: {result.seconds:.1f} s of CPU for {result.size:,} bytes and {result.layers:,} layers"
    if "a fault in cnnsum itself" in result.err:
        yield f"fault: {result.err.strip()[:300]}"
    if result.memory > MEMORY * max(1.0, result.size / SMALL, result.layers / LAYERS):
        yield f"memory: {result.memory >> 20} MB for {result.size:,} bytes and {result.layers:,} layers"
    elif "more memory than there is" in result.err and small:
        yield f"memory: more than there is for {result.size:,} bytes and {result.layers:,} layers"
    if "Error: the model is nested too deep" in result.err:
        yield "nested too deep, without a place:"
    if len(result.out) + len(result.err) > CHARACTERS and small:
        yield f"much output: {len(result.out) + len(result.err):,} characters"
        return
    if result.code == 2 and result.out:
        yield f"half-written: exit code 2 and {result.out[:200]!r}"
    yield from _texts(result)
    if result.code != 2 and result.out:
        yield from _format(result)


def _texts(result: Result) -> Iterator[str]:
    colored = "always" in result.argv
    for name, text in (("standard output", result.out), ("standard error", result.err)):
        plain = _COLORS.sub("", text) if colored else text
        if result.option("--format") == "csv" and name == "standard output":
            plain = plain.replace("\r\n", "\n")
        # A patch and a converted network quote the file's own line ends.
        own = "--diff" in result.argv and name == "standard output"
        found = (_CONTROLS if own else _HARMFUL).search(plain)
        if found:
            near = plain[max(0, found.start() - 40) : found.end() + 20]
            yield f"control character {found.group()!r} in {name}: {near!r}"
        if own or (name == "standard output" and result.option("--format") == "github"):  # which `_format` looks at
            continue
        command = _COMMAND.search(plain)
        if command:
            yield f"workflow command in {name}: {plain[max(0, command.start() - 30) : command.end() + 30]!r}"
    for found in _PLACELESS.finditer(result.err):
        if found.group(1) not in _WHOLE:
            yield f"no place {found.group(1)}: {result.err[found.start() : found.start() + 200]!r}"
    if (
        result.code == 1
        and "show" not in result.argv[:1]
        and not result.out
        and not result.err
        and not {"-q", "-o"} & {*result.argv}
    ):
        yield "silent: exit code 1 and not a word"


_CALLS = frozenset(("show", "check", "list", "sizes", "explain", "fit", "diff", "convert", "rule", "layers", "schema"))


def _format(result: Result) -> Iterator[str]:
    command = result.argv[0] if result.argv[0] in _CALLS else "show"
    format = result.option("--format")
    if (
        "--statistics" in result.argv
        or "--show-settings" in result.argv
        or "--help" in result.argv
        or "-h" in result.argv
    ):
        return
    if command == "check" and "--diff" in result.argv:
        return
    if command in ("layers", "schema", "convert"):
        return
    try:
        if format in ("json", "sarif", "gitlab"):
            yield from _values(command, format, result.json)
        elif format == "junit":
            ET.fromstring(result.out)  # noqa: S314 - our own output
        elif format == "svg":
            ET.fromstring(result.out)  # noqa: S314
        elif format in ("mermaid", "dot"):
            yield from _graph(result.out, format)
        elif format == "jsonl":
            for line in result.out.splitlines():
                yield from _values(command, format, json.loads(line))
        elif format == "csv":
            yield from _cells(result.out)
        elif format == "github":
            lines = result.out.splitlines()
            bad = next((line for line in lines if not re.match(r"::(error|warning|notice) [^:]*::", line)), None)
            if bad is not None:
                yield f"github: a line that is not an annotation: {bad[:200]!r}"
    except (ValueError, ET.ParseError, csv.Error, RecursionError) as error:
        yield f"{command} {format} does not parse: {type(error).__name__}: {str(error)[:100]}"


def _graph(text: str, format: str) -> Iterator[str]:
    """What flows between boxes that are not there, and groups that are not closed."""
    known = set(re.findall(r"^ *(n\d+)(?:\(|\[| \[)", text, re.MULTILINE))
    arrows = re.findall(r"^ *(n\d+) -(?:- .*? --)?-?> (n\d+)", text, re.MULTILINE)
    unknown = {end for arrow in arrows for end in arrow} - known
    if unknown:
        yield f"{format}: boxes that are not there: {sorted(unknown)[:5]}"
    closed = len(re.findall(r"^ *(?:end|\})$", text, re.MULTILINE))
    opened = len(re.findall(r"^ *(?:subgraph|digraph) ", text, re.MULTILINE))
    if closed != opened:
        yield f"{format}: {opened} groups opened and {closed} closed"


def _cells(text: str) -> Iterator[str]:
    rows = list(csv.reader(io.StringIO(text), strict=True))
    if len({len(row) for row in rows}) > 1:
        yield f"csv: rows of {sorted({len(row) for row in rows})} cells"
    for row in rows:
        for cell in row:
            # A number may have its sign.
            if re.match(r"[=@\t\r]|[-+](?!\d+(\.\d+)?(e[-+]?\d+)?$)", cell, re.IGNORECASE):
                yield f"csv: a cell that is a formula: {cell[:100]!r}"


#: Keys of numbers that are never below 0 in any report, and those whose numbers may be.
_COUNTS = frozenset(
    ("params", "macs", "flops", "memory", "peak", "training", "weights", "total", "saved", "bytes", "line", "column")
)


def _values(command: str, format: str, value: Any) -> Iterator[str]:
    if command != "diff":
        yield from _negative(value, ())
    if command == "show" and format == "json" and isinstance(value, dict) and value.get("schema") == "cnnsum.report/1":
        check = _validator("report.json")
        error = None if check is None else next(iter(check.iter_errors(value)), None)
        if error is not None:
            yield f"schema: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
    if command == "check" and format == "json":
        for file in value["files"]:
            for found in file["findings"]:
                if found["line"] is None and found["code"] not in _WHOLE and found["code"][:3] not in ("BUD", "ARC"):
                    yield f"no place {found['code']}: {found['message'][:150]!r}"


@cache
def _validator(name: str) -> Any:
    """The validator of a JSON Schema of the package; None where jsonschema is not installed."""
    try:
        import jsonschema
    except ImportError:
        return None
    schema = json.loads((ROOT / "cnnsum" / "answers" / "summary" / "schema" / name).read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def _negative(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if type(item) in (int, float) and item < 0 and (key in _COUNTS or set(path) & _COUNTS):
                if key not in ("first", "last", "call", "offset", "axis"):
                    yield f"negative: {'/'.join((*path, key))} is {item}"
            else:
                yield from _negative(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _negative(item, path)


# --- several calls ----------------------------------------------------------------------------------------------------


def _totals(result: Result) -> tuple[Any, ...] | None:
    if result.code != 0:
        return None
    value = result.json
    totals = value["totals"]
    outputs = [(one["shape"], one["dtype"]) for one in value["outputs"]]
    return totals["params"], totals["macs"], totals["flops"], outputs


def _formulas(totals: Any) -> bool:
    """Whether numbers or sizes are formulas."""
    if isinstance(totals, (list, tuple)):
        return any(map(_formulas, totals))
    if isinstance(totals, dict):
        return any(map(_formulas, totals.values()))
    return isinstance(totals, str) and not re.fullmatch(r"[a-z]+\d*(_\w+)?", totals)


def _fix(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    before, _diff, after, again = results
    if before.code == 2 or after.code == 2 or not before.out or not after.out:
        return
    counts = [
        sum(found["severity"] == "error" for file in one.json["files"] for found in file["findings"])
        for one in (before, after)
    ]
    if counts[1] > counts[0]:
        yield f"fix: {counts[0]} errors before, {counts[1]} after"
    if again.out.strip():
        yield f"fix: not done at once, there is more to mend: {again.out[-300:]!r}"


def fix_keeps(before: bytes, after: bytes) -> Iterator[str]:
    """What a mend of a file lost: comments."""
    marks = re.compile(rb"# note \d\.")
    lost = sorted(marks.findall(before)) != sorted(marks.findall(after))
    if lost:
        yield f"fix: comments {marks.findall(before)} became {marks.findall(after)}"


#: The readers whose networks are in PyTorch's words, beside exported programs.
_IN_WORDS_OF_TORCH = ("spec in PyTorch's words", "Ultralytics", "darknet", "Caffe")


def _convert(case: Case, results: Sequence[Result]) -> Iterator[str]:
    converted, old, new = results
    if converted.code != 0:
        return
    if new.code != 0:
        yield f"convert: what was written to {case.facts['to']} does not read back: {new.err[:300]!r}"
    elif "known from the archive alone" in converted.err:
        return  # weights of layers that are not known are left out, and that is said
    elif case.facts["to"] == "keras" and _formulas(_totals(old)):
        return  # Keras has no names for sizes: equal ones are open, each by itself
    elif case.facts["to"] == "keras" and any(row["status"] == "unknown" for row in old.json["layers"]):
        return  # what a file records behind a layer that is not known is not written again
    elif old.code == 0 and case.reader in _IN_WORDS_OF_TORCH and case.facts["to"] == "keras":
        # Channels move, and moving statistics are buffers here and parameters there.
        # What no output depends on is left out, which is said, and only then there may be less.
        first = 2 if " left out: no o" in converted.err else 0
        left, right = _moved(old)[first:], _moved(new)[first:]
        if left != right and "GRF305" not in new.err + new.out:
            yield f"convert: to keras: {str(left)[:300]} became {str(right)[:300]}"
    elif old.code == 0 and case.reader == "exported program":
        # Operations that nothing reads run in a program, and are no part of a spec's network. Nor are weights that
        # nothing reads: that is said, and only then there may be less of them.
        first = 1 if " left out: no o" in converted.err else 0
        if case.facts["to"] == "keras":
            left, right = ([*_moved(one)[first:]] for one in (old, new))
        else:
            left, right = ([*_totals(one)[first:2], *_totals(one)[3:]] for one in (old, new))
        if left != right:
            yield f"convert: of a program: {str(left)[:300]} became {str(right)[:300]}"
    elif old.code == 0 and case.reader in _IN_WORDS_OF_TORCH and "GRF305" in new.err + new.out:
        # A row that nothing reads runs all the same, and is no part of a spec's network.
        if _totals(old)[3:] != _totals(new)[3:]:
            yield f"convert: of rows: {str(_totals(old))[:300]} became {str(_totals(new))[:300]}"
    elif old.code == 0 and _totals(old) != _totals(new):
        yield f"convert: to {case.facts['to']}: {str(_totals(old))[:300]} became {str(_totals(new))[:300]}"


def _moved(one: Result) -> tuple[Any, Any, list[tuple[list[Any], str]]]:
    """What stays the same in another framework's words: trainable parameters, MACs, the outputs' sizes in any order."""
    totals = one.json["totals"]
    outputs = [(sorted(output["shape"] or [], key=str), output["dtype"]) for output in one.json["outputs"]]
    return totals["params"]["trainable"], totals["macs"], outputs


def _code(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    """Code that was written is Python."""
    (written,) = results
    if written.code == 0 and written.out:
        try:
            compile(written.out, "written.py", "exec")
        except (SyntaxError, ValueError) as error:
            yield f"convert: the code is none: {error}: {written.out[:300]!r}"


def _agree_sizes(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    """`sizes --test` and a report at that size accept the same sizes, for a network that is sound at some size."""
    tested, shown, general = results
    if general.code != 0 or tested.code == 2 or shown.code == 2:
        return
    if (tested.code == 0) != (shown.code == 0):
        yield f"sizes: --test says {tested.code} and the report {shown.code}: {shown.err[:300]!r}"


def _agree_table(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    table, values = results[:2]
    if len({result.code for result in results}) > 1:
        yield f"table: exit codes {[result.code for result in results]}"
    elif values.code in (0, 1):
        totals = values.json["totals"]
        params = totals["params"]["total"]
        slots = (totals.get("optimizer") or {}).get("params", 0)  # in the same line, as Keras prints it
        params = params + slots if isinstance(params, int) and isinstance(slots, int) else None
        said = re.search(r"Total params: ([\d,]+)", table.out)
        if isinstance(params, int) and said and int(said.group(1).replace(",", "")) != params:
            yield f"table: {said.group(0)}, and {params} in JSON"
        if len({result.err for result in results}) > 1:
            yield "table: diagnostics differ between formats"


def _agree_diff(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    diff, report = results
    if diff.code == 2 or report.code == 2:
        return
    if diff.code != report.code:
        yield f"diff: exit code {diff.code}, of the report {report.code}"
    value = diff.json
    if report.code != 0:
        return  # layers that are wrong may have the name of another
    changes = [key for key, total in value["totals"].items() if total["change"] not in (0, None)]
    listed = [key for key in ("added", "removed", "changed", "affected", "renamed") if value["layers"][key]]
    if changes or listed:
        yield f"diff: a model differs from itself in {changes} {listed}"


def _agree_budget(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    report, written, held = results
    # What is not known cannot be held to a baseline, which is said (BUD502).
    if report.code == 0 and written.code == 0 and held.code != 0 and '"BUD502"' not in held.out:
        yield f"baseline: a model costs more than itself: {held.out[:300]!r}"


def _agree_evaluate(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    shown, swept = results
    if 2 in (shown.code, swept.code) or not swept.out:
        return  # a file with errors may have nothing that can be varied
    (variant,) = swept.json["variants"]
    if (variant["status"] in ("error", "illegal")) != (shown.code != 0):
        yield f"sweep: {variant['status']}, and the report's exit code is {shown.code}: {shown.err[:200]!r}"
    elif shown.code == 0:
        totals = shown.json["totals"]
        memory = totals["memory"]
        ours = {
            "params": totals["params"]["total"],
            "macs": totals["macs"],
            "flops": totals["flops"],
            "peak": memory["peak"],
            "training": memory["training"]["total"],
            "weights": memory["weights"],
        }
        for key, number in ours.items():
            if variant[key] != number and variant["status"] == "exact":
                yield f"sweep: {key} is {variant[key]}, in the report {number}"


def _agree_explain(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    report, explained = results
    if 2 in (report.code, explained.code):
        return
    if report.code != explained.code:
        yield f"explain: exit code {explained.code}, of the report {report.code}"


def _twice(_case: Case, results: Sequence[Result]) -> Iterator[str]:
    first, second = results
    if (first.code, first.out, first.err) != (second.code, second.out, second.err):
        yield "twice: a second call in the same process says something else"


JUDGES: dict[str, Callable[[Case, Sequence[Result]], Iterator[str]]] = {
    "fix": _fix,
    "code": _code,
    "convert": _convert,
    "sizes": _agree_sizes,
    "table": _agree_table,
    "diff": _agree_diff,
    "budget": _agree_budget,
    "evaluate": _agree_evaluate,
    "explain": _agree_explain,
    "twice": _twice,
}


def left_over(case: Case, folder: str, results: Sequence[Result]) -> Iterator[str]:
    """What a call left in its folder that it must not: drafts, results of calls that failed, changed sources."""
    names = {
        os.path.relpath(os.path.join(at, name), folder) for at, _folders, found in os.walk(folder) for name in found
    }
    drafts = [name for name in names if ".cnnsum-" in name]
    if drafts:
        yield f"left over: {drafts}"
    if case.judge:
        return
    (result,) = results
    for name in sorted(names - set(case.files)):
        written = result.option("-o") == name or result.option("--write-baseline") == name
        if not written or result.code == 2:
            yield f"left over: {name} after exit code {result.code}"
    mends = "--fix" in result.argv or "--add-ignores" in result.argv
    for name, data in case.files.items():
        written = name in (result.option("-o"), result.option("--write-baseline"))
        if not mends and not written and name in names:
            with open(os.path.join(folder, name), "rb") as file:
                if file.read() != data:
                    yield f"left over: {name} is not as it was"
