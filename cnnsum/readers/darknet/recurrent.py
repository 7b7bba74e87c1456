"""The sections of a cfg that keep a state from one step to the next, and those beside them that have none of PyTorch's.

What they keep is as large as what they give, so a layer over the state reads what the same step made in its place: the
types `State` and `StateConv` of `types.yaml` say so. Everything is of one step. Knows nothing of graphs; the names of
methods are those of the sections.
"""

from __future__ import annotations

from cnnsum.readers.darknet.sections import Path, Section, Sections
from cnnsum.typed import Any

Item = dict[str, Any]
Layers = list[Item]
Written = tuple[Layers, "int | None", Any]


class Recurrent:
    """Writes these sections; what it has of the file is the business of `Written`."""

    _sections: Sections

    # What `Written` has, and these need.
    def _in(self, section: Section) -> int | None:
        raise NotImplementedError

    def _activation(self, section: Section, default: str, name: str = "act") -> Layers:
        raise NotImplementedError

    def _padding(self, section: Section, size: int) -> int:
        raise NotImplementedError

    # --- fully connected ----------------------------------------------------------------------------------------------

    def _size(self, section: Section, names: dict[str, Path]) -> int:
        output = self._sections.whole(section, "output", 1, 1)
        for field in ("out_features", "unflattened_size", "out", "out_channels"):
            names[field] = names.get("output", section.path)
        return output

    def _connected_to(self, section: Section, name: str, out: int, source: str, *, state: bool = False) -> Layers:
        """A layer that darknet makes of its own: weights and biases, normalised where the section says so."""
        normalized = self._sections.switch(section, "batch_normalize")
        at = {"from": source, "name": name}
        layers: Layers = [
            {"State": {"out": out, **at}} if state else {"Linear": {"out_features": out, "bias": False, **at}}
        ]
        layers.append({"BatchNorm1d" if normalized else "Bias": {"name": f"{name}_bn"}})
        return layers

    def _sum(self, one: str, other: str, name: str) -> Layers:
        return [{"add": {"from": [one, other], "name": name}}]

    def _gate(self, section: Section, gate: str, out: int, state: str, function: str) -> Layers:
        """What the input and the state say together, between two bounds."""
        return [
            *self._connected_to(section, f"input_{gate}", out, "row"),
            *self._connected_to(section, f"state_{gate}", out, state, state=True),
            *self._sum(f"input_{gate}_bn", f"state_{gate}_bn", f"sum_{gate}"),
            {function: {"name": gate}},
        ]

    def _as_map(self, layers: Layers, output: int) -> Written:
        """A row in, and a map of one place out, as after `[connected]`."""
        flat: Item = {"Flatten": {"name": "row"}}
        return (
            [flat, *layers, {"Unflatten": {"dim": 1, "unflattened_size": [output, 1, 1], "name": "map"}}],
            output,
            None,
        )

    def _rnn(self, section: Section, names: dict[str, Path]) -> Written:
        output = self._size(section, names)
        # Where it is not said, pjreddie's darknet keeps as much as it gives.
        hidden = self._sections.whole(section, "hidden", output, 1)
        layers = self._connected_to(section, "input_layer", hidden, "row")
        layers += self._activation(section, "logistic", "in")
        made = _name(layers[-1])
        layers += self._connected_to(section, "self_layer", hidden, made, state=True)
        layers += self._activation(section, "logistic", "self")
        layers += self._sum(made, _name(layers[-1]), "state")
        layers += self._connected_to(section, "output_layer", output, "state")
        layers += self._activation(section, "logistic", "act")
        return self._as_map(layers, output)

    def _gru(self, section: Section, names: dict[str, Path]) -> Written:
        output = self._size(section, names)
        layers: Layers = []
        for gate in ("z", "r"):
            layers += self._gate(section, gate, output, f"input_{gate}_bn", "Sigmoid")
        layers.append({"Pointwise": {"function": "forget", "name": "forgotten"}})
        layers += self._gate(section, "h", output, "forgotten", "Sigmoid")
        layers.append({"Mix": {"from": ["h", "z"], "name": "output"}})
        return self._as_map(layers, output)

    def _lstm(self, section: Section, names: dict[str, Path]) -> Written:
        output = self._size(section, names)
        layers: Layers = []
        for gate in "figo":
            layers += self._gate(section, gate, output, f"input_{gate}_bn", "Tanh" if gate == "g" else "Sigmoid")
        return self._as_map([*layers, {"Cell": {"from": ["f", "i", "g", "o"], "name": "output"}}], output)

    # --- convolutional ------------------------------------------------------------------------------------------------

    def _convolved(self, section: Section, name: str, out: int, source: str, *, state: bool = False) -> Layers:
        read = self._sections
        size = read.whole(section, "size", 3, 1)
        dilation = 1 if size == 1 else read.whole(section, "dilation", 1, 1)
        groups = read.whole(section, "groups", 1, 1)
        at = {"from": source, "name": name}
        if state:
            layers: Layers = [{"StateConv": {"filters": out, "size": size, "groups": groups, **at}}]
        else:
            # Where neither is said, pjreddie's darknet keeps the size; AlexeyAB's ends.
            said = "pad" in section.said or "padding" in section.said
            padding = (self._padding(section, size) if said else size // 2) * dilation
            conv = {"out_channels": out, "kernel_size": size, "padding": padding, "dilation": dilation}
            layers = [{"Conv2d": {**conv, "groups": groups, "bias": False, **at}}]
        normalized = read.switch(section, "batch_normalize")
        layers.append({"BatchNorm2d" if normalized else "Bias": {"name": f"{name}_bn"}})
        return layers

    def _keeps_its_size(self, section: Section) -> None:
        if self._sections.whole(section, "stride", 1, 1) != 1:
            message = f"[{section.kind}] keeps a state that is as large as its input: `stride` must be 1"
            self._sections.report(section, "stride", "CFG102", message)

    def _crnn(self, section: Section, names: dict[str, Path]) -> Written:
        self._keeps_its_size(section)
        output = self._size(section, names)
        hidden = self._sections.whole(section, "hidden", 1, 1)
        layers = self._convolved(section, "input_layer", hidden, "input")
        layers += self._activation(section, "logistic", "in")
        made = _name(layers[-1])
        layers += self._convolved(section, "self_layer", hidden, made, state=True)
        layers += self._activation(section, "logistic", "self")
        layers += self._sum(made, _name(layers[-1]), "state")
        layers += self._convolved(section, "output_layer", output, "state")
        return layers + self._activation(section, "logistic", "act"), output, None

    def _conv_lstm(self, section: Section, names: dict[str, Path]) -> Written:
        self._keeps_its_size(section)
        output = self._size(section, names)
        peephole = self._sections.switch(section, "peephole")
        layers: Layers = []
        for gate in "figo":
            layers += self._convolved(section, f"u{gate}", output, "input")
            layers += self._activation(section, "linear", f"u{gate}_act")
            first = _name(layers[-1])
            layers += self._convolved(section, f"w{gate}", output, first, state=True)
            layers += self._activation(section, "linear", f"w{gate}_act")
            layers += self._sum(first, _name(layers[-1]), f"sum_{gate}")
            if peephole and gate != "g":
                layers += self._convolved(section, f"v{gate}", output, first, state=True)
                layers += self._activation(section, "linear", f"v{gate}_act")
                layers += self._sum(f"sum_{gate}", _name(layers[-1]), f"peep_{gate}")
            layers.append({"Tanh" if gate == "g" else "Sigmoid": {"name": gate}})
        return [*layers, {"Cell": {"from": ["f", "i", "g", "o"], "name": "output"}}], output, None

    # --- others -------------------------------------------------------------------------------------------------------

    def _history(self, section: Section, _names: dict[str, Path]) -> Written:
        """The maps of the last steps, one behind the other."""
        steps = self._sections.whole(section, "history_size", 4, 1)
        channels = self._in(section)
        layers: Layers = [{"History": {"steps": steps, "name": "history"}}]
        return layers, None if channels is None else channels * steps, None

    def _implicit(self, section: Section, names: dict[str, Path]) -> Written:
        """Numbers that are learned, and given whatever the picture is."""
        fields = {
            "filters": self._sections.whole(section, "filters", 128, 1),
            "atoms": self._sections.whole(section, "atoms", 1, 1),
        }
        names[""] = section.path
        return [{"Implicit": {**fields, "name": "implicit"}}], fields["filters"], None


def _name(layer: Item) -> str:
    ((_type, body),) = layer.items()
    return str(body["name"])
