"""Networks of torchvision, timm and transformers as exported programs, with what PyTorch says of each beside it.

    python bench/torch/make_archives.py FOLDER [PATTERN ...]

needs PyTorch, torchvision, timm and transformers (those of which there are networks in PATTERN), and no network. Of
torchvision the Python files are enough, where its operators are not those of the PyTorch that is installed. Weights are
never downloaded, and stay zeros. Each
network becomes `FOLDER/NAME.pt2`, whose weights are cut out (cnnsum never reads them), and `FOLDER/NAME.json`: its
parameters and buffers, MACs by `FlopCounterMode`, and the shapes of inputs and outputs. What cannot be exported has the
reason in `NAME.json`. What is there already is left. PATTERN is of names, such as `timm-*`.
`check_archives.py` holds cnnsum to them.
"""

from __future__ import annotations

import argparse
import fnmatch
import gc
import json
import os
import signal
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

#: What is left of an archive: the program, what it says of where weights are, and the few bytes that say what it is.
_KEPT = (
    "/models/",
    "/model_weights_config.json",
    "/archive_format",
    "/archive_version",
    "/byteorder",
    "/.data/version",
    "/.data/serialization_id",
)


class Network(NamedTuple):
    """A network: what makes it, its inputs with the batch, and what its authors say of its parameters and GMACs.

    elsewhere: other heights and widths of its picture, which are free in its program, at which it is measured, too.
    """

    name: str
    make: Callable[[], nn.Module]
    inputs: tuple[tuple[int, ...], ...]
    stated: dict[str, float]
    elsewhere: tuple[tuple[int, int], ...] = ()


# --- torchvision ------------------------------------------------------------------------------------------------------

_SEGMENTATION = (
    *("deeplabv3_mobilenet_v3_large", "deeplabv3_resnet50", "deeplabv3_resnet101", "fcn_resnet50", "fcn_resnet101"),
    "lraspp_mobilenet_v3_large",
)
_VIDEO = ("mc3_18", "mvit_v1_b", "mvit_v2_s", "r2plus1d_18", "r3d_18", "s3d", "swin3d_b", "swin3d_s", "swin3d_t")


class _Detector(NamedTuple):
    """How a detector is published: the length of the sides of its picture, whether its batch normalisation is frozen,
    and how many regions each of the heads had whose work was counted. Torchvision does not state the length and the
    regions; these make the work that it states.
    """

    length: int
    frozen: bool
    regions: dict[str, int]


_BOXES = {"box": 1000}
_DETECTION = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": _Detector(320, True, {}),
    "fasterrcnn_mobilenet_v3_large_fpn": _Detector(800, True, {}),
    "fasterrcnn_resnet50_fpn": _Detector(800, True, _BOXES),
    "fasterrcnn_resnet50_fpn_v2": _Detector(800, False, _BOXES),
    "fcos_resnet50_fpn": _Detector(800, True, {}),
    "keypointrcnn_resnet50_fpn": _Detector(800, True, {**_BOXES, "keypoint": 1}),
    "maskrcnn_resnet50_fpn": _Detector(800, True, _BOXES),
    "maskrcnn_resnet50_fpn_v2": _Detector(800, False, {**_BOXES, "mask": 100}),
    "retinanet_resnet50_fpn": _Detector(800, True, {}),
    "retinanet_resnet50_fpn_v2": _Detector(800, False, {}),
    "ssd300_vgg16": _Detector(300, False, {}),
    "ssdlite320_mobilenet_v3_large": _Detector(320, False, {}),
}
#: The heads that work on regions: how long a region is that is cut out of the maps for one, and how many there may be.
_REGIONS = {"box": (7, 1000), "mask": (14, 100), "keypoint": (14, 100)}
#: Heights and widths at which backbones with free sizes are measured beside the one that they are exported with.
_ELSEWHERE = ((512, 512), (333, 500), (800, 1333), (289, 640))


