"""`cnnsum layers`: the reference of layer types."""

from __future__ import annotations

from calling import call

from cnnsum.layers.base import LayerType, all_types
from cnnsum.layers.vocabulary import KERAS, VOCABULARIES
from tests.thorough import in_batches

NAMED = [(name, known) for one in VOCABULARIES.values() for name, known in one.all_types().items()]


def test_every_type_is_listed_with_what_it_does() -> None:
    code, out, err = call("layers")
    assert (code, err) == (0, "")
    for known in all_types().values():
        assert f"\n  {known.name:<24} {known.doc.split()[0]}" in out


@in_batches(NAMED)
def test_the_reference_of_every_type(named: tuple[str, LayerType]) -> None:
    name, known = named
    code, out, err = call("layers", name)
    assert (code, err) == (0, "")
    frameworks = [one.title for one in VOCABULARIES.values() if one.find(name) is not None]
    if frameworks == [KERAS.title]:
        assert out.startswith(known.name)
    else:  # of each framework that has one
        assert [one for one in ("Keras", "PyTorch") if f"{one} (`framework: " in out] == frameworks
        assert f"\n{known.name}" in out
    for field in known.schema.fields:
        assert f"\n  {field} " in out


def test_an_unknown_type() -> None:
    code, out, err = call("layers", "Conv2DD")
    assert (code, out) == (2, "")
    assert err.endswith("Error: there is no layer type `Conv2DD` (did you mean `Conv2D`?)\n")


def test_the_types_of_one_framework() -> None:
    code, out, err = call("layers", "--framework", "torch")
    assert (code, err) == (0, "")
    assert "\n  Conv2d " in out
    assert "\n  Conv2D " not in out
    assert call("layers", "Dropout", "--framework", "keras").out.startswith("Dropout\n")
    code, out, err = call("layers", "Conv2D", "--framework", "torch")
    assert (code, out) == (2, "")
    assert "there is no layer type `Conv2D` of PyTorch (did you mean `Conv2d`" in err
    code, out, err = call("layers", "--framework", "jax")
    assert (code, out) == (2, "")
    assert err.endswith("Error: Invalid value for --framework: 'jax' is not one of keras, torch.\n")
