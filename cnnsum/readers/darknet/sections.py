"""The sections of a cfg: their names, the keys that darknet knows in each, and what is said under them.

Reads values, and reports what is wrong with them where it stands. Knows no layer of any framework and no graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnnsum.diagnostics import Diagnostic, Severity, did_you_mean
from cnnsum.source import Document
from cnnsum.typed import Any, NamedTuple

Path = tuple[str | int, ...]

#: Other names of the same sections.
ALIASES = {
    "network": "net",
    "conv": "convolutional",
    "deconv": "deconvolutional",
    "conn": "connected",
    "max": "maxpool",
    "avg": "avgpool",
    "local_avg": "local_avgpool",
    "soft": "softmax",
    "lrn": "normalization",
    "silence": "empty",
    "reorg3d": "reorg",
}

_ANY = "clip onlyforward dont_update burnin_update stopbackward train_only_bn dontload dontloadscales dontsave \
learning_rate smooth truth numload"
_BOXES = "classes num mask max anchors map jitter resize random ignore_thresh truth_thresh iou_thresh focal_loss \
max_delta counters_per_class label_smooth_eps scale_x_y objectness_smooth iou_normalizer cls_normalizer \
delta_normalizer iou_loss iou_thresh_kind beta_nms nms_kind"
#: What each section may say, as darknet's own readers (pjreddie's and AlexeyAB's parser.c) ask for it.
KEYS: dict[str, frozenset[str]] = {
    name: frozenset(f"{keys} {_ANY}".split())
    for name, keys in {
        "convolutional": "filters groups size stride stride_x stride_y dilation antialiasing pad padding activation \
assisted_excitation share_index batch_normalize cbn binary xnor bin_output sway rotate stretch stretch_sway flipped \
dot angle grad_centr reverse coordconv stream wait_stream",
        "deconvolutional": "filters size stride pad padding activation batch_normalize",
        "connected": "output activation batch_normalize",
        "local": "filters size stride pad activation",
        "maxpool": "stride stride_x stride_y size padding maxpool_depth out_channels antialiasing maxpool_zero_nonmax",
        "local_avgpool": "stride stride_x stride_y size padding",
        "avgpool": "",
        "upsample": "stride scale",
        "route": "layers groups group_id stream wait_stream",
        "shortcut": "from activation weights_type weights_normalization alpha beta",
        "scale_channels": "from activation scale_wh",
        "sam": "from activation",
        "reorg": "stride reverse flatten extra",
        "batchnorm": "",
        "normalization": "alpha beta kappa size",
        "activation": "activation",
        "logistic": "",
        "l2norm": "",
        "dropout": "probability dropblock dropblock_size_rel dropblock_size_abs",
        "softmax": "groups temperature tree spatial noloss",
        "cost": "type scale ratio noobj thresh",
        "crop": "crop_height crop_width flip angle saturation exposure noadjust shift",
        "yolo": f"{_BOXES} show_details obj_normalizer new_coords track_history_size sim_thresh dets_for_track \
dets_for_show track_ciou_norm embedding_layer",
        "Gaussian_yolo": f"{_BOXES} obj_normalizer uc_normalizer yolo_point",
        "region": "coords classes num max log sqrt softmax background focal_loss jitter resize rescore thresh classfix \
absolute random coord_scale object_scale noobject_scale mask_scale class_scale bias_match tree map anchors",
        "detection": "coords classes rescore num side softmax sqrt max coord_scale forced object_scale noobject_scale \
class_scale jitter resize random reorg",
        "empty": "",
        "rnn": "output hidden activation batch_normalize logistic shortcut",
        "gru": "output batch_normalize tanh",
        "lstm": "output batch_normalize",
        "crnn": "size stride dilation pad padding output hidden groups activation batch_normalize xnor shortcut",
        "conv_lstm": "size stride dilation pad padding output groups activation batch_normalize xnor peephole \
bottleneck state_constrain shortcut lstm_activation time_normalizer",
        "history": "history_size",
        "implicit": "mean std filters atoms",
        "contrastive": "classes yolo_layer temperature cls_normalizer max_delta contrastive_neg_max",
        "iseg": "classes ids",
        "net": "batch subdivisions time_steps track augment_speed sequential_subdivisions try_fix_nan width height \
channels inputs max_crop min_crop max_ratio min_ratio center flip blur gaussian_noise mixup cutmix mosaic mosaic_bound \
letter_box contrastive contrastive_jit_flip contrastive_color unsupervised label_smooth_eps resize_step attention \
adversarial_lr max_chart_loss angle aspect saturation exposure hue power policy burn_in step scale steps scales \
seq_scales gamma max_batches learning_rate learning_rate_min sgdr_cycle sgdr_mult momentum decay adam B1 B2 eps \
weights_reject_freq equidistant_point badlabels_rejection_percentage num_sigmas_reject_badlabels ema_alpha \
use_cuda_graph loss_scale dynamic_minibatch optimized_memory workspace_size_limit_MB notruth show_receptive_field",
    }.items()
}
#: Numbers are whole, and none of a network is larger.
_WHOLE = re.compile(r"[+-]?\d{1,9}\Z")
_REAL = re.compile(r"[+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,2})?\Z")
_ITEM = re.compile(r"[^,]+")


class Section(NamedTuple):
    """A section. kind: its name, the usual one of several. number: of its layer, -1 for that of the network."""

    number: int
    kind: str
    said: dict[str, str]
    path: Path


class Sections:
    """Reads the sections of a file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self.all: list[Section] = []
        for number, one in enumerate(document.value):
            ((name, said),) = one.items()
            self.all.append(Section(number - 1, ALIASES.get(name, name), said, (number, name)))

    def report(
        self, section: Section, key: str | None, code: str, message: str, help: str | None = None, **more: Any
    ) -> None:
        """Say what is wrong with a section, or with what it says under a key."""
        path = section.path if key is None else (*section.path, key)
        severity: Severity = more.get("severity", "error")
        span = self.document.span(path, key=more.get("at_key", False))
        self.found.append(Diagnostic(code, message, span, severity, help))

    def check_keys(self, section: Section) -> None:
        """Warn of keys that darknet does not ask for: it says so, too, and goes on."""
        known = KEYS.get(section.kind)
        for key in section.said if known is not None else ():
            if key not in known:  # type: ignore[operator]  # it is not None
                message = f"[{section.kind}] has no key `{key}`: darknet passes over it"
                help = did_you_mean(key, sorted(known), given=section.said)  # type: ignore[arg-type]  # as above
                self.report(section, key, "CFG103", message, help, severity="warning", at_key=True)

    # --- values -------------------------------------------------------------------------------------------------------

    def whole(self, section: Section, key: str, default: int, least: int = 0, *, quiet: bool = False) -> int:
        """A whole number, the default where it is not said or, after a report, where it is not one."""
        text = section.said.get(key)
        if text is None:
            return default
        if _WHOLE.match(text) is None or int(text) < least:
            kind = "a positive whole number" if least == 1 else f"a whole number of at least {least}"
            if not quiet:
                self.report(section, key, "CFG102", f"`{key}` must be {kind} below 1,000,000,000, got {text[:80]!r}")
            return max(default, least)
        return int(text)

    def switch(self, section: Section, key: str) -> bool:
        """Whether something is on: any number but 0."""
        return self.whole(section, key, 0, -1_000_000_000) != 0

    def real(self, section: Section, key: str, default: float) -> float:
        """A number."""
        text = section.said.get(key)
        if text is None:
            return default
        if _REAL.match(text) is None:
            self.report(section, key, "CFG102", f"`{key}` must be a number, got {text[:80]!r}")
            return default
        return float(text)

    def listed(self, section: Section, key: str) -> Iterator[tuple[int | None, int, int]]:
        """The whole numbers of a list, each with its place in the text; None for one that is not one, once reported."""
        text = section.said[key]
        start, _end = self.document.offsets((*section.path, key))
        for match in _ITEM.finditer(text):
            item = match.group().strip()
            if not item:
                continue
            first = start + match.start() + match.group().index(item)
            if _WHOLE.match(item):
                yield int(item), first, first + len(item)
            else:
                self._at(first, first + len(item), "CFG102", f"`{key}` must be whole numbers, got {item[:80]!r}")
                yield None, first, first + len(item)

    def layers(self, section: Section, key: str, *, quiet: bool = False) -> list[int]:
        """The numbers of the layers that a section reads, which come before it; reports those that do not."""
        before = len(self.found)
        found = self._layers(section, key)
        if quiet:
            del self.found[before:]
        return found

    def _layers(self, section: Section, key: str) -> list[int]:
        if not section.said.get(key):
            example = "-1, 8" if key == "layers" else "-3"
            message = f"[{section.kind}] must say which layers it reads"
            self.report(section, None if key not in section.said else key, "CFG101", message, f"`{key} = {example}`")
            return []
        found = []
        for value, start, end in self.listed(section, key):
            if value is None:
                continue
            at = section.number + value if value < 0 else value
            if not 0 <= at < section.number:
                message = f"layer {section.number} reads layer {value}, which does not come before it"
                before = section.number - 1
                help = f"the layers before it are 0 to {before}" if before > 0 else None
                self._at(start, end, "GRF302", message, help or f"there {'is layer 0' if not before else 'is none'}")
                continue
            found.append(at)
        return found

    def count(self, section: Section, key: str) -> int:
        """How many values a list has; 0 where it is not there."""
        return sum(1 for item in section.said.get(key, "").split(",") if item.strip())

    def _at(self, start: int, end: int, code: str, message: str, help: str | None = None) -> None:
        self.found.append(Diagnostic(code, message, self.document.span_of(start, end), "error", help))