#: Operators of torchvision whose declarations it needs to be imported, and no classifier calls.
_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def _torchvision() -> Iterator[Network]:
    try:
        from torchvision import models
    except RuntimeError:  # a build for another PyTorch: its operators cannot be loaded
        library = torch.library.Library("torchvision", "DEF")
        for operator in _OPERATORS:
            library.define(operator)
        from torchvision import models

    def stated(name: str) -> dict[str, float]:
        weights = models.get_model_weights(name).DEFAULT  # type: ignore[attr-defined]
        return {"parameters": weights.meta["num_params"], "gmacs": weights.meta["_ops"]}

    def size(name: str) -> int:
        crop = models.get_model_weights(name).DEFAULT.transforms().crop_size  # type: ignore[attr-defined]
        return int(crop[0])

    # What is stated of these two is without auxiliary heads, and with them; they run in training alone.
    auxiliary = {"googlenet": False, "inception_v3": True}
    for name in models.list_models(module=models):
        more: dict[str, Any] = {"aux_logits": auxiliary[name], "init_weights": False} if name in auxiliary else {}
        if name.startswith("vit_"):  # the positions are those of a size
            more = {"image_size": size(name)}
        yield Network(
            f"torchvision-{name}",
            lambda name=name, more=more: models.get_model(name, weights=None, **more),
            ((1, 3, size(name), size(name)),),
            stated(name),
        )
    for name in _SEGMENTATION:
        aux = not name.startswith("lraspp")
        more = {"aux_loss": True} if aux else {}
        yield Network(
            f"torchvision-{name}",
            lambda name=name, more=more: models.get_model(
                name, weights=None, weights_backbone=None, num_classes=21, **more
            ),
            ((1, 3, 520, 520),),
            stated(name),
        )
    for name in _VIDEO:
        crop = int(models.get_model_weights(name).DEFAULT.transforms().crop_size[0])  # type: ignore[attr-defined]
        yield Network(
            f"torchvision-{name}",
            lambda name=name: models.get_model(name, weights=None),
            ((1, 3, 16, crop, crop),),
            stated(name),
        )
    yield from _detectors(models)


class _Layers(nn.Module):
    """A detector without what depends on what a picture shows: backbone, and heads on regions that are given."""

    def __init__(self, detector: nn.Module, heads: tuple[str, ...]) -> None:
        super().__init__()
        self.detector = detector
        self.heads = heads

    def forward(self, image: torch.Tensor, *regions: torch.Tensor) -> Any:
        detector: Any = self.detector
        maps = list(detector.backbone(image).values())
        if not hasattr(detector, "rpn"):
            return detector.head(maps)
        found = [detector.rpn.head(maps)]
        for name, region in zip(self.heads, regions, strict=True):
            inner = getattr(detector.roi_heads, f"{name}_head")(region)
            found.append(getattr(detector.roi_heads, f"{name}_predictor")(inner))
        return found


def _detectors(models: Any) -> Iterator[Network]:
    """Of each detector the backbone, with sizes that are fixed and free, the layers whose work torchvision publishes,
    and those with all heads.
    """
    from torchvision.ops.misc import FrozenBatchNorm2d

    def made(name: str) -> nn.Module:
        detector: nn.Module = models.get_model(name, weights=None, weights_backbone=None)
        if _DETECTION[name].frozen:
            for path, module in list(detector.named_modules()):
                if isinstance(module, nn.BatchNorm2d):
                    above, _, own = path.rpartition(".")
                    setattr(detector.get_submodule(above), own, FrozenBatchNorm2d(module.num_features))
        return detector

    def layers(name: str, part: str, regions: dict[str, int], stated: dict[str, float]) -> Network:
        return Network(
            f"detection-{name}-{part}",
            lambda: _Layers(made(name), tuple(regions)),
            (image, *[(count, 256, _REGIONS[head][0], _REGIONS[head][0]) for head, count in regions.items()]),
            stated,
        )

    for name, (length, _, regions) in _DETECTION.items():
        image = (1, 3, length, length)
        yield Network(f"detection-{name}-backbone", lambda name=name: made(name).backbone, (image,), {})
        yield Network(f"detection-{name}-free", lambda name=name: made(name).backbone, (image,), {}, _ELSEWHERE)
        meta = models.get_model_weights(name).DEFAULT.meta
        yield layers(name, "layers", regions, {"parameters": meta["num_params"], "gmacs": meta["_ops"]})
        if "rcnn" in name:
            heads = [head for head in _REGIONS if head == "box" or name.startswith(head)]
            if heads != [*regions]:
                yield layers(name, "heads", {head: _REGIONS[head][1] for head in heads}, {})


# --- timm -------------------------------------------------------------------------------------------------------------

