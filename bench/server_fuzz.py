"""Random edits and random requests against `cnnsum server`: it answers all of them, as a fresh server would.

    python -m bench.server_fuzz [--edits 20000] [--seed 0] [--process]

The files are those of specs/ and of tests/corpus, in YAML and in JSON, two of them open at a time. After each edit some
requests are made, and the answers held to those of a server that has seen nothing but the texts as they stand. With
--process the server is one of its own, and everything goes through its streams. A failure is printed with its seed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from traceback import print_exc
from typing import Any

from lsprotocol import converters
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from bench.server_client import Client
from cnnsum.diagnostics import UnusableError
from cnnsum.server.protocol import Server, make
from cnnsum.server.text import Text
from cnnsum.source import read_text

ROOT = Path(__file__).resolve().parent.parent
#: Seconds of the processor that an answer may take, and edits until other files are opened.
_PATIENCE = 10.0
_EDITS_OF_FILES = 60
#: How many files are sound, how many edits are taken back, and characters of a file.
_SOUND = 0.8
_TAKEN_BACK = 0.85
_LONGEST = 20_000
_PIECES = (
    *(
        "{",
        "}",
        "[",
        "]",
        ": ",
        ", ",
        "- ",
        "\n",
        "  ",
        "#",
        "'",
        '"',
        "&a ",
        "*a",
        "<<: ",
        "$",
        "|\n",
        "\t",
        "\r\n",
        "\0",
    ),
    *(
        "name: ",
        "from: ",
        "repeat: 3",
        "when: ",
        "share: ",
        "input",
        "layers:\n",
        "blocks:\n",
        "vars: {a: 3}\n",
        "width",
    ),
    *(
        "- Conv2D: {filters: 4, kernel_size: 3}\n",
        "- Flatten\n",
        "filters",
        "same",
        "\U0001f40e",
        "\u2028",
        "0",
        "-1",
        "1e9",
    ),
    *("include: x.yaml\n", "framework: torch\n", "null", "true", "~", "a.b", "first:1", "9" * 30, "H", "2*(H//2)"),
)
_WORD = re.compile(r"[\w.$]+")


class Failure(Exception):
    """An answer that is wrong, or none."""


def corpus() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Names and texts of what is edited: what is sound, and what has faults."""
    sound = [*sorted(ROOT.glob("specs/*.yaml")), *sorted(ROOT.glob("specs/torch/*.yaml"))]
    sound += sorted((ROOT / "tests/corpus/ok").iterdir())
    faulty = sorted((ROOT / "tests/corpus/err").iterdir())
    return _texts(sound), _texts(faulty)


def _texts(paths: list[Path]) -> list[tuple[str, str]]:
    found = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if len(text) < _LONGEST and path.suffix in (".yaml", ".yml", ".json"):
            found.append((path.name, text))
    return found


def drawn(draw: random.Random, texts: tuple[list[tuple[str, str]], list[tuple[str, str]]]) -> tuple[str, str]:
    """A name and a text, mostly one that is sound; some in JSON."""
    name, text = draw.choice(texts[0] if draw.random() < _SOUND else texts[1])
    if draw.random() < _SOUND or not name.endswith(".yaml"):
        return name, text
    try:
        return f"{name}.json", json.dumps(read_text(text, name).value, indent=draw.choice([None, 1, 2]))
    except UnusableError:
        return name, text


class Session:
    """One server, asked through its handlers as pygls asks them."""

    def __init__(self, folder: Path) -> None:
        self.server: Server = make()
        self.tell(lsp.INITIALIZE, lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=folder.as_uri()))

    def tell(self, method: str, params: Any) -> Any:
        """What the handler of a request or a notification gives; raises what it raises."""
        if method == lsp.INITIALIZE:
            self.server.texts.folders = (str(Path.cwd()),)
            return None
        return self.server.protocol.fm.features[method](params)

    def ask(self, method: str, params: Any) -> str:
        """The answer as a text; of a refusal, its words."""
        begun = time.process_time()
        try:
            answer = self.tell(method, params)
        except JsonRpcException as error:
            return f"refused: {error}"
        except Exception as error:
            raise Failure(f"{method} {params}: {type(error).__name__}: {error}") from error
        took = time.process_time() - begun
        if took > _PATIENCE:
            raise Failure(f"{method} took {took:.1f} s")
        return json.dumps(_CONVERTER.unstructure(answer), sort_keys=True, default=str)

    def findings(self, path: str) -> str:
        """What is shown of a text after a pause."""
        listed = self.server.findings(path)
        fault = self.server.texts.open[path].analysis.fault
        if fault is not None:
            raise Failure(f"a fault: {fault!r}") from fault
        return json.dumps(_CONVERTER.unstructure(listed), sort_keys=True, default=str)


