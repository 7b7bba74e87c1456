"""Suppressions in comments: what is one, what is none, and what is a broken one."""

from __future__ import annotations

from cnnsum.lint.comments import Suppression, suppressions
from tests.thorough import each


def codes(text: str) -> list[tuple[int, list[str]]]:
    return [(one.line, [code.text for code in one.codes]) for one in suppressions(text)]


@each(
    "text",
    [
        "a: 1  # cnnsum: ignore[SHP201]",
        "a: 1 #cnnsum:ignore[SHP201]",
        "a: 1\t# cnnsum:  ignore[ SHP201 ]  because the paper has it so",
        "# cnnsum: ignore[SHP201]",
        "a: 1 # see the paper # cnnsum: ignore[SHP201]",
        "a: '# x'  # cnnsum: ignore[SHP201]",
        "a: 1  # cnnsum: ignore[SHP201]\r\nb: 2\r\n",
        "a: 1  # cnnsum: ignore[SHP201]\rb: 2  # no\r",
        "a: |  # cnnsum: ignore[SHP201]\n  text\n",
        "a: >-  # cnnsum: ignore[SHP201]",
        "a: [1,  # cnnsum: ignore[SHP201]\n  2]",
    ],
)
def test_a_suppression(text: str) -> None:
    assert codes(text) == [(1, ["SHP201"])]


@each(
    "text",
    [
        "a: 1  # cnnsum: a spec of the seed project",
        "a: 1  # cnnsum",
        "a: '  # cnnsum: ignore[SHP201]'",
        'a: "  # cnnsum: ignore[SHP201]"',
        "a: |\n  text  # cnnsum: ignore[SHP201]\n",
        "a: |\n  # cnnsum: ignore[SHP201]\nb: 1\n",
        "a: x# cnnsum: ignore[SHP201]",
        "a: 'x\n  # cnnsum: ignore[SHP201]\n  y'",
        "a: @x  # cnnsum: ignore[SHP201]",
        "a: 1  # cnnsum2: ignore[SHP201]",
    ],
)
def test_no_suppression(text: str) -> None:
    assert suppressions(text) == []


def test_several() -> None:
    text = "a: 1\nb: 2  # cnnsum: ignore[SHP201,CFG101]\n\nc: é  # cnnsum: ignore[GRF305]\n"
    assert codes(text) == [(2, ["SHP201", "CFG101"]), (4, ["GRF305"])]
    first, second = suppressions(text)
    assert [code.column for code in first.codes] == [24, 31]
    assert [code.column for code in second.codes] == [24]


def test_one_that_stands_alone() -> None:
    first, second = suppressions("  # cnnsum: ignore[SHP201]\na: 1  # cnnsum: ignore[SHP201]\n")
    assert first.alone
    assert not second.alone


def only(text: str) -> Suppression:
    (found,) = suppressions(text)
    return found


@each(
    "words",
    [
        *("ignore", "ignore SHP201", "ignore(SHP201)", "ignore[SHP201", "ignored[SHP201]", "noqa: SHP201"),
        *("disable=SHP201", "ignore[SHP201]x", "Ignore[SHP201]"),
    ],
)
def test_what_was_meant_as_one(words: str) -> None:
    found = only(f"a: 1  # cnnsum: {words}\n")
    assert not found.codes
    (fault,) = found.faults
    assert (fault.message, fault.column, fault.end) == ("a suppression that cannot be read", 7, 17 + len(words))
    assert fault.help is not None
    assert "ignore[CODE]" in fault.help


def test_codes_that_do_not_exist() -> None:
    found = only("a: 1  # cnnsum: ignore[SHP201, SHP20, shp202, SHP, ALL]\n")
    assert [code.text for code in found.codes] == ["SHP201"]
    assert [fault.message for fault in found.faults] == [
        f"there is no code `{text}`" for text in ("SHP20", "shp202", "SHP", "ALL")
    ]
    assert found.faults[1].help == "did you mean `SHP202`?"
    assert (found.faults[0].column, found.faults[0].end) == (32, 37)


@each("inside", ["", " ", ","])
def test_no_codes_at_all(inside: str) -> None:
    found = only(f"a: 1  # cnnsum: ignore[{inside}]")
    assert [fault.message for fault in found.faults] == ["a suppression without a code"]