_TIMM = (
    *("bat_resnext26ts", "beit_base_patch16_224", "botnet26t_256", "caformer_s18", "cait_xxs24_224"),
    *("coat_lite_tiny", "coatnet_0_rw_224", "convformer_s18", "convit_tiny", "convmixer_768_32", "convnext_atto"),
    *("convnextv2_atto", "crossvit_9_240", "cs3darknet_m", "cspdarknet53", "davit_tiny", "deit3_small_patch16_224"),
    *("deit_tiny_patch16_224", "dla34", "dpn68", "eca_nfnet_l0", "edgenext_xx_small", "efficientformer_l1"),
    *("efficientformerv2_s0", "efficientnet_b0", "efficientvit_b0", "efficientvit_m0", "ese_vovnet19b_dw"),
    *("eva02_tiny_patch14_224", "fastvit_t8", "fbnetc_100", "focalnet_tiny_srf", "gcresnet33ts", "gcvit_xxtiny"),
    *("gernet_s", "ghostnet_100", "ghostnetv2_100", "gmlp_s16_224", "halonet26t", "hardcorenas_a", "hgnet_tiny"),
    *("hgnetv2_b0", "hiera_tiny_224", "hrnet_w18_small", "inception_next_tiny", "inception_resnet_v2"),
    *("inception_v4", "lambda_resnet26t", "lcnet_050", "levit_128s", "maxvit_tiny_tf_224", "mambaout_femto"),
    *("mixer_s32_224", "mixnet_s", "mnasnet_100", "mobilenetv1_100", "mobilenetv3_large_100"),
    *("mobilenetv4_conv_small", "mobileone_s0", "mobilevit_xxs", "mobilevitv2_050", "mvitv2_tiny", "nasnetalarge"),
    *("nest_tiny", "nextvit_small", "nf_regnet_b0", "nfnet_f0", "pit_ti_224", "pnasnet5large", "poolformer_s12"),
    *("pvt_v2_b0", "rdnet_tiny", "regnety_002", "repghostnet_050", "repvgg_a0", "repvit_m0_9", "res2net50_26w_4s"),
    *("resmlp_12_224", "resnest14d", "resnetv2_50", "rexnet_100", "samvit_base_patch16_224", "sebotnet33ts_256"),
    *("selecsls42", "semnasnet_075", "senet154", "sequencer2d_s", "shvit_s1", "skresnet18"),
    *("starnet_s1", "swin_tiny_patch4_window7_224", "swinv2_cr_tiny_224", "swinv2_tiny_window8_256", "tiny_vit_5m_224"),
    *("tinynet_a", "tnt_s_legacy_patch16_224", "tresnet_m", "twins_svt_small", "vgg11_bn", "visformer_tiny"),
    *(
        "vit_base_patch16_siglip_224",
        "vit_small_patch14_dinov2",
        "vit_small_patch14_reg4_dinov2",
        "vit_tiny_patch16_224",
    ),
    *("vitamin_small_224", "volo_d1_224", "xception41", "xcit_nano_12_p16_224"),
    *(
        "csatv2",
        "cpubone_t0",
        "densenet121",
        "fasternet_t0",
        "gemma4_vit_167m_enc",
        "lcnetv2_small",
        "legacy_seresnet18",
    ),
    *("legacy_xception", "lowformer_b0", "mobilenetv5_300m_enc", "naflexvit_base_patch16_gap", "sam2_hiera_tiny"),
    *("swiftformer_xs", "vit_relpos_small_patch16_224", "vit_srelpos_small_patch16_224", "vit_tiny_r_s16_p8_384"),
    *("vit_small_patch16_dinov3", "vit_pe_core_tiny_patch16_384", "resnet18", "resnetaa50d", "seresnext26d_32x4d"),
    *("convnext_zepto_rms", "efficientvit_l1", "test_efficientnet_gn", "test_nfnet", "aimv2_large_patch14_224"),
)


def _timm() -> Iterator[Network]:
    import timm

    known = set(timm.list_models())
    for name in _TIMM:
        if name in known:
            size = tuple(timm.get_pretrained_cfg(name).input_size)  # type: ignore[union-attr]
            yield Network(
                f"timm-{name}", lambda name=name: timm.create_model(name, pretrained=False), ((1, *size),), {}
            )


# --- transformers -----------------------------------------------------------------------------------------------------

