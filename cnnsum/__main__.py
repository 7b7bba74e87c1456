"""`python -m cnnsum` is `cnnsum`."""

from __future__ import annotations

from cnnsum.cli import process

if __name__ == "__main__":
    process()
