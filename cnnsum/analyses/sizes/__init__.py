"""Conditions on sizes: which sizes are accepted, and what formulas are at those. Knows no screen."""
