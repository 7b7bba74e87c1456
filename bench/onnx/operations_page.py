"""Makes the table of docs/onnx.md: the operations of the ONNX standard, and how each is verified.

    python bench/onnx/operations_page.py

Needs `onnx`, whose node tests (`tests/peers/onnx_cases.py`) are run.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "onnx.md"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "peers")]

import onnx.defs  # noqa: E402 - the path to this checkout comes first
from onnx_cases import verdicts  # noqa: E402 - a module of tests/peers, which the lines before put on the path

from cnnsum.layers.vocabulary import ONNX  # noqa: E402 - of this checkout, by the path above

_VERIFIED = """\
## How it is verified

The standard's own node tests (`onnx` {version}, `tests/peers/test_onnx_node_cases.py`) are models with the outputs
that they must give. Of {count:,} cases, {agrees:,} agree in every shape and dtype, {undecided} are not decided
(what is unknown below), in {by_data} the sizes are in the data and in no shape, {none} give no tensor or one that the
file holds, and none disagrees. What a case must give is not told to cnnsum; its inputs of up to 64 numbers, shapes
among them, are put into the file.

Networks that PyTorch's two exporters write (`tests/peers/test_onnx_exported.py`: AlexNet, VGG16, ResNet-18 and -50,
MobileNetV2, DenseNet-121, SqueezeNet, a U-Net): parameters are the elements of the file's tensors, MACs those of
PyTorch's `FlopCounterMode`, shapes those of onnxruntime. Twenty-five networks stand in the repository without their
weights, as both exporters write them (`bench/onnx/make_networks.py`: EfficientNet-B0, MobileNetV2 and V3, SqueezeNet,
ShuffleNetV2, GoogLeNet, ResNeXt-50, ConvNeXt, ViT, Swin, DeepLab's head, a decoder of GPT's kind, an encoder,
recurrent layers, convolutions over time and over volumes, ...); what they give was compared with PyTorch's outputs.
Six networks of Keras that its own `model.export(format="onnx")` writes (`tests/peers/test_onnx_keras.py`, PyTorch as
the backend) have the parameters and the MACs of the `.keras` files. With TensorFlow as the backend, which needs
tf2onnx, four of six had the same MACs; a GRU became a `Loop` that its data may end, so that its work is not known,
and gelu an operation that nobody runs. For sixteen small networks with free sizes (U-Nets, pyramids, windows, a
detector) `cnnsum sizes` accepts those of 1 to 96 that onnxruntime runs, and gives their shapes. Of 140 models of
older versions, which come with the node tests, all agree. Networks that onnxruntime quantizes (in three ways) or
optimizes have the MACs of the plain ones and the shapes that it gives (`tests/peers/test_onnx_quantized.py`).
Operations of `com.microsoft`, one by one, have the shapes and dtypes that onnxruntime gives, and all inputs and
attributes of its schemas (`tests/peers/test_onnx_fused.py`). Graphs that run again and again, sequences, and branches
that sizes choose have the shapes of its runs (`tests/peers/test_onnx_repeated.py`). FLOPs, peak and what
backpropagation keeps are those of the same network exported as a `.pt2`. Random graphs of elementwise and shape
operations have the shapes of `onnx.shape_inference`, strict and with data propagation, and those that onnxruntime
makes (`tests/peers/test_onnx_shape_inference.py`).

## Operations

**cases**: node tests that hold the operation, by itself or in what it is made of, and agree. An operation that is
`unknown` is named when it is met: its shape is taken from the file, its work is not known.

| operation | rule | cases |
|---|---|---:|
"""


#: What the reader itself does.
_READ = {
    "ai.onnx.Constant": "A tensor of the file: a constant of what reads it",
    **dict.fromkeys(
        [f"ai.onnx.Sequence{what}" for what in ("Empty", "Construct", "Insert", "Erase", "At")],
        "A sequence whose members are known when the file is read; else unknown",
    ),
    "ai.onnx.ConcatFromSequence": "The members of such a sequence, put end to end; else unknown",
    "ai.onnx.SequenceLength": "The number of members of such a sequence; else unknown",
    "ai.onnx.SequenceMap": "A graph run for each member of such a sequence; else unknown",
    "ai.onnx.SplitToSequence": "A sequence of parts, of lengths that the file holds or all of one length; else unknown",
    "ai.onnx.If": "The branch that runs, where the file or its sizes tell; else a shape that both record",
    "ai.onnx.Loop": "A graph that runs again and again: every run, or one that stands for all and counts as often",
    "ai.onnx.Scan": "A graph that runs for each part of a tensor: one run stands for all, and counts as often",
}


#: What stands at the border of a graph that runs again and again, or for a part of a sequence, and is not an operation.
_INNER = ("ai.onnx.Loop.", "ai.onnx.Scan.", "ai.onnx.SequenceAt.")


def _shown(key: str) -> str:
    """The name of one of the standard's own operations, the whole key of others."""
    name = key.removeprefix("ai.onnx.")
    return key if "." in name else name


def _first(text: str) -> str:
    """The first sentence of a rule's documentation."""
    words = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return words.partition(". ")[0].rstrip(".").replace("|", "\\|")


def page() -> str:
    """The part of the page that is made."""
    counts: Counter[str] = Counter()
    agree: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        for case, verdict in verdicts(Path(folder)):
            counts[verdict] += 1
            if verdict == "agrees":
                model = onnx.load_from_string(case.model)
                for name in {(node.domain or "ai.onnx", node.op_type) for node in model.graph.node}:
                    agree[".".join(name)] += 1
    known = ONNX.all_types()
    names = {f"{one.domain or 'ai.onnx'}.{one.name}" for one in onnx.defs.get_all_schemas()}
    standard = sorted(name for name in names if name.startswith("ai.onnx.") and not name.startswith("ai.onnx.ml."))
    lines = []
    inner = {key for key in known if key.startswith(_INNER)}
    for key in (*standard, *sorted(set(known) - set(standard) - inner)):
        type = known.get(key)
        rule = _READ.get(key, "unknown") if type is None else _first(type.doc)
        lines.append(f"| `{_shown(key)}` | {rule} | {agree.get(key) or ''} |")
    total = sum(counts.values())
    head = _VERIFIED.format(
        version=onnx.__version__,
        count=total,
        agrees=counts["agrees"],
        undecided=counts["undecided"],
        by_data=counts["by data"],
        none=counts["no tensor"],
    )
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    start = text.index("## How it is verified")
    PAGE.write_text(text[:start] + page(), encoding="utf-8")
