"""The messages of a network's layers: which run in the phase of tests, and what they say.

Reads values, and reports what is wrong with them where it stands. Knows no layer of any framework and no graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cnnsum.diagnostics import Diagnostic, Related, Severity, did_you_mean
from cnnsum.readers.caffe.fields import ONCE, PARAMS
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

Path = tuple[str | int, ...]

#: Names of types in the older `layers { type: CONVOLUTION }`, where they are not those of today in capitals.
OLDER = {
    "BNLL": "BNLL",
    "DUMMY_DATA": "DummyData",
    "ELTWISE": "Eltwise",
    "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output",
    "LRN": "LRN",
    "MVN": "MVN",
    "PRELU": "PReLU",
    "RELU": "ReLU",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "TANH": "TanH",
    "ABSVAL": "AbsVal",
    "ARGMAX": "ArgMax",
}
_LAYER = frozenset(
    (
        *("name", "type", "bottom", "top", "phase", "loss_weight", "param", "blobs", "propagate_down"),
        *("include", "exclude", "transform_param", "loss_param", "blobs_lr", "weight_decay"),
        *("blob_share_mode", "quantization_param"),
    )
)
#: Types of Caffe of which nothing is known but their names: what they give depends on numbers in tensors, or the batch
#: is not one of their first axes.
UNREAD = frozenset(("BatchReindex", "Filter", "LSTMUnit", "Parameter", "Python", "Recurrent"))
#: What is a sample of what these types give, where it is not a picture: a region, of which there are as many as
#: numbers in tensors say, or a step of time.
OF_OTHER_SAMPLES = {
    **dict.fromkeys(("PSROIPooling", "Proposal", "ROIAlign", "ROIPooling"), "region"),
    **dict.fromkeys(("LSTM", "RNN"), "step of time"),
}
#: Types that say how good an answer is, and are not part of it.
JUDGES = frozenset(
    (
        *("Accuracy", "ContrastiveLoss", "EuclideanLoss", "HDF5Output", "HingeLoss", "InfogainLoss"),
        *("MultiBoxLoss", "DetectionEvaluate", "MultinomialLogisticLoss", "SigmoidCrossEntropyLoss"),
        *("Silence", "SmoothL1Loss", "SoftmaxWithLoss"),
    )
)
#: Types that read pictures from files, whose sizes the network does not say.
DATA = frozenset(
    (
        "AnnotatedData",
        "Data",
        "DummyData",
        "HDF5Data",
        "ImageData",
        "MemoryData",
        "VideoData",
        "WindowData",
        "LMDB",
        "LevelDB",
    )
)


class Entry(NamedTuple):
    """A layer. number: its place among those that run; label: its name, once each; path: where its message stands."""

    number: int
    kind: str
    label: str
    value: dict[str, list[Any]]
    path: Path


class Messages:
    """Reads the layers of a network. most: the most layers that are read."""

    def __init__(self, document: Document, most: int) -> None:
        self.document = document
        self.value: dict[str, list[Any]] = document.value
        self.found: list[Diagnostic] = []
        self.all: list[Entry] = []
        #: Whether something was asked for since this was last set to False that the file does not say, or says wrong.
        self.guessed = False
        labels: set[str] = set()
        self._check_once({key: one for key, one in self.value.items() if key not in ("layer", "layers")}, (), "")
        for key in ("layer", "layers"):
            for place, one in enumerate(self.value.get(key, [])[:most]):
                path: Path = (key, place)
                if not isinstance(one, dict):
                    self.report(path, "SPC022", f"`{key}` is a message: `{key} {{ ... }}`")
                    continue
                self._check_once(one, path, key)
                self._check_rules(one, path)
                if self._runs(one):
                    self._keep(one, path, labels)

    def _keep(self, value: dict[str, list[Any]], path: Path, labels: set[str]) -> None:
        if path[0] == "layers" and "layer" in value:
            message = "layers of layers are of the oldest kind, which is not read"
            self.report((*path, "layer"), "SPC030", message, "`upgrade_net_proto_text` of Caffe writes the new kind")
            return
        kind = self._text(value, "type", path) or "?"
        if path[0] == "layers":
            kind = OLDER.get(kind, "".join(part.capitalize() for part in kind.split("_")))
        name = self._text(value, "name", path) or kind
        label, count = name, 1
        while label in labels:
            label, count = f"{name}_{count}", count + 1
        labels.add(label)
        self.all.append(Entry(len(self.all), kind, label, value, path))

    def _text(self, value: dict[str, list[object]], key: str, path: Path) -> str:
        given = value.get(key, [None])[-1]
        if isinstance(given, str) and given:
            return given
        if given is not None:
            self.report((*path, key), "CFG102", f"`{key}` must be a text")
        return ""

    def report(
        self, path: Path, code: str, message: str, help: str | None = None, severity: Severity = "error", **more: bool
    ) -> None:
        """Say what is wrong at a place."""
        self.guessed = True
        span = self.document.span(path, key=more.get("at_key", False))
        self.found.append(Diagnostic(code, message, span, severity, help))

    def _check_once(self, value: dict[str, list[Any]], path: Path, message: str) -> None:
        """Report what stands twice in a message and those in it, and must not: Caffe loads no such file, in whichever
        phase the layer runs.
        """
        once = ONCE[message]
        for key, given in value.items():
            if len(given) > 1 and key in once:
                first, second = (self.document.span((*path, key, place)) for place in (0, 1))
                told = f"`{key}` stands here for the second time: protobuf takes it once"
                related = (Related(first, "it stands here first"),)
                self.found.append(Diagnostic("SPC015", told, second, "error", "remove one of the two", related))
            if key in ONCE:
                for place, one in enumerate(given):
                    if isinstance(one, dict):
                        self._check_once(one, (*path, key, place), key)

    def _check_rules(self, value: dict[str, list[Any]], path: Path) -> None:
        if value.get("include") and value.get("exclude"):
            message = "a layer has rules `include` or `exclude`, not both"
            self.report((*path, "exclude"), "CFG116", message, "remove one of the two", at_key=True)

    # --- which layers run ---------------------------------------------------------------------------------------------

    def _runs(self, value: dict[str, list[object]]) -> bool:
        """Whether a layer is there in the phase of tests, without stages, as a deployed network runs."""
        include, exclude = value.get("include", []), value.get("exclude", [])
        if include:
            return any(map(_is_met, include))
        return not any(map(_is_met, exclude))

    # --- values -------------------------------------------------------------------------------------------------------

    def check_fields(self, entry: Entry) -> None:
        """Report fields that a layer, or the message of what it does, does not have."""
        for key, values in entry.value.items():
            known = PARAMS.get(key)
            if known is None:
                if key not in _LAYER and not key.endswith("_param"):
                    self._unknown((*entry.path, key), "a layer", key, (*_LAYER, *PARAMS))
                continue
            for place, one in enumerate(values):
                path = (*entry.path, key, place)
                if not isinstance(one, dict):
                    self.report(path, "SPC022", f"`{key}` is a message: `{key} {{ ... }}`")
                    continue
                for field in one:
                    if field not in known:
                        self._unknown((*path, field), f"`{key}`", field, known)

    def _unknown(self, path: Path, what: str, key: str, known: Collection[str]) -> None:
        help = did_you_mean(key, sorted(known))
        self.report(path, "CFG103", f"{what} has no field `{key[:80]}`", help, at_key=True)

    def given(self, entry: Entry, param: str, field: str) -> Iterator[tuple[Any, Path]]:
        """What a layer says in a field, each value with its place."""
        for place, one in enumerate(entry.value.get(param, [])):
            if isinstance(one, dict):
                for at, value in enumerate(one.get(field, [])):
                    yield value, (*entry.path, param, place, field, at)

    def misses(self, entry: Entry, param: str, field: str, message: str, help: str) -> None:
        """Report that a layer does not say what it has to, unless it does with a slip, which is reported."""
        self.guessed = True
        said = [key for one in entry.value.get(param, []) if isinstance(one, dict) for key in one]
        if field not in said and all(key in PARAMS[param] for key in said):
            self.report((*entry.path, param, 0) if said else entry.path, "CFG101", message, help)

    def exclude(self, entry: Entry, param: str, field: str, others: tuple[str, ...], message: str) -> None:
        """Report that a field stands beside others that take its place."""
        path = self.place(entry, param, field)
        if path is not None and any(self.place(entry, param, other) is not None for other in others):
            self.report(path, "CFG116", message, "remove one of the two")

    def place(self, entry: Entry, param: str, field: str) -> Path | None:
        """Where a layer says something."""
        return next((path for _value, path in self.given(entry, param, field)), None)

    def numbers(self, entry: Entry, param: str, field: str, least: int = 0) -> list[int]:
        """The whole numbers of a field; reports what is not one."""
        found = []
        for value, path in self.given(entry, param, field):
            if type(value) is not int or not least <= value < 1_000_000_000:
                kind = "a positive whole number" if least == 1 else f"a whole number of at least {least}"
                self.report(path, "CFG102", f"`{field}` must be {kind} below 1,000,000,000, got {str(value)[:80]!r}")
            else:
                found.append(value)
        return found

    def whole(self, entry: Entry, param: str, field: str, default: int, least: int = 0) -> int:
        """The last whole number of a field."""
        return (self.numbers(entry, param, field, least) or [default])[-1]

    def real(self, entry: Entry, param: str, field: str, default: float) -> float:
        """The last number of a field."""
        for value, path in reversed([*self.given(entry, param, field)]):
            if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e30:
                return value
            self.report(path, "CFG102", f"`{field}` must be a finite number, got {str(value)[:80]!r}")
        return default

    def switch(self, entry: Entry, param: str, field: str, *, default: bool) -> bool:
        """The last true or false of a field."""
        for value, path in reversed([*self.given(entry, param, field)]):
            if isinstance(value, bool) or (type(value) is int and value in (0, 1)):
                return bool(value)
            self.report(path, "CFG102", f"`{field}` must be true or false, got {str(value)[:80]!r}")
        return default

    def word(self, entry: Entry, param: str, field: str, choices: tuple[str, ...], default: str = "") -> str:
        """The last word of a field, one of several; numbers count them. default: the first, if it is not another."""
        for value, path in reversed([*self.given(entry, param, field)]):
            if type(value) is int and 0 <= value < len(choices):
                return choices[value]
            if value in choices:
                return str(value)
            message = f"`{field}` must be one of {', '.join(choices)}, got {str(value)[:80]!r}"
            self.report(path, "CFG102", message, did_you_mean(str(value), choices))
        return default or choices[0]


def _is_met(rule: object) -> bool:
    if not isinstance(rule, dict):
        return False
    phases = rule.get("phase", ["TEST"])
    low, high = rule.get("min_level", [0])[-1], rule.get("max_level", [0])[-1]
    levels = not (isinstance(low, int) and low > 0) and not (isinstance(high, int) and high < 0)
    return phases[-1] in ("TEST", 1) and "stage" not in rule and levels
