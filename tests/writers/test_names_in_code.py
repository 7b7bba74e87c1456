"""Code that is written computes what its graph does, whatever layers, inputs, blocks and their arguments are called.

Graphs with names that code has other uses for are drawn at random. What is written of each is run against stand-ins for
PyTorch and Keras, which record what is computed of what; that must be what the graph says.
"""

from __future__ import annotations

import builtins
import itertools
import json
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

import cnnsum
from cnnsum.graph.model import Graph, Tensor
from cnnsum.layers.vocabulary import TORCH
from cnnsum.writers import write
from tests.thorough import examples

#: Names of layers, inputs, blocks and arguments of blocks, all drawn from a few of these.
NAMES = (
    *("x", "y", "nn", "layers", "z", "x1", "x2", "x_2", "X", "input_", "inputs", "outputs", "self", "super"),
    *(
        "torch",
        "F",
        "functional",
        "Tensor",
        "keras",
        "forward",
        "build_model",
        "build_b",
        "b",
        "b_layer",
        "x_layer",
        "enc",
    ),
    *("enc_layer", "enc_2", "float", "int", "range", "print", "list", "len", "type", "class", "dropout", "layer"),
    *("network", "training", "call", "copies", "rate", "p"),
)
#: Names that layers alone may have.
MORE = ("add", "x.1", "_", "name", "None", "Y", "1x1", "x y")
#: By framework, what Dropout's rate is called, and layers that read two tensors.
WORDS = {"torch": ("p", ("add", "sub", "mul")), "keras": ("rate", ("Add", "Subtract", "Multiply"))}


# --- graphs -----------------------------------------------------------------------------------------------------------


class Drawn:
    """A spec with names that confuse, of layers that a rate of its own tells from all others."""

    def __init__(self, random: Random, framework: str) -> None:
        self.random = random
        self.field, self.merges = WORDS[framework]
        self.rates = (number / 1000 for number in itertools.count(1))
        self.arguments: dict[str, list[str]] = {}
        self.blocks: dict[str, Any] = {}
        self.few = ["x", "y", "nn", "layers", *random.sample(NAMES[4:], 8)]
        for name in random.sample(self.few, random.choice((0, 1, 2, 2))):
            self.block(name)
        names = random.sample(self.few, random.choice((1, 1, 2, 3)))
        single = len(names) == 1
        items, made = self.layers(["input"] if single else names, names, random.randint(2, 7))
        self.spec: dict[str, Any] = {"framework": framework, "blocks": self.blocks, "layers": items}
        self.spec["inputs"] = {one: [4] for one in names}
        if single:
            del self.spec["inputs"]
            self.spec["input"] = {"shape": [4], "name": names[0]} if random.random() < 0.5 else [4]
        self.spec["outputs"] = random.sample(made, min(len(made), random.choice((1, 1, 2, 3))))
        if random.random() < 0.7:
            self.spec["outputs"][-1] = made[-1]

    def block(self, name: str) -> None:
        random = self.random
        values = random.sample(self.few, random.randrange(3))
        tensors = random.sample([one for one in self.few if one not in values], random.choice((0, 0, 1)))
        sources = ["input", *[f"${one}" for one in tensors]]
        items, _ = self.layers(sources, [], len(values) + random.randint(1, 3), values, nested=bool(tensors))
        self.blocks[name] = {"args": dict.fromkeys((*values, *tensors)), "layers": items}
        self.arguments[name] = [*values, *[f"${one}" for one in tensors]]

    def layers(
        self, sources: list[str], taken: list[str], count: int, values: Any = (), *, nested: bool = False
    ) -> tuple[list[Any], list[str]]:
        """So many layers, each of which reads what was made before; and their names."""
        random, made = self.random, list(sources)
        names = [one for one in (*self.few, *MORE) if one not in taken]
        random.shuffle(names)
        unsaid = [*values]
        uses: dict[str, list[str]] = {}
        found: list[Any] = []
        for _ in range(count):
            name = names.pop()
            type = random.random()
            # What was made last is read most, so that there are chains.
            source = random.choice(made) if random.random() < 0.4 else made[-1]
            fields = {"from": source, "name": name}
            if type < 0.25 or len(made) < 2 or unsaid:
                found.append({"Dropout": {self.field: unsaid.pop() if unsaid else next(self.rates), **fields}})
            elif type < 0.5 or (type < 0.6 and nested):
                two = [random.choice(made[:-1]), made[-1]]
                found.append({random.choice(self.merges): {"from": two[:: random.choice((1, -1))], "name": name}})
            elif type < 0.9 and self.blocks:
                block = random.choice([*self.blocks])
                before = uses.setdefault(block, [])
                given: dict[str, Any] = {}
                if before and random.random() < 0.3 and not nested:
                    given["share"] = random.choice(before)
                else:
                    for one in self.arguments[block]:
                        given[one.strip("$")] = random.choice(made) if one[0] == "$" else next(self.rates)
                    if not any(one[0] == "$" for one in self.arguments[block]):
                        before.append(name)
                found.append({block: {**given, **fields}})
                if "share" not in given and random.random() < 0.6:  # what differs between two uses is a parameter
                    made.append(name)
                    name = names.pop()
                    others = {
                        one: next(self.rates) if isinstance(value, float) else value for one, value in given.items()
                    }
                    found.append({block: {**others, "from": random.choice(made[-3:]), "name": name}})
            else:
                shared = uses.setdefault("", [])
                if shared and random.random() < 0.4:
                    found.append({"Sequential": {"share": random.choice(shared), **fields}})
                else:
                    inner = [self.chained(one) for one in random.sample(self.few, random.randint(1, 2))]
                    found.append({"Sequential": {"layers": inner, **fields}})
                    shared.append(name)
            made.append(name)
        return found, made[len(sources) :]

    def chained(self, name: str) -> Any:
        return {"Dropout": {self.field: next(self.rates), "name": name}}


