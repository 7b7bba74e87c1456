"""The memory of activations: when each storage lives, and in which order the least is alive. Knows no
screen.
"""
