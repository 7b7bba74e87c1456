"""What tries many cases in one test tries them all, and tells of each that fails."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest

from tests.thorough import each, in_batches


def test_each_case_that_fails_is_told() -> None:
    tried = []

    @each(("number", "limit"), [(3, 9), (10, 9), (1, 2), (5, 4)])
    def check(number: int, limit: int) -> None:
        tried.append(number)
        assert number < limit, f"{number} is too large"

    with pytest.raises(AssertionError) as error:
        check()
    assert tried == [3, 10, 1, 5]
    told = str(error.value).splitlines()
    assert told[0] == "2 of 4 cases:"
    assert told[1].startswith("10-9: 10 is too large")
    assert [line for line in told if line.startswith("5-4: 5 is too large")]
    assert "in check\n" in str(error.value)  # where the first of them failed


def test_a_case_that_ends_with_a_word_to_pytest_has_failed() -> None:
    @each("match", ["a", "b"])
    def check(match: str) -> None:
        with pytest.raises(ValueError, match=match):
            raise ValueError("b")

    @each("value", [None])
    def quiet(value: None) -> None:
        with pytest.raises(ValueError, match="nothing raises it"):
            pass

    for test in (check, quiet):
        with pytest.raises(AssertionError, match=r"1 of [12] cases:"):
            test()


def test_all_cases_of_a_product_are_tried() -> None:
    tried = []

    @each("letter", "ab")
    @each("number", [1, 2], ids=["one", "two"])
    def check(letter: str, number: int) -> None:
        tried.append((letter, number))
        assert (letter, number) != ("b", 2)

    with pytest.raises(AssertionError, match=r"(?s)1 of 2 cases:\nb: 1 of 2 cases:\ntwo: "):
        check()
    assert tried == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_no_case_sees_what_another_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OF_A_CASE", raising=False)

    @each("name", ["x", "y"])
    def check(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert not list(tmp_path.iterdir())
        assert "OF_A_CASE" not in os.environ
        (tmp_path / name).touch()
        monkeypatch.setenv("OF_A_CASE", name)

    assert list(inspect.signature(check).parameters) == ["tmp_path", "monkeypatch"]
    check(tmp_path=tmp_path, monkeypatch=monkeypatch)
    assert len(list(tmp_path.glob("*/*"))) == 2


def test_cases_that_are_none_are_a_mistake() -> None:
    with pytest.raises(AssertionError, match="no case is tried"):
        each("number", [])
    with pytest.raises(AssertionError, match="cases of"):
        each("a, b", [(1, 2, 3)])


def test_batches_have_each_case_once() -> None:
    tried = []

    @in_batches(list(range(30)), batches=4)
    def check(number: int) -> None:
        tried.append(number)
        assert number != 17

    for batch in (0, 2, 3):
        check(batch)
    with pytest.raises(AssertionError, match=r"(?s)1 of 8 cases:\n17: "):
        check(1)
    assert sorted(tried) == list(range(30))
