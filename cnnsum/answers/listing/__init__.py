"""What many models are, one line each: `cnnsum list`."""
