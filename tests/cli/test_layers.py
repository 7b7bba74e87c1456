"""`cnnsum layers`: the reference of layer types."""

from __future__ import annotations

import pytest
from calling import call

from cnnsum.layers.base import all_types


def test_every_type_is_listed_with_what_it_does() -> None:
    code, out, err = call("layers")
    assert (code, err) == (0, "")
    for known in all_types().values():
        assert f"\n  {known.name:<24} {known.doc.split()[0]}" in out


@pytest.mark.parametrize("name", sorted(all_types()))
def test_the_reference_of_every_type(name: str) -> None:
    known = all_types()[name]
    code, out, err = call("layers", name)
    assert (code, err) == (0, "")
    assert out.startswith(known.name)
    for field in known.schema.fields:
        assert f"\n  {field} " in out


def test_an_unknown_type() -> None:
    code, out, err = call("layers", "Conv2DD")
    assert (code, out) == (2, "")
    assert err.endswith("Error: there is no layer type `Conv2DD` (did you mean `Conv2D`?)\n")