#: Classes of models, and what is other than in their configuration's defaults.
_TRANSFORMERS: dict[str, dict[str, Any]] = {
    "BeitForImageClassification": {},
    "BitForImageClassification": {},
    "CLIPVisionModel": {},
    "ConvNextForImageClassification": {},
    "ConvNextV2ForImageClassification": {},
    "CvtForImageClassification": {},
    "Data2VecVisionForImageClassification": {},
    "DeiTForImageClassification": {},
    "DepthAnythingForDepthEstimation": {},
    "Dinov2ForImageClassification": {},
    "Dinov2WithRegistersForImageClassification": {},
    "DPTForDepthEstimation": {},
    "EfficientNetForImageClassification": {},
    "FocalNetForImageClassification": {},
    "GLPNForDepthEstimation": {},
    "HieraForImageClassification": {},
    "IJepaForImageClassification": {},
    "LevitForImageClassification": {},
    "MobileNetV1ForImageClassification": {},
    "MobileNetV2ForImageClassification": {},
    "MobileViTForImageClassification": {},
    "MobileViTV2ForImageClassification": {},
    "PoolFormerForImageClassification": {},
    "PvtForImageClassification": {},
    "PvtV2ForImageClassification": {},
    "RegNetForImageClassification": {},
    "ResNetForImageClassification": {},
    "SegformerForSemanticSegmentation": {},
    "SiglipVisionModel": {},
    "Swin2SRForImageSuperResolution": {"image_size": 64},
    "SwiftFormerForImageClassification": {},
    "SwinForImageClassification": {},
    "Swinv2ForImageClassification": {},
    "TextNetForImageClassification": {},
    "UperNetForSemanticSegmentation": {},
    "ViTForImageClassification": {},
    "ViTMSNForImageClassification": {},
    "VitDetModel": {},
    "YolosForObjectDetection": {},
    "BlipVisionModel": {},
    "ConditionalDetrForObjectDetection": {"use_timm_backbone": False, "use_pretrained_backbone": False},
    "DeformableDetrForObjectDetection": {"use_timm_backbone": False, "use_pretrained_backbone": False},
    "DFineForObjectDetection": {},
    "DINOv3ConvNextModel": {},
    "DINOv3ViTModel": {},
    "HGNetV2ForImageClassification": {},
    "Mask2FormerForUniversalSegmentation": {},
    "MaskFormerForInstanceSegmentation": {},
    "RTDetrForObjectDetection": {},
    "SamVisionModel": {},
    "SuperPointForKeypointDetection": {},
    "XCLIPVisionModel": {},
    "ZoeDepthForDepthEstimation": {},
    "DetrForObjectDetection": {"use_timm_backbone": False, "use_pretrained_backbone": False},
}


