"""The largest batch, size or var within limits: `cnnsum fit`."""
