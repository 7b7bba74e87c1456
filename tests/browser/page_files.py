"""Pages as files, and what Python says of their networks at chosen sizes, for the tests in a browser."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cnnsum
from cnnsum.answers.page.ask import page
from cnnsum.answers.summary.json_format import document as report_document
from cnnsum.answers.summary.options import Options
from cnnsum.answers.summary.rendering import render
from cnnsum.dims import Symbol, parse_dim, substitute
from cnnsum.lint.checking import findings_of

Sizes = dict[str, int]


class Written:
    """A model's page: the file, and the data in it as a browser reads them.

    fields: by their names, as they are at first. symbols: of each field the name that formulas have.
    """

    def __init__(self, model: cnnsum.Model, file: Path, path: str = "") -> None:
        self.model, self.file, self.path = model, file, path
        report = cnnsum.summarize(model)
        report.page = page(model, report, findings=findings_of(model))
        text = "".join(render(report, "html", Options()))
        file.write_text(text, encoding="utf-8")
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
        assert found is not None
        self.data: dict[str, Any] = json.loads(found[1])
        self.fields: list[dict[str, Any]] = self.data["fields"]
        self.first: Sizes = {one["name"]: one["value"] for one in self.fields}
        self.symbols: dict[str, str] = {one["name"]: one["symbol"] for one in self.fields}
        # `cnnsum sizes` sets the same sizes free; the batch, where it can be chosen, is its only one more here.
        self.free = model.again(model.how.freeing("spatial", *(["batch"] if "batch" in self.first else [])))

    def at(self, sizes: Mapping[str, int]) -> cnnsum.Model:
        """The model read anew with these sizes, as `-i` gives them."""
        values = self.by_symbol(sizes)
        formulas = self.data["formulas"]
        inputs = {
            one["name"]: tuple(
                dim if isinstance(dim, int) else self.number(formulas[dim[0]], values) for dim in one["shape"][1:]
            )
            for one in self.data["inputs"]
        }
        found = cnnsum.load(self.path, inputs=inputs)
        # An exported program may fix the batch, which a page sets free as it does sizes, where it can.
        fixed = isinstance(found.graph.batch, int)
        return found.again(found.how.freeing("batch")) if fixed and "batch" in sizes else found

    def number(self, dim: cnnsum.dims.Dim | str, sizes: Mapping[str, int]) -> int:
        """The number that a formula is at sizes of symbols: a report leaves the batch open where it can."""
        formula = parse_dim(dim, {name: Symbol(name) for name in sizes}) if isinstance(dim, str) else dim
        found = substitute(formula, sizes)
        assert isinstance(found, int)
        return found

    def refused(self, sizes: Mapping[str, int]) -> bool:
        """Whether the network cannot be read at these sizes, or its memory not be told."""
        try:
            self.report(sizes)
        except cnnsum.UnusableError:
            return True
        return self.at(sizes).wrong

    def by_symbol(self, sizes: Mapping[str, int]) -> Sizes:
        return {self.symbols[name]: size for name, size in sizes.items()}

    def report(self, sizes: Mapping[str, int]) -> dict[str, Any]:
        """The JSON report at these sizes: `cnnsum MODEL -i ... -b ... --format json`."""
        return report_document(cnnsum.summarize(self.at(sizes), batch=sizes.get("batch")))

    def random(self, draw: random.Random, most: int = 400) -> Sizes:
        """Sizes such as somebody may type: some of them round, some not, some those of the file."""
        found = {}
        for field in self.fields:
            top = min(most, 64) if field["name"] == "batch" else most
            kinds = [
                field["value"],
                draw.randrange(1, top),
                32 * draw.randrange(1, top // 32 + 1),
                draw.randrange(1, 40),
            ]
            found[field["name"]] = draw.choice(kinds)
        sizes = [field["name"] for field in self.fields if field["name"] != "batch"]
        if draw.random() < 0.5:  # squares, and pairs of images of one size
            found.update(dict.fromkeys(sizes, draw.choice([found[name] for name in sizes] or [1])))
        return found


def written(path: str, folder: Path, **given: Any) -> Written:
    """The page of a file."""
    name = re.sub(r"\W", "_", path)
    return Written(cnnsum.load(path, **given), folder / f"{name}.html", path)


def of_text(text: str, folder: Path, name: str = "m.yaml") -> Written:
    """The page of a spec as text, which was given that name."""
    return Written(cnnsum.loads(text, name), folder / "page.html")
