"""Selections: the longer of the texts that a code begins with decides."""

from __future__ import annotations

from cnnsum.diagnostics import CODES
from cnnsum.lint.codes import Selection, fault
from cnnsum.lint.settings import Choice, Said, Settings, Wanted
from tests.thorough import each


@each(
    ("select", "ignore", "reported"),
    [
        (None, (), {"SHP201", "SHP202", "CFG101", "GRF305"}),
        (None, ("SHP",), {"CFG101", "GRF305"}),
        (("SHP",), (), {"SHP201", "SHP202"}),
        (("SHP",), ("SHP201",), {"SHP202"}),
        (("SHP201",), ("SHP",), {"SHP201"}),
        (("SHP",), ("SHP",), set()),
        (("ALL",), ("SHP",), {"CFG101", "GRF305"}),
        (("SHP201", "CFG"), ("ALL",), {"SHP201", "CFG101"}),
        ((), (), set()),
    ],
)
def test_the_longer_text_decides(select: tuple[str, ...] | None, ignore: tuple[str, ...], reported: set[str]) -> None:
    selection = Selection(select, ignore)
    assert {code for code in ("SHP201", "SHP202", "CFG101", "GRF305") if selection.reports(code)} == reported


def test_what_is_no_code() -> None:
    assert all(fault(code) is None for code in (*CODES, "SHP", "SHP2", "ALL"))
    assert fault("SHP299") == ("there is no code `SHP299`", "did you mean `SHP209` or `SHP229`?")
    families = dict.fromkeys(code[:3] for code in CODES)
    every = f"a code, or the beginning of one: {', '.join(families)}, or ALL"
    assert [fault(text) for text in ("S", "", "XYZ")] == [
        (f"there is no code `{text}`", every) for text in ("S", "", "XYZ")
    ]


def said(*codes: str) -> tuple[Said, ...]:
    return tuple(Said(code, "here") for code in codes)


def test_a_nearer_selection_sets_aside_what_is_farther_away() -> None:
    settings = Settings(configured=Choice(said("SHP"), said("SHP201")), called=Choice(None, said("SHP202")))
    assert settings.choice() == Choice(said("SHP"), said("SHP201", "SHP202"))
    assert settings.choice(Choice(said("CFG"), said("CFG101"))) == Choice(said("CFG"), said("CFG101", "SHP202"))
    called = settings._replace(called=Choice(said("GRF")))
    assert called.choice(Choice(said("CFG"))) == Choice(said("GRF"), ())


def test_what_is_silenced_for_a_file_stays_silent() -> None:
    wanted = Wanted(Choice(said("SHP201"), ()), said("SHP"))
    assert not wanted("SHP201")
    assert Wanted(Choice(said("SHP201"), ()))("SHP201")


def test_what_fails_a_run() -> None:
    severities = ("error", "warning", "note")
    fails = {least: [Settings(fail_on=least).fails(one) for one in severities] for least in severities}
    assert fails == {"error": [True, False, False], "warning": [True, True, False], "note": [True, True, True]}
