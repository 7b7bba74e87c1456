"""Both models in one picture, for `--format html` and `svg`: the new one, and in it what only the old one has.

Takes the record of the differences, with the reports of the two. Knows no layout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnsum.answers.diff import words
from cnnsum.answers.diff.ask import Change, Diff
from cnnsum.answers.page.records import Changes, Page
from cnnsum.answers.picture.ask import picture
from cnnsum.answers.summary.measured import MEASURES
from cnnsum.answers.summary.records import Connection, Read, Report, Row


def html_chunks(found: Diff) -> Iterator[str]:
    """The differences as a page."""
    from cnnsum.answers.page.html import document

    yield from document(page(found), found.reports[1].version)


def svg_chunks(found: Diff) -> Iterator[str]:
    """The differences as a picture."""
    from cnnsum.answers.page.data import encoded
    from cnnsum.answers.page.engine import picture as drawn

    yield drawn(encoded(page(found)))


def page(found: Diff) -> Page:
    """The page of the differences: both graphs in one, and what is said of them."""
    merged, marks = _merged(found)
    details: dict[str, tuple[str, ...]] = {}
    for one in (*found.changed, *found.affected):
        details[one.new_name] = (*_renamed(one), *words.details(one))
    for old, new in found.renamed:
        details.setdefault(new, (f"was called {old}",))
    changes = Changes(
        names=words.titles(found),
        totals=tuple(
            [
                (
                    MEASURES[one.measure].title,
                    words.amount(one.measure, one.old),
                    words.amount(one.measure, one.new),
                    words.change(one),
                )
                for one in found.totals
            ]
        ),
        notes=words.notes(found),
        layers=f"{found.layers[0]:,} -> {found.layers[1]:,}: {words.layer_counts(found)}",
        sizes=tuple([f"{symbol}: {text}" for symbol, text, _ in words.size_rows(found)]),
        weights=tuple(words.weights_said(found)),
        marks=marks,
        details=details,
    )
    return Page(merged, picture(merged), changes=changes)


def _renamed(one: Change) -> tuple[str, ...]:
    return () if one.name == one.new_name else (f"was called {one.name}",)


def _merged(found: Diff) -> tuple[Report, Mapping[str, str]]:
    """The report of the new model with the layers that are gone, each behind what it was behind; and the marks."""
    old, new = found.reports
    marks = {one.name: "added" for one in found.added}
    marks |= {one.new_name: "affected" for one in found.affected}
    marks |= {one.new_name: "changed" for one in found.changed}
    for _, name in found.renamed:
        marks.setdefault(name, "renamed")
    gone = {one.name for one in found.removed}
    taken = {row.name for row in new.rows} | {one.name for one in new.inputs}
    called = {one.name: one.new_name for one in (*found.changed, *found.affected)} | dict(found.renamed)
    for name in gone:
        called[name] = f"{name} (old)" if name in taken else name
        marks[called[name]] = "removed"
    # Those in nested models stand in the model's own rows, which are the new one's; only the others are put in.
    placed = [row for row in old.rows if row.name in gone]
    behind: dict[str, list[Row]] = {}
    more: dict[str, list[str]] = {}
    before = ""
    for row in old.rows:
        name = called.get(row.name, row.name)
        sources = [called.get(one.layer, one.layer) for one in row.connections]
        if row.name in gone:
            behind.setdefault(before, []).append(_copy(row, name, sources))
        else:
            more[name] = [source for source in sources if marks.get(source) == "removed"]
            before = name
    rows = [*behind.get("", ())]
    for row in new.rows:
        lost = more.get(row.name, [])
        rows.append(_copy(row, row.name, [one.layer for one in row.connections] + lost) if lost else row)
        rows += behind.get(row.name, ())
    known = {row.name for row in rows}
    rows += [_copy(row, called[row.name], []) for row in placed if called[row.name] not in known]
    merged = object.__new__(Report)
    for slot in Report.__slots__:
        setattr(merged, slot, getattr(new, slot))
    merged.rows = tuple(rows)
    return merged, marks


def _copy(row: Row, name: str, sources: list[str]) -> Row:
    """The row with another name, and other layers that it reads."""
    copied = object.__new__(type(row))
    for slot in Row.__slots__:
        setattr(copied, slot, getattr(row, slot))
    copied.name = name
    copied.connections = tuple([Connection(source, 0, 0) for source in sources])
    copied.reads = tuple([Read(source, 0, None) for source in sources])
    return copied
