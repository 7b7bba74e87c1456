"""What other tools count, and why it differs: `--convention`."""
