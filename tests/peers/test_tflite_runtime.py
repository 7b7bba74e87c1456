"""TensorFlow Lite files against the runtime (`ai-edge-litert`): the shape of every tensor, of operators by themselves
and of whole networks, at several sizes of the inputs; and the numbers of the schema against the code made of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

litert = pytest.importorskip("ai_edge_litert.interpreter")

import cnnsum  # noqa: E402 - after what may not be there
from bench.fuzz.tflite_files import Builder, looped, options_of, written  # noqa: E402
from cnnsum.layers.base import REQUIRED  # noqa: E402
from cnnsum.layers.tflite.dtypes import DTYPES  # noqa: E402
from cnnsum.layers.vocabulary import TFLITE  # noqa: E402
from cnnsum.readers.tflite.operators import OPERATORS  # noqa: E402
from cnnsum.source.tflite import OPTIONS, TABLES  # noqa: E402
from tests.peers.tflite_networks import NETWORKS  # noqa: E402
from tests.peers.tflite_operators import KINDS, Single, build  # noqa: E402

pytestmark = pytest.mark.peers

#: Operators that fail, or end the process, on the numbers that are in no file here when they run.
NOT_RUN = {"STRIDED_SLICE", "GATHER", "GATHER_ND", "SLICE", "FLOOR_DIV", "FLOOR_MOD", "WHERE"}
Found = list[tuple[tuple[int, ...], str]]


def runtime(data: bytes, shapes: Sequence[Sequence[int]], *, run: bool = True) -> Found | None:
    """The shape and the dtype of each output, None where the runtime refuses the sizes."""
    plain = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = litert.Interpreter(model_content=data, experimental_op_resolver_type=plain)
        for one, shape in zip(interpreter.get_input_details(), shapes, strict=True):
            interpreter.resize_tensor_input(one["index"], shape)
        interpreter.allocate_tensors()
        if run:
            interpreter.invoke()
    except (RuntimeError, ValueError):
        return None
    return [
        (tuple(map(int, one["shape"])), one["dtype"].__name__.replace("bool_", "bool"))
        for one in interpreter.get_output_details()
    ]


def ours(data: bytes, path: Path, **how: Any) -> Found | None:
    """The same of cnnsum."""
    path.write_bytes(data)
    model = cnnsum.load(path, **how)
    if any(one.severity == "error" for one in model.diagnostics):
        return None
    values = [model.inference.output_of(tensor.node)[tensor.index] for tensor in model.graph.outputs]
    return [(tuple(value.shape or ()), value.dtype) for value in values]


def differs(one: Single, shapes: Any, path: Path) -> str | None:
    """What differs, in words; None for nothing."""
    case = one._replace(inputs=shapes)
    mine = ours(written(build(case).tree()), path)
    # The runtime takes the recorded shape of a slice for granted: it has cnnsum's.
    recorded = [shape for shape, _ in mine] if mine is not None and one.name == "SLICE" else []
    theirs = runtime(written(build(case, recorded).tree()), shapes, run=one.name not in NOT_RUN)
    if mine is None and theirs is not None and any(0 in shape for shape, _ in theirs):
        return None  # a window that is larger than its input leaves nothing
    if mine == theirs:
        return None
    return f"{one.name} {shapes} {one.options} {one.constants}: {theirs} and not {mine}"


#: What the runtime takes and cnnsum refuses, as docs/tflite.md says.
KNOWN = [
    re.compile(r"FULLY_CONNECTED \(\[4, 5\],\) .*: \[\(\(3, 5\), 'float32'\)\] and not None"),
    re.compile(r"STRIDED_SLICE \(\[1, 2, 3\],\) \{'shrink_axis_mask'.* and not None"),
    re.compile(r"WHERE "),
]


@pytest.mark.parametrize("kind", KINDS)
def test_operators_by_themselves(kind: str, tmp_path: Path) -> None:
    found = []
    count = 0
    for one in KINDS[kind]():
        for shapes in (one.inputs, *one.sizes):
            count += 1
            found.append(differs(one, shapes, tmp_path / "one.tflite"))
    told = [one for one in found if one is not None]
    assert [one for one in told if not any(known.match(one) for known in KNOWN)] == []
    assert len(told) <= 6
    assert count > 20


def test_every_operator_with_a_rule_is_tried() -> None:
    """But those whose shapes are those of their input, or that need more than a file of one operator."""
    tried = {one.name for make in KINDS.values() for one in make()} | {"SELECT"}
    without = {type.name for type in TFLITE.all_types().values()} - tried
    assert without <= {
        *("QUANTIZE", "DEQUANTIZE", "FAKE_QUANT", "ATAN2", "BITWISE_XOR", "RIGHT_SHIFT", "REDUCE_ALL", "ONE_HOT"),
        *("FILL", "RANGE", "SCATTER_ND", "EMBEDDING_LOOKUP", "REVERSE_SEQUENCE", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
        *("WHILE.state", "WHILE.result"),  # of the reader
    }


@pytest.mark.parametrize("given", [{}, {"start": 3, "step": 2}, {"most": 0}, {"start": None}])
def test_loops(given: dict[str, Any], tmp_path: Path) -> None:
    data = written(looped(**given))
    shapes = [(1, 5)] if given.get("start", 0) is not None else [(1, 5), ()]
    theirs = runtime(data, shapes)
    assert theirs is not None
    assert ours(data, tmp_path / "loop.tflite") == theirs


SIZES = ((64, 64), (65, 65), (32, 48), (33, 31), (97, 20), (7, 7), (16, 16), (1, 1), (4, 8), (8, 12))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_at_other_sizes(name: str, tmp_path: Path) -> None:
    """Every tensor of the runtime after `resize_tensor_input`, and which sizes it takes."""
    made: Builder = NETWORKS[name]()
    data = written(made.tree())
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    plain = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    accepted = 0
    for height, width in SIZES:
        model = cnnsum.load(path, inputs={"": (height, width, 3)})
        is_sound = not any(one.severity == "error" for one in model.diagnostics)
        interpreter = litert.Interpreter(model_content=data, experimental_op_resolver_type=plain)
        interpreter.resize_tensor_input(0, [1, height, width, 3])
        try:
            interpreter.allocate_tensors()
            interpreter.invoke()
        except (RuntimeError, ValueError):
            assert not is_sound, (height, width)
            continue
        shapes = {one["index"]: tuple(map(int, one["shape"])) for one in interpreter.get_tensor_details()}
        outputs = [number for one in made.operators for number in one["outputs"]]
        if any(0 in shapes[number] for number in outputs):
            assert not is_sound, (height, width)
            continue
        assert is_sound, (height, width, model.diagnostics)
        accepted += 1
        calls = [call for call in model.inference.calls if call.layer.spec is None]
        assert [call.facts.outputs[0] for call in calls] == [shapes[one["outputs"][0]] for one in made.operators]
    assert accepted


# --- the schema -------------------------------------------------------------------------------------------------------


def fields_of(name: str) -> dict[int, tuple[str, str]]:
    """The fields of a table by number, each with its name and its default, from the code made of the schema."""
    module = pytest.importorskip(f"tflite.{name}")
    text = Path(module.__file__).read_text(encoding="utf-8")
    found = {}
    for method, body in re.findall(r"    def (\w+)\(self(?:, j)?\):\n((?:        .*\n)+)", text):
        place = re.search(r"_tab\.Offset\((\d+)\)", body)
        if place is not None and not method.endswith(("AsNumpy", "Length", "IsNone")):
            default = re.findall(r"\n        return ([^\n]+)\n", body)
            found[(int(place.group(1)) - 4) // 2] = (method.lower(), default[-1] if default else "")
    return found


@pytest.mark.parametrize("name", [name for name in TABLES if name not in ("Quantization", "Sparsity")])
def test_fields_have_the_numbers_of_the_schema(name: str) -> None:
    theirs = fields_of(name)
    for number, slot in TABLES[name].items():
        assert theirs[number][0] == slot.name.replace("_", "")


def test_scale_is_where_the_schema_has_it() -> None:
    assert fields_of("QuantizationParameters")[2][0] == "scale"


def test_numbers_of_operators_options_and_dtypes() -> None:
    operators = pytest.importorskip("tflite.BuiltinOperator").BuiltinOperator
    options = pytest.importorskip("tflite.BuiltinOptions").BuiltinOptions
    types = pytest.importorskip("tflite.TensorType").TensorType
    assert [getattr(operators, name) for name in OPERATORS] == list(range(len(OPERATORS)))
    assert {name: getattr(options, name) for name in OPTIONS} == {name: number for name, (number, _) in OPTIONS.items()}
    assert {number: name.lower() for name, number in vars(types).items() if isinstance(number, int)} == DTYPES


def test_defaults_are_those_of_the_schema() -> None:
    """What a file leaves out is what the schema has there; a field without a default here is one that must not be."""
    tried = 0
    for type in TFLITE.all_types().values():
        table = options_of(type.name)
        if table is None or table not in OPTIONS:
            continue
        theirs = dict(fields_of(table).values())
        for name, field in type.schema.fields.items():
            default = theirs.get(name.replace("_", ""))
            if default is None or field.kind.expects.startswith("a list"):
                assert name == "dtype" or default is not None
                continue
            tried += 1
            if field.default is REQUIRED:
                assert default == "0"
            elif isinstance(field.default, str):
                assert default == "0"
                assert field.kind.read(0, None) == field.default
            else:
                assert default == str(field.default)
    assert tried > 80
