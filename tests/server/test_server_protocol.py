"""The language server through a real client: scripted edits, half-written texts, renames, nonsense."""

import asyncio
import json
import random
import sys
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient

from cnnsum.lint.checking import check_file
from cnnsum.server.analysis import Analysis
from cnnsum.server.hints import hints
from cnnsum.server.text import Text

pytestmark = [pytest.mark.server, pytest.mark.asyncio, pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).parent.parent.parent
WHOLE = lsp.Range(lsp.Position(0, 0), lsp.Position(100_000, 0))
_KINDS = [lsp.MarkupKind.Markdown]
_KNOWS_MARKDOWN = lsp.TextDocumentClientCapabilities(
    hover=lsp.HoverClientCapabilities(content_format=_KINDS),
    completion=lsp.CompletionClientCapabilities(
        completion_item=lsp.ClientCompletionItemOptions(documentation_format=_KINDS, snippet_support=True)
    ),
)
CAPABILITIES = {
    "utf-16": lsp.ClientCapabilities(text_document=_KNOWS_MARKDOWN),
    "utf-8": lsp.ClientCapabilities(
        general=lsp.GeneralClientCapabilities(position_encodings=["utf-8"]), text_document=_KNOWS_MARKDOWN
    ),
}


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "cnnsum", "server"]), params=sorted(CAPABILITIES)
)
async def client(lsp_client: LanguageClient, request: pytest.FixtureRequest, tmp_path: Path):
    answer = await lsp_client.initialize_session(
        lsp.InitializeParams(capabilities=CAPABILITIES[request.param], root_uri=tmp_path.as_uri())
    )
    assert answer.capabilities.position_encoding == request.param
    lsp_client.units = request.param
    yield
    await lsp_client.shutdown_session()


class Editor:
    """One text, as an editor has it: what it changes here it tells the server."""

    def __init__(self, client: LanguageClient, path: Path, text: str) -> None:
        self.client = client
        self.path = path
        self.uri = path.as_uri()
        self.state = Text(text, client.units)
        self.version = 1
        client.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(self.uri, "yaml", self.version, text))
        )

    @property
    def document(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def position(self, offset: int) -> lsp.Position:
        return lsp.Position(*self.state.position(offset))

    def edit(self, start: int, end: int, new: str) -> None:
        place = lsp.Range(self.position(start), self.position(end))
        self.version += 1
        change = lsp.TextDocumentContentChangePartial(place, new)
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(lsp.VersionedTextDocumentIdentifier(self.version, self.uri), [change])
        )
        self.state = self.state.changed(start, end, new)

    async def shown(self) -> list[tuple[str, int, int]]:
        """The findings, once nothing more is to come."""
        await asyncio.sleep(0.7)
        found = self.client.diagnostics.get(self.uri, [])
        return [(one.code, one.range.start.line, one.severity.value) for one in found]

    async def hints(self) -> list[tuple[int, int, str]]:
        found = await self.client.text_document_inlay_hint_async(lsp.InlayHintParams(self.document, WHOLE))
        return [(one.position.line, one.position.character, one.label) for one in found or ()]

    def expected_hints(self) -> list[tuple[int, int, str]]:
        found = hints(Analysis(self.state.text, str(self.path)), self.state)
        return [(*self.state.position(one.at), one.text) for one in found]

    def expected(self) -> list[tuple[str, int, int]]:
        self.path.write_text(self.state.text, encoding="utf-8", newline="")
        severities = {"error": 1, "warning": 2, "note": 3}
        return [(one.code, one.span.line - 1, severities[one.severity]) for one in check_file(str(self.path)).findings]