_CONVERTER = converters.get_converter()


def edit(draw: random.Random, text: str) -> tuple[int, int, str]:
    """A change of a text: what is typed, taken out, put elsewhere."""
    start = draw.randrange(len(text) + 1)
    kind = draw.randrange(7)
    words = list(_WORD.finditer(text))
    if kind == 0 and words:
        a, b = draw.choice(words), draw.choice(words)
        return *a.span(), b.group()
    if kind == 1:
        begin = text.rfind("\n", 0, start) + 1
        end = text.find("\n", start) + 1 or len(text)
        line = text[begin:end]
        return draw.choice(
            [(begin, end, ""), (begin, begin, line), (begin, begin, "  "), (end, end, line[: len(line) // 2])]
        )
    if kind == 2:
        return start, min(len(text), start + draw.randrange(1, 12)), ""
    if kind == 3:
        return start, start, draw.choice("abcxyz019_ -:")
    if kind == 4 and words:
        word = draw.choice(words)
        return word.end(), word.end(), draw.choice(["x", "_1", "", "2"])
    return start, start, draw.choice(_PIECES)


def requests(draw: random.Random, uri: str, text: Text) -> list[tuple[str, Any]]:
    """Some requests about a text."""
    document = lsp.TextDocumentIdentifier(uri)

    def place() -> lsp.Position:
        if draw.random() < 0.05:
            return lsp.Position(draw.randrange(2000), draw.randrange(2000))
        words = list(_WORD.finditer(text.text))
        at = draw.choice(words).start() if words and draw.random() < 0.7 else draw.randrange(len(text) + 1)
        return lsp.Position(*text.position(min(at + draw.randrange(3), len(text))))

    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(10**6, 0))
    new = draw.choice([*["zz"] * 8, "input", "a b", "1", "conv2d", "", "H", "\U0001f40e", "x.y"])
    every = [
        (lsp.TEXT_DOCUMENT_INLAY_HINT, lsp.InlayHintParams(document, whole)),
        (lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(document, place())),
        (lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionParams(document, place())),
        (lsp.TEXT_DOCUMENT_DEFINITION, lsp.DefinitionParams(document, place())),
        (
            lsp.TEXT_DOCUMENT_REFERENCES,
            lsp.ReferenceParams(lsp.ReferenceContext(include_declaration=True), document, place()),
        ),
        (lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, lsp.DocumentHighlightParams(document, place())),
        (lsp.TEXT_DOCUMENT_PREPARE_RENAME, lsp.PrepareRenameParams(document, place())),
        (lsp.TEXT_DOCUMENT_RENAME, lsp.RenameParams(document, place(), new)),
        (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lsp.DocumentSymbolParams(document)),
        (lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensParams(document)),
        (lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionParams(document, whole, lsp.CodeActionContext([]))),
    ]
    found = [every[0], *draw.sample(every[1:], 3)]
    if draw.random() < 0.02:
        lens = lsp.CodeLens(whole, data={"uri": uri, "lens": draw.choice(["totals", "sizes"])})
        found.append((lsp.CODE_LENS_RESOLVE, lens))
    return found


def opened(session: Session, uri: str, text: str) -> None:
    params = lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "yaml", 1, text))
    session.tell(lsp.TEXT_DOCUMENT_DID_OPEN, params)


