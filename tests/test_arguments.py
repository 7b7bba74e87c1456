"""Every argument of every function of the library, with values that it may not be."""

from __future__ import annotations

import inspect
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnsum
from cnnsum import UnusableError
from cnnsum.arguments import ARGUMENTS
from tests.thorough import each

SPEC = "{input: [H, W, 3], vars: {k: 3}, layers: [{Conv2D: [4, k]}, {Conv2D: [4, 3]}]}"
FUNCTIONS = [name for name in cnnsum.__all__ if inspect.isfunction(getattr(cnnsum, name))]


class Odd:
    """What nobody would give."""

    def __repr__(self) -> str:
        return "Odd()"


WRONG: list[Any] = [
    *(1.5, math.nan, math.inf, -1, 0, True, 10**30, "zzz", "", b"bytes", Odd(), Odd, object(), {0: (3, 3)}, {1, 2}),
    *([0], [1.5], [None], [b"a"], [Odd()], ["zzz"], {"x": Odd()}, {"x": math.nan}, {"a": (0, 3)}, {"a": "abc"}, [[1]]),
]


def base(name: str, folder: Path) -> dict[str, Any]:
    """Arguments that are right."""
    path = folder / "model.yaml"
    path.write_text(SPEC, encoding="utf-8")
    if name == "load":
        return {"path": path}
    if name == "loads":
        return {"text": SPEC}
    model = cnnsum.loads(SPEC)
    more = {
        "page": {"model": model, "report": cnnsum.summarize(model)},
        "reconcile": {"model": model, "convention": "fvcore"},
        "check": {"paths": [path]},
        "list_models": {"paths": [path]},
        "diff": {"old": model, "new": model},
        "convert": {"model": model, "to": "yaml"},
        "fit": {"model": cnnsum.loads(SPEC.replace("H, W", "8, 8")), "memory": 10**8},
        "sweep": {"model": cnnsum.loads(SPEC.replace("H, W", "8, 8")), "values": {"batch": [1, 2]}},
    }
    return more.get(name, {"model": model})


def test_every_argument_is_declared() -> None:
    assert sorted(FUNCTIONS) == sorted(ARGUMENTS)
    for name in FUNCTIONS:
        assert [*inspect.signature(getattr(cnnsum, name)).parameters] == [*ARGUMENTS[name]]


@each("name", FUNCTIONS)
def test_wrong_arguments_are_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = base(name, tmp_path)
    refused = 0
    for argument in ARGUMENTS[name]:
        for wrong in WRONG:
            said = f"{name}(): `{argument}` must be "
            try:
                getattr(cnnsum, name)(**{**given, argument: wrong})
            except (TypeError, ValueError) as error:
                said = str(error)
                refused += 1
            except (UnusableError, LookupError):
                refused += 1
            assert said.startswith(f"{name}(): `{argument}` must be "), (argument, wrong)
    assert refused > 12 * len(ARGUMENTS[name])