SPEC = """\
# Ein Netz f\u00fcr \U0001f40e und \U0001f9d1
name: "\U0001f40e"
input: [100, 100, 3]
vars: {width: 16}
blocks:
  pair:
    args: {filters: }
    layers:
      - Conv2D: {filters: filters, kernel_size: 3, padding: same, name: one}  # \U0001f40e
      - ReLU
layers:
  - pair: {filters: width, name: first}
  - pair: {filters: 2*width}
  - Conv2D: {filters: width, kernel_size: 1, from: first.one, name: "\U0001f40e horse"}
  - Concatenate: {from: ["\U0001f40e horse", pair]}
  - GlobalAveragePooling2D
  - Dense: {units: 2, name: "\U0001f9d1"}
outputs: ["\U0001f9d1"]
"""


async def test_two_hundred_edits(client: LanguageClient, tmp_path: Path) -> None:
    """After each, hints are those of the text by itself; after some, findings are those of `check`."""
    editor = Editor(client, tmp_path / "a.yaml", SPEC)
    random.seed(5)
    pieces = [
        "{",
        "}",
        "  - Flatten\n",
        "width",
        "\U0001f40e",
        ": ",
        "\n",
        "[",
        "- ",
        "3",
        "  - Conv2D: {filters: 4\n",
        "#",
    ]
    for number in range(200):
        text = editor.state.text
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice([0, 0, 0, 1, 2, 9]))
        removed = text[start:end]
        new = random.choice(pieces)
        editor.edit(start, end, new)
        assert await editor.hints() == editor.expected_hints()
        if number % 40 == 0:
            assert await editor.shown() == editor.expected()
        if random.random() < 0.8:
            editor.edit(start, start + len(new), removed)
    editor.edit(0, len(editor.state.text), SPEC)
    assert await editor.shown() == editor.expected()
    assert len(await editor.hints()) > 6


async def test_errors_come_before_advice(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "a.yaml", SPEC.replace("units", "unist"))
    await client.wait_for_notification("textDocument/publishDiagnostics")
    (one,) = client.diagnostics[editor.uri]
    assert (one.code, one.source, one.severity) == ("CFG103", "cnnsum", lsp.DiagnosticSeverity.Error)
    assert "did you mean `units`?" in one.message
    start = editor.state.text.index("unist")
    assert one.range == lsp.Range(editor.position(start), editor.position(start + 5))
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(editor.document, one.range, lsp.CodeActionContext([one]))
    )
    (action,) = actions
    assert (action.kind, action.is_preferred) == (lsp.CodeActionKind.QuickFix, True)
    (edit,) = action.edit.changes[editor.uri]
    assert (edit.range, edit.new_text) == (one.range, "units")
    editor.edit(start, start + 5, "units")
    assert [code for code, _, severity in await editor.shown() if severity == 1] == []


