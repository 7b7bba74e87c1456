"""Darknet's cfg files at random: sections that mostly fit, of every kind that has a meaning, and their text."""

from __future__ import annotations

from random import Random
from typing import Any

_ACTIVATIONS = ("leaky", "linear", "mish", "relu", "logistic", "swish", "ramp", "lhtan")
_PLAIN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("maxpool", {"size": 2, "stride": 2}),
    ("maxpool", {"size": 2, "stride": 1}),
    ("maxpool", {"size": 5, "stride": 1}),
    ("maxpool", {"size": 4, "stride": 3, "padding": 1}),
    ("maxpool", {"maxpool_depth": 1, "out_channels": 8}),
    ("local_avgpool", {"size": 3, "stride": 2}),
    ("upsample", {"stride": 2}),
    ("reorg", {"stride": 2}),
    ("batchnorm", {}),
    ("lrn", {"alpha": 0.001}),
    ("activation", {"activation": "tanh"}),
    ("dropout", {"probability": 0.3}),
    ("deconv", {"filters": 16, "size": 2, "stride": 2}),
    ("local", {"filters": 4, "size": 3, "stride": 1, "pad": 1}),
    ("crop", {"crop_height": 8, "crop_width": 8}),
    ("rnn", {"output": 8, "hidden": 4}),
    ("gru", {"output": 8, "batch_normalize": 1}),
    ("lstm", {"output": 8}),
    ("crnn", {"output": 8, "hidden": 4, "size": 3, "pad": 1}),
    ("conv_lstm", {"output": 8, "size": 3, "pad": 1, "peephole": 1}),
    ("history", {"history_size": 2}),
    ("implicit", {"filters": 8}),
    ("empty", {}),
)


def sections(chance: Random) -> list[Any]:
    """The value of a file: names of sections, each with what it says."""
    size = chance.choice((32, 48, 64, 416))
    found: list[Any] = [["net", {"batch": 1, "width": size, "height": size, "channels": chance.choice((1, 3))}]]
    for number in range(chance.randint(1, 14)):
        roll = chance.random()
        if roll < 0.5 or number == 0:
            said: dict[str, Any] = {"filters": chance.choice((8, 16, 32)), "size": chance.choice((1, 3)), "pad": 1}
            for key, values in (("batch_normalize", (1,)), ("stride", (1, 2)), ("groups", (2,)), ("dilation", (2,))):
                if chance.random() < (0.1 if key == "groups" else 0.4):
                    said[key] = chance.choice(values)
            found.append(["convolutional", {**said, "activation": chance.choice(_ACTIVATIONS)}])
        elif roll < 0.62:
            layers = [
                str(chance.choice((-1, -1, -min(number, 2), chance.randrange(number))))
                for _ in range(chance.randint(1, 3))
            ]
            more = {"groups": 2, "group_id": 1} if chance.random() < 0.3 else {}
            found.append(["route", {"layers": ", ".join(layers), **more}])
        elif roll < 0.75:
            kind = chance.choice(("shortcut", "shortcut", "scale_channels", "sam"))
            found.append(
                [kind, {"from": -chance.randint(1, min(number, 3)), "activation": chance.choice(_ACTIVATIONS)}]
            )
        else:
            name, said = chance.choice(_PLAIN)
            found.append([name, dict(said)])
    end = chance.random()
    if end < 0.4:
        found += [
            ["convolutional", {"filters": 255, "activation": "linear"}],
            ["yolo", {"mask": "0,1,2", "classes": 80}],
        ]
    elif end < 0.6:
        found += [["avgpool", {}], ["connected", {"output": 10, "activation": "linear"}], ["softmax", {}], ["cost", {}]]
    elif end < 0.7:
        found += [["convolutional", {"filters": 30}], ["region", {"num": 5, "classes": 1, "coords": 4}]]
    elif end < 0.8:
        found += [["connected", {"output": 147}], ["detection", {"side": 7, "num": 1, "classes": 1, "coords": 1}]]
    return found


def text(value: Any, chance: Random) -> str:
    """The text of a value, whatever it is: what is not a section is written as it comes."""
    parts = []
    for one in value if isinstance(value, list) else [value]:
        name, said = one if isinstance(one, list) and len(one) == 2 else (one, {})
        lines = [f"[{name}]"]
        if chance.random() < 0.1:
            lines.append("# a comment")
        equals = chance.choice(("=", " = "))
        pairs = said.items() if isinstance(said, dict) else [("value", said)]
        lines += [f"{key}{equals}{one}" for key, one in pairs]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
