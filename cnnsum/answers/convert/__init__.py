"""The same network in another format: `cnnsum convert`."""
