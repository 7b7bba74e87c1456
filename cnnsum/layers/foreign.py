"""Words of other libraries: how one is looked up, whichever framework's words it is to be said in.

Each vocabulary has a table of them, in its module `foreign`, which messages, "did you mean", mending and `cnnsum
layers` read through what stands here. A word is looked up without regard to case, `_` and `-`, and without the path
before it (`nn.`, `tf.keras.layers.`). No mend that comes of it is safe: a word of another library may mean something of
its own.
Knows no type, no graph and no format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping

from cnnsum.diagnostics import Suggestion, folded
from cnnsum.typed import NamedTuple

_PATH = re.compile(r"(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")


class Word(NamedTuple):
    """What a word means. own: the word that stands in its place, None where no single word does.

    says: what to write, where it takes more than that word, or why there is nothing to write; beside a word, a note.
    """

    own: str | None
    says: str = ""


def text(says: str) -> Word:
    """What to write in place of a word that no single word stands for."""
    return Word(None, says)


#: Losses that are not called so: functions of PyTorch, and classes of Keras.
LOSSES = frozenset(
    (
        *("crossentropy", "binarycrossentropy", "binarycrossentropywithlogits", "linearcrossentropy", "kldiv"),
        *("categoricalcrossentropy", "sparsecategoricalcrossentropy", "categoricalfocalcrossentropy"),
        *("binaryfocalcrossentropy", "kldivergence", "logcosh", "hinge", "squaredhinge", "categoricalhinge", "huber"),
        *("meansquarederror", "meanabsoluteerror", "meanabsolutepercentageerror", "meansquaredlogarithmicerror"),
    )
)


def of_loss(key: str) -> Word | None:
    """What to say of a loss that stands among layers, by its folded name; None for anything else."""
    if not key.endswith("loss") and key not in LOSSES:
        return None
    return text("a loss is not a layer of the network, but of its training: leave it out")


def bare(name: str) -> str:
    """A name without the modules before it.

    >>> bare("tf.keras.layers.Dense"), bare("nn.Conv2d"), bare("0.5")
    ('Dense', 'Conv2d', '0.5')
    """
    path = _PATH.match(name)
    return name[path.end() :] if path is not None else name


def suggest(name: str, word: Word | None) -> Suggestion | None:
    """The help for a name, by what it means."""
    if word is None:
        return None
    says = word.says
    if word.own is not None:
        says = f"it is called `{word.own}` here{f', {says}' if says else ''}"
    return Suggestion(says, name, word.own, safe=False)


def without_module(name: str, known: Callable[[str], str | None]) -> Suggestion | None:
    """The help for a name that is one of those there are behind the modules before it."""
    word = bare(name)
    own = known(word) if word != name else None
    return None if own is None else Suggestion(f"write `{own}`, without the module", name, own, safe=False)


def of_field(
    name: str, fields: Container[str], words: Mapping[str, tuple[str, ...]], without: Mapping[str, str]
) -> Suggestion | None:
    """The help for a field, in a layer with these fields.

    words: what a field may be called here, the first that the layer has. without: what to do about those that no field
    stands for.
    """
    key = folded(name)
    for own in words.get(key, ()):
        if own in fields:
            return Suggestion(f"it is called `{own}` here", name, own, safe=False)
    return Suggestion(without[key], name, None) if key in without else None
