"""The names of the commands."""

from __future__ import annotations

#: In the order in which --help lists them; each is the `command` of the module of its name.
COMMANDS = ("show", "check", "diff", "sizes", "explain", "fit", "convert", "schema", "layers", "rule")