def said(graph: Graph, given: list[Any]) -> list[Any]:
    """What a graph computes of its inputs."""
    found: dict[Tensor, Any] = {Tensor(node): one for node, one in zip(graph.inputs, given, strict=True)}

    def of(tensor: Tensor) -> Any:
        if tensor not in found:
            layer, inputs = tensor.node.layer, [of(one) for one in tensor.node.inputs]
            if layer.graph is not None:
                found[tensor] = said_within(layer.graph, inputs)[tensor.index]
            elif layer.type_name == "Dropout":
                found[tensor] = (layer.fields.get("p", layer.fields.get("rate")), *inputs)
            else:
                found[tensor] = (layer.type_name.lower()[:3], *inputs)
        return found[tensor]

    return [of(one) for one in graph.outputs]


def said_within(graph: Graph, given: list[Any]) -> list[Any]:
    """What a model in the model computes: a chain may have no input of its own."""
    if graph.inputs:
        return said(graph, given)
    (found,) = given
    for layer in graph.layers:
        found = (layer.fields.get("p", layer.fields.get("rate")), found)
    return [found]


# --- stand-ins --------------------------------------------------------------------------------------------------------


class Symbol:
    """A tensor: what it was computed of."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __add__(self, other: Symbol) -> Symbol:
        return Symbol(("add", self.value, other.value))

    def __sub__(self, other: Symbol) -> Symbol:
        return Symbol(("sub", self.value, other.value))

    def __mul__(self, other: Symbol) -> Symbol:
        return Symbol(("mul", self.value, other.value))


class Module:
    """`nn.Module`."""

    def __call__(self, *inputs: Symbol) -> Any:
        return self.forward(*inputs)  # type: ignore[attr-defined]


class Dropout(Module):
    """`nn.Dropout`."""

    def __init__(self, p: float = 0.5) -> None:
        assert type(p) is float
        self.value = p

    def forward(self, x: Symbol) -> Symbol:
        return Symbol((self.value, x.value))


class Sequential(Module):
    """`nn.Sequential`."""

    def __init__(self, *layers: Module) -> None:
        self.all = layers

    def forward(self, x: Any) -> Any:
        for layer in self.all:
            x = layer(x)
        return x


class Named(Symbol):
    """A tensor of Keras, which knows the layers before it: each with its name."""

    def __init__(self, value: Any, layers: dict[int, str]) -> None:
        super().__init__(value)
        self.layers = layers


class Keras:
    """The module `keras`, for one run of a text: it gives names, as Keras does, and takes none twice in one model."""

    def __init__(self) -> None:
        self.given: dict[str, int] = {}
        self.count = itertools.count()
        merges = {word: self.merge(word) for word in ("Add", "Subtract", "Multiply")}
        self.layers = SimpleNamespace(Dropout=lambda rate, name="": self.layer("dropout", name, rate), **merges)

    def name(self, stem: str) -> str:
        number = self.given[stem] = self.given.get(stem, -1) + 1
        return f"{stem}_{number}" if number else stem

    def merge(self, word: str) -> Callable[..., Any]:
        return lambda name="": self.layer(word.lower(), name, word.lower()[:3])

    def layer(self, stem: str, name: str, value: Any) -> Callable[..., Named]:
        number, name = next(self.count), name or self.name(stem)

        def call(given: Any) -> Named:
            before = given if isinstance(given, list) else [given]
            known: dict[int, str] = {}
            for one in before:
                known |= one.layers
            return Named((value, *[one.value for one in before]), {**known, number: name})

        return call

    def Input(self, shape: tuple[int, ...], name: str = "") -> Named:
        assert shape == (4,)
        number = next(self.count)
        return Named(("in", number), {number: name or self.name("input_layer")})

    def Model(self, inputs: Any, outputs: Any, name: str = "") -> Callable[..., Any]:
        number, name = next(self.count), name or self.name("functional")
        starts = [one.value for one in (inputs if isinstance(inputs, list) else [inputs])]
        ends = outputs if isinstance(outputs, list) else [outputs]
        known: dict[int, str] = {}
        for one in (*(inputs if isinstance(inputs, list) else [inputs]), *ends):
            known |= one.layers
        assert len(set(known.values())) == len(known), f"a name is used twice: {sorted(known.values())}"

        def put(value: Any, values: dict[Any, Any]) -> Any:
            return values[value] if value in values else (value[0], *[put(one, values) for one in value[1:]])

        def call(given: Any) -> Any:
            before = given if isinstance(given, list) else [given]
            values = dict(zip(starts, [one.value for one in before], strict=True))
            layers = {number: name}
            for one in before:
                layers |= one.layers
            found = [Named(put(one.value, values), layers) for one in ends]
            return found[0] if len(found) == 1 else found

        return call


def torch_of(text: str, count: int) -> list[Any]:
    """What the last class of a module for PyTorch computes."""
    nn = SimpleNamespace(Module=Module, Dropout=Dropout, Sequential=Sequential)
    torch = SimpleNamespace(nn=nn, Tensor=Symbol)
    space = run(text, {"torch": torch, "torch.nn": SimpleNamespace(functional=None)})
    name = [line for line in text.splitlines() if line.startswith("class ")][-1].split()[1].split("(")[0]
    found = space[name]()(*[Symbol(number) for number in range(count)])
    return [one.value for one in (found if isinstance(found, tuple) else (found,))]


def keras_of(text: str, count: int) -> list[Any]:
    """What `build_model` computes."""
    model = run(text, {"keras": Keras()})["build_model"]()
    found = model([Named(number, {}) for number in range(count)])
    return [one.value for one in (found if isinstance(found, list) else [found])]


def run(text: str, modules: dict[str, Any]) -> dict[str, Any]:
    """Run a written module, which may import these modules."""
    words = {**vars(builtins), "__import__": lambda name, *_: modules[name]}
    space: dict[str, Any] = {"__builtins__": words, "__name__": "written"}
    exec(compile(text, "written.py", "exec"), space)
    return space


OF = {"torch": ("torch", torch_of), "keras": ("keras-py", keras_of)}


def check(spec: str) -> None:
    """Hold what is written of a spec to its graph."""
    model = cnnsum.loads(spec)
    assert not model.wrong, (spec, [one.message for one in model.errors])
    to, computed = OF["torch" if model.graph.vocabulary is TORCH else "keras"]
    text, _ = write(model.graph, model.inference, to)
    count = len(model.graph.inputs)
    expected = said(model.graph, [*range(count)])
    try:
        found = computed(text, count)
    except Exception as error:
        raise AssertionError(f"{error!r}\n{spec}\n{text}") from error
    assert found == expected, f"{spec}\n{text}"


# --- tests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_names_change_nothing(framework: str) -> None:
    for seed in range(examples(240)):
        check(json.dumps(Drawn(Random(f"{framework} {seed}"), framework).spec))


#: Cases by themselves, in Keras's words; `Add` is `add` in PyTorch's.
CASES = {
    "a layer x beside the input": """
