"""The memory of a training step. They know no file format and no screen."""
