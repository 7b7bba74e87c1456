"""The plan of inference memory: `cnnsum show --plan`."""
