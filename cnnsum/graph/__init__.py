"""The layer graph and inference over it. Knows dims, layers and places; no format, no measure, no screen."""
