"""One state of a text, read: its values, its model, what is wrong with it. Each is made when it is first asked for.

Knows files only in so far as a text has a path, for what it includes and for what the configuration says of it.
"""

from __future__ import annotations

import os
from functools import cached_property

from cnnsum.diagnostics import UnusableError
from cnnsum.lint.checking import check_model, faulty, read_model
from cnnsum.lint.looking import is_model, seems_model
from cnnsum.lint.report.findings import CheckedFile
from cnnsum.lint.settings import Settings
from cnnsum.render.diagnose import in_order
from cnnsum.source import Document, read_text
from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnsum.model import Model
    from cnnsum.server.language import Language


class Analysis:
    """What is known of a text.

    path: of its file, or a name in angle brackets. named: whether the configuration says that it is a model; any other
    file is one by what it holds, as in `cnnsum check` of its folder.
    """

    def __init__(self, text: str, path: str, settings: Settings = Settings(), *, named: bool = False) -> None:  # noqa: B008 - it cannot be changed
        self.text = text
        self.path = path
        self.settings = settings
        self.named = named
        #: A fault of cnnsum itself that came to light; `checked` reports it.
        self.fault: Exception | None = None

    # --- reading ------------------------------------------------------------------------------------------------------

    @cached_property
    def _read(self) -> Document | UnusableError:
        try:
            return read_text(self.text, self.path)
        except UnusableError as error:
            return error
        except Exception as error:  # noqa: BLE001 - it is reported as a finding
            return self._failed(error)

    @property
    def document(self) -> Document | None:
        """The text's values and their places; None where it cannot be read."""
        return self._read if isinstance(self._read, Document) else None

    @cached_property
    def _model(self) -> Model | UnusableError:
        if self.document is None:
            return UnusableError()
        try:
            return read_model(self.document, self.settings)
        except Exception as error:  # noqa: BLE001 - it is reported as a finding
            return self._failed(error)

    @property
    def model(self) -> Model | None:
        """The model, be there errors in it or not; None where there is none."""
        return None if isinstance(self._model, UnusableError) or not self.is_model else self._model

    @cached_property
    def is_model(self) -> bool:
        """Whether the text is a model, or meant as one: of other files in YAML and JSON nothing is said."""
        if self.named:
            return True
        if self.document is None:
            return seems_model(self.text.encode("utf-8", "surrogatepass"))
        return is_model(self.document)

    @cached_property
    def whole(self) -> Document | None:
        """The document; of a text that cannot be read, one of what can be: its places are those of this text.

        None where nothing can be made of it.
        """
        if self.document is not None:
            return self.document
        from cnnsum.server.half_written import readable

        return readable(self.text, self.path)

    @cached_property
    def around(self) -> Analysis:
        """This analysis; of a text that cannot be read, that of the part that can be."""
        if self.document is not None or self.whole is None:
            return self
        other = Analysis(self.whole.text, self.path, self.settings, named=self.named)
        other._read = self.whole
        return other

    @cached_property
    def language(self) -> Language | None:
        """The words of a spec: its types, blocks, vars; None for what is not a spec."""
        from cnnsum.readers import sniff
        from cnnsum.server.language import Language

        if self.whole is None or not isinstance(self.whole.value, dict):
            return None
        try:
            return Language(self) if sniff(self.whole) == "cnnsum" else None
        except UnusableError:
            return Language(self)  # it may become one

    # --- what is wrong ------------------------------------------------------------------------------------------------

    @cached_property
    def errors(self) -> CheckedFile:
        """What is wrong for certain: all that `cnnsum check` says but for advice and budgets."""
        return self._checked(advice=False)

    @cached_property
    def checked(self) -> CheckedFile:
        """All that `cnnsum check` says."""
        return self._checked(advice=True)

    def _checked(self, *, advice: bool) -> CheckedFile:
        if not self.is_model:
            return CheckedFile(self.path, ())
        try:
            if isinstance(self._read, UnusableError):
                found = self._read if self.fault is None else None
                if found is not None:
                    from cnnsum.lint.settings import Wanted

                    wanted = Wanted(self.settings.choice(), self.settings.silenced)
                    return CheckedFile(
                        self.path, tuple([one for one in in_order(found.diagnostics) if wanted(one.code)])
                    )
            elif self.fault is None:
                model = self._model  # which may be a fault
                if self.fault is None:
                    return check_model(self._read, model, self.settings, advice=advice)
        except Exception as error:  # noqa: BLE001 - it is reported as a finding
            self._failed(error)
        assert self.fault is not None
        return faulty(self.path, self.fault, self.settings)

    def _failed(self, error: Exception) -> UnusableError:
        """Keep a fault of cnnsum itself: whatever a text holds, its editor gets an answer."""
        if "CNNSUM_TRACEBACK" in os.environ:
            raise error
        self.fault = error
        return UnusableError()
