"""What writers of Python code have in common: names, lines, and the parts that a network is made of.

Whatever a file holds reaches the code through `names` and `layout` alone, which make it harmless. Knows no framework.
"""
