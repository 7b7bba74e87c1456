"""The language server protocol over standard streams, by pygls: requests to the core, and its answers back.

The only module that needs pygls. Nothing of a network or of the language is decided here.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable, Generator, Iterable

from lsprotocol import types as lsp
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol.language_server import LanguageServerProtocol, lsp_method
from pygls.uris import from_fs_path, to_fs_path

from cnnsum import __version__
from cnnsum.codes import reference
from cnnsum.diagnostics import Diagnostic, Related, Span
from cnnsum.lint.fix import Edit
from cnnsum.server import completion, lenses, mends, outline, said
from cnnsum.server.hover import hover
from cnnsum.server.index import Occurrence
from cnnsum.server.rename import Place, RenameError, renameable, renamed
from cnnsum.server.showing import Showing
from cnnsum.server.text import Text
from cnnsum.server.workspace import Open, Workspace
from cnnsum.typed import Any

#: Seconds after a change until errors are shown, and until advice is looked for.
_SOON = 0.01
_PAUSE = 0.4
#: Objects that come between two walks for garbage while nobody pauses: a few states of a text of a thousand layers.
_MANY = 200_000
_FIX_ALL = "source.fixAll.cnnsum"
_SEVERITIES = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "note": lsp.DiagnosticSeverity.Information,
}
_ITEMS: dict[completion.Kind, lsp.CompletionItemKind] = {
    "type": lsp.CompletionItemKind.Class,
    "block": lsp.CompletionItemKind.Module,
    "key": lsp.CompletionItemKind.Property,
    "field": lsp.CompletionItemKind.Field,
    "word": lsp.CompletionItemKind.EnumMember,
    "layer": lsp.CompletionItemKind.Variable,
    "name": lsp.CompletionItemKind.Constant,
    "file": lsp.CompletionItemKind.File,
}
_SYMBOLS: dict[outline.Kind, lsp.SymbolKind] = {
    "input": lsp.SymbolKind.Interface,
    "var": lsp.SymbolKind.Variable,
    "symbol": lsp.SymbolKind.Constant,
    "block": lsp.SymbolKind.Module,
    "layer": lsp.SymbolKind.Function,
    "type": lsp.SymbolKind.Class,
    "part": lsp.SymbolKind.Namespace,
}
#: A finding that is not a fault, only something that could be left out.
_UNNECESSARY = frozenset(("GRF305", "GRF309", "ARC493"))
_On = Callable[..., Callable[[Callable[[Any], Any]], None]]


class _Protocol(LanguageServerProtocol):
    """As pygls has it, but that texts are kept by the core, and that a request with nonsense in it is answered."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as an object; one that cannot be made is answered, and raised."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "jsonrpc" in data and "method" in data and isinstance(data.get("id"), (int, str)):
                self._send_response(data["id"], error=error.to_response_error())
            raise

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> Generator[object, object, None]:
        """Hand it on."""
        yield self.fm.features[lsp.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> Generator[object, object, None]:
        """Hand it on."""
        yield self.fm.features[lsp.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> Generator[object, object, None]:
        """Hand it on."""
        yield self.fm.features[lsp.TEXT_DOCUMENT_DID_CLOSE], (params,), None


class Server(LanguageServer):
    """The server: a workspace, and what is shown of each text."""

    def __init__(self) -> None:
        super().__init__("cnnsum", __version__, protocol_cls=_Protocol)
        self.texts = Workspace()
        self.uris: dict[str, str] = {}
        self._shown: dict[str, Showing] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self.snippets = False
        self.marks = dict.fromkeys(("hover", "completion"), lsp.MarkupKind.PlainText)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Answer what is not a message at all; whoever sent one has been answered."""
        if source is JsonRpcException and not isinstance(error, JsonRpcException):
            is_json = not isinstance(error, ValueError)
            what = JsonRpcInvalidRequest() if is_json else JsonRpcParseError()
            # The protocol has a null in the place of a number that cannot be known.
            self.protocol._send_response(None, error=what.to_response_error())  # type: ignore[arg-type]  # noqa: SLF001

    # --- texts --------------------------------------------------------------------------------------------------------

    def path(self, uri: str) -> str:
        """The path of a file, or a name in angle brackets for what is not a file."""
        path = to_fs_path(uri)
        return path if path and os.path.isabs(path) else f"<{uri}>"

    def uri(self, path: str) -> str:
        """The name of a file as the editor has it."""
        known = self.uris.get(path)
        if known is None:
            real = os.path.realpath(path)
            known = next((uri for other, uri in self.uris.items() if os.path.realpath(other) == real), None)
        return known or from_fs_path(os.path.abspath(path)) or path

    def at(self, document: lsp.TextDocumentIdentifier | lsp.VersionedTextDocumentIdentifier) -> Open:
        """The text that a request is about; raises JsonRpcInvalidParams for one that is not open."""
        found = self.texts.open.get(self.path(document.uri))
        if found is None:
            raise JsonRpcInvalidParams(f"the text is not open: {document.uri}")
        return found

    def set(self, uri: str, text: Text) -> None:
        """Take a text, and show soon what is wrong with it, and with what includes it."""
        path = self.path(uri)
        self.uris[path] = uri
        self._shown.setdefault(path, Showing())
        self.texts.set(path, text)
        for one in (path, *self.texts.including(path)):
            self.show(one)

    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Take changes, one after the other."""
        one = self.at(params.text_document)
        text, showing = one.text, self._shown[one.path]
        for change in params.content_changes:
            if isinstance(change, lsp.TextDocumentContentChangePartial):
                start, end = _offsets(text, change.range)
                showing.edited(start, end, len(change.text))
                text = text.changed(start, end, change.text)
            else:
                showing.edited(0, len(text), len(change.text))
                text = Text(change.text, text.units)
        self.set(params.text_document.uri, text)

    def closed(self, uri: str) -> None:
        """Forget a text."""
        path = self.path(uri)
        including = self.texts.including(path) if path in self.texts.open else []
        self.texts.close(path)
        self._shown.pop(path, None)
        self.rest(path)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        self.uris.pop(path, None)
        for other in including:
            self.show(other)

    def reload(self) -> None:
        """Read again what does not stand in texts: configurations, included files."""
        self.texts.reload()
        for path in self.texts.open:
            self.show(path)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show(self, path: str) -> None:
        """Show errors soon, and advice after a pause; what was to come of an earlier text does not."""
        loop = asyncio.get_running_loop()
        if (path, "errors") not in self._timers:
            self._timers[path, "errors"] = loop.call_later(_SOON, self._show, path, "errors")
        self._cancel(path, "advice")
        self._timers[path, "advice"] = loop.call_later(_PAUSE, self._show, path, "advice")

    def _show(self, path: str, what: str) -> None:
        self._timers.pop((path, what), None)
        if path in self.texts.open:
            listed = self.findings(path, at_once=what == "errors")
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(self.uris[path], listed))
        if what == "advice" and not self._timers:
            gc.collect()  # nobody is waiting

    def findings(self, path: str, *, at_once: bool = False) -> list[lsp.Diagnostic]:
        """What is shown of an open text after a pause, or at once."""
        one, showing = self.texts.open[path], self._shown[path]
        found = (showing.at_once if at_once else showing.in_time)(one.analysis, one.text)
        return [self._diagnostic(one, start, end, diagnostic) for start, end, diagnostic in found]

    def rest(self, path: str) -> None:
        """Show nothing more of a text that is not asked for."""
        for what in ("errors", "advice"):
            self._cancel(path, what)

    def _cancel(self, path: str, what: str) -> None:
        timer = self._timers.pop((path, what), None)
        if timer is not None:
            timer.cancel()

    def _diagnostic(self, one: Open, start: int, end: int, found: Diagnostic) -> lsp.Diagnostic:
        message = found.message if found.help is None else f"{found.message}\nhelp: {found.help}"
        related = found.related
        if found.span is not None and found.span.path != one.path:
            message = f"{found.span.path}:{found.span.line}:{found.span.column}: {message}"
            related = (Related(found.span, found.message), *related)
        information = [
            lsp.DiagnosticRelatedInformation(
                lsp.Location(self.uri(other.span.path), self._range_of(other.span)), other.message
            )
            for other in related
            if other.is_read and not other.span.path.startswith("<")
        ]
        address = reference.address(found.code)
        return lsp.Diagnostic(
            _range(one.text, start, end),
            message,
            severity=_SEVERITIES[found.severity],
            code=found.code,
            code_description=None if address is None else lsp.CodeDescription(address),
            source="cnnsum",
            related_information=information or None,
            tags=[lsp.DiagnosticTag.Unnecessary] if found.code in _UNNECESSARY else None,
        )

    def _range_of(self, span: Span) -> lsp.Range:
        text = self.texts.text_of(span.path)
        if text is None:
            return lsp.Range(lsp.Position(span.line - 1, 0), lsp.Position(span.line - 1, 0))
        start = text.start_of(span.line - 1) + span.column - 1
        end = text.start_of(span.end_line - 1) + span.end_column - 1
        return _range(text, min(start, len(text)), min(end, len(text)))

    # --- names --------------------------------------------------------------------------------------------------------

    def name_at(self, document: lsp.TextDocumentIdentifier, position: lsp.Position) -> tuple[Open, Occurrence | None]:
        """The name at a position."""
        one = self.at(document)
        return one, self.texts.occurrence(one, _offset(one.text, position))

    def locations(self, found: list[tuple[Place, Occurrence]]) -> list[lsp.Location]:
        """Places as the protocol has them."""
        listed = []
        for place, _ in found:
            text = self.texts.text_of(place.path) if not place.path.startswith("<") else None
            text = text or next((one.text for path, one in self.texts.open.items() if path == place.path), None)
            if text is not None:
                uri = self.uris.get(place.path) or self.uri(place.path)
                listed.append(lsp.Location(uri, _range(text, place.start, place.end)))
        return listed

    def edits(self, by_path: dict[str, list[Edit]]) -> lsp.WorkspaceEdit:
        """Edits of files as the protocol has them."""
        changes = {}
        for path, edits in by_path.items():
            known = self.texts.open.get(path)
            text = known.text if known is not None else self.texts.text_of(path)
            if text is not None:
                uri = self.uris.get(path) or self.uri(path)
                changes[uri] = [lsp.TextEdit(_range(text, one.start, one.end), one.text) for one in edits]
        return lsp.WorkspaceEdit(changes=changes)


def _offset(text: Text, position: lsp.Position) -> int:
    return text.offset(position.line, position.character)


def _offsets(text: Text, range: lsp.Range) -> tuple[int, int]:
    start, end = _offset(text, range.start), _offset(text, range.end)
    return min(start, end), max(start, end)


def _range(text: Text, start: int, end: int) -> lsp.Range:
    return lsp.Range(lsp.Position(*text.position(start)), lsp.Position(*text.position(end)))


def make() -> Server:
    """A server that answers what the core can."""
    server = Server()

    def on(method: str, options: object = None) -> Callable[[Callable[[Any], Any]], None]:
        def register(answer: Callable[[object], object]) -> None:
            server.feature(method, options)(answer)

        return register

    @on(lsp.INITIALIZE)
    def _initialize(params: lsp.InitializeParams) -> None:
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        paths = tuple([path for path in map(to_fs_path, folders) if path])
        units: Any = server.workspace.position_encoding
        server.texts = Workspace(getattr(units, "value", units) or "utf-16", paths)
        items = params.capabilities.text_document and params.capabilities.text_document.completion
        item = items.completion_item if items else None
        hovers = params.capabilities.text_document and params.capabilities.text_document.hover
        server.snippets = bool(item and item.snippet_support)
        for what, kinds in (
            ("hover", hovers.content_format if hovers else None),
            ("completion", item.documentation_format if item else None),
        ):
            plain = lsp.MarkupKind.Markdown not in (kinds or ())
            server.marks[what] = lsp.MarkupKind.PlainText if plain else lsp.MarkupKind.Markdown

    @on(lsp.INITIALIZED)
    def _ready(_params: lsp.InitializedParams) -> None:
        # The first completion need not wait for what all of them ask.
        asyncio.get_running_loop().call_later(_PAUSE, said.said, (), "keras")

    @on(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.set(params.text_document.uri, Text(params.text_document.text, server.texts.units))

    @on(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.changed(params)

    @on(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    @on(lsp.TEXT_DOCUMENT_DID_SAVE)
    def _saved(_params: lsp.DidSaveTextDocumentParams) -> None:
        server.reload()

    @on(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _touched(_params: lsp.DidChangeWatchedFilesParams) -> None:
        server.reload()

    @on(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def _hints(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        one = server.at(params.text_document)
        start, end = _offsets(one.text, params.range)
        return [
            lsp.InlayHint(
                lsp.Position(*one.text.position(hint.at)), hint.text, tooltip=hint.more or None, padding_left=True
            )
            for hint in one.hints
            if start <= hint.at <= end
        ]

    @on(lsp.TEXT_DOCUMENT_HOVER)
    def _hover(params: lsp.HoverParams) -> lsp.Hover | None:
        one = server.at(params.text_document)
        found = hover(one.analysis, _offset(one.text, params.position), one.index)
        if found is None:
            return None
        return lsp.Hover(lsp.MarkupContent(server.marks["hover"], found.text), _range(one.text, found.start, found.end))

    @on(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[" ", "{", "[", ",", "$", '"', ":"]))
    def _complete(params: lsp.CompletionParams) -> lsp.CompletionList:
        one = server.at(params.text_document)
        found = completion.completions(one.analysis, one.text, _offset(one.text, params.position), lambda: one.index)
        return lsp.CompletionList(is_incomplete=False, items=[_item(server, one, item) for item in found])

    @on(lsp.TEXT_DOCUMENT_DEFINITION)
    def _definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        one, name = server.name_at(params.text_document, params.position)
        if name is None:
            return []
        if name.key[0] == "file":
            start = lsp.Position(0, 0)
            return [lsp.Location(server.uri(name.key[1]), lsp.Range(start, start))]
        return server.locations([found for found in server.texts.places(one, name) if found[1].defines])

    @on(lsp.TEXT_DOCUMENT_REFERENCES)
    def _references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        one, name = server.name_at(params.text_document, params.position)
        if name is None:
            return []
        found = server.texts.places(one, name)
        return server.locations([one for one in found if params.context.include_declaration or not one[1].defines])

    @on(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def _highlight(params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        one, name = server.name_at(params.text_document, params.position)
        index = one.index or one.keras_index
        if name is None or index is None:
            return []
        whole = one.analysis.whole
        return [
            lsp.DocumentHighlight(_range(one.text, *found.place()))
            for found in index.of(name.key)
            if found.document is whole or found.document is one.analysis.around.document
        ]

    @on(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def _prepare(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        one, name = server.name_at(params.text_document, params.position)
        if name is None or one.index is None or one.analysis.document is None:
            return None
        try:
            renameable(one.index, name)
        except RenameError as error:
            raise _refused(str(error)) from None
        return lsp.PrepareRenamePlaceholder(_range(one.text, *name.place()), str(name.key[-1]))

    @on(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def _rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        one, name = server.name_at(params.text_document, params.position)
        if name is None or one.index is None:
            raise _refused("there is no name here that could be changed")
        if one.analysis.document is None:
            raise _refused("the text cannot be read: mend that first")
        try:
            return server.edits(renamed(server.texts.indexes(one, name.key), name, params.new_name))
        except RenameError as error:
            raise _refused(str(error)) from None

    @on(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def _outline(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        one = server.at(params.text_document)
        return [_symbol(one.text, part) for part in outline.outline(one.analysis)]

    @on(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensOptions(resolve_provider=True))
    def _lenses(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        one = server.at(params.text_document)
        start = lsp.Position(0, 0)
        return [
            lsp.CodeLens(lsp.Range(start, start), data={"uri": params.text_document.uri, "lens": lens})
            for lens in lenses.lenses(one.analysis)
        ]

    @on(lsp.CODE_LENS_RESOLVE)
    def _resolve(lens: lsp.CodeLens) -> lsp.CodeLens:
        data: object = lens.data
        if not isinstance(data, dict) or data.get("lens") not in ("totals", "sizes"):
            raise JsonRpcInvalidParams("this lens is not of this server")
        one = server.at(lsp.TextDocumentIdentifier(str(data.get("uri"))))
        lens.command = lsp.Command(title=lenses.said(one.analysis, data["lens"]), command="")
        return lens

    kinds = [lsp.CodeActionKind.QuickFix, _FIX_ALL]
    return _with_actions(server, on, lsp.CodeActionOptions(code_action_kinds=kinds))


def _with_actions(server: Server, on: _On, options: lsp.CodeActionOptions) -> Server:
    @on(lsp.TEXT_DOCUMENT_CODE_ACTION, options)
    def _actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        one = server.at(params.text_document)
        start, end = _offsets(one.text, params.range)
        only = params.context.only
        found = []
        if _asked(only, lsp.CodeActionKind.QuickFix):
            for offer in mends.offers(one.analysis, one.text, start, end):
                code = mends.at_hand(one.analysis).findings[offer.finding].code
                about = [shown for shown in params.context.diagnostics if shown.code == code]
                found.append(
                    lsp.CodeAction(
                        offer.title,
                        kind=lsp.CodeActionKind.QuickFix,
                        diagnostics=about or None,
                        is_preferred=offer.safe or None,
                        edit=server.edits({one.path: [offer.edit]}),
                    )
                )
        if only and _asked(only, _FIX_ALL):
            edit = mends.all_safe(one.analysis, one.text)
            if edit is not None:
                title = "Make all safe mends"
                found.append(lsp.CodeAction(title, kind=_FIX_ALL, edit=server.edits({one.path: [edit]})))
        return found

    return server


def _refused(why: str) -> JsonRpcException:
    """The answer to a request that is well formed and cannot be done."""
    return JsonRpcException(why, lsp.LSPErrorCodes.RequestFailed.value)


def _asked(only: Iterable[object] | None, kind: str) -> bool:
    """Whether actions of a kind are asked for: a kind stands for all that begin with it."""
    kind = getattr(kind, "value", kind)
    wanted = [getattr(one, "value", one) for one in only or ()]
    return not wanted or any(kind == one or kind.startswith(f"{one}.") or not one for one in wanted)


def _item(server: Server, one: Open, found: completion.Completion) -> lsp.CompletionItem:
    is_snippet = found.is_snippet and server.snippets
    return lsp.CompletionItem(
        found.label,
        kind=_ITEMS[found.kind],
        detail=found.detail or None,
        documentation=lsp.MarkupContent(server.marks["completion"], found.documentation)
        if found.documentation
        else None,
        sort_text=f"{found.rank:04d}{found.label}",
        filter_text=one.text.text[found.start : found.start + 1] + found.label
        if one.text.text[found.start : found.start + 1] in ("'", '"')
        else found.label,
        text_edit=lsp.TextEdit(_range(one.text, found.start, found.end), found.text if is_snippet else found.plain),
        insert_text_format=lsp.InsertTextFormat.Snippet if is_snippet else lsp.InsertTextFormat.PlainText,
    )


def _symbol(text: Text, part: outline.Part) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        part.name,
        _SYMBOLS[part.kind],
        _range(text, part.start, part.end),
        _range(text, part.name_start, part.name_end),
        detail=part.detail or None,
        children=[_symbol(text, one) for one in part.parts] or None,
    )


def serve() -> None:
    """Serve on standard streams until the editor says that it is enough."""
    if "CNNSUM_TRACEBACK" not in os.environ:
        # Faults are in the answers; an editor shows what comes on standard error as if it were news.
        logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    # The command line has Python's collector off, which a process that lives for days must not; earlier states of a
    # text are circles. Modules are not walked.
    gc.freeze()
    gc.set_threshold(_MANY)
    gc.enable()
    # pygls closes what it writes to, and whoever called this may still have something to say.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stdout:
        make().start_io(sys.stdin.buffer, stdout)
