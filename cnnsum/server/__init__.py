"""A language server: what editors ask of a text while it is written. `cnnsum server` runs it.

`text` to `rename` are the core: texts, offsets and plain answers, tested without a client. They know nothing of the
protocol; `protocol` knows nothing else, and is the only module that needs pygls. Every answer follows from the text as
it stands: nothing is remembered of an earlier one, so that a server that has seen a thousand edits says what a fresh
one would.
"""
