"""Lint rules. Knows graphs and facts; no format, no screen."""