layers:
  - Dropout: {rate: 0.1, name: x}
  - Dropout: {rate: 0.2, from: input, name: y}
  - Add: {from: [x, y]}
""",
    "the same in a block": """
blocks:
  two:
    layers:
      - Dropout: {rate: 0.1, name: x}
      - Dropout: {rate: 0.2, from: input, name: y}
      - Add: {from: [x, y]}
layers: [two, Dropout: 0.3, two]
""",
    "a model of the name of its function": """
layers:
  - Sequential: {name: enc, layers: [Dropout: 0.1]}
  - Dropout: {rate: 0.2, name: other}
  - Add: {from: [other, enc]}
""",
    "a model that is called twice": """
layers:
  - Dropout: {rate: 0.2, name: first}
  - Sequential: {name: stem, from: input, layers: [Dropout: 0.1]}
  - Sequential: {share: stem, from: first, name: stem_layer}
  - Add: {from: [stem_layer, stem]}
""",
    "a block of the name of its function": """
blocks: {enc: {layers: [Dropout: 0.1, Dropout: 0.2]}}
layers:
  - enc: {name: enc}
  - enc: {name: b}
  - Add: {from: [b, enc]}
""",
    "arguments that are words": """
blocks:
  b:
    args: {nn: 0.1, super: 0.2, layers: 0.3, keras: 0.4, b: 0.5, self: 0.6}
    layers:
      [Dropout: nn, Dropout: super, Dropout: layers, Dropout: keras, Dropout: b, Dropout: self]
