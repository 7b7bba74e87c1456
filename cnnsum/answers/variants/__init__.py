"""Variants of a model: what can be varied, and what each variant costs. For `fit` and for sweeps."""