async def test_all_safe_mends_at_once(client: LanguageClient, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    text = SPEC.replace("units", "unist").replace("kernel_size: 1", "kernal_size: 1")
    path.write_text(text, encoding="utf-8")
    editor = Editor(client, path, text)
    context = lsp.CodeActionContext([], only=["source.fixAll"])
    (action,) = await client.text_document_code_action_async(lsp.CodeActionParams(editor.document, WHOLE, context))
    (edit,) = action.edit.changes[editor.uri]
    start = editor.state.offset(edit.range.start.line, edit.range.start.character)
    end = editor.state.offset(edit.range.end.line, edit.range.end.character)
    assert text[:start] + edit.new_text + text[end:] == SPEC


async def test_a_half_written_text_is_completed(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "a.yaml", SPEC)
    at = SPEC.index("  - GlobalAv")
    typed = "  - Add: {from: [fi"
    for number, sign in enumerate(typed):
        editor.edit(at + number, at + number, sign)
        found = await client.text_document_completion_async(
            lsp.CompletionParams(editor.document, editor.position(at + number + 1))
        )
    assert [item.label for item in found.items if item.label.startswith("fi")] == ["first"]
    (item,) = [item for item in found.items if item.label == "first"]
    assert item.text_edit.range.start == editor.position(at + len(typed) - 2)
    assert [code for code, _, _ in await editor.shown()] == ["SPC008"]


async def test_names_are_renamed_and_found(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "a.yaml", SPEC)
    for word, new, count in (
        ("width}", "breadth", 4),
        ("one}", "uno", 2),
        ("pair:", "couple", 3),
        ("first}", "fst", 2),
    ):
        place = editor.position(SPEC.index(word) if word in SPEC else 0)
        references = await client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(include_declaration=True), editor.document, place)
        )
        assert len(references) == count, word
        definition = await client.text_document_definition_async(lsp.DefinitionParams(editor.document, place))
        assert definition[0] in references
        prepared = await client.text_document_prepare_rename_async(lsp.PrepareRenameParams(editor.document, place))
        assert prepared.placeholder == word[:-1]
        edit = await client.text_document_rename_async(lsp.RenameParams(editor.document, place, new))
        # The second use of the block has its name after it, and is read by that.
        assert len(edit.changes[editor.uri]) == count + (new == "couple")
    horse = editor.position(SPEC.rindex("\U0001f9d1"))
    edit = await client.text_document_rename_async(lsp.RenameParams(horse and editor.document, horse, "human"))
    assert (
        sorted(one.new_text for one in edit.changes[editor.uri]) == ["human", "human"]
        or len(edit.changes[editor.uri]) == 2
    )
    with pytest.raises(JsonRpcException, match="called"):
        await client.text_document_rename_async(
            lsp.RenameParams(editor.document, editor.position(SPEC.index("one}")), "one")
        )


async def test_what_is_shown_of_a_text(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "a.yaml", SPEC)
    found = await client.text_document_hover_async(
        lsp.HoverParams(editor.document, editor.position(SPEC.index("Dense") + 1))
    )
    assert "\U0001f9d1 (Dense)" in found.contents.value
    symbols = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(editor.document))
    assert [one.name for one in symbols] == ["input", "vars", "blocks", "layers", "outputs"]
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(editor.document))
    resolved = [await client.code_lens_resolve_async(one) for one in lenses]
    assert "params" in resolved[0].command.title
    assert "accepts" in resolved[1].command.title
    highlights = await client.text_document_document_highlight_async(
        lsp.DocumentHighlightParams(editor.document, editor.position(SPEC.index("width")))
    )
    assert len(highlights) == 4


async def test_a_file_of_keras(client: LanguageClient, tmp_path: Path) -> None:
    text = (ROOT / "tests/corpus/ok/keras_3.json").read_text(encoding="utf-8")
    editor = Editor(client, tmp_path / "a.json", text)
    assert await editor.hints() == editor.expected_hints()
    assert len(await editor.hints()) > 2
    at = text.index('"Conv2D"') + 3
    found = await client.text_document_hover_async(lsp.HoverParams(editor.document, editor.position(at)))
    assert found is not None


async def test_nonsense_is_answered_and_the_server_lives_on(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path / "a.yaml", SPEC)
    send = client.protocol.send_request_async
    nowhere = lsp.TextDocumentIdentifier("file:///nowhere.yaml")
    with pytest.raises(JsonRpcException):
        await send("textDocument/hover", lsp.HoverParams(nowhere, lsp.Position(0, 0)))
    with pytest.raises(JsonRpcException):
        await send("no/such", {"a": 1})
    with pytest.raises(JsonRpcException):
        await send("codeLens/resolve", lsp.CodeLens(WHOLE, data={"lens": "other"}))
    # Places that no text has are its end; what is not there is not named.
    far = lsp.Position(10_000, 10_000)
    assert await send("textDocument/hover", lsp.HoverParams(editor.document, far)) is None
    assert await send("textDocument/definition", lsp.DefinitionParams(editor.document, far)) == []
    with pytest.raises(JsonRpcException):
        await send("textDocument/rename", lsp.RenameParams(editor.document, far, "x"))
    waiting = asyncio.ensure_future(
        send("textDocument/inlayHint", lsp.InlayHintParams(editor.document, WHOLE), msg_id="mine")
    )
    await asyncio.sleep(0)
    client.cancel_request(lsp.CancelParams("mine"))
    client.cancel_request(lsp.CancelParams("never asked"))
    done = await asyncio.gather(waiting, return_exceptions=True)
    assert done
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(lsp.VersionedTextDocumentIdentifier(9, nowhere.uri), [])
    )
    assert await editor.hints() == editor.expected_hints()


