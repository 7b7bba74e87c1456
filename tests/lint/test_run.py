"""A run over files: findings, selections near and far, suppressions, processes."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnnsum
from cnnsum.diagnostics import UnusableError
from cnnsum.lint.run import baseline_of, run

TOO_LARGE = "  - Conv2D: {filters: 8, kernel_size: 30, from: input}"  # SHP201
UNUSED = "  - Dense: 3"  # before one that reads the input: GRF305, a warning


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(folder: Path, name: str, *layers: str, head: str = "") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "\n".join(["input: [8, 8, 3]", *([head] if head else []), "layers:", *layers, ""]), encoding="utf-8"
    )


def found(*paths: str, **options: object) -> list[str]:
    """Findings as texts; advice on the architecture is not the matter here."""
    ignore = ("ARC", *options.pop("ignore", ()))  # type: ignore[misc]  # a tuple in every call
    report = run(paths, ignore=ignore, **options)  # type: ignore[arg-type]  # as above
    return [f"{one.span.line if one.span else '-'}:{one.code}" for one in report.findings()]


def test_all_of_all_files_in_order(here: Path) -> None:
    spec(here, "b.yaml", "  - Flatten", TOO_LARGE, "  - Dnse: 3")
    spec(here, "a/z.yaml", TOO_LARGE)
    spec(here, "a/ok.yaml", "  - Flatten")
    (here / "bad.yaml").write_bytes(b"input: [3]\nlayers: [\n")
    report = run([".", "gone.yaml"], ignore=["ARC"])
    assert [file.path for file in report.files] == ["a/ok.yaml", "a/z.yaml", "b.yaml", "bad.yaml", "gone.yaml"]
    codes = {file.path: [str(one).partition(" ")[0] for one in file.findings] for file in report.files}
    assert codes == {
        "a/ok.yaml": [],
        "a/z.yaml": ["a/z.yaml:3:5:"],
        "b.yaml": ["b.yaml:4:5:", "b.yaml:5:5:"],
        "bad.yaml": ["bad.yaml:2:9:"],
        "gone.yaml": ["gone.yaml:1:1:"],
    }
    assert [file.failing for file in report.files] == [0, 1, 2, 1, 1]
    assert report.line_of("b.yaml", 5) == "  - Dnse: 3"
    assert report.line_of("gone.yaml", 1) is None


def test_the_same_in_several_processes(here: Path) -> None:
    for number in range(40):
        spec(here, f"{number % 7}/{number}.yaml", UNUSED, *[TOO_LARGE] * (number % 3), "  - Dnse: 3")
    one, two = run(["."], jobs=1), run(["."], jobs=2)
    assert one.files == two.files
    assert len(one.files) == 40


def test_selection_by_the_call(here: Path) -> None:
    spec(here, "a.yaml", UNUSED, TOO_LARGE)
    assert found("a.yaml") == ["3:GRF305", "4:SHP201"]
    assert found("a.yaml", select=["GRF"]) == ["3:GRF305"]
    assert found("a.yaml", ignore=("GRF305",)) == ["4:SHP201"]
    with pytest.raises(UnusableError) as raised:
        run(["a.yaml"], select=["GFR"], ignore=["SHP", "X"])
    assert [one.message for one in raised.value.diagnostics] == ["there is no code `GFR`", "there is no code `X`"]


def test_selection_by_configuration_and_by_the_file(here: Path) -> None:
    (here / "cnnsum.toml").write_text(
        'ignore = ["GRF"]\nper-file-ignores = {"x/" = ["SHP201"]}\nexclude = ["old"]\nfail-on = "warning"\n',
        encoding="utf-8",
    )
    for name in ("a.yaml", "x/a.yaml", "old/a.yaml"):
        spec(here, name, UNUSED, TOO_LARGE)
    spec(here, "own.yaml", UNUSED, TOO_LARGE, head="lint: {select: [GRF], ignore: [SHP]}")
    assert found(".") == ["4:SHP201", "4:GRF305"]
    assert found("old/a.yaml") == ["4:SHP201"]
    assert found("old/a.yaml", force_exclude=True) == []
    assert found("own.yaml", select=["SHP"]) == ["5:SHP201"]
    assert [file.failing for file in run(["own.yaml"], ignore=["ARC"]).files] == [1]
    assert [file.failing for file in run(["own.yaml"], ignore=["ARC"], fail_on="error").files] == [0]


def test_a_broken_configuration_is_one_finding_and_the_rest_holds(here: Path) -> None:
    (here / "cnnsum.toml").write_text('ignore = ["GRF", "GFR"]\n', encoding="utf-8")
    last = "  - Flatten: {from: input}"
    spec(here, "a.yaml", UNUSED, last)
    spec(here, "b.yaml", UNUSED, last)
    report = run(["."], ignore=["ARC"])
    assert [str(one) for one in report.findings()] == ["cnnsum.toml:1:18: SPC049 there is no code `GFR`"]
    assert [(file.path, file.failing) for file in report.files] == [("a.yaml", 0), ("b.yaml", 0), ("cnnsum.toml", 1)]
    assert report.line_of("cnnsum.toml", 1) == 'ignore = ["GRF", "GFR"]'


def test_budgets_of_a_configuration(here: Path) -> None:
    """1,930 parameters: 192 inputs times 10, and 10 biases. What is malformed is said once."""
    (here / "cnnsum.toml").write_text('budget = {params = "1K", parms = "x"}\n', encoding="utf-8")
    for name in ("a.yaml", "b.yaml"):
        spec(here, name, "  - Flatten", "  - Dense: 10")
    spec(here, "broken.yaml", TOO_LARGE)
    report = run(["."], ignore=["ARC"], jobs=2)
    codes = {file.path: [(one.code, one.span and one.span[:3]) for one in file.findings] for file in report.files}
    assert codes == {
        "a.yaml": [("BUD501", ("cnnsum.toml", 1, 11))],
        "b.yaml": [("BUD501", ("cnnsum.toml", 1, 11))],
        "broken.yaml": [("SHP201", ("broken.yaml", 3, 5))],
        "cnnsum.toml": [("BUD503", ("cnnsum.toml", 1, 26))],
    }
    assert "1,930" in report.files[0].findings[0].message


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("lint: {ignore: [SHP201]}", []),
        ("lint: {ignore: [SHP2], select: [SHP]}", []),
        ("lint: {select: [CFG]}", []),
        ("lint: {ignore: SHP201}", ["2:SPC022", "4:SHP201"]),
        ("lint: {ignore: [SHP201, 3]}", ["2:SPC022", "4:SHP201"]),
        ("lint: {ingore: [SHP201]}", ["2:SPC030", "4:SHP201"]),
        ("lint: {ignore: [SHP999]}", ["2:SPC049", "4:SHP201"]),
        ("lint: [SHP201]", ["2:SPC022", "4:SHP201"]),
        ("lint:", ["4:SHP201"]),
    ],
)
def test_what_a_spec_says_of_itself(here: Path, head: str, expected: list[str]) -> None:
    spec(here, "a.yaml", TOO_LARGE, head=head)
    assert found("a.yaml") == expected


def test_a_spec_in_json_says_it_too(here: Path) -> None:
    text = '{"input": [8, 8, 3], "lint": {"ignore": ["SHP201"]}, "layers": [{"Conv2D": [8, 30]}, {"Dnse": 3}]}'
    (here / "a.json").write_text(text, encoding="utf-8")
    assert found("a.json") == ["1:UNK701"]


def test_comments_silence_their_lines(here: Path) -> None:
    unknown = "  - Dnse: 3  # cnnsum: ignore[UNK701, SHP204]"
    spec(here, "a.yaml", f"{TOO_LARGE}  # cnnsum: ignore[SHP201]", unknown)
    (file,) = run(["a.yaml"], ignore=["ARC"]).files
    assert file.suppressed == 2
    (unused,) = file.findings
    assert str(unused) == "a.yaml:4:39: SPC048 there is no SHP204 on this line to suppress"
    assert unused.severity == "warning"
    assert found("a.yaml", ignore=("SPC048",)) == []
    assert found("a.yaml", ignore=("SHP204",)) == []  # nobody looked for it


def test_a_comment_may_stay_though_it_silences_nothing(here: Path) -> None:
    spec(here, "a.yaml", "  - Flatten  # cnnsum: ignore[GRF305, SPC048]")
    assert found("a.yaml") == []


def test_what_was_not_looked_for_is_not_missed(here: Path) -> None:
    """Budgets are not held against a model with errors."""
    budgets = [code for code in cnnsum.diagnostics.CODES if code.startswith(("ARC", "BUD"))]
    if not budgets:
        pytest.skip("no advice yet")
    comment = f"  # cnnsum: ignore[{budgets[0]}]"
    spec(here, "a.yaml", TOO_LARGE + comment)
    assert [one.code for one in run(["a.yaml"]).findings()] == ["SHP201"]


def test_comments_of_an_included_file(here: Path) -> None:
    blocks = "blocks:\n  unit:\n    layers:\n      - Conv2D: [8, 30]{}\n"
    (here / "blocks.yaml").write_text(blocks.format("  # cnnsum: ignore[SHP201]"), encoding="utf-8")
    spec(here, "a.yaml", "  - unit", head="include: blocks.yaml")
    (file,) = run(["."], ignore=["ARC"]).files
    assert (file.path, file.suppressed, file.findings) == ("a.yaml", 1, ())
    (here / "blocks.yaml").write_text(blocks.format(""), encoding="utf-8")
    (finding,) = run(["."], ignore=["ARC"]).findings()
    assert finding.span is not None
    assert (finding.span.path, finding.span.line) == ("blocks.yaml", 4)


def test_advice_on_an_included_file_is_given_once(here: Path) -> None:
    blocks = "blocks:\n  unit:\n    layers:\n      - Conv2D: [8, 3]\n      - BatchNormalization\n"
    (here / "blocks.yaml").write_text(blocks, encoding="utf-8")
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        spec(here, name, "  - unit", TOO_LARGE if name == "c.yaml" else "  - Flatten", head="include: blocks.yaml")
    report = run(["."], select=["ARC401", "SHP201"], fail_on="warning")
    assert [([one.code for one in file.findings], file.failing) for file in report.files] == [
        (["ARC401"], 1),
        ([], 0),
        (["SHP201"], 1),
    ]


def test_models_only(here: Path) -> None:
    (here / "workflow.yaml").write_text("on: push\n", encoding="utf-8")
    spec(here, "a.yaml", TOO_LARGE)
    assert found("workflow.yaml", "a.yaml", "gone.yaml") == ["3:SHP201", "1:SPC001", "1:SPC060"]
    assert found("workflow.yaml", "a.yaml", "gone.yaml", models_only=True) == ["3:SHP201", "1:SPC001"]


def test_what_cannot_be_read_stops_nothing(here: Path) -> None:
    (here / "folder.yaml").mkdir()
    (here / "weights.yaml").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    spec(here, "a.yaml", TOO_LARGE)
    codes = [one.code for one in run(["weights.yaml", "\0", "a.yaml", "folder.yaml/x"], ignore=["ARC"]).findings()]
    assert sorted(codes)[:3] == ["SHP201", "SPC001", "SPC001"]
    assert len(codes) == 4


def test_check_of_the_library(here: Path) -> None:
    spec(here, "a.yaml", UNUSED, TOO_LARGE)
    spec(here, "b.yaml", "  - Flatten")
    assert [one.code for one in cnnsum.check("a.yaml", ignore=["ARC"])] == ["GRF305", "SHP201"]
    assert [one.code for one in cnnsum.check(here, select=["SHP"])] == ["SHP201"]
    assert [one.code for one in cnnsum.check([Path("b.yaml"), "gone.yaml"], ignore=["ARC"])] == ["SPC001"]


def test_a_fault_of_our_own_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnsum.lint import checking

    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("input: [8]\nlayers: [Flatten]\n", encoding="utf-8")
    whole = checking.check

    def faulty(path: str, *arguments: object, **keys: object) -> object:
        if path.endswith("a.yaml"):
            raise ZeroDivisionError("no")
        return whole(path, *arguments, **keys)  # type: ignore[arg-type]

    monkeypatch.setattr(checking, "check", faulty)
    monkeypatch.delenv("CNNSUM_TRACEBACK", raising=False)
    report = run([str(tmp_path)])
    faulty_one, sound = report.files
    (found,) = faulty_one.findings
    assert (found.code, found.message) == ("SPC069", "a fault in cnnsum itself: ZeroDivisionError: no")
    assert all(one.code != "SPC069" for one in sound.findings)


def test_layer_types_of_the_configuration(here: Path) -> None:
    spec(here, "net.yaml", "  - Same", "  - Ours")
    (here / "types.yaml").write_text("layer_types: {Same: }\n", encoding="utf-8")
    (here / "ours.yaml").write_text("layer_types: {Ours: }\n", encoding="utf-8")
    assert found("net.yaml") == ["3:UNK701", "4:UNK701"]
    (here / "cnnsum.toml").write_text('layer-types = ["types.yaml"]\n', encoding="utf-8")
    assert found("net.yaml") == ["4:UNK701"]
    # Those of the call are added; one file that both name is not a second declaration.
    assert found("net.yaml", layer_types=("ours.yaml", "./types.yaml")) == []
    report = run(["net.yaml"], ignore=("ARC",), layer_types=("ours.yaml",))
    assert '"net.yaml"' in baseline_of(report, ("ours.yaml",))
