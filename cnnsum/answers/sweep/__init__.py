"""One line for each variant of a model: `cnnsum show --sweep`."""