async def test_files_that_include_one_another(client: LanguageClient, tmp_path: Path) -> None:
    parts = tmp_path / "parts.yaml"
    block = "blocks:\n  pair:\n    args: {filters: }\n    layers:\n      - Dense: {units: filters, name: d}\n"
    parts.write_text(block, encoding="utf-8")
    (tmp_path / "c.yaml").write_text("include: parts.yaml\ninput: [3]\nlayers:\n  - pair: 4\n", encoding="utf-8")
    user = Editor(client, tmp_path / "b.yaml", "include: parts.yaml\ninput: [3]\nlayers:\n  - pair: 4\n")
    assert [code for code, _, severity in await user.shown() if severity == 1] == []
    editor = Editor(client, parts, block)
    at = block.index("pair")
    edit = await client.text_document_rename_async(lsp.RenameParams(editor.document, editor.position(at + 1), "couple"))
    assert {Path(uri).name for uri in edit.changes} == {"parts.yaml", "b.yaml", "c.yaml"}
    editor.edit(at, at + 4, "couple")
    assert [code for code, _, severity in await user.shown() if severity == 1] == ["UNK701"]
    place = user.position(user.state.text.index("parts"))
    (found,) = await client.text_document_definition_async(lsp.DefinitionParams(user.document, place))
    assert found.uri == parts.as_uri()


async def test_the_configuration_of_the_folder_holds(client: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "cnnsum.toml").write_text('select = ["SPC"]\n', encoding="utf-8")
    editor = Editor(client, tmp_path / "a.yaml", SPEC.replace("units", "unist"))
    assert await editor.shown() == []
    (tmp_path / "cnnsum.toml").unlink()
    client.text_document_did_save(lsp.DidSaveTextDocumentParams(editor.document))
    assert [code for code, _, _ in await editor.shown()] == ["CFG103"]


async def test_texts_without_a_file_and_other_files(client: LanguageClient, tmp_path: Path) -> None:
    other = Editor(client, tmp_path / "package.json", json.dumps({"name": "x", "scripts": {"a": "b"}}))
    assert await other.shown() == []
    assert await other.hints() == []
    uri = "untitled:Untitled-1"
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "yaml", 1, SPEC)))
    found = await client.text_document_inlay_hint_async(lsp.InlayHintParams(lsp.TextDocumentIdentifier(uri), WHOLE))
    assert len(found) > 5
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
    await asyncio.sleep(0.1)
    assert list(client.diagnostics[uri]) == []


async def test_the_fuzzer_finds_nothing_at_once() -> None:
    from bench.server_fuzz import within

    await within(40, 1)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process holds is told so on Linux")
async def test_earlier_states_of_a_text_are_let_go() -> None:
    """The command line has the collector off, which the server must not: it held 3 MB for each character."""
    from bench.server import spec
    from bench.server_client import Client

    server = Client()
    server.start()
    uri, text = "file:///net.yaml", spec(400)
    item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    server.notify("textDocument/didOpen", {"textDocument": item})
    held = []
    for number in range(120):
        start, end = {"line": 9, "character": 0}, {"line": 9, "character": number % 2}
        change = {"range": {"start": start, "end": end}, "text": "" if number % 2 else " "}
        document = {"uri": uri, "version": number + 2}
        server.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        server.diagnostics(uri)
        held.append(server.memory())
    server.stop()
    assert max(held[60:]) < max(held[:60]) + 20 * 2**20
