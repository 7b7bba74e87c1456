"""From an architecture file to a graph: the rows, the spec that they make, and the places of both.

Knows the reader of specs, and that findings belong to the rows of the file that was given.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from cnnsum.diagnostics import Diagnostic, Span, UnusableError, unknown_choice
from cnnsum.dims import UNKNOWN
from cnnsum.graph.model import Claim, Graph, Layer, Said, SaidTotal
from cnnsum.readers import translated
from cnnsum.readers.how import How
from cnnsum.readers.translated import beside, graph_of, retell, with_channels, with_value
from cnnsum.readers.ultralytics.rows import HEADS, Row, Rows
from cnnsum.readers.ultralytics.spec import Written
from cnnsum.readers.ultralytics.top import is_whole, scale_of, wrong_at_top
from cnnsum.readers.ultralytics.unknown import in_words_of_rows
from cnnsum.source import Document
from cnnsum.typed import Any

#: The letter before the end of a name says the scale: yolo11s.yaml, yolov8x-seg.yaml.
_SCALED_NAME = re.compile(r"yolo(?:v|e-v|e-)?\d+([nslmxtcbe])(?:-|\.|$)")


def read(document: Document, how: How) -> Graph:
    """The graph of an architecture file."""
    value: Mapping[str, Any] = document.value
    if not isinstance(value, Mapping):
        raise UnusableError(Diagnostic("SPC031", "the file has no `backbone` and no `head`", document.span(())))
    scale = scale_of(value, _wanted(document, how))
    channels = value.get("ch", value.get("channels", 3))
    channels = channels if isinstance(channels, int) and not isinstance(channels, bool) and channels > 0 else 3
    settings = {name: one for name, one in how.settings.items() if name not in ("scale", "nc")}
    if "nc" in how.settings:
        if not is_whole(how.settings["nc"]):
            shown = str(how.settings["nc"])[:40]
            raise UnusableError(Diagnostic("SPC051", f"`nc` must be a positive integer, got `{shown}`"))
        document = with_value(document, "nc", how.settings["nc"])
    rows = Rows(document, scale, channels)
    if not rows.rows:
        first = [*wrong_at_top(document, scale.name), *rows.found] or [
            Diagnostic("SPC031", "the file has no rows under `backbone` and `head`", document.span(()))
        ]
        raise UnusableError(*first, line=document.line)
    modules = beside(__file__, "modules.yaml")
    written = Written(rows, modules.value["blocks"], how.types)
    name = os.path.splitext(os.path.basename(document.path))[0] or "model"
    spec = written.value(f"{name}-{scale.name}" if scale.name and not _SCALED_NAME.search(name) else name, channels)
    inputs = {key or "images": with_channels(shape, channels) for key, shape in how.inputs.items()}
    placed = [
        translated.Row(str(row.number), row.module, path, (*path, 2), (*path, 0), (*path, 3), names)
        for row, (path, names) in zip(rows.rows, written.places, strict=True)
    ]
    how = how._replace(inputs=inputs, settings=settings)
    graph = graph_of(document, spec, placed, modules, how, blocks={"activation": ("activation",)})
    retell(graph, written.unread)
    graph.diagnostics[:] = [
        in_words_of_rows(one, document)
        for one in graph.diagnostics
        if one.code != "UNK701" or one.span not in written.told
    ]
    _say_of_rows(graph, rows, document)
    if "nc" not in how.settings:
        graph.said_totals = [*_said_totals(document, scale.name, with_work=not how.inputs and not how.free)]
    # A key that is not text is one of names or the like, and is read as Ultralytics reads it.
    read = [one for one in document.diagnostics if one.code != "SPC016"]
    graph.diagnostics[:0] = [*read, *wrong_at_top(document, scale.name), *rows.found, *_unread(rows, document)]
    return graph


def _unread(rows: Rows, document: Document) -> Iterator[Diagnostic]:
    """Rows whose output no row reads: their weights and their work count, and nothing comes of them."""
    read = {source for row in rows.rows for source in row.sources}
    for row in rows.rows[:-1]:
        if row.number not in read and row.module not in HEADS:
            message = f"row {row.number}, {row.module}, is not used: no row reads it, but it runs and has weights"
            yield Diagnostic("GRF305", message, document.span(row.path), "warning")


def _wanted(document: Document, how: How) -> str | None:
    """The scale that the caller sets, or that the name of the file says."""
    scales = document.value.get("scales")
    known = [str(one) for one in scales] if isinstance(scales, dict) else []
    wanted = how.settings.get("scale")
    if wanted is not None:
        if str(wanted) not in known:
            raise UnusableError(unknown_choice("SPC051", "scale", str(wanted), tuple(known) or ("none",)))
        return str(wanted)
    found = _SCALED_NAME.search(os.path.basename(document.path))
    return found[1] if found is not None and found[1] in known else None


#: What a comment behind a row says of it: `# 3-P3/8`, `# 16 (P3/8-small)`.
_LABEL = re.compile(r"#[^#]*?(P\d+/(\d{1,5}))\b")


def _said(row: Row, layer: Layer, document: Document) -> Iterator[Said]:
    """What the comment behind a row says of its output."""
    if document.format != "yaml":
        return
    end = document.span(row.path)
    rest = document.line(end.end_line)[end.end_column - 1 :]
    found = _LABEL.search(rest)
    if found is not None and (factor := int(found[2])) > 0:
        start = end.end_column + found.start(1)
        yield Said(
            layer, factor, found[1], Span(document.path, end.end_line, start, end.end_line, start + len(found[1]))
        )


#: The tools by which Ultralytics counted from time to time, as today first; and MACs alone.
_COUNTERS = ("ultralytics", "ultralytics by modules", "thop", "torch")
#: What a comment behind a scale, or above the rows of a file without scales, says of the network:
#: `# summary: 181 layers, 2624080 parameters, ..., 6.6 GFLOPs`; and by which tools such work was counted.
_COUNTS = (
    (re.compile(r"#[^#]*?(?<![\d,.])(\d[\d,]{0,30}) parameters\b"), ()),
    (re.compile(r"#[^#]*?(?<![\d,.])(\d[\d,]{0,15}(?:\.\d{1,15})?) ?GFLOPs\b"), _COUNTERS),
)


def _said_totals(document: Document, scale: str, *, with_work: bool) -> Iterator[SaidTotal]:
    """The parameters, and with_work the GFLOPs, that a comment says the network has, the first of each."""
    if document.format != "yaml":
        return
    if scale:
        end = document.span(("scales", scale))
        lines = {end.end_line: end.end_column - 1}
    else:
        first = next(key for key in ("backbone", "head") if key in document.value)
        lines = dict.fromkeys(range(1, document.span((first,), key=True).line), 0)
    for pattern, counters in _COUNTS[: 1 + with_work]:
        for line, begin in lines.items():
            found = pattern.search(document.line(line), begin)
            if found is not None:
                start = found.start(1) + 1
                place = Span(document.path, line, start, line, start + len(found[1]))
                yield SaidTotal(found[1].replace(",", ""), counters, place)
                break


def _say_of_rows(graph: Graph, rows: Rows, document: Document) -> None:
    """What is known of layers beside their rows: what comments say, and channels where nothing is known of a module."""
    by_name = {str(row.number): row for row in rows.rows}
    last: dict[str, Layer] = {}
    for layer in graph.layers:
        row = by_name.get(layer.block[0] if layer.block else layer.name)
        if row is None:
            continue
        if layer.nodes:
            last[str(row.number)] = layer
        if not layer.block and layer.type is None and layer.type_name == row.module:
            # Nothing is known of it: what follows is checked for as many channels as come in.
            batch = UNKNOWN if graph.batch is None else graph.batch
            for node in layer.nodes:
                node.claim = Claim(((batch, row.c2, UNKNOWN, UNKNOWN),), layer.policy.compute)
    for row in rows.rows:
        if row.module not in HEADS and str(row.number) in last:
            graph.said += _said(row, last[str(row.number)], document)
