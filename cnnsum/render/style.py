"""How texts of terminals look: Keras's colours, and names from files as they may be shown. Knows no rows."""

from __future__ import annotations

from cnnsum.ink import harmless

#: Keras's colours, in rich's words.
TYPE = "color(33)"
NUMBER = "color(34)"
NONE = "color(45)"
YES = "bold color(34)"
NO = "bold color(9)"


def printable(name: str) -> str:
    r"""Return a name from a file as it may be shown: nothing in it moves the cursor or turns the text around.

    Keras draws through rich, which replaces emoji codes; control characters, which Keras lets through, are escaped.

    >>> printable("conv2d"), printable("a\x1b[2J"), printable("to:heart:")
    ('conv2d', 'a\\x1b[2J', 'to❤')
    """
    if ":" in name and name.count(":") > 1:
        from rich.emoji import Emoji

        name = Emoji.replace(name)
    return harmless(name)
