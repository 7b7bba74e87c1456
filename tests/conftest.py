"""Helpers of the tests stand beside the tests that need them and are imported by name: every folder is on the path."""

import sys
from pathlib import Path

HERE = Path(__file__).parent

sys.path[:0] = [str(HERE.parent), *(str(folder) for folder in sorted(HERE.rglob("*")) if folder.is_dir())]
