"""Which input sizes a network accepts, and which layers decide it: `cnnsum sizes`."""