class _Tensors(nn.Module):
    """A model of transformers, giving its tensors alone."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, pixel_values: torch.Tensor) -> Any:
        return self.inner(pixel_values=pixel_values, return_dict=False)


def _transformers() -> Iterator[Network]:
    import transformers

    for name, more in _TRANSFORMERS.items():
        model = getattr(transformers, name, None)
        if model is None:
            continue
        try:
            config = model.config_class(**more)
        except Exception as error:  # noqa: BLE001 - a configuration that is to be downloaded
            print(f"transformers-{name}: {type(error).__name__}", flush=True)
            continue
        size = getattr(config, "image_size", 224)
        size = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
        channels = getattr(config, "num_channels", 3)
        yield Network(
            f"transformers-{name}",
            lambda model=model, config=config: _Tensors(model(config)),
            ((1, channels if isinstance(channels, int) else 3, *size),),
            {},
        )


# --- exporting --------------------------------------------------------------------------------------------------------


def _drawn(tensor: torch.Tensor, *_arguments: Any, **_fields: Any) -> torch.Tensor:
    """In place of what fills a weight with random numbers: what it holds decides about nothing here."""
    return tensor


@contextmanager
def _undrawn() -> Iterator[None]:
    """Weights as they are made: to draw millions of numbers takes longer than anything else."""
    names = [name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")]
    kept = {name: getattr(nn.init, name) for name in names}
    methods = {name: getattr(torch.Tensor, name) for name in ("normal_", "uniform_", "erfinv_")}
    try:
        for name in names:
            setattr(nn.init, name, _drawn)
        for name in methods:
            setattr(torch.Tensor, name, _drawn)
        yield
    finally:
        for name, one in kept.items():
            setattr(nn.init, name, one)
        for name, one in methods.items():
            setattr(torch.Tensor, name, one)


def cut(archive: Path, out: Path) -> None:
    """The archive compressed, without its weights and samples, and without the lines of code that made each node."""
    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as part:
        for entry in whole.infolist():
            if any(one in f"/{entry.filename}" for one in _KEPT) and not entry.filename.endswith(".py"):
                member = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
                member.compress_type = zipfile.ZIP_DEFLATED
                data = whole.read(entry)
                if entry.filename.endswith("model.json"):
                    data = json.dumps(_untraced(json.loads(data)), separators=(",", ":")).encode()
                part.writestr(member, data)


def _untraced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _untraced(one) for key, one in value.items() if key != "stack_trace"}
    return [_untraced(one) for one in value] if isinstance(value, list) else value


def macs_of(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    """Half of what `FlopCounterMode` counts while the module runs on tensors without storage."""
    return _counted(module.to("meta"), tuple(one.to("meta") for one in inputs))


def _products_with_a_vector(matrix: tuple[int, ...], *_others: Any, **_more: Any) -> int:
    return 2 * matrix[0] * matrix[1]


def _counted(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    # Products with a vector it leaves out, and modules that are given a parameter with a gradient it fails on.
    module.requires_grad_(requires_grad=False)
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.mv: _products_with_a_vector})
    with sdpa_kernel(SDPBackend.MATH), counter, torch.no_grad():
        module(*inputs)
    return int(counter.get_total_flops()) // 2


def elsewhere(module: nn.Module, network: Network) -> dict[str, Any]:
    """What a module says of pictures of other sizes, and the squares from 1 to 320 that it runs on."""
    found = []
    image, *others = network.inputs
    for sizes in network.elsewhere:
        inputs = tuple(torch.empty(shape, device="meta") for shape in ((*image[:2], *sizes), *others))
        with torch.no_grad():
            outputs = _shapes(module(*inputs))
        found.append({"input": [*image[:2], *sizes], "outputs": outputs, "macs": macs_of(module, inputs)})
    tried = [*range(1, 97), *[size + more for size in range(96, 320, 32) for more in (1, 31, 32)]]
    return {"elsewhere": found, "tried": tried, "runs": [size for size in tried if _runs(module, image, size)]}


def _runs(module: nn.Module, image: tuple[int, ...], size: int) -> bool:
    try:
        with torch.no_grad():
            module(torch.empty((*image[:2], size, size), device="meta"))
    except (RuntimeError, ValueError):
        return False
    return True


def _shapes(given: Any) -> list[list[int]]:
    return [list(one.shape) for one in tree_leaves(given) if isinstance(one, torch.Tensor)]


def make(network: Network, folder: Path) -> None:
    """Export one network, and write what PyTorch says of it."""
    with _undrawn():
        module = network.make().eval()
    inputs = tuple(torch.zeros(shape) for shape in network.inputs)
    said: dict[str, Any] = {
        "name": network.name,
        "inputs": [list(shape) for shape in network.inputs],
        "parameters": sum(one.numel() for one in module.parameters()),
        "buffers": sum(one.numel() for one in module.buffers()),
        "stated": network.stated,
    }
    free = ({2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO},) if network.elsewhere else None
    with torch.no_grad():
        program = torch.export.export(module, inputs, dynamic_shapes=free, strict=False)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.pt2"
        torch.export.save(program, whole)
        cut(whole, folder / f"{network.name}.pt2")
    said["outputs"] = [
        [int(size.node.hint) if isinstance(size, torch.SymInt) else size for size in node.meta["val"].shape]
        for node in program.graph.output_node().args[0]
        if hasattr(node, "meta") and isinstance(node.meta.get("val"), torch.Tensor)
    ]
    operations: dict[str, int] = {}
    for node in program.graph.nodes:
        if node.op == "call_function":
            operations[str(node.target)] = operations.get(str(node.target), 0) + 1
    said["operations"] = operations
    del program
    gc.collect()
    try:
        said["macs"] = macs_of(module, inputs)
    except Exception as error:  # noqa: BLE001 - whatever a module does on tensors without storage
        said["macs"] = _counted(network.make().eval(), inputs)
        said["note"] = f"run on a CPU: {type(error).__name__}"
    if network.elsewhere:
        said.update(elsewhere(module, network))
    (folder / f"{network.name}.json").write_text(json.dumps(said), encoding="utf-8")


def main() -> None:
    """Export whatever is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--limit", type=int, default=300, help="seconds for each network")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    os.environ["HF_HUB_OFFLINE"] = "1"  # a configuration that names a file to be downloaded fails at once
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, _too_long)
    for source in (_torchvision, _transformers, _timm):
        for network in source():
            target = given.folder / f"{network.name}.json"
            if target.exists() or not any(fnmatch.fnmatch(network.name, pattern) for pattern in given.patterns):
                continue
            try:
                signal.alarm(given.limit)
                make(network, given.folder)
                print(f"{network.name}: exported", flush=True)
            except Exception as error:  # noqa: BLE001 - any of a hundred networks may fail in its own way
                reason = (
                    f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"
                )
                target.write_text(json.dumps({"name": network.name, "failed": reason}), encoding="utf-8")
                print(f"{network.name}: {reason}", flush=True)
            finally:
                signal.alarm(0)
            gc.collect()


def _too_long(*_: object) -> None:
    raise TimeoutError("takes too long")


if __name__ == "__main__":
    sys.exit(main())
