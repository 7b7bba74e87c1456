"""Reading the arithmetic of explanations: an evaluator of its own for the printed text, and a layer's steps."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from applying import N, Reading
from explain_samples import Constant

from cnnsum.answers.explain.steps import Step, Writer, output_steps, weight_steps, work_steps
from cnnsum.answers.explain.symbols import Retold, retell
from cnnsum.dims import prod
from cnnsum.layers.base import LayerType
from cnnsum.layers.facts import Facts
from cnnsum.layers.inner import Inner

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def evaluate(text: str, names: Mapping[str, int] | None = None) -> Fraction:
    """The value of printed arithmetic; a name that is not given, or anything else than arithmetic, is a KeyError."""

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant):
            return Fraction(node.value)
        if isinstance(node, ast.Name):
            return Fraction((names or {})[node.id])
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp):
            assert isinstance(node.op, ast.USub)
            return -value(node.operand)
        assert isinstance(node, ast.Call), ast.dump(node)
        assert isinstance(node.func, ast.Name)
        (argument,) = node.args
        return Fraction({"floor": floor, "ceil": ceil}[node.func.id](value(argument)))

    return value(ast.parse(text, mode="eval").body)


class _Wrapping(Reading):
    """Also reads the layer inside a wrapper, `{type, ...fields}`."""

    def sublayer(self, raw: Any) -> Inner:
        fields = dict(raw)
        layer_type = found(fields.pop("type"))
        return Inner(layer_type, layer_type.bind(fields, self)[0])


def found(name: str) -> LayerType:
    from cnnsum.layers.base import find

    layer_type = find(name)
    assert layer_type is not None, name
    return layer_type


class Told:
    """A call of a layer type, what its rule says, and the same on named sizes."""

    def __init__(self, layer_type: LayerType, shapes: Sequence[tuple[Any, ...]], fields: dict[str, Any]) -> None:
        self.type = layer_type
        self.fields, problems = layer_type.bind(fields, _Wrapping())
        if problems:
            raise problems[0]
        self.shapes = [tuple(shape) if isinstance(shape, Constant) else (N, *shape) for shape in shapes]
        self.facts: Facts = layer_type.apply(self.shapes, self.fields)
        images = (True,) * (len(shapes) + 1)
        self.run: Retold | None = retell(
            layer_type, self.fields, self.shapes, (), list(range(len(shapes))), self.facts, images
        )

    def steps(self) -> tuple[list[Step], dict[str, int]]:
        """The steps of shapes, parameters and work, and the values of all names in them."""
        assert self.run is not None
        writer = Writer(self.run.names)
        total: Any = 0
        for weight in self.facts.weights:
            total = total + prod(weight.shape)
        steps = [
            *output_steps(writer, self.run, self.facts, ""),
            *weight_steps(writer, self.run, self.facts, total, ""),
            *work_steps(writer, self.run, self.facts, {}),
        ]
        names: dict[str, Any] = {weight.name: prod(weight.shape) for weight in self.facts.weights}
        names |= writer.symbols
        names |= {str(term.parts[0]): term.parts[1] for term in self.run.names.values()}
        return steps, names
