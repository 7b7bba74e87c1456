"""How a model is read: the one record of it, from the command line, the library and a check alike. Knows no file."""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.typed import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cnnsum.layers.base import LayerType


class How(NamedTuple):
    """What the caller sets from outside the file.

    inputs: shapes without the batch axis by input name, "" for the only input; a text in a shape is a symbol's name,
        None an open axis.
    settings: values of vars and symbols. dtype: the dtype policy of every layer that names none itself (in a format
    whose files name one for every layer, of all).
    free: which sizes of the inputs become symbols where the file fixes them, as `readers.free.KINDS` has them.
    types: layer types that are declared elsewhere, by name. backend: the backend of Keras.
    format: one of `readers.FORMATS`; None finds it out from the content.
    varied: the settings that a sweep, a fit or a range gives.
    compared: whether what the file records of shapes and weights is compared with what they are, which warnings alone
        tell of. Where it is not, no more of that is read than is needed of layers that no rule tells all of.
    """

    inputs: Mapping[str, tuple[int | str | None, ...]] = {}
    settings: Mapping[str, Any] = {}
    dtype: str | None = None
    free: frozenset[str] = frozenset()
    types: Mapping[str, LayerType] = {}
    backend: str = "tensorflow"
    format: str | None = None
    varied: frozenset[str] = frozenset()
    compared: bool = True

    def of_the_file(self) -> How:
        """The file as it stands: the same types and backend, and nothing set from outside."""
        return How(types=self.types, backend=self.backend)

    def freeing(self, *kinds: str) -> How:
        """The same with sizes of these kinds free."""
        return self._replace(free=frozenset(kinds))

    def setting(self, values: Mapping[str, object]) -> How:
        """The same at some values of what is varied."""
        return self._replace(settings={**self.settings, **values}, varied=self.varied.union(values))

    def told(self, name: str) -> str:
        """A setting as whoever gave it wrote it."""
        return f"{'' if name in self.varied else '--set '}{name}={self.settings[name]}"


AS_WRITTEN = How()
