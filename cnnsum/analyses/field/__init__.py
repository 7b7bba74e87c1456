"""Receptive fields: which input positions an output sees. Knows no file format and no screen."""
