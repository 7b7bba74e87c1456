"""Paths and bytes: what can go wrong before there is a text."""

from __future__ import annotations

import io
import os
import sys

import pytest

from cnnsum.diagnostics import SMALLEST_SPEC, UnusableError
from cnnsum.source import read, read_text
from tests.thorough import each


def fault(path: object) -> tuple[str, str | None]:
    with pytest.raises(UnusableError) as caught:
        read(str(path))
    (found,) = caught.value.diagnostics
    return str(found), found.help


def test_not_found(tmp_path):
    (tmp_path / "model.yaml").write_text("a: 1")
    wrong = tmp_path / "modle.yaml"
    assert fault(wrong) == (f"SPC001 there is no file `{wrong}`", f"did you mean `{tmp_path / 'model.yaml'}`?")
    assert fault(tmp_path / "x" / "y") == (f"SPC001 there is no file `{tmp_path / 'x' / 'y'}`", None)
    inside = tmp_path / "model.yaml" / "x"
    assert fault(inside) == (f"SPC001 there is no file `{inside}`", None)


def test_not_found_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.yaml").write_text("a: 1")
    assert fault("model.yml") == ("SPC001 there is no file `model.yml`", "did you mean `model.yaml`?")
    assert fault("") == ("SPC001 there is no file ``", None)
    assert fault("a\0b") == (r"SPC001 there is no file `a\x00b`", None)


def test_a_directory(tmp_path):
    assert fault(tmp_path) == (f"SPC002 `{tmp_path}` is a directory", "name a file in it")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "x"
    path.write_text("a: 1")
    path.chmod(0)
    assert fault(path) == (f"SPC003 no permission to read `{path}`", None)


def test_no_permission_as_root(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert fault("x") == ("SPC003 no permission to read `x`", None)


def test_other_errors_of_the_system(tmp_path):
    path = "x" * 5000
    assert fault(path) == (f"SPC003 cannot read `{path}`: File name too long", None)


@each(
    ("data", "what"),
    [
        (b"\x80\x04\x95\x10\0", "a Python pickle, not text"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image, not text"),
        (b"\x1f\x8b\x08", "a gzip archive, not text"),
        (b"a: b\0\1c", "binary, not text"),
        (b"a: b\0c\xff", "binary, not text"),
        (bytes(9), "binary, not text"),
    ],
)
def test_binary(tmp_path, data, what):
    path = tmp_path / "model"
    path.write_bytes(data)
    assert fault(path)[0] == f"SPC005 `{path}` is {what}"


@each(
    ("data", "message", "place", "help"),
    [
        (b"a: b\0c", "a zero byte stands here, which no text holds", (1, 5), "take it out"),
        (
            b"a: \xc3\xa9\n\0\0\0",
            "from here on the file holds zero bytes, and no text",
            (2, 1),
            "fetch or copy the file again",
        ),
        ("a: b".encode("utf-16-le"), "every other byte is zero, as in UTF-16", (1, 2), "save the file as UTF-8"),
        ("a: b".encode("utf-16-be"), "every other byte is zero, as in UTF-16", (1, 1), "save the file as UTF-8"),
    ],
)
def test_a_text_with_zeros(tmp_path, data, message, place, help):
    path = tmp_path / "model.yaml"
    path.write_bytes(data)
    with pytest.raises(UnusableError) as raised:
        read(str(path))
    (found,) = raised.value.diagnostics
    assert (found.code, found.message, found.span[1:3]) == ("SPC005", message, place)
    assert found.help.startswith(help)


def test_help_for_files_of_frameworks(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"\x80\x02")
    assert fault(path)[1].startswith("a pickle is a program; cnnsum runs none: where the model is made, write `torch.")


@each(
    ("data", "place"),
    [
        (b"a: 1\nb: \xe9t\xe9\n", "2:4: SPC006 not UTF-8: the byte 0xe9 cannot stand here"),
        ("é: 1\r\né: ".encode() + b"\xff", "2:4: SPC006 not UTF-8: the byte 0xff cannot stand here"),
        (b"\xef\xbb\xbfa: \xc3", "1:4: SPC006 not UTF-8: the byte 0xc3 cannot stand here"),
        (b"\xff\xfea\0:\0 \0\x00\xd8", "1:4: SPC006 not UTF-16-LE: the byte 0x00 cannot stand here"),
    ],
)
def test_not_utf_8(tmp_path, data, place):
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    assert fault(path) == (f"{path}:{place}", "save the file as UTF-8")


def test_a_text_with_half_a_character():
    with pytest.raises(UnusableError, match="x:1:4: SPC006 not UTF-8"):
        read_text("a: \ud800", "x")


def test_a_mark_alone_is_empty(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf")
    assert fault(path) == (f"{path}:1:1: SPC004 the file is empty", SMALLEST_SPEC)


class Input:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Input(b"a: 1\n"))
    document = read("-")
    assert (document.path, document.value) == ("<stdin>", {"a": 1})
    monkeypatch.setattr(sys, "stdin", Input(b""))
    assert fault("-") == ("<stdin>:1:1: SPC004 the file is empty", SMALLEST_SPEC)
    monkeypatch.setattr(sys, "stdin", Input(b"PK\x03\x04"))
    assert (
        fault("-")[0]
        == "SPC067 the archive `<stdin>` is damaged: it ends without the list of what is in it: it is cut off"
    )
    monkeypatch.setattr(sys, "stdin", None)
    assert fault("-") == ("SPC003 cannot read `-`: it is closed", None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, b"a: 1\n")
    os.close(writing)
    try:
        assert read(f"/dev/fd/{reading}").value == {"a": 1}
    finally:
        os.close(reading)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device")
def test_an_endless_device():
    assert fault("/dev/zero")[0] == "SPC002 `/dev/zero` is a device"
