"""The rows of an architecture file: what they read, the channels that they give, and the arguments of their modules.

Follows the channels from row to row, as the program that builds the network does. Knows neither blocks nor graphs.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from math import ceil, gcd

from cnnsum.counted import counted
from cnnsum.diagnostics import Diagnostic, did_you_mean
from cnnsum.readers.ultralytics.top import MOST_CHANNELS, Scale, is_number
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

#: Modules whose first argument is the channels that they give, before these are scaled.
SCALED = frozenset(
    [
        "Classify",
        "Conv",
        "ConvTranspose",
        "GhostConv",
        "Bottleneck",
        "GhostBottleneck",
        "SPP",
        "SPPF",
        "C2fPSA",
        "C2PSA",
        "DWConv",
        "Focus",
        "BottleneckCSP",
        "C1",
        "C2",
        "C2f",
        "C3k2",
        "RepNCSPELAN4",
        "ELAN1",
        "ADown",
        "AConv",
        "SPPELAN",
        "C2fAttn",
        "C3",
        "C3TR",
        "C3Ghost",
        "nn.ConvTranspose2d",
        "DWConvTranspose2d",
        "C3x",
        "RepC3",
        "PSA",
        "SCDown",
        "C2fCIB",
        "A2C2f",
    ]
)
#: Of these, those that repeat what is in them, in place of being repeated.
REPEATING = frozenset(
    [
        "BottleneckCSP",
        "C1",
        "C2",
        "C2f",
        "C3k2",
        "C2fAttn",
        "C3",
        "C3TR",
        "C3Ghost",
        "C3x",
        "RepC3",
        "C2fPSA",
        "C2fCIB",
        "C2PSA",
        "A2C2f",
    ]
)
#: And those that give as many channels as they read, and are refused with any other number.
SAME_CHANNELS = frozenset(["C2fPSA", "C2PSA", "PSA"])
#: Modules of files with anchors, YOLOv5's and YOLOv7's, that are not modules of Ultralytics: those whose channels are
#: scaled, and those of them that repeat what is in them.
SCALED_ANCHORED = frozenset(
    [
        "C3SPP",
        "CrossConv",
        "DownC",
        "MixConv2d",
        "RepConv",
        "SPPCSPC",
        "Stem",
        *(f"{kind}CSP{form}" for kind in ("Bottleneck", "Res", "ResX") for form in "ABC"),
    ]
)
REPEATING_ANCHORED = SCALED_ANCHORED - {"C3SPP", "CrossConv", "MixConv2d", "RepConv", "Stem"}
#: Modules that only files with anchors have.
ANCHORED = SCALED_ANCHORED - {"RepConv"} | {"MP", "ReOrg", "SP", "Shortcut"}
#: Heads: they read several maps, and give what the network says.
HEADS = frozenset(
    [
        "Detect",
        "IDetect",
        "IAuxDetect",
        "WorldDetect",
        "YOLOEDetect",
        "Segment",
        "Segment26",
        "YOLOESegment",
        "YOLOESegment26",
        "Pose",
        "Pose26",
        "OBB",
        "OBB26",
        "v10Detect",
        "Depth",
        "SemanticSegment",
        "RTDETRDecoder",
        "ImagePoolingAttn",
    ]
)
#: All others that rows are made of: what they are given first is not scaled.
UNSCALED = frozenset(
    ["AIFI", "CBFuse", "CBLinear", "Concat", "HGBlock", "HGStem", "Index", "RepConv", "ResNetLayer", "TorchVision"]
)
#: Modules that are given all the rows that they read as a list, and take no single one.
JOINING = HEADS | {"CBFuse", "Concat"}
#: How many arguments the heads of detection take beside what the file says of all; those of files with anchors.
MOST_ARGUMENTS = {
    "Detect": 1,
    "v10Detect": 1,
    "SemanticSegment": 1,
    "OBB": 2,
    "OBB26": 2,
    "Pose": 2,
    "Pose26": 2,
    "Segment": 3,
    "Segment26": 3,
    "WorldDetect": 3,
    "YOLOEDetect": 3,
    "YOLOESegment": 5,
    "YOLOESegment26": 5,
}
MOST_ARGUMENTS_ANCHORED = {"Detect": 2, "IDetect": 2, "IAuxDetect": 2, "Segment": 4}
Path = tuple[str | int, ...]

#: What calculating with arguments ends in that are not of the kind that a module takes.
NO_ARGUMENTS = (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError)

#: Keys of the file that an argument may name.
NAMED = frozenset(["nc", "anchors", "kpt_shape", "reg_max", "end2end", "depth", "width"])

#: And more repeats than a network may have layers.
MOST_LAYERS = 100_000


class Row(NamedTuple):
    """A row: its number, its module, the rows that it reads (-1 is the picture), and what the module is given.

    args: as written, with the file's own numbers put in. c1, c2: channels that come in, of each row that it reads, and
    that it gives. n: how often what is in it, or it itself, is repeated. path: where it stands.
    """

    number: int
    module: str
    sources: tuple[int, ...]
    args: tuple[Any, ...]
    c1: tuple[int, ...]
    c2: int
    n: int
    path: Path
    several: bool


class Rows:
    """Reads the rows of a file. legacy: whether its heads have the older branches for classes. anchored: whether it is
    one of YOLOv5 or YOLOv7, whose heads have anchors and some of whose modules are others of the same name.
    """

    def __init__(self, document: Document, scale: Scale, channels: int) -> None:
        self.document = document
        self.value: Mapping[str, Any] = document.value
        self.scale = scale
        self.found: list[Diagnostic] = []
        self.rows: list[Row] = []
        self.legacy = True
        self.anchored = "anchors" in self.value
        #: Channels are multiples of this.
        many = self.value.get("channel_multiple") if self.anchored else None
        self._multiple = many if isinstance(many, int) and 0 < many < MOST_CHANNELS else 8
        self._picture = channels
        self._channels: list[int] = []
        for part in ("backbone", "head"):
            listed = self.value.get(part)
            if listed is None:
                continue
            if not isinstance(listed, list):
                self._error(
                    "SPC022", f"`{part}` is a list of rows", (part,), "a row is `[from, repeats, module, args]`"
                )
                continue
            for place, row in enumerate(listed):
                self._row(row, (part, place))

    def _error(self, code: str, message: str, path: Path, help: str | None = None) -> None:
        self.found.append(Diagnostic(code, message, self.document.span(path), "error", help))

    def _row(self, row: object, path: Path) -> None:
        number = len(self.rows)
        wanted = "a row is `[from, repeats, module, args]`"
        if not isinstance(row, list) or len(row) < 3:
            self._error("SPC022", f"row {number} is not a list of four values", path, wanted)
            self._keep(number, "?", (number - 1,), (), path, several=False)
            return
        source, repeats, module = row[:3]
        args = row[3] if len(row) > 3 else []
        if len(row) > 4:
            self._error("CFG104", f"row {number} has {counted(len(row), 'value')}", (*path, 4), wanted)
        if not isinstance(module, str):
            self._error("CFG102", f"the module of row {number} must be a name", (*path, 2), wanted)
            module = "?"
        if not isinstance(repeats, int) or isinstance(repeats, bool) or not 1 <= repeats <= MOST_LAYERS:
            self._error("CFG102", f"row {number} is repeated {repeats!r} times: a positive integer", (*path, 1))
            repeats = 1
        if not isinstance(args, list):
            self._error("CFG102", f"the arguments of row {number} are a list", (*path, 3), f"`[{args}]`")
            args = [args]
        for place, one in enumerate(args):
            if one == "nc" and "nc" not in self.value:
                message = f"row {number} takes `nc`, which the file does not have"
                self._error("CFG101", message, (*path, 3, place), "`nc: 80` at the top of the file, or `--set nc=80`")
        if module in JOINING and isinstance(source, int):
            message = f"row {number}: {module} reads a list of rows, and this is one"
            self._error("CFG102", message, (*path, 0), f"`[{source}]`, or more of them")
        self._check_count(number, module, args, path)
        sources = self._sources(source, number, (*path, 0))
        self._keep(
            number, module, sources, [self._argument(one) for one in args], path, isinstance(source, list), repeats
        )

    def _check_count(self, number: int, module: str, args: Sequence[object], path: Path) -> None:
        """Report arguments of a head that it does not take, and a number of classes that is not one."""
        most = (MOST_ARGUMENTS_ANCHORED if self.anchored else MOST_ARGUMENTS).get(module)
        if most is None:
            return
        if len(args) > most:
            self.surplus(number, module, (*path, 3, most), most)
        if args and isinstance(args[0], str) and args[0] != "nc":
            message = f"row {number}: the classes of {module} must be a number, or `nc`, got {args[0][:80]!r}"
            self._error("CFG102", message, (*path, 3, 0), did_you_mean(args[0], ["nc"]) or "`nc`")

    def refuse(self, number: int, module: str, path: Path, help: str | None = None) -> None:
        """Report arguments that a module cannot be given."""
        self._error("CFG102", f"the arguments of row {number} are not those of {module}", (*path, 3), help)

    def wrong(self, message: str, path: Path, help: str | None = None) -> None:
        """Report an argument that a module cannot be given."""
        self._error("CFG102", message, path, help)

    def surplus(self, number: int, module: str, path: Path, most: int) -> None:
        """Report arguments that a module does not take."""
        self._error("CFG104", f"row {number}: {module} takes no more than {most} argument{'s' * (most != 1)}", path)

    def _sources(self, source: object, number: int, path: Path) -> tuple[int, ...]:
        """The rows that are read, counted from the first; -1 for the picture. Reports those that there are not."""
        listed = source if isinstance(source, list) else [source]
        found = []
        for place, one in enumerate(listed):
            where = (*path, place) if isinstance(source, list) else path
            if not isinstance(one, int) or isinstance(one, bool):
                self._error("CFG102", f"`from` of row {number} must be numbers of rows, got {one!r}", where)
                continue
            at = number + one if one < 0 else one
            if at >= number or at < -1 or (at == -1 and number > 0 and one != -1 and one >= 0):
                there = f"the rows before it are 0 to {number - 1}" if number else "it is the first: -1 is the picture"
                self._error("GRF302", f"row {number} reads row {one}, which does not come before it", where, there)
                continue
            found.append(at)
        return tuple(found) or (number - 1,)

    def _argument(self, value: object) -> object:
        """A word that names a number of the file, or a value of Python written as a text."""
        if not isinstance(value, str):
            return value
        if value in NAMED and value in self.value:
            return self.value[value]
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value

    def _channels_of(self, row: int) -> int:
        return self._picture if row < 0 else self._channels[row] if row < len(self._channels) else 0

    def _keep(
        self,
        number: int,
        module: str,
        sources: Sequence[int],
        args: Sequence[Any],
        path: Path,
        several: bool,
        n: int = 1,
    ) -> None:
        c1 = tuple([self._channels_of(row) for row in sources])
        n = max(round(n * self.scale.depth), 1) if n > 1 else n
        given = list(args)
        try:
            c2 = self._given(module, number, path, given, c1)
        except NO_ARGUMENTS:
            self.refuse(number, module, path)
            c2, module = c1[0] if c1 else 0, "?"
        if not 0 < c2 <= MOST_CHANNELS:
            self._error("CFG102", f"row {number} would give {c2} channels", (*path, 3))
            c2 = c1[0] if c1 else 1
        if module in SAME_CHANNELS and c1 and c2 != c1[0]:
            message = f"row {number}: {module} gives as many channels as it reads, {c1[0]}, got {c2}"
            # What is written is scaled before it is the channels.
            said = [one for one in (c1[0], round(c1[0] / (self.scale.width or 1))) if self.scaled(one) == c1[0]]
            self._error("CFG102", message, (*path, 3, 0), f"`{said[0]}`" if said else None)
            c2 = c1[0]
        if module in ("C3k2", "A2C2f", "C2fCIB"):
            self.legacy = False
        self._channels.append(c2)
        self.rows.append(Row(number, module, tuple(sources), tuple(given), c1, c2, n, path, several))

    def _given(self, module: str, number: int, path: Path, given: list[Any], c1: Sequence[int]) -> int:
        """The channels that a module gives."""
        c2 = c1[0] if c1 else 0
        if self.scales(module):
            if not given:
                self._error("CFG101", f"row {number}: {module} needs its output channels", path, f"`{module}, [64]`")
                given.append(c2)
            elif not is_number(given[0]):
                message = f"row {number}: the output channels of {module} must be a positive number, got {given[0]!r}"
                self._error("CFG102", message, (*path, 3, 0))
                given[0] = c2
            as_it_is = module == "Classify" or (self.anchored and given[0] == self._outputs())
            c2 = given[0] if as_it_is else self.scaled(given[0])
        elif module in ("HGStem", "HGBlock"):
            c2 = given[1] if len(given) > 1 and isinstance(given[1], int) else c2
        elif module == "ResNetLayer":
            first = len(given) > 3 and given[3]
            c2 = (given[1] if first else given[1] * 4) if len(given) > 1 and isinstance(given[1], int) else c2
        elif module == "Concat":
            c2 = sum(c1)
        elif module == "ReOrg":
            c2 *= 4
        elif module == "CBLinear":
            c2 = sum(given[0]) if given and isinstance(given[0], list) else c2
        elif module == "CBFuse":
            c2 = c1[-1]
        elif module in ("Index", "TorchVision"):
            c2 = given[0] if given and isinstance(given[0], int) else c2
        return int(c2)

    def scaled(self, channels: float) -> int:
        """Channels at this scale: a multiple of 8, upwards."""
        return ceil(min(channels, self.scale.most) * self.scale.width / self._multiple) * self._multiple

    def scales(self, module: str) -> bool:
        """Whether the first argument of a module is the channels that it gives, before these are scaled."""
        return module in SCALED or (self.anchored and module in SCALED_ANCHORED)

    def repeats(self, module: str) -> bool:
        """Whether a module repeats what is in it, in place of being repeated."""
        return module in REPEATING or (self.anchored and module in REPEATING_ANCHORED)

    def anchors(self, given: Any) -> int:
        """The anchors of each place: as many as a head is given, or pairs of their heights and widths."""
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        return len(given[0]) // 2

    def _outputs(self) -> int:
        """The channels of a head, which rows of older files say themselves, and which are not scaled."""
        classes = self.value.get("nc", 80)
        try:
            return self.anchors(self.value["anchors"]) * ((classes if isinstance(classes, int) else 80) + 5)
        except NO_ARGUMENTS:
            return 0


def common(one: int, other: int) -> int:
    """The largest common divisor, which depthwise convolutions take for their groups."""
    return gcd(one, other) or 1