def raised(call: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    return f"{type(error.value).__name__}: {error.value}"


def test_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("raise SystemExit('it was run')\n", encoding="utf-8")
    model = cnnsum.loads(SPEC)
    whole = "must be a whole number from 1 to 1,000,000,000, or None; got"
    for value in (1.5, math.nan, True, "3"):
        said = raised(partial(cnnsum.summarize, model, batch=value))
        assert said == f"TypeError: summarize(): `batch` {whole} {value!r}"
    assert raised(lambda: cnnsum.summarize(model, batch=2**70)) == f"ValueError: summarize(): `batch` {whole} {2**70}"
    with pytest.raises(cnnsum.UnusableError, match="not the text '32'"):
        [*cnnsum.sweep(model, {"batch": ["32"]})]
    assert raised(lambda: cnnsum.load("x", plugins="a.yaml")) == (
        "TypeError: load(): `plugins` must be a list of names of modules, or paths; got the single 'a.yaml'; "
        "write ['a.yaml']"
    )
    assert raised(lambda: cnnsum.loads(b"{}")) == "TypeError: loads(): `text` must be a text; got b'{}'; decode it"
    assert raised(lambda: cnnsum.loads(SPEC, dtype=3)) == (
        "TypeError: loads(): `dtype` must be the name of a dtype or of a policy, or None; got 3"
    )
    assert raised(lambda: cnnsum.check("x", select="SHP")) == (
        "TypeError: check(): `select` must be a list of codes or their beginnings, or None; got the single 'SHP'; "
        "write ['SHP']"
    )
    assert "got the name 0" in raised(lambda: cnnsum.loads(SPEC, inputs={0: (3, 3, 3)}))
    assert raised(lambda: cnnsum.loads(SPEC, inputs=(0, 3, 3))).endswith("got 0 at inputs[0]")
    assert raised(lambda: cnnsum.loads(SPEC, free=["spatal"])).endswith("got 'spatal' (did you mean `spatial`?)")
    assert "write" not in raised(lambda: cnnsum.loads(SPEC, free="foo"))
    assert raised(lambda: cnnsum.loads(SPEC, free="spatial")).endswith("write ['spatial']")
    assert raised(lambda: cnnsum.summarize("model.yaml")).endswith(
        "`model` must be a cnnsum.Model; got 'model.yaml': cnnsum.load(path) gives one"
    )
    assert raised(lambda: cnnsum.load("x", plugin=["a"])) == (
        "TypeError: load() got an unexpected keyword argument 'plugin' (did you mean `plugins`?)"
    )
    assert raised(cnnsum.load).startswith("TypeError: load() missing 1 required positional argument")
    assert raised(lambda: cnnsum.loads(SPEC, "a", "b")).startswith("TypeError: loads() takes from 1 to 2 positional")


def test_what_is_right(tmp_path: Path) -> None:
    model = cnnsum.load(base("load", tmp_path)["path"], inputs=[32, 32, 3], settings={"k": 5}, free=("spatial",))
    assert cnnsum.summarize(model, batch=4, checkpoint="auto").batch == 4
    assert cnnsum.summarize(model, checkpoint=["conv2d"]).totals.params.total == 3 * 25 * 4 + 4 + 4 * 9 * 4 + 4
    assert cnnsum.check(iter([tmp_path]), select=iter(["SHP"]), jobs=None) == []


def test_what_cannot_be_meant_of_any_model_is_a_value_error(tmp_path: Path) -> None:
    """As the page says: also where the function knows more than the kinds of arguments do."""
    model, spec = cnnsum.loads(SPEC.replace("H, W", "8, 8")), tmp_path / "m.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    calls: dict[str, Any] = {
        "summarize(): `batch`": lambda: cnnsum.summarize(model, batch=0),
        "plan(): `batch`": lambda: cnnsum.plan(model, batch=0),
        "explain(): `batch`": lambda: cnnsum.explain(model, batch=0),
        "reconcile(): `batch`": lambda: cnnsum.reconcile(model, "thop", batch=0),
        "loads(): `dtype`": lambda: cnnsum.loads(SPEC, dtype="float61"),
        "load(): `format`": lambda: cnnsum.load(tmp_path / "nothing.yaml", format="keros"),
        "load(): `dtype`": lambda: cnnsum.load(tmp_path / "nothing.yaml", dtype="keros"),
        "loads(): `keras_backend`": lambda: cnnsum.loads(SPEC, keras_backend="mxnet"),
        "list_models(): `keras_backend`": lambda: cnnsum.list_models([spec], keras_backend="mxnet"),
        "summarize(): `optimizer`": lambda: cnnsum.summarize(model, optimizer="adman"),
        "fit(): `optimizer`": lambda: cnnsum.fit(model, memory=1, optimizer="adman"),
        "sweep(): `optimizer`": lambda: cnnsum.sweep(model, {"batch": [1]}, optimizer="adman"),
        "diff(): `optimizer`": lambda: cnnsum.diff(model, model, optimizer="adman"),
        "page(): `optimizer`": lambda: cnnsum.page(model, cnnsum.summarize(model), optimizer="adman"),
        "list_models(): `optimizer`": lambda: cnnsum.list_models([spec], optimizer="adman"),
        "reconcile(): `convention`": lambda: cnnsum.reconcile(model, "thopp"),
        "sweep(): `where`": lambda: cnnsum.sweep(model, {"batch": [1]}, where="foo > 3"),
        "sweep(): `sort`": lambda: cnnsum.sweep(model, {"batch": [1]}, sort="foo"),
        "sweep(): `pareto`": lambda: cnnsum.sweep(model, {"batch": [1, 2]}, pareto="foo"),
        "list_models(): `where`": lambda: cnnsum.list_models([spec], where="params >"),
        "list_models(): `sort`": lambda: cnnsum.list_models([spec], sort="foo"),
        "fit(): `maximize`": lambda: cnnsum.fit(model, memory=10**8, vary=["batch", "H=W"], maximize="foo"),
        "fit(): `least`": lambda: cnnsum.fit(model, memory=10**8, least=0),
        "fit(): `most`": lambda: cnnsum.fit(model, memory=10**8, most=0.5),
        "check(): `select`": lambda: cnnsum.check([spec], select=["FOO"]),
        "check(): `ignore`": lambda: cnnsum.check([spec], ignore=["FOO"]),
        "convert(): leave `framework` out": lambda: cnnsum.convert(model, "torch", framework="torch"),
    }
    for said, call in calls.items():
        assert raised(call).startswith(f"ValueError: {said}"), said


