"""Every rule says what it is for in the fixed parts, and its two examples fail and pass."""

import re

from advising import advice_on

from cnnsum.model import loads
from cnnsum.rules.base import THEMES, all_rules
from tests.thorough import each, some

RULES = list(all_rules().values())


@each("rule", RULES, ids=lambda rule: rule.code)
def test_bad_example_fails_at_a_place(rule):
    model = loads(rule.documentation.bad)
    assert [found for found in model.diagnostics if found.severity == "error"] == []
    found = advice_on(model, rule.code)
    assert [one.code for one in found] == [rule.code]
    assert found[0].span is not None
    assert found[0].severity == rule.severity
    assert found[0].help


@each("rule", RULES, ids=lambda rule: rule.code)
def test_good_example_passes_all_rules_of_its_severity(rule):
    model = loads(rule.documentation.good)
    assert list(model.diagnostics) == []
    found = advice_on(model)
    assert [one.code for one in found if one.code == rule.code or one.severity == "warning"] == []


@each("rule", RULES, ids=lambda rule: rule.code)
def test_any_number_of_an_example_may_be_a_symbol(rule):
    """Advice asks questions of sizes, and takes none for a truth value: each number in turn is a symbol."""
    for text in (rule.documentation.bad, rule.documentation.good):
        if text.lstrip().startswith("{"):
            continue
        for number in some([*re.finditer(r"(?<![\w.])\d+(?![\w.])", text)], 2, len(text)):
            changed = f"{text[: number.start()]}k{text[number.end() :]}\n"
            advice_on(loads(changed if "symbols:" in changed else f"symbols: {{k: {{}}}}\n{changed}"))


def test_documentation_has_all_its_parts():
    for rule in RULES:
        assert all(part.strip() for part in rule.documentation), rule.code
        assert rule.documentation.what.endswith("."), rule.code
        assert rule.documentation.why.endswith((".", ".)")), rule.code
        assert rule.severity in {"warning", "note"}


def test_codes_are_numbered_by_theme():
    order = [list(THEMES).index(rule.theme) for rule in RULES]
    assert order == sorted(order)
