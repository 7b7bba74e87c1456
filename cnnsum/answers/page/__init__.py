"""The page of a model: its graph, its numbers as live formulas, and all that is known of it, in one file."""
