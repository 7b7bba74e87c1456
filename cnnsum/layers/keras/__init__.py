"""Keras's layer types and operations: thin declarations over `cnnsum.layers.arithmetic`, a file per family."""

#: The modules that declare layer types, the most used first: a type is looked for in this
#: order, and modules that come after the one that has it are not imported.
FAMILIES = (
    "core",
    "convolution",
    "pooling",
    "reshaping",
    "normalization",
    "activation",
    "merging",
    "regularization",
    "applications",
    "attention",
    "recurrent",
    "wrappers",
    "cells",
    "convolutional_recurrent",
    "preprocessing",
    "augmentation",
    "audio",
    "legacy",
    "operations",
    "tensors",
    "indexing",
    "networks",
    "arrays",
)

#: Those of operations: their keys are dotted (`keras.src.ops.numpy.Add`), and no others are.
OPERATIONS = ("operations", "tensors", "indexing", "networks", "arrays")
