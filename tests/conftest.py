"""Helpers of the tests stand beside the tests that need them and are imported by name: every folder is on the path."""

import atexit
import gc
import os
import sys
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import is_hypothesis_test, settings

HERE = Path(__file__).parent

# Until all tests are collected nothing is garbage.
gc.disable()

# Hundreds of processes are started, each of which would compile the package anew where nobody may write bytecode beside
# the sources: there it is kept among what pytest keeps of a run for the next. The processes of pytest-xdist have these
# words from the one that starts them.
if sys.dont_write_bytecode:
    kept = str(HERE.parent / ".pytest_cache" / "bytecode")
    sys.dont_write_bytecode, sys.pycache_prefix = False, kept
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = kept

# When a process of pytest-xdist has told all it had to tell, nothing is left that Python need take apart.
if "PYTEST_XDIST_WORKER" in os.environ:
    atexit.register(os._exit, 0)

# The frameworks of the peers would each use every core for sums that are over at once, and wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Keras without a framework, wherever a test asks for Keras first.
os.environ.setdefault("KERAS_BACKEND", "numpy")

sys.path[:0] = [str(HERE.parent), *(str(folder) for folder in sorted(HERE.rglob("*")) if folder.is_dir())]

# Tests against real peers are not even read where the peers are not installed; those of PyTorch and of ONNX, which need
# both, have it in their name.
from tests import thorough  # noqa: E402 - found by that path

PEERS = {"onnx": ("onnx", "onnxruntime", "torch"), "torch": ("torch",), "": ("keras", "islpy")}
INSTALLED = {word: all(map(find_spec, modules)) for word, modules in PEERS.items()}
collect_ignore = [
    str(path)
    for path in (HERE / "peers").glob("*.py")
    if not INSTALLED[next(word for word in PEERS if word in path.name)]
]
if not find_spec("distributed"):
    collect_ignore.append(str(HERE / "cluster"))
if not find_spec("pytest_lsp"):
    collect_ignore.append(str(HERE / "server" / "test_server_protocol.py"))

# CI draws the same examples every time, so that a change is judged by itself; everybody else's runs go on searching.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=thorough.examples(200))
settings.register_profile("search", deadline=None, max_examples=thorough.examples(200))
settings.load_profile("ci" if os.environ.get("CI") else "search")


# The processes of pytest-xdist each read all tests. Where nothing is compiled yet, to compile them takes most of that
# time, and two that begin at opposite ends each leave one half to the other.
BACKWARDS = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[-1] in "13579"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if BACKWARDS and isinstance(collector, pytest.Session | pytest.Directory):
        report.result.reverse()
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order is the same whoever reads; and what nobody would run if its file had to say so is marked: what stands
    among the peers' tests or those of clusters, and the tests of a file that by default tries a part of its cases.
    """
    items.sort(key=lambda item: item.path)
    parts = [thorough.some, thorough.examples]
    for item in items:
        names = vars(item.getparent(pytest.Module).obj) if item.getparent(pytest.Module) else {}
        drawn = is_hypothesis_test(getattr(item, "obj", None))
        if drawn or "THOROUGH" in names or any(value in parts for value in names.values() if callable(value)):
            item.add_marker("sampled")
        for folder in ("peers", "cluster"):
            if item.path.is_relative_to(HERE / folder):
                item.add_marker(folder)
        # What other libraries leave behind is told of, whenever it is taken apart, and fails no test that comes after.
        if item.get_closest_marker("peers"):
            item.add_marker(pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Examples in docstrings are looked for in the package: the tests have none, and are read once."""
    return [found for found in (yield) if not isinstance(found, DoctestModule)]


@pytest.fixture(scope="session", autouse=True)
def _what_is_loaded_stays() -> None:
    """A million objects need not be walked again for garbage, which Keras has done with every new session."""
    gc.collect()
    gc.freeze()
    # Nor is it worth while to look for garbage after every 700 objects where there is this much room.
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
