"""How many cases a test tries, and whether each of them is a test of its own.

With `CNNSUM_THOROUGH=1` in the environment a run may take its time, and tries every case; by default what is tried is
spread over all that is claimed (docs/testing.md). It must not know what is tested.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from traceback import format_exception
from typing import Any, TypeVar

import pytest

THOROUGH = os.environ.get("CNNSUM_THOROUGH", "") not in ("", "0")

T = TypeVar("T")


def examples(count: int) -> int:
    """How many examples to draw: as many, or by default a quarter."""
    return count if THOROUGH else -(-count // 4)


def some(cases: Sequence[T], every: int, first: int = 0) -> list[T]:
    """Every so-manieth of the cases, from a first one on; all of them in a thorough run."""
    return list(cases if THOROUGH else cases[first % every :: every])


def each(
    names: str | Sequence[str], cases: Iterable[Any], ids: Sequence[str] | Callable[[Any], object] = str
) -> Callable[[Callable[..., None]], Any]:
    """`pytest.mark.parametrize` for cases that are over at once: one test tries them all and tells of each that fails.

    A case has a `monkeypatch` and a `tmp_path` of its own; every other fixture is there once.
    """
    arguments = names.replace(" ", "").split(",") if isinstance(names, str) else list(names)
    alone = isinstance(names, str) and len(arguments) == 1
    values = [(case,) if alone else tuple(case) for case in cases]
    assert values, "no case is tried"
    assert all(len(value) == len(arguments) for value in values), f"cases of {arguments}"

    def name(at: int) -> str:
        if not callable(ids):
            return str(ids[at])
        return "-".join(str(ids(value)) for value in values[at])[:200]

    def decorate(check: Callable[..., None]) -> Any:
        signature = inspect.signature(check)
        left = [one for key, one in signature.parameters.items() if key not in arguments]

        @wraps(check)
        def test(**fixtures: Any) -> None:
            failed = []
            for at, value in enumerate(values):
                try:
                    _one(check, {**fixtures, **dict(zip(arguments, value, strict=True))}, at)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - a case failed, and the others are tried
                    failed.append((name(at), error))
            told = "\n".join(f"{case}: {error or type(error).__name__}" for case, error in failed)
            assert not failed, f"{len(failed)} of {len(values)} cases:\n{told}\n{_traceback(failed[0][1])}"

        test.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]  # what pytest asks for
        return test

    return decorate


def _one(check: Callable[..., None], given: dict[str, Any], at: int) -> None:
    if isinstance(given.get("tmp_path"), Path):
        given["tmp_path"] /= f"case{at}"
        given["tmp_path"].mkdir()
    if "monkeypatch" not in given:
        check(**given)
        return
    with pytest.MonkeyPatch.context() as given["monkeypatch"]:
        check(**given)


def _traceback(error: BaseException) -> str:
    return "The first of them:\n" + "".join(format_exception(type(error), error, error.__traceback__))


def in_batches(
    cases: Sequence[T], name: Callable[[T], object] = str, batches: int = 12
) -> Callable[[Callable[[T], None]], Any]:
    """A test of hundreds of cases: a dozen tests that can be tried at the same time, each of which is `each`.

    name: what a failure calls the case.
    """

    def decorate(check: Callable[[T], None]) -> Any:
        (argument,) = inspect.signature(check).parameters

        @pytest.mark.parametrize("batch", range(batches))
        @wraps(check)
        def test(batch: int) -> None:
            each(argument, cases[batch::batches], name)(check)()

        test.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what pytest asks for
            [inspect.Parameter("batch", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        )
        return test

    return decorate
