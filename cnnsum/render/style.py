"""How texts of terminals look: colours, and names from files as they may be shown. Knows no rows."""

from __future__ import annotations

from cnnsum.ink import harmless

#: Keras's colours, in rich's words; but where white behind them would leave too little contrast (its green 2.9 to 1,
#: its light blue 1.7), a darker one. A test holds all to 3 to 1 on white, on black and on what themes have between.
TYPE = "color(33)"
NUMBER = "color(28)"
NONE = "color(31)"
YES = f"bold {NUMBER}"
NO = "bold color(196)"

#: Of findings and what stands beside them: the sixteen colours of a terminal are what its theme makes of them.
ERROR = "bold color(196)"
WARNING = "color(166)"
NOTE = "color(31)"


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
