"""Analyses: fold the facts of an inference into numbers. They know no file format and no screen."""
