"""Budgets and baselines: limits on what a network costs."""
