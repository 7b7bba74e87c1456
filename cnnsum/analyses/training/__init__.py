"""The memory of a training step: what is kept, what comes and goes, what an optimizer adds. Knows no screen."""
