"""Every format of findings: the whole text of a sample in `golden_findings/` (CNNSUM_OVERWRITE=1 writes it anew), and
what the format itself demands, asked of parsers that are not ours."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import findings_sample as sample
import jsonschema
import pytest

from cnnsum.answers import renderer
from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.lint.report.findings import CheckedFile, CheckReport
from cnnsum.lint.report.fingerprints import fingerprinted
from tests.thorough import each

HERE = Path(__file__).parent
GOLDEN = HERE / "golden_findings"
FORMATS = {
    "text": "sample.txt",
    "concise": "sample.concise.txt",
    "json": "sample.json",
    "sarif": "sample.sarif",
    "github": "sample.github.txt",
    "gitlab": "sample.gitlab.json",
    "junit": "sample.junit.xml",
    "statistics": "sample.statistics.txt",
}
EMPTY = CheckReport("1.2.3", (), lambda _path, _line: None)


def rendered(format: str, report: CheckReport | None = None) -> str:
    return "".join(renderer("check", format)(sample.report() if report is None else report))


@each("format", FORMATS)
def test_golden(format: str) -> None:
    found = rendered(format)
    path = GOLDEN / FORMATS[format]
    if os.environ.get("CNNSUM_OVERWRITE"):
        path.write_bytes(found.encode())
    assert found == path.read_bytes().decode()


def test_every_golden_file_is_used() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FORMATS.values())


@each("format", FORMATS)
def test_no_control_character_goes_out(format: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", rendered(format))


@each(("format", "expected"), [("text", ""), ("concise", ""), ("github", ""), ("gitlab", "[]\n"), ("statistics", "")])
def test_nothing_found(format: str, expected: str) -> None:
    assert rendered(format, EMPTY) == expected


def test_the_summary_line() -> None:
    assert sample.report().summary() == "4 files, 3 errors, 1 warning, 1 note, 2 suppressed"
    assert CheckReport("1.2.3", (CheckedFile("a", ()),), EMPTY.line_of).summary() == "1 file, nothing found"


def test_text_in_color_has_the_same_words() -> None:
    from cnnsum.lint.report.text_format import lines

    styled = list(lines(sample.report()))
    assert "".join("".join(text for text, _ in line) + "\n" for line in styled) == rendered("text")
    assert ("CFG103", "bold color(196)") in [segment for line in styled for segment in line]


# --- SARIF ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", [sample.report(), EMPTY], ids=["sample", "empty"])
def test_sarif_is_what_the_standard_says(report: CheckReport) -> None:
    found = json.loads(rendered("sarif", report))
    schema = json.loads((HERE / "schemas" / "sarif-subset.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(found)


@pytest.mark.skipif("CNNSUM_SARIF_SCHEMA" not in os.environ, reason="names a copy of OASIS's schema of SARIF 2.1.0")
def test_sarif_is_what_the_official_schema_says() -> None:
    schema = json.loads(Path(os.environ["CNNSUM_SARIF_SCHEMA"]).read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    for report in (sample.report(), EMPTY):
        validator.validate(json.loads(rendered("sarif", report)))


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ([], None),
        (["Source, https://example.org/code"], None),
        (["Source, https://example.org/code", "Documentation, https://example.org/docs/"], "https://example.org/docs"),
    ],
)
def test_rules_link_to_the_site_that_the_package_states(
    stated: list[str], address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from email.message import Message

    from cnnsum.codes import reference

    package = Message()
    for one in stated:
        package["Project-URL"] = one
    monkeypatch.setattr("importlib.metadata.metadata", lambda _name: package)
    reference.documents.cache_clear()
    (run,) = json.loads(rendered("sarif"))["runs"]
    reference.documents.cache_clear()
    links = {rule["id"]: rule.get("helpUri") for rule in run["tool"]["driver"]["rules"]}
    assert links
    docs = HERE.parent.parent / "docs"
    for code, link in links.items():
        if address is None:
            assert link is None
            continue
        page, _, anchor = link.removeprefix(f"{address}/").partition(".html#")
        assert f"[{code}](#{anchor})" in (docs / f"{page}.md").read_text(encoding="utf-8")


def test_sarif_says_all_that_was_found() -> None:
    (run,) = json.loads(rendered("sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    assert len(results) == len(sample.report().findings())
    for result, found in zip(results, sample.report().findings(), strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == found.code
        assert result["level"] == found.severity
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote(uri) == ("gone.yaml" if found.span is None else found.span.path)
        assert {"location": {"uri": uri}} in run["artifacts"]
    region = results[2]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 26, "endLine": 3, "endColumn": 32}


def test_sarif_explains_advice() -> None:
    """A rule's documentation goes with it."""
    from cnnsum.rules.base import all_rules

    code, rule = next(iter(all_rules().items()))
    found = Diagnostic(code, "a bias", None, rule.severity)
    report = CheckReport("1", (CheckedFile("a.yaml", (found,)),), sample.line_of)
    (run,) = json.loads(rendered("sarif", report))["runs"]
    (described,) = run["tool"]["driver"]["rules"]
    assert described["fullDescription"] == {"text": rule.documentation.what}
    assert rule.documentation.why in described["help"]["text"]
    assert described["defaultConfiguration"] == {"level": rule.severity}


