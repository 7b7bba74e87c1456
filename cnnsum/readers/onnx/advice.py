"""What is legal in an ONNX file and better otherwise, as far as its parts alone tell: versions of operations, tensors
that nothing reads.

Knows what the standard says of versions; knows no shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnsum.layers.onnx.standard import NEWEST, not_in
from cnnsum.readers.onnx.parts import Step
from cnnsum.readers.programs import nothing_reads
from cnnsum.typed import NamedTuple

Path = tuple[str | int, ...]

#: The version from which on onnxruntime runs every operation, and NumPy's broadcasting holds.
_OLDEST = 7
_CONVERT = "`onnx.version_converter.convert_version(model, {version})`, or export the network again"


class _Met(NamedTuple):
    """The first node of a kind."""

    path: Path
    message: str
    help: str


class Advice:
    """Gathers what is to be said; each kind of node once. say: takes a code, a message, a path and a mend."""

    def __init__(self, versions: Mapping[str, int], say: Callable[[str, str, Path, str], None]) -> None:
        self._versions = versions
        self._say = say
        self._met: dict[str, _Met] = {}
        self._counts: dict[str, int] = {}

    def meet(self, step: Step) -> None:
        """Look at a node."""
        key = f"{step.domain}.{step.type}"
        if key in self._met:
            self._counts[key] += 1
            return
        if step.domain != "ai.onnx":
            if step.opset:
                return
            message = f"`{step.name or step.type}` is of `{step.domain}`, of which the file imports no version"
            self._note(key, step.path, message, "add the domain to `opset_import`: runtimes refuse the file without it")
            return
        why = not_in(step.type, step.opset) if step.opset else ""
        if why:
            message = f"version {step.opset} of the operations has no `{step.type}`: {why}"
            self._note(key, step.path, message, "import the version that the node was written for: runtimes refuse it")

    def _note(self, key: str, path: Path, message: str, help: str) -> None:
        self._met[key] = _Met(path, message, help)
        self._counts[key] = 1

    def end(self) -> None:
        """Say what the nodes gave, and what there is to say of the file's own version."""
        version = self._versions.get("ai.onnx", 0)
        if version > NEWEST:
            message = (
                f"version {version} of the operations is newer than any that is known: they are read as of {NEWEST}"
            )
            self._say("SPC082", message, ("opset_import",), "import the lowest version that has the operations in use")
        elif 0 < version < _OLDEST:
            message = (
                f"version {version} of the operations is older than what runtimes promise to run, from {_OLDEST} on"
            )
            self._say("SPC082", message, ("opset_import",), _CONVERT.format(version=13))
        for key, met in self._met.items():
            times = "" if self._counts[key] == 1 else f" ({self._counts[key]:,} nodes)"
            self._say("SPC082", met.message + times, met.path, met.help)

    def unread(self, tensors: Mapping[str, Path]) -> None:
        """Say which tensors of the file no node reads."""
        if not tensors:
            return
        are = "they are" if len(tensors) > 1 else "it is"
        self._say(
            "GRF314",
            f"{nothing_reads([*tensors])}: {are} stored for nothing",
            next(iter(tensors.values())),
            "leave out what is not used: it may be a node's that was lost",
        )
