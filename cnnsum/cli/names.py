"""The names of the commands, for those who must not load click to know them. Knows no command."""

from __future__ import annotations

#: In the order in which --help lists them; each is the `command` of the module of its name.
COMMANDS = ("show", "check", "diff", "sizes", "explain", "fit", "convert", "schema", "layers", "rule")
