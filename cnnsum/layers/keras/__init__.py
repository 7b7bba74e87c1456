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
    "colours",
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

#: Dtypes that `keras.dtype_policies.get` refuses, as of Keras 3.15: no layer can be given one of them.
NOT_POLICIES = ("int8", "int4", "uint4", "float8_e4m3fn", "float8_e5m2")
