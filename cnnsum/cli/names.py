"""The names that the command line is called by, for those who must not load click to know them. Knows no command."""

from __future__ import annotations

#: What each command is for, in the order in which --help lists them; each is the `command` of the module of its name.
COMMANDS = {
    "show": "The summary of a model (the default command).",
    "check": "What is wrong with many files, for CI.",
    "list": "What many models are, one line each.",
    "diff": "What is different between two models.",
    "sizes": "Which input sizes a model accepts, and why.",
    "explain": "Each number's formula, with the numbers put in.",
    "fit": "The largest batch, size or width within limits.",
    "convert": "The same network in another format.",
    "schema": "JSON Schema of the spec language, and of each JSON.",
    "server": "A language server for editors.",
    "layers": "The reference of layer types.",
    "rule": "What each code of a finding means.",
    "gallery": "Specs of known networks to read or start from.",
    "init": "A spec to start from, with comments.",
    "completion": "A script with which a shell completes cnnsum's words.",
    "help": "How cnnsum, or one of its commands, is called.",
}
#: The variable with which the script of a shell asks for completions.
COMPLETE = "_CNNSUM_COMPLETE"
