"""Receptive fields: which input samples an output sees. Knows no file format and no screen."""
