"""Helpers of the tests stand beside the tests that need them and are imported by name: every folder is on the path."""

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent

sys.path[:0] = [str(HERE.parent), *(str(folder) for folder in sorted(HERE.rglob("*")) if folder.is_dir())]

# Tests against real peers are not even read where the peers are not installed.
collect_ignore = [] if find_spec("keras") and find_spec("islpy") else ["peers"]
