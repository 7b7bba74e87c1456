"""Every field of every operation with odd values: what cnnsum says is what Keras says, or differs for a reason."""

from __future__ import annotations

from tests.layers.operation_fields import REASONS, REFUSED, entries, ours, read_table

#: Values that a file may well hold, and that no reason may excuse.
PLAIN = {"0", "1", "2", "-1", "[1]", "[1, 2]", "[2, 0, 1]", "'int8'"}


def test_what_is_said_of_every_field_with_every_value() -> None:
    table = read_table()
    wrong = []
    tried = set()
    for known, name, label, value in entries():
        tried.add((known.key, name, label))
        wanted = table.get((known.key, name, label), ("CFG102", REFUSED, ""))[0]
        found = ours(known, name, value)
        if found != wanted:
            wrong.append((known.key, name, label, found, wanted))
    assert wrong == []
    assert table.keys() <= tried
    assert len(tried) > 7_000


def test_differences_from_keras_have_a_reason() -> None:
    table = read_table()
    reasons = [why for own, keras, why in table.values() if own != keras and not (keras == REFUSED and own[0] in "CSU")]
    assert set(reasons) == REASONS.keys()
    assert len(reasons) < 1_000
    assert not [
        (key, name, label)
        for (key, name, label), (_, _, why) in table.items()
        if label in PLAIN and why in ("number", "empty")
    ]
