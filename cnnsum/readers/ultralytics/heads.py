"""The heads of architecture files: each reads several maps, and becomes a block of its own with a branch for each map.

Knows the words of `modules.yaml` and what a row says; nothing of graphs. The names of methods are those of the modules.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnsum.readers.ultralytics.rows import Path, Row, Rows
from cnnsum.typed import Any

Item = dict[str, Any]

#: Heads with implicit knowledge.
_IMPLICIT = ("IDetect", "IAuxDetect")
#: Numbers that describe a text, for modules that look at texts.
TEXT = 512


def name_of(row: int) -> str:
    """What a row is called in the spec; -1 is the picture."""
    return "images" if row < 0 else str(row)


def _conv(c1: int, c2: int, k: int) -> int:
    """The weights of a convolution and of its normalisation."""
    return k * k * c1 * c2 + 2 * c2


class Heads:
    """Writes the heads; what it has of the file is the business of `Written`."""

    _rows: Rows
    _own: dict[str, Any]
    layers: list[Item]
    reads_text: bool

    def _text(self) -> str:
        """What stands for the texts: the input, or what the last module made of them."""
        self.reads_text = True
        done = [row for row in self._rows.rows[: len(self.layers)] if row.module == "ImagePoolingAttn"]
        return str(done[-1].number) if done else "text"

    def _head(self, row: Row, layers: list[Item], outputs: Sequence[str], more: Sequence[str] = ()) -> Item:
        name = f"{row.module}_{row.number}"
        self._own[name] = {"layers": layers, "output": list(outputs)}
        return {name: {"from": [*(name_of(one) for one in row.sources), *more]}}

    def _numbers(self, row: Row, *names: str, **defaults: object) -> list[Any]:
        """The arguments of a head by their order, with their defaults."""
        given = dict(zip(names, row.args, strict=False))
        return [given.get(name, defaults.get(name)) for name in names]

    def _detecting(
        self, row: Row, classes: int, *, bins: int | None = None, twice: bool | None = None, out: int | None = None
    ) -> list[Item]:
        """The branches for boxes and classes of each map, and what they say together; twice for end-to-end heads."""
        value = self._rows.value
        if bins is None:
            bins = value.get("reg_max", 16)
        if twice is None:
            twice = bool(value.get("end2end"))
        ch = row.c1
        boxes, kinds = max(16, ch[0] // 4, 4 * bins), max(ch[0], min(classes, 100))
        light = row.module == "v10Detect" or (row.module != "WorldDetect" and not self._rows.legacy)
        layers: list[Item] = []
        for copy in ("", "one2one_") if twice else ("",):
            for at, c1 in enumerate(ch):
                here = {"from": f"input:{at}"}
                layers.append({"Branch": {"c1": c1, "c": boxes, "out": 4 * bins, **here, "name": f"{copy}cv2_{at}"}})
                branch = "LightBranch" if light else "Branch"
                layers.append(
                    {branch: {"c1": c1, "c": kinds, "out": out or classes, **here, "name": f"{copy}cv3_{at}"}}
                )
        return layers

    def _joined(self, count: int, branch: str, name: str) -> list[Item]:
        """What a branch says of all maps, place by place."""
        flat: list[Item] = [
            {"flatten": {"start_dim": 2, "from": f"{branch}_{at}", "name": f"{name}_{at}"}} for at in range(count)
        ]
        return [*flat, {"cat": {"dim": 2, "from": [f"{name}_{at}" for at in range(count)], "name": name}}]

    def _told(self, row: Row, bins: int, copy: str, kinds: str) -> list[Item]:
        """Boxes and classes of all places: (4 + classes, places)."""
        layers = self._joined(len(row.c1), f"{copy}cv2", "boxes")
        if bins > 1:
            layers.append({"Integral": {"bins": bins, "from": "boxes", "name": "dfl"}})
        layers += self._joined(len(row.c1), kinds, "scores")
        layers.append({"sigmoid": {"from": "scores", "name": "sure"}})
        layers.append({"cat": {"dim": 1, "from": ["dfl" if bins > 1 else "boxes", "sure"], "name": "told"}})
        return layers

    def _anchored(self, row: Row, where: dict[str, Path], more: int = 0) -> tuple[list[Item], list[str]]:
        """The convolution of each map of a head with anchors, and what they say of all boxes: (boxes, 5 + classes).

        more: numbers of a box beside its place, its certainty and its classes. With implicit knowledge, a number is
        added to each channel that comes in, and each that goes out is multiplied by one: C.-Y. Wang et al., "You Only
        Learn One Representation", 2021. Auxiliary maps are read in training alone.
        """
        classes, _, _ = self._settings(row, where)
        where["anchors"] = (*row.path, 3, 1)
        given = row.args[1] if len(row.args) > 1 else self._rows.value.get("anchors")
        count, width = self._rows.anchors(given), classes + 5 + more
        maps = len(row.c1)
        if row.module == "IAuxDetect":
            maps = len(given) if isinstance(given, list) else maps // 2
        layers: list[Item] = []
        for at, c1 in enumerate(row.c1):
            conv: Item = {"in_channels": c1, "out_channels": count * width, "kernel_size": 1}
            if row.module in _IMPLICIT and at < maps:
                layers.append({"Shift": {"from": f"input:{at}", "name": f"ia_{at}"}})
                layers.append({"Conv2d": {**conv, "name": f"conv_{at}"}})
                layers.append({"Gain": {"name": f"m_{at}"}})
            else:
                layers.append({"Conv2d": {**conv, "from": f"input:{at}", "name": f"m_{at}"}})
            if at < maps:
                layers.append({"Unflatten": {"dim": 1, "unflattened_size": [count, width], "name": f"apart_{at}"}})
                layers.append({"permute": {"dims": [0, 1, 3, 4, 2], "name": f"last_{at}"}})
                layers.append({"flatten": {"start_dim": 1, "end_dim": 3, "name": f"boxes_{at}"}})
        layers.append({"cat": {"dim": 1, "from": [f"boxes_{at}" for at in range(maps)], "name": "boxes"}})
        layers.append({"sigmoid": {"name": "told"}})
        return layers, ["told", *(f"m_{at}" for at in range(maps, len(row.c1)))]

    def _IDetect(self, row: Row, where: dict[str, Path]) -> Item:
        return self._head(row, *self._anchored(row, where))

    _IAuxDetect = _IDetect

    def _Detect(self, row: Row, where: dict[str, Path]) -> Item:
        if self._rows.anchored:
            return self._head(row, *self._anchored(row, where))
        classes, bins, twice = self._settings(row, where)
        layers = self._detecting(row, classes, bins=bins, twice=twice)
        copy = "one2one_" if twice else ""
        return self._head(
            row, [*layers, *self._told(row, bins, copy, f"{copy}cv3")], ["told", *self._unread(row, twice)]
        )

    def _unread(self, row: Row, twice: bool, *more: str) -> list[str]:
        """Branches that only training reads, which are results of their own."""
        return [f"{branch}_{at}" for branch in ("cv2", "cv3", *more) for at in range(len(row.c1))] if twice else []

    def _settings(self, row: Row, where: dict[str, Path]) -> tuple[int, int, bool]:
        where["nc"] = (*row.path, 3, 0)
        value = self._rows.value
        classes = row.args[0] if row.args and isinstance(row.args[0], int) else value.get("nc", 80)
        bins = value.get("reg_max", 16)
        return (
            (classes if isinstance(classes, int) else 80),
            (bins if isinstance(bins, int) else 16),
            bool(value.get("end2end")),
        )

    def _v10Detect(self, row: Row, where: dict[str, Path]) -> Item:
        classes, _, _ = self._settings(row, where)
        layers = self._detecting(row, classes, bins=16, twice=True)
        return self._head(
            row, [*layers, *self._told(row, 16, "one2one_", "one2one_cv3")], ["told", *self._unread(row, twice=True)]
        )

    def _more(self, row: Row, c: int, out: int, branch: str, *, twice: bool) -> list[Item]:
        """One more branch of each map."""
        return [
            {"Branch": {"c1": c1, "c": c, "out": out, "from": f"input:{at}", "name": f"{copy}{branch}_{at}"}}
            for copy in (("", "one2one_") if twice else ("",))
            for at, c1 in enumerate(row.c1)
        ]

    def _with_branch(
        self, row: Row, where: dict[str, Path], c: int, out: int, extra: list[Item], outputs: list[str]
    ) -> Item:
        classes, bins, twice = self._settings(row, where)
        copy = "one2one_" if twice else ""
        layers = self._detecting(row, classes, bins=bins, twice=twice)
        layers += self._more(row, c, out, "cv4", twice=twice)
        layers += self._told(row, bins, copy, f"{copy}cv3")
        layers += self._joined(len(row.c1), f"{copy}cv4", "more")
        return self._head(row, [*layers, *extra], ["told", "more", *outputs, *self._unread(row, twice, "cv4")])

    def _Segment(self, row: Row, where: dict[str, Path]) -> Item:
        if self._rows.anchored:
            masks, width = self._numbers(row, "nc", "anchors", "nm", "npr", nm=32, npr=256)[2:]
            layers, outputs = self._anchored(row, where, masks)
            use = {"c1": row.c1[0], "c": self._rows.scaled(width), "c2": masks, "from": "input:0", "name": "proto"}
            return self._head(row, [*layers, {"Proto5": use}], [*outputs, "proto"])
        masks = row.args[1] if len(row.args) > 1 else 32
        width = self._rows.scaled(row.args[2] if len(row.args) > 2 else 256)
        proto: Item = {"Proto": {"c1": row.c1[0], "c": width, "c2": masks, "from": "input:0", "name": "proto"}}
        return self._with_branch(row, where, max(row.c1[0] // 4, masks), masks, [proto], ["proto"])

    def _held(self, name: str, *layers: int) -> Item:
        """Weights that do nothing in inference, such as a branch that only training runs."""
        return {"Held": {"count": sum(layers), "from": "input:0", "name": name}}

    def _proto26(self, row: Row, classes: int, masks: int, width: int) -> list[Item]:
        """Masks from all maps together; the branch for classes runs in training only."""
        first = row.c1[0]
        layers: list[Item] = []
        before = "input:0"
        for at, c1 in enumerate(row.c1[1:], 1):
            layers.append({"Conv": {"c1": c1, "c2": first, "from": f"input:{at}", "name": f"refine_{at}"}})
            layers.append({"interpolate": {"scale_factor": 2**at, "name": f"large_{at}"}})
            layers.append({"add": {"from": [before, f"large_{at}"], "name": f"feat_{at}"}})
            before = f"feat_{at}"
        layers.append({"Conv": {"c1": first, "c2": width, "k": 3, "from": before, "name": "fuse"}})
        layers.append({"Proto": {"c1": width, "c": width, "c2": masks, "name": "proto"}})
        semantic = _conv(first, width, 3), _conv(width, width, 3), width * classes + classes
        return [*layers, self._held("semseg", *semantic)]

    def _Segment26(self, row: Row, where: dict[str, Path]) -> Item:
        classes, _, _ = self._settings(row, where)
        masks = row.args[1] if len(row.args) > 1 else 32
        width = self._rows.scaled(row.args[2] if len(row.args) > 2 else 256)
        extra = self._proto26(row, classes, masks, width)
        return self._with_branch(row, where, max(row.c1[0] // 4, masks), masks, extra, ["proto", "semseg"])

    def _OBB(self, row: Row, where: dict[str, Path]) -> Item:
        angles = row.args[1] if len(row.args) > 1 else 1
        return self._with_branch(row, where, max(row.c1[0] // 4, angles), angles, [], [])

    _OBB26 = _OBB

    def _points(self, row: Row) -> tuple[int, int]:
        shape = row.args[1] if len(row.args) > 1 else (17, 3)
        return (shape[0], shape[1]) if isinstance(shape, (list, tuple)) and len(shape) == 2 else (17, 3)

    def _Pose(self, row: Row, where: dict[str, Path]) -> Item:
        count, dims = self._points(row)
        return self._with_branch(row, where, max(row.c1[0] // 4, count * dims), count * dims, [], [])

    def _Pose26(self, row: Row, where: dict[str, Path]) -> Item:
        classes, bins, twice = self._settings(row, where)
        count, dims = self._points(row)
        c = max(row.c1[0] // 4, count * (dims + 2))
        layers = self._detecting(row, classes, bins=bins, twice=twice)
        rest = []
        for copy in ("", "one2one_") if twice else ("",):
            for at, c1 in enumerate(row.c1):
                layers.append({"Features": {"c1": c1, "c": c, "from": f"input:{at}", "name": f"{copy}cv4_{at}"}})
                conv = {"in_channels": c, "out_channels": count * dims, "kernel_size": 1, "from": f"{copy}cv4_{at}"}
                layers.append({"Conv2d": {**conv, "name": f"{copy}kpts_{at}"}})
                if twice and not copy:
                    rest.append(f"kpts_{at}")
                # How sure each point is, which training alone asks.
                layers.append(self._held(f"{copy}sigma_{at}", 2 * count * (c + 1)))
                rest.append(f"{copy}sigma_{at}")
        # A flow of six steps, for the loss: L. Dinh et al., "Density estimation using Real NVP", 2017.
        steps = 2 * 6 * ((2 * 64 + 64) + (64 * 64 + 64) + (64 * 2 + 2))
        layers.append(self._held("flow_model", steps))
        copy = "one2one_" if twice else ""
        layers += self._told(row, bins, copy, f"{copy}cv3")
        layers += self._joined(len(row.c1), f"{copy}kpts", "more")
        return self._head(row, layers, ["told", "more", "flow_model", *rest, *self._unread(row, twice)])

    def _WorldDetect(self, row: Row, where: dict[str, Path]) -> Item:
        classes, bins, _ = self._settings(row, where)
        embed = row.args[1] if len(row.args) > 1 else TEXT
        with_bn = bool(row.args[2]) if len(row.args) > 2 else False
        self.reads_text = True
        layers = self._detecting(row, classes, bins=bins, twice=False, out=embed)
        layers += self._contrast(row, len(row.c1), "cv3", "kinds", with_bn)
        return self._head(row, [*layers, *self._told(row, bins, "", "kinds")], ["told"], ["text"])

    def _contrast(self, row: Row, text: int, branch: str, name: str, with_bn: bool) -> list[Item]:
        layers: list[Item] = []
        for at in range(len(row.c1)):
            source = f"{branch}_{at}"
            if with_bn:
                layers.append({"BatchNorm2d": {"from": source, "name": f"{name}_norm_{at}"}})
                source = f"{name}_norm_{at}"
            layers.append({"Contrast": {"from": [source, f"input:{text}"], "name": f"{name}_{at}"}})
        return layers

    def _yoloe(
        self, row: Row, where: dict[str, Path], classes: int, embed: int, extra: list[Item], outputs: list[str]
    ) -> Item:
        _, bins, twice = self._settings(row, where)
        self.reads_text = True
        ch = row.c1
        kinds = max(ch[0], min(classes, 100))
        layers = self._detecting(row, classes, bins=bins, twice=twice, out=embed)
        copy = "one2one_" if twice else ""
        for one in ("", "one2one_") if twice else ("",):
            layers += self._contrast(row, len(ch), f"{one}cv3", f"{one}kinds", with_bn=True)
        # What encodes pictures in place of texts, which inference with texts does not use.
        held = sum(9 * c * kinds + 9 * kinds * kinds + c * kinds + 3 * 2 * kinds for c in ch)
        held += 3 * kinds * embed + embed + 9 * 3 * kinds * 16 + 16 + 9 * 16 + 16
        held += 9 * 2 * 16 * 16 + 2 * 16 + 9 * 16 * 16 + 16
        # What texts go through once, before any picture comes: a gate, and what it lets through.
        once = embed * 4 * embed + 4 * embed + 2 * embed * embed + embed
        layers += [self._held("savpe", held), self._held("reprta", once)]
        layers += self._told(row, bins, copy, f"{copy}kinds")
        unread = [f"cv2_{at}" for at in range(len(ch))] + [f"kinds_{at}" for at in range(len(ch))] if twice else []
        return self._head(row, [*layers, *extra], ["told", "savpe", "reprta", *outputs, *unread], [self._text()])

    def _YOLOEDetect(self, row: Row, where: dict[str, Path]) -> Item:
        classes, _, _ = self._settings(row, where)
        return self._yoloe(row, where, classes, row.args[1] if len(row.args) > 1 else TEXT, [], [])

    def _YOLOESegment(self, row: Row, where: dict[str, Path]) -> Item:
        classes, _, twice = self._settings(row, where)
        masks, width, embed = self._numbers(row, "nc", "nm", "npr", "embed", nm=32, npr=256, embed=TEXT)[1:]
        width = self._rows.scaled(width)
        extra = self._more(row, max(row.c1[0] // 4, masks), masks, "cv5", twice=twice)
        if row.module.endswith("26"):
            extra += self._proto26(row, classes, masks, width)
        else:
            extra.append({"Proto": {"c1": row.c1[0], "c": width, "c2": masks, "from": "input:0", "name": "proto"}})
        copy = "one2one_" if twice else ""
        extra += self._joined(len(row.c1), f"{copy}cv5", "more")
        outputs = ["more", "proto", *(["semseg"] if row.module.endswith("26") else [])]
        outputs += [f"cv5_{at}" for at in range(len(row.c1))] if twice else []
        return self._yoloe(row, where, classes, embed, extra, outputs)

    _YOLOESegment26 = _YOLOESegment

    def _ImagePoolingAttn(self, row: Row, where: dict[str, Path]) -> Item:  # noqa: ARG002 - as all of them
        embed = row.args[0] if row.args else 256
        text = self._text()
        count = len(row.c1)
        layers: list[Item] = []
        for at, c1 in enumerate(row.c1):
            conv = {"in_channels": c1, "out_channels": embed, "kernel_size": 1, "from": f"input:{at}"}
            layers.append({"Conv2d": {**conv, "name": f"proj_{at}"}})
            layers.append({"AdaptiveMaxPool2d": {"output_size": 3, "name": f"pool_{at}"}})
            layers.append({"flatten": {"start_dim": 2, "name": f"seen_{at}"}})
        layers.append({"cat": {"dim": 2, "from": [f"seen_{at}" for at in range(count)], "name": "all"}})
        layers.append({"transpose": {"dim0": 1, "dim1": 2, "name": "seen"}})
        for name, source, width in (
            ("query", f"input:{count}", TEXT),
            ("key", "seen", embed),
            ("value", "seen", embed),
        ):
            layers.append({"LayerNorm": {"normalized_shape": width, "from": source, "name": f"{name}_norm"}})
            layers.append({"Linear": {"in_features": width, "out_features": embed, "name": name}})
        layers.append({"Look": {"heads": 8, "from": ["query", "key", "value"], "name": "look"}})
        layers.append({"Linear": {"in_features": embed, "out_features": TEXT, "name": "proj"}})
        layers.append({"add": {"from": ["proj", f"input:{count}"], "name": "told"}})
        return self._head(row, layers, ["told"], [text])

    def _Depth(self, row: Row, where: dict[str, Path]) -> Item:
        where["c"] = (*row.path, 3, 0)
        c = row.args[0] if row.args and isinstance(row.args[0], int) else 256
        last = len(row.c1) - 1
        layers: list[Item] = [
            {"Conv": {"c1": c1, "c2": c, "from": f"input:{at}", "name": f"proj_{at}"}} for at, c1 in enumerate(row.c1)
        ]
        before = f"proj_{last}"
        for at in range(last - 1, -1, -1):
            layers.append(
                {
                    "interpolate": {
                        "scale_factor": 2,
                        "mode": "bilinear",
                        "align_corners": True,
                        "from": before,
                        "name": f"large_{at}",
                    }
                }
            )
            layers.append({"add": {"from": [f"large_{at}", f"proj_{at}"], "name": f"sum_{at}"}})
            layers.append({"Features": {"c1": c, "c": c, "name": f"refine_{at}"}})
            before = f"refine_{at}"
        layers.append({"Conv": {"c1": c, "c2": c // 2, "k": 3, "from": before, "name": "head_0"}})
        layers.append(
            {
                "ConvTranspose2d": {
                    "in_channels": c // 2,
                    "out_channels": c // 2,
                    "kernel_size": 2,
                    "stride": 2,
                    "name": "head_1",
                }
            }
        )
        layers.append({"Conv": {"c1": c // 2, "c2": c // 4, "k": 3, "name": "head_2"}})
        layers.append({"Conv2d": {"in_channels": c // 4, "out_channels": 1, "kernel_size": 1, "name": "head_3"}})
        return self._head(row, layers, ["head_3"])

    def _SemanticSegment(self, row: Row, where: dict[str, Path]) -> Item:
        classes, _, _ = self._settings(row, where)
        c = row.c1[0]
        layers: list[Item] = [{"Conv": {"c1": c, "c2": c, "k": 3, "from": "input:0", "name": "classifier_0"}}]
        layers.append({"Conv2d": {"in_channels": c, "out_channels": classes, "kernel_size": 1, "name": "classifier"}})
        outputs = ["classifier"]
        if len(row.c1) > 1:
            layers.append(self._held("aux_head", _conv(row.c1[1], c, 3), c * classes + classes))
            outputs.append("aux_head")
        return self._head(row, layers, outputs)

    def _RTDETRDecoder(self, row: Row, where: dict[str, Path]) -> Item:
        classes, _, _ = self._settings(row, where)
        names = ("nc", "hd", "nq", "ndp", "nh", "ndl", "d_ffn")
        d, queries, points, heads, layers_, ffn = self._numbers(
            row, *names, hd=256, nq=300, ndp=4, nh=8, ndl=6, d_ffn=1024
        )[1:]
        count = len(row.c1)
        layers: list[Item] = []
        for at, c1 in enumerate(row.c1):
            conv = {"in_channels": c1, "out_channels": d, "kernel_size": 1, "bias": False, "from": f"input:{at}"}
            layers.append({"Conv2d": {**conv, "name": f"input_proj_{at}"}})
            layers.append({"BatchNorm2d": {"name": f"norm_{at}"}})
            layers.append({"flatten": {"start_dim": 2, "name": f"flat_{at}"}})
        layers.append({"cat": {"dim": 2, "from": [f"flat_{at}" for at in range(count)], "name": "flat"}})
        layers.append({"transpose": {"dim0": 1, "dim1": 2, "name": "memory"}})
        layers.append({"Linear": {"in_features": d, "out_features": d, "name": "enc_output"}})
        layers.append({"LayerNorm": {"normalized_shape": d, "name": "features"}})
        layers.append({"Linear": {"in_features": d, "out_features": classes, "name": "enc_score_head"}})
        layers.append({"Chosen": {"queries": queries, "from": ["features", "enc_score_head"], "name": "queries"}})
        layers.append({"MLP": {"c1": d, "c": d, "out": 4, "n": 3, "name": "enc_bbox_head"}})
        use = {"d": d, "heads": heads, "levels": count, "points": points, "ffn": ffn, "from": ["queries", "memory"]}
        layers.append({"Decoder": {**use, "box": f"index < {layers_ - 1}", "repeat": layers_, "name": "decoder"}})
        # Once for each layer of the decoder, with the same weights: boxes of all of them at once here.
        if layers_ > 1:
            layers.append({"cat": {"dim": 1, "from": ["enc_bbox_head"] * layers_, "name": "boxes"}})
        boxes = "boxes" if layers_ > 1 else "enc_bbox_head"
        layers.append({"MLP": {"c1": 4, "c": 2 * d, "out": d, "n": 2, "from": boxes, "name": "query_pos_head"}})
        layers.append({"MLP": {"c1": d, "c": d, "out": 4, "n": 3, "from": "decoder:0", "name": "dec_bbox_head"}})
        layers.append(
            {"Linear": {"in_features": d, "out_features": classes, "from": "decoder:0", "name": "dec_score_head"}}
        )
        layers.append({"cat": {"dim": 2, "from": ["dec_bbox_head", "dec_score_head"], "name": "told"}})
        # The classes of the decoder's other layers, and the embedding of classes, which training alone uses.
        layers.append(self._held("training", (layers_ - 1) * (d * classes + classes), classes * d))
        return self._head(row, layers, ["told", "training", "query_pos_head"])
