"""An architecture file as a spec: a use of a block for each row, a block of its own for each head.

Knows the words of `modules.yaml` and of specs in PyTorch's words; nothing of graphs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cnnsum.diagnostics import Diagnostic, Span
from cnnsum.layers.vocabulary import TORCH
from cnnsum.readers.ultralytics.heads import TEXT, Heads, Item, name_of
from cnnsum.readers.ultralytics.rows import ANCHORED, HEADS, NO_ARGUMENTS, Path, Row, Rows, common
from cnnsum.readers.ultralytics.torchvision import block_of
from cnnsum.readers.ultralytics.unknown import is_of_torch, unknown_module
from cnnsum.typed import Any

#: The pictures that Ultralytics counts operations for, which no file says: those of classifiers are smaller.
PICTURE = 640
CLASSIFIED = 224

_MODULE = re.compile(r"(?:torch\.)?nn\.(\w+)(?:\((.*)\))?\Z", re.DOTALL)


class Written(Heads):
    """The spec: its value, and for each use the place of the row and of its arguments by name."""

    def __init__(self, rows: Rows, blocks: Mapping[str, Any], types: Mapping[str, Any]) -> None:
        self._rows = rows
        self._blocks = blocks
        self._types = types
        self._own: dict[str, Any] = {}
        self.reads_text = False
        #: What is to be said of modules that are not known.
        self.unread: list[Diagnostic] = []
        #: The places of modules that were reported already.
        self.told: set[Span] = set()
        #: Of each row: its place, and the places of what its arguments say.
        self.places: list[tuple[Path, dict[str, Path]]] = []
        self.layers: list[Item] = []
        for row in rows.rows:
            try:
                self._write(row)
            except NO_ARGUMENTS:
                rows.refuse(row.number, row.module, row.path)
                self._write(row._replace(module="?", args=(), n=1))

    def value(self, name: str, channels: int) -> dict[str, Any]:
        """The spec as plain values, but for the blocks that stand in another file."""
        own: dict[str, object] = {}
        act = self._activation()
        if act is not None:
            own["activation"] = {"layers": [act]}
        size = CLASSIFIED if self._rows.rows[-1].module == "Classify" else PICTURE
        inputs: dict[str, object] = {"images": [channels, size, size]}
        if self.reads_text:
            classes = self._rows.value.get("nc", 80)
            inputs["text"] = [classes if isinstance(classes, int) else 80, TEXT]
        return {
            "framework": "torch",
            "name": name,
            "inputs": inputs,
            "blocks": {**own, **self._own},
            "layers": self.layers,
        }

    # --- one row ---

    def _write(self, row: Row) -> None:
        where: dict[str, Path] = {}
        # A module is a class: nothing else that has such a name here, or in PyTorch, is meant.
        is_class = row.module.removeprefix("nn.")[:1].isupper() or row.module in HEADS
        is_class = is_class and (self._rows.anchored or row.module not in ANCHORED)
        writer = getattr(self, f"_{row.module.replace('.', '_')}", None) if is_class else None
        if row.module in self._types:
            item: Item = {row.module: _by_position(self._types[row.module].by_position(row.module), row.args)}
        elif writer is not None:
            item = writer(row, where)
        elif is_class and self._block(row.module) in self._blocks:
            item = self._use(row, where)
        elif row.module.startswith("nn.") and is_of_torch(row.module.removeprefix("nn.")):
            item = self._of_torch(row, where)
        else:
            item = {f"unknown {row.module}": {}}
            self._say_unknown(row)
        (body,) = item.values()
        body["name"] = str(row.number)
        body.setdefault("from", _names(row.sources, several=row.several or len(row.sources) > 1))
        if row.n > 1 and not self._rows.repeats(row.module) and row.module != "HGBlock" and body.get("repeat") is None:
            body["repeat"] = row.n
        self.layers.append(item)
        self.places.append((row.path, where))

    def _say_unknown(self, row: Row) -> None:
        if row.module == "?":
            self.told.add(self._rows.document.span((*row.path, 2)))
        else:
            self.unread.append(unknown_module(row, self._rows))

    def _block(self, module: str) -> str:
        """The block of a module, which in a file with anchors may be another than the one of its name."""
        return f"{module}5" if self._rows.anchored and f"{module}5" in self._blocks else module

    def _use(self, row: Row, where: dict[str, Path]) -> Item:
        """A use of a block: the channels, the repeats where it takes them, then the row's own arguments in order."""
        block = self._block(row.module)
        args: list[str] = list(self._blocks[block]["args"])
        given: list[Any] = [row.c1[0] if row.c1 else 0]
        rest = list(row.args)
        places: list[Path | None] = [None]
        start = 0
        if row.module == "ResNetLayer":
            given, places = [], []  # says itself what comes in
        if self._rows.scales(row.module):
            given.append(row.c2)
            places.append((*row.path, 3, 0))
            rest, start = rest[1:], 1
            if self._rows.repeats(row.module):
                given.append(row.n)
                places.append((*row.path, 1))
            rest = self._adjusted(row, rest)
        elif row.module == "HGBlock":
            rest.insert(3, row.n)
        for number, value in enumerate(rest):
            given.append(value)
            places.append((*row.path, 3, number + start))
        # What a block works out of the others is not an argument of a row.
        most = sum(not isinstance(one, str) for one in self._blocks[block]["args"].values())
        if len(given) > most and row.module not in ("ResNetLayer", "HGBlock"):
            surplus = (*row.path, 3, len(row.args) - (len(given) - most))
            self._rows.surplus(row.number, row.module, surplus, len(row.args) - (len(given) - most))
        body: Item = {}
        for name, value, place in zip(args, given, places, strict=False):
            if value is None:
                continue
            # Whoever writes 1 for yes is understood, as Python does.
            is_switch = isinstance(self._blocks[block]["args"][name], bool)
            body[name] = bool(value) if is_switch and isinstance(value, int) else value
            if place is not None:
                where[name] = place
        if "gcd" in args:
            body["gcd"] = common(row.c1[0], row.c2)
        if block == "Conv" and isinstance(body.get("act"), str):
            act = _module(body["act"])
            if act is not None:
                # An activation of its own, as YOLOv7 has it: `nn.LeakyReLU(0.1)`.
                name = f"Conv_{row.number}"
                self._own[name] = {"layers": [{"Conv": {**body, "act": False, "name": "conv"}}, act]}
                return {name: {}}
        return {block: body}

    def _adjusted(self, row: Row, rest: list[Any]) -> list[Any]:
        """What the program that builds the network puts in the place of some arguments."""
        scale = self._rows.scale.name
        if row.module == "Conv":
            # A kernel of two equal sizes, and the place of the activation where YOLOv7 has no dilation before it.
            rest = [one[0] if isinstance(one, list) and len(set(map(str, one))) == 1 else one for one in rest]
            return [*rest[:4], 1, *rest[4:]] if len(rest) > 4 and not _is_whole(rest[4]) else rest
        if row.module == "C3k2" and scale in {"m", "l", "x"}:
            return [True, *rest[1:]]
        if row.module == "A2C2f":
            if len(rest) > 1 and isinstance(rest[1], int):
                rest = [rest[0], max(rest[1], 1), *rest[2:]]  # where there are no parts of the map, it is whole
            return [*rest, True, 1.2] if scale in {"l", "x"} else rest
        if row.module == "SPPF" and len(rest) > 1:
            if len(rest) > 3:
                self._rows.surplus(row.number, row.module, (*row.path, 3, 4), 4)
            return [*rest[:3], *([False] * (3 - len(rest[:3]))), False]
        if row.module == "C2fAttn":
            self.reads_text = True
            most = self._rows.scale.most
            heads = rest[1] if len(rest) > 1 and isinstance(rest[1], int) else 1
            if heads > 1:
                heads = int(max(round(min(heads, most // 2 // 32)) * self._rows.scale.width, 1))
            e = rest[5] if len(rest) > 5 else 0.5
            return [int(row.c2 * e), heads, *rest[2:]]
        return rest

    def _C2fAttn(self, row: Row, where: dict[str, Path]) -> Item:
        item = self._use(row, where)
        item["C2fAttn"]["from"] = [name_of(row.sources[0]), self._text()]
        return item

    def _Bottleneck(self, row: Row, where: dict[str, Path]) -> Item:
        """Its two kernels are one argument; in a file with anchors it is another module, which has none."""
        if self._rows.anchored:
            return self._use(row, where)
        args, most = list(row.args), 5
        if len(args) > most:
            self._rows.surplus(row.number, row.module, (*row.path, 3, most), most)
            del args[most:]
        kernels: Any = [3, 3] if len(args) < 4 else args.pop(3)
        if not isinstance(kernels, (list, tuple)) or len(kernels) != 2:
            message = f"row {row.number}: the kernels of {row.module} are a pair, got {kernels!r}"
            self._rows.wrong(message, (*row.path, 3, 3), "`[3, 3]`")
            kernels = [3, 3]
        e = args.pop(3) if len(args) > 3 else None
        item = self._use(row._replace(args=tuple(args)), where)
        (body,) = item.values()
        body |= dict(zip(("k1", "k2"), kernels, strict=True))
        where |= dict.fromkeys(("k1", "k2"), (*row.path, 3, 3))
        if e is not None:
            body["e"], where["e"] = e, (*row.path, 3, most - 1)
        return item

    def _SPP(self, row: Row, where: dict[str, Path]) -> Item:
        item = self._use(row._replace(args=row.args[:1]), where)
        sizes = row.args[1] if len(row.args) > 1 else [5, 9, 13]
        if isinstance(sizes, (list, tuple)) and len(sizes) == 3:
            item[row.module] |= dict(zip(("k1", "k2", "k3"), sizes, strict=True))
        return item

    def _C3SPP(self, row: Row, where: dict[str, Path]) -> Item:
        # It is C3 with one module in it, whatever its repeats are: those of the row repeat all of it.
        return self._SPP(row, where)

    def _MixConv2d(self, row: Row, where: dict[str, Path]) -> Item:
        """M. Tan and Q. Le, "MixConv", 2019: kernels of several sizes, each with a part of the channels."""
        sizes, stride, equal = (row.args[1:] + ((1, 3), 1, True)[len(row.args[1:]) :])[:3]
        count, step = len(sizes), (len(sizes) - 1e-6) / max(row.c2 - 1, 1)
        if not equal:
            raise ValueError
        where["kernel_size"] = (*row.path, 3, 1)
        parts = [sum(int(at * step) == part for at in range(row.c2)) for part in range(count)]
        layers: list[Item] = []
        for part, (k, c2) in enumerate(zip(sizes, parts, strict=True)):
            conv = {"in_channels": row.c1[0], "out_channels": c2, "kernel_size": k, "stride": stride, "padding": k // 2}
            conv |= {"groups": common(row.c1[0], c2), "bias": False, "from": "input", "name": f"m_{part}"}
            layers.append({"Conv2d": conv})
        layers.append({"cat": {"dim": 1, "from": [f"m_{part}" for part in range(count)], "name": "mixed"}})
        layers += [{"BatchNorm2d": {"num_features": row.c2, "name": "bn"}}, {"SiLU": {"name": "act"}}]
        self._own[f"MixConv2d_{row.number}"] = {"layers": layers}
        return {f"MixConv2d_{row.number}": {}}

    def _TorchVision(self, row: Row, where: dict[str, Path]) -> Item:
        where["model"] = (*row.path, 3, 1)
        found = block_of(row.args[1:], row.c1[0])
        if found is None:
            self._say_unknown(row)
            return {f"unknown {row.module}": {}}
        self._own[f"TorchVision_{row.number}"] = found
        return {f"TorchVision_{row.number}": {}}

    def _Concat(self, row: Row, where: dict[str, Path]) -> Item:
        where["dim"] = (*row.path, 3, 0)
        if row.args[:1] not in ((), (1,)):
            self._rows.refuse(row.number, row.module, row.path, "`[1]`: channels are put side by side")
        return {"cat": {"dim": 1}}

    def _of_torch(self, row: Row, where: dict[str, Path]) -> Item:
        """A module of torch.nn as it stands; channels that it leaves to the program are put in."""
        name = row.module.removeprefix("nn.")
        fields = _fields(name)
        # Where channels are put in, all that the row says stands one place further on.
        said = fields[1:] if row.module == "nn.ConvTranspose2d" else fields
        where.update({field: (*row.path, 3, at) for at, field in zip(range(len(row.args)), said, strict=False)})
        args = [None if one == "None" else one for one in row.args]
        if row.module == "nn.ConvTranspose2d":
            args = [row.c1[0], row.c2, *args[1:]]
        elif row.module == "nn.BatchNorm2d":
            args = [row.c1[0]]
        return {name: _by_position(fields, args)}

    def _CBLinear(self, row: Row, where: dict[str, Path]) -> Item:
        sizes = list(row.args[0]) if row.args and isinstance(row.args[0], list) else [row.c2]
        k = row.args[1] if len(row.args) > 1 else 1
        s = row.args[2] if len(row.args) > 2 else 1
        name = f"CBLinear_{row.number}"
        where["sizes"] = (*row.path, 3, 0)
        conv = {"in_channels": row.c1[0], "out_channels": sum(sizes), "kernel_size": k, "stride": s, "padding": k // 2}
        self._own[name] = {
            "layers": [
                {"Conv2d": {**conv, "name": "conv"}},
                {"split": {"split_size_or_sections": sizes, "dim": 1, "name": "parts"}},
            ],
            "output": [f"parts:{at}" for at in range(len(sizes))],
        }
        return {name: {}}

    def _CBFuse(self, row: Row, where: dict[str, Path]) -> Item:
        places = row.args[0] if row.args and isinstance(row.args[0], list) else []
        where["places"] = (*row.path, 3, 0)
        sources = [f"{name_of(one)}:{at}" for one, at in zip(row.sources, places, strict=False)]
        sources.append(name_of(row.sources[-1]))
        name = f"CBFuse_{row.number}"
        last = len(sources) - 1
        layers: list[Item] = [
            {"AsLarge": {"from": [f"input:{at}", f"input:{last}"], "name": f"m{at}"}} for at in range(last)
        ]
        for at in range(last):
            before = f"input:{last}" if at == 0 else f"sum{at - 1}"
            layers.append({"add": {"from": [f"m{at}", before], "name": f"sum{at}"}})
        self._own[name] = {"layers": layers}
        return {name: {"from": sources}}

    def _Index(self, row: Row, where: dict[str, Path]) -> Item:
        where["index"] = (*row.path, 3, 1)
        at = row.args[1] if len(row.args) > 1 else 0
        return {"Identity": {"from": f"{name_of(row.sources[0])}:{at}"}}

    # --- the file ---

    def _activation(self) -> Item | None:
        """What stands behind a convolution, where the file says so: `nn.ReLU()`."""
        given = self._rows.value.get("activation")
        if not isinstance(given, str):
            return None
        found = _module(given)
        if found is None:
            self._rows.found.append(
                _refused(self._rows, given, "write it as Python has it: `nn.ReLU()` or `nn.LeakyReLU(0.1)`")
            )
        return found


def _module(given: str) -> Item | None:
    """A module of torch.nn as Python makes it, `nn.LeakyReLU(0.1)`; None where the text is not one."""
    found = _MODULE.match(given.strip())
    if found is None:
        return None
    name, text = found.groups()
    args = [one.strip() for one in (text or "").split(",") if one.strip()]
    by_name = dict(part.split("=", 1) for part in args if "=" in part)
    body: Item = {key.strip(): _literal(one) for key, one in by_name.items()}
    body |= _by_position(_fields(name), [_literal(one) for one in args if "=" not in one])
    return {name: {**body, "name": "act"}}


def _refused(rows: Rows, given: str, help: str) -> Diagnostic:
    message = f"`activation` must be a module of torch.nn, got {given[:80]!r}"
    return Diagnostic("CFG102", message, rows.document.span(("activation",)), "error", help)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _literal(text: str) -> object:
    import ast

    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text.strip()


def _fields(name: str) -> list[str]:
    """The fields of a module of torch.nn in their order; none where there is no such module."""
    type = TORCH.find(name)
    return [] if type is None else type.by_position(name)


def _by_position(names: Sequence[str], args: Sequence[Any]) -> Item:
    """Arguments by the names of the fields in their order; those that are None are left to their defaults."""
    return {name: value for name, value in zip(names, args, strict=False) if value is not None}


def _names(rows: Sequence[int], *, several: bool) -> Any:
    return [*map(name_of, rows)] if several else name_of(rows[0])