layers:
  - b
  - b: {nn: 0.7, super: 0.71, layers: 0.72, keras: 0.73, b: 0.74, self: 0.75}
""",
    "arguments that are names of variables": """
blocks:
  b:
    args: {x: 0.1, y: 0.2, z: 0.3, x1: 0.4}
    layers:
      - Dropout: {rate: x, name: dropout}
      - Dropout: {rate: 0.9, from: input, name: dropout_1}
      - Add: {from: [dropout, dropout_1], name: add}
      - Dropout: y
      - Dropout: z
      - Dropout: x1
layers:
  - b
  - b: {x: 0.5, y: 0.6, z: 0.7, x1: 0.8}
""",
    "names that are one in Keras": """
blocks:
  b:
    args: {r: 0.1}
    layers:
      - Dropout: r
      - Sequential: {name: inner, layers: [Dropout: 0.2]}
layers:
  - Dropout: {rate: 0.3, name: "a b"}
  - Dropout: {rate: 0.4, name: a_b}
  - Sequential: {name: In, layers: [Dropout: 0.5]}
  - Sequential: {name: in, layers: [Dropout: 0.6]}
  - b
  - b: {r: 0.7}
  - Dropout: {rate: 0.8, name: add}
  - Add: {from: [add, a_b], name: last}
  - Dropout: 0.9
  - b: {repeat: 3}
  - Dropout: {rate: 0.95, name: end}
  - Add: {from: [a_b, end]}
""",
    "an argument of the name of a block": """
blocks:
  inner:
    args: {a: 0.1}
    layers: [Dropout: a, Dropout: 0.2]
  outer:
    args: {inner: 0.3}
    layers: [inner: {a: inner}, inner: {a: 0.4}]
layers:
  - outer
  - outer: {inner: 0.5}
""",
}


@pytest.mark.parametrize("framework", ["torch", "keras"])
@pytest.mark.parametrize("name", CASES)
def test_by_hand(name: str, framework: str) -> None:
    text = f"framework: {framework}\ninput: [4]\n{CASES[name]}"
    if framework == "torch":
        text = text.replace("Add:", "add:").replace("rate:", "p:")
    check(text)