async def within(edits: int, seed: int) -> None:
    """All within this process."""
    texts = corpus()
    draw = random.Random(seed)
    done = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in ROOT.glob("specs/*.yaml"):
            shutil.copy(path, folder / path.name)
        while done < edits:
            session = Session(folder)
            files = {}
            for base, text in (drawn(draw, texts), drawn(draw, texts)):
                path = folder / base
                path.write_text(text, encoding="utf-8", newline="")
                uri = path.as_uri()
                opened(session, uri, text)
                files[uri] = text
            for _ in range(_EDITS_OF_FILES):
                uri = draw.choice(list(files))
                await asyncio.sleep(0)
                try:
                    one_edit(draw, session, folder, files, uri)
                except Failure:
                    print(f"after {done:,} edits, in {uri}: {files[uri]!r}")
                    raise
                done += 1
                if done % 500 == 0:
                    print(f"{done:,} edits", flush=True)
            for uri in files:
                session.server.closed(uri)


def one_edit(draw: random.Random, session: Session, folder: Path, files: dict[str, str], uri: str) -> None:
    """One change, and some answers after it."""
    path = session.server.path(uri)
    text = session.server.texts.open[path].text
    start, end, new = edit(draw, text.text)
    place = lsp.Range(lsp.Position(*text.position(start)), lsp.Position(*text.position(end)))
    # A place within the end of a line is none that an editor has.
    start, end = text.offset(*text.position(start)), text.offset(*text.position(end))
    change = lsp.TextDocumentContentChangePartial(place, new)
    versioned = lsp.VersionedTextDocumentIdentifier(2, uri)
    session.tell(lsp.TEXT_DOCUMENT_DID_CHANGE, lsp.DidChangeTextDocumentParams(versioned, [change]))
    before, files[uri] = files[uri], text.text[:start] + new + text.text[end:]
    state = session.server.texts.open[path].text
    if state.text != files[uri]:
        raise Failure("the text is another one")
    asked = requests(draw, uri, state)
    answers = [session.ask(method, params) for method, params in asked]
    shown = session.findings(path)
    fresh = Session(folder)
    for other, content in files.items():
        opened(fresh, other, content)
    for (method, params), answer in zip(asked, answers, strict=True):
        expected = fresh.ask(method, params)
        if answer != expected:
            raise Failure(f"{method} {params}\n{answer}\n{expected}\n{files[uri]!r}")
    if shown != fresh.findings(path):
        raise Failure(f"findings\n{shown}\n{fresh.findings(path)}\n{files[uri]!r}")
    for one in (fresh, session):
        for other in one.server.texts.open:
            one.server.rest(other)
    if draw.random() < _TAKEN_BACK:
        # Most edits are taken back, or nothing of a network would be left.
        opened(session, uri, before)
        files[uri] = before


def through_streams(edits: int, seed: int) -> None:
    """The same against a server in a process of its own, which must live to the end; only that it answers counts."""
    texts = corpus()
    draw = random.Random(seed)
    client = Client()
    client.start()
    with tempfile.TemporaryDirectory() as name:
        for done in range(edits):
            if done % _EDITS_OF_FILES == 0:
                base, original = drawn(draw, texts)
                uri = (Path(name) / base).as_uri()
                state = Text(original)
                item = {"uri": uri, "languageId": "yaml", "version": 1, "text": original}
                client.notify("textDocument/didOpen", {"textDocument": item})
            start, end, new = edit(draw, state.text)
            area = [dict(zip(("line", "character"), state.position(at), strict=True)) for at in (start, end)]
            change = {"range": {"start": area[0], "end": area[1]}, "text": new}
            document = {"uri": uri, "version": done}
            client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
            start, end = (state.offset(*state.position(at)) for at in (start, end))
            state = state.changed(start, end, new)
            for method, params in requests(draw, uri, state):
                client.ask(method, _CONVERTER.unstructure(params))
            if draw.random() < 0.05:
                client.send(
                    draw.choice([{"id": done, "method": "no/such"}, {"method": "$/cancelRequest", "params": {}}])
                )
            if draw.random() < 0.02:
                client.raw(b"Content-Length: 9\r\n\r\n{nonsense")
            client.said.clear()
            if (done + 1) % 500 == 0:
                print(f"{done + 1:,} edits", flush=True)
    code = client.stop()
    if code:
        raise Failure(f"the server ended with {code}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--process", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    try:
        if given.process:
            through_streams(given.edits, given.seed)
        else:
            asyncio.run(within(given.edits, given.seed))
    except Failure as failure:
        print_exc()
        print(f"seed {given.seed}: {failure}")
        sys.exit(1)
    print(f"{given.edits:,} edits, all answered")


if __name__ == "__main__":
    main()
