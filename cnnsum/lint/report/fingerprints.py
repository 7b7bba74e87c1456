"""Fingerprints of findings: the same for the same finding in a later version of its file, wherever its line has moved.

For SARIF and GitLab, which tell by them what is new. Also a path as a URI, which both of them want.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from cnnsum.diagnostics import Diagnostic
from cnnsum.lint.report.findings import CheckedFile, CheckReport


def fingerprinted(report: CheckReport) -> Iterator[tuple[CheckedFile, int, Diagnostic, str]]:
    """Every finding with its file, its number there and its fingerprint, 64 hexadecimal digits.

    Made of the file's path, the code and the text of the line, without its indentation; where all that is the same,
    the findings are numbered. Lines above, and the words of messages, change nothing.
    """
    from hashlib import sha256

    numbers: dict[tuple[str, ...], int] = {}
    for file in report.files:
        for place, found in enumerate(file.findings):
            span = found.span
            line = "" if span is None else (report.line_of(span.path, span.line) or "").strip()
            key = (uri(file.path if span is None else span.path), found.code, line)
            numbers[key] = number = numbers.get(key, -1) + 1
            text = "\0".join((*key, str(number)))
            yield file, place, found, sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def uri(path: str) -> str:
    """A path as a URI reference: relative as it is, absolute with the scheme `file`.

    >>> uri("specs/a b.yaml"), uri("/tmp/a.yaml"), uri("./a.yaml")
    ('specs/a%20b.yaml', 'file:///tmp/a.yaml', 'a.yaml')
    """
    path = plain(path)
    if path[1:3] == ":/":  # a drive of Windows
        path = "/" + path
    text = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{text}" if path.startswith("/") else text


def plain(path: str) -> str:
    """A path with `/` between its parts, on every system.

    >>> plain("./specs/a.yaml")
    'specs/a.yaml'
    """
    import os

    return (path.replace(os.sep, "/") if os.sep != "/" else path).removeprefix("./")
