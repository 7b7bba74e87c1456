"""Helpers of the tests stand beside the tests that need them and are imported by name: every folder is on the path."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import settings

HERE = Path(__file__).parent

# Until all tests are collected nothing is garbage.
gc.disable()

# Hundreds of processes are started, each of which would compile the package anew where nobody may write bytecode beside
# the sources. The processes of pytest-xdist have these words from the one that starts them.
if sys.dont_write_bytecode:
    compiled = tempfile.mkdtemp(prefix="cnnsum-tests-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    sys.dont_write_bytecode, sys.pycache_prefix = False, compiled
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = compiled

# The frameworks of the peers would each use every core for sums that are over at once, and wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

sys.path[:0] = [str(HERE.parent), *(str(folder) for folder in sorted(HERE.rglob("*")) if folder.is_dir())]

# Tests against real peers are not even read where the peers are not installed; those of PyTorch have it in their name.
PEERS = {path: "torch" in path.name for path in (HERE / "peers").glob("*.py")}
INSTALLED = {True: bool(find_spec("torch")), False: bool(find_spec("keras") and find_spec("islpy"))}
collect_ignore = [str(path) for path, of_torch in PEERS.items() if not INSTALLED[of_torch]]

# CI draws the same examples every time, so that a change is judged by itself; everybody else's runs go on searching.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "search")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands among the peers' tests is one of them, whether or not its file says so: else nobody runs it."""
    for item in items:
        if item.path.is_relative_to(HERE / "peers"):
            item.add_marker("peers")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Examples in docstrings are looked for in the package: the tests have none, and are read once."""
    return [found for found in (yield) if not isinstance(found, DoctestModule)]


@pytest.fixture(scope="session", autouse=True)
def _what_is_loaded_stays() -> None:
    """A million objects need not be walked again for garbage, which Keras has done with every new session."""
    gc.collect()
    gc.freeze()
    gc.enable()