def test_what_the_model_does_not_have_is_not_its_argument(tmp_path: Path) -> None:
    model = cnnsum.loads(SPEC)
    calls: list[Any] = [
        lambda: cnnsum.loads(SPEC, settings={"nothing": 3}),
        lambda: cnnsum.loads(SPEC, inputs={"nothing": (3,)}),
        lambda: cnnsum.summarize(model, checkpoint=["nothing"]),
        lambda: cnnsum.page(model, cnnsum.summarize(model), checkpoint=["nothing"]),
        lambda: cnnsum.sizes(model, test={"nothing": 3}),
        lambda: cnnsum.fit(model, memory=1, vary="nothing"),
    ]
    for call in calls:
        with pytest.raises(UnusableError):
            call()
    with pytest.raises(LookupError):
        cnnsum.explain(model, "nothing")


def test_a_setting_that_is_no_number_is_shown_as_it_is() -> None:
    spec = "{input: [4], vars: {w: 3}, layers: [Dense: w]}"
    (found,) = cnnsum.loads(spec, settings={"w": True}).diagnostics
    assert found.message == "`units` must be a positive integer, got true"
    (found,) = cnnsum.loads("{input: [4], vars: {w: 3}, layers: [Dense: {units: 2, use_bias: w}]}").diagnostics
    assert found.message == "`use_bias` must be true or false, got 3"


def test_numbers_of_a_library_of_arrays() -> None:
    model, small = cnnsum.loads(SPEC), cnnsum.loads(SPEC.replace("H, W", "8, 8"))
    scaled = cnnsum.loads("{input: [8], vars: {w: 1, sizes: [3, 3]}, layers: [Dense: round(8 * w)]}")

    def shape(inputs: Any) -> Any:
        return cnnsum.loads(SPEC, inputs=inputs).graph.inputs[0].layer.spec.shape

    def sweep(model: cnnsum.Model, **values: Any) -> list[object]:
        return [variant.values for variant in cnnsum.sweep(model, values)]

    for inputs in (np.array([32, 31, 3]), (np.int64(32), np.uint8(31), np.array(3)), {"input": np.array([32, 31, 3])}):
        assert shape(inputs) == shape([32, 31, 3])
        assert {*map(type, shape(inputs)[1:])} == {int}
    assert cnnsum.sizes(model, range=np.array([3, 9])) == cnnsum.sizes(model, range=(3, 9))
    assert cnnsum.sizes(model, test={"H": np.int64(9)}) == cnnsum.sizes(model, test={"H": 9})
    assert cnnsum.fit(small, memory=np.int64(10**6), least=np.int64(2), most=np.float64(50)) == cnnsum.fit(
        small, memory=10**6, least=2, most=50.0
    )
    assert sweep(small, batch=np.arange(1, 4)) == sweep(small, batch=[1, 2, 3])
    assert repr(sweep(scaled, w=np.linspace(0.5, 1, 3))) == repr(sweep(scaled, w=[0.5, 0.75, 1.0]))
    again = cnnsum.loads(SPEC, settings={"k": np.array([3, 5])})
    assert cnnsum.summarize(again).totals == cnnsum.summarize(cnnsum.loads(SPEC, settings={"k": [3, 5]})).totals
    report = cnnsum.summarize(model)
    assert report.evaluate(H=np.int64(9), W=np.array(9)).totals == report.evaluate(H=9, W=9).totals


