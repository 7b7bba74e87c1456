"""Call the command line within this process, as a shell would call it."""

from __future__ import annotations

import gc
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest import mock

import pytest

from cnnsum.cli import main


class Result(NamedTuple):
    code: int
    out: str
    err: str


class _Text(io.TextIOWrapper):
    """A stream that keeps its text; what cannot be encoded fails as on a real stream."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


def call(*arguments: str, stdin: bytes = b"", encoding: str = "utf-8") -> Result:
    """The exit code and what was written to both streams."""
    out, err = _Text(encoding), _Text(encoding)
    with (
        mock.patch.object(sys, "argv", ["cnnsum", *arguments]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            with pytest.raises(SystemExit) as end:
                main()
        finally:
            gc.enable()
    assert isinstance(end.value.code, int)
    return Result(end.value.code, out.text(), err.text())