# --- fingerprints -----------------------------------------------------------------------------------------------------


def prints(lines: list[str], *places: tuple[int, str]) -> list[str]:
    findings = tuple(Diagnostic(code, "x", Span("a.yaml", line, 1, line, 2)) for line, code in places)
    report = CheckReport("1", (CheckedFile("a.yaml", findings),), lambda _path, line: lines[line - 1])
    return [print for _, _, _, print in fingerprinted(report)]


def test_fingerprints_do_not_change_when_lines_move() -> None:
    before = prints(["- Dense: 1", "- Flatten"], (1, "CFG102"), (2, "SHP204"))
    after = prints(["# new", "", "  - Dense: 1", "  - Flatten"], (3, "CFG102"), (4, "SHP204"))
    assert before == after


def test_fingerprints_tell_findings_apart() -> None:
    lines = ["- Dense: 1", "- Dense: 1", "- Dense: 2"]
    found = prints(lines, (1, "CFG102"), (1, "CFG103"), (1, "CFG103"), (2, "CFG102"), (3, "CFG102"))
    assert len(set(found)) == 5
    assert prints(lines, (1, "CFG102")) != prints(lines, (3, "CFG102"))


# --- the others -------------------------------------------------------------------------------------------------------


def test_github_commands_can_be_read_back() -> None:
    """As the runner reads them: fields to the next `::`, commas between fields, then the escapes."""
    lines = rendered("github").splitlines()
    assert len(lines) == 5
    head, _, message = lines[1].removeprefix("::").partition("::")
    command, _, listed = head.partition(" ")
    fields = dict(pair.split("=", 1) for pair in listed.split(","))
    assert command == "notice"
    assert unquote(fields["file"]) == "odd, 100%/a & <b>.yaml"
    assert (fields["line"], fields["col"], fields["endColumn"]) == ("1", "4", "6")
    assert unquote(message).splitlines() == [
        r"""odd, 100%/a & <b>.yaml:1:4: SPC021 100% <odd> & "quoted", 'it': \x1b[31m\r\nnext""",
        r"help: a, b: c\x00",
    ]
    assert "col=" not in lines[4]  # it goes over two lines
    assert "endLine=6" in lines[4]


def test_gitlab_has_what_gitlab_asks_for() -> None:
    issues = json.loads(rendered("gitlab"))
    assert [issue["severity"] for issue in issues] == ["major", "info", "major", "major", "minor"]
    assert len({issue["fingerprint"] for issue in issues}) == 5
    for issue in issues:
        assert issue["description"]
        assert issue["check_name"]
        assert not issue["location"]["path"].startswith(("./", "/"))
        assert issue["location"]["lines"]["begin"] >= 1


def test_junit_is_xml_and_its_numbers_are_right() -> None:
    root = ET.fromstring(rendered("junit"))
    cases = root.findall("testsuite/testcase")
    assert int(root.attrib["tests"]) == len(cases) == 6
    assert int(root.attrib["failures"]) == len(root.findall("testsuite/testcase/failure")) == 3
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert [suite.attrib["name"] for suite in root][1] == "odd, 100%/a & <b>.yaml"
    assert 'SPC021 note: 100% <odd> & "quoted"' in (root.findtext("testsuite/testcase/system-out") or "")


def test_json_holds_the_whole_of_every_finding() -> None:
    found = json.loads(rendered("json"))
    assert found["schema"] == "cnnsum.check/1"
    assert found["counts"] == {"error": 3, "warning": 1, "note": 1}
    assert [file["path"] for file in found["files"]] == [file.path for file in sample.report().files]
    flat = [finding for file in found["files"] for finding in file["findings"]]
    for one, wanted in zip(flat, sample.report().findings(), strict=True):
        assert (one["code"], one["severity"], one["message"], one["help"]) == (
            wanted.code,
            wanted.severity,
            wanted.message,
            wanted.help,
        )
        if wanted.span is not None:
            keys = ("path", "line", "column", "end_line", "end_column")
            assert tuple(one[key] for key in keys) == wanted.span
    assert json.loads(rendered("json", EMPTY))["files"] == []


def test_statistics_count_every_code() -> None:
    again = sample.report()
    doubled = CheckReport(again.version, (*again.files, *again.files[2:3]), again.line_of)
    assert rendered("statistics", doubled).splitlines() == [
        "2  CFG103  unknown field",
        "2  GRF305  layer that nothing uses",
        "2  SHP202  sizes that must be equal",
        "1  SPC001  file not found",
        "1  SPC021  character not allowed",
    ]