def test_decimals_of_a_library_of_arrays_are_not_whole() -> None:
    model = cnnsum.loads(SPEC)
    for value in (np.float64(7), np.float32(7), np.array(7.0), np.array([7]), np.array([7.0]), np.array(True)):
        assert raised(partial(cnnsum.summarize, model, batch=value)).endswith(f"got {value!r}")
        assert raised(partial(cnnsum.sizes, model, test={"H": value})).endswith(f"got {value!r} at test['H']")
        assert raised(partial(cnnsum.loads, SPEC, inputs=[value, 3, 3])).endswith(f"got {value!r} at inputs[0]")
        assert raised(partial(cnnsum.summarize(model).evaluate, H=value)).endswith(f"not {value!r}")
    assert raised(lambda: cnnsum.loads(SPEC, inputs=np.array([7.0, 3]))).endswith("got np.float64(7.0) at inputs[0]")
    assert raised(lambda: cnnsum.loads(SPEC, inputs=np.array(7))).endswith("got array(7)")
    assert raised(lambda: cnnsum.sweep(model, {"batch": np.array(7)})).endswith("got array(7) at values['batch']")
    small = cnnsum.loads(SPEC.replace("H, W", "8, 8"))
    assert "None; got np.float32(7.0)" in raised(lambda: cnnsum.fit(small, memory=1, least=np.float32(7)))
    assert cnnsum.fit(small, memory=10**6, most=10**400).value == cnnsum.fit(small, memory=10**6, most=10**9).value


def test_sizes_of_a_report() -> None:
    report = cnnsum.summarize(cnnsum.loads(SPEC))
    for value in (1.5, math.nan, True, "3", 0, -1, None, Odd()):
        assert raised(partial(report.evaluate, H=value)).startswith("ValueError: H is a size: it must be a positive")
    assert raised(lambda: report.evaluate(h=3)) == "ValueError: the report has no symbol `h` (did you mean `H`?)"


def test_arguments_that_contradict_one_another() -> None:
    model, other = cnnsum.loads("{input: [8, 8, 3], layers: [Flatten, Dense: 2]}"), cnnsum.loads(SPEC)
    with pytest.raises(ValueError, match="`least` is larger than `most`"):
        cnnsum.fit(model, memory=2**30, least=50, most=20)
    with pytest.raises(ValueError, match="leave `least` and `most` out"):
        cnnsum.fit(model, memory=2**30, vary="batch=1:10", most=3)
    with pytest.raises(ValueError, match="leave one of the two out"):
        cnnsum.plan(model, cnnsum.summarize(model), batch=5)
    same_names = cnnsum.loads("{input: [8, 8, 3], layers: [Flatten, Dense: 3]}")
    for report in (cnnsum.summarize(other), cnnsum.summarize(same_names)):
        for name in ("plan", "page"):
            said = f"ValueError: {name}(): `report` must be a report of this model"
            assert raised(partial(getattr(cnnsum, name), model, report)) == said
    with_sgd = cnnsum.summarize(model, optimizer="sgd")
    with pytest.raises(ValueError, match=r"page\(\): `optimizer` must be that of the report, SGD; got Adam"):
        cnnsum.page(model, with_sgd)
    assert len(cnnsum.page(model, with_sgd, optimizer="SGD").fields) == 3


def test_sizes_by_name_are_tested_together() -> None:
    found = cnnsum.loads(
        "{input: [H, W, 3], layers: [{Permute: {dims: [2, 1, 3], name: p}}, {Add: {from: [p, input]}}]}"
    )
    assert cnnsum.sizes(found, test={"H": 20, "W": 20}).tested[0].refused_by is None
    (tested,) = cnnsum.sizes(found, test={"H": 20, "W": 5}).tested
    assert tested.refused_by is not None
    assert tested.name == "H=20,W=5"
