"""PyTorch's layer types (`torch.nn`), functions and operations: thin declarations over `cnnsum.layers.arithmetic`."""

#: The modules that declare them, the most used first.
FAMILIES = (
    "core",
    "convolution",
    "pooling",
    "normalization",
    "activation",
    "regularization",
    "shaping",
    "functions",
    "recurrent",
    "attention",
    "embedding",
    "comparing",
    "windows",
    "aten_elementwise",
    "aten_products",
    "aten_recurrence",
    "aten_shaping",
    "aten_parts",
    "aten_windows",
    "aten_reducing",
    "aten_losses",
    "aten_spectral",
    "quantized",
)

#: Those of operations of exported programs: their keys are dotted (`aten.relu`), and no others are.
OPERATIONS = (
    "aten_elementwise",
    "aten_products",
    "aten_recurrence",
    "aten_shaping",
    "aten_parts",
    "aten_windows",
    "aten_reducing",
    "aten_losses",
    "aten_spectral",
    "quantized",
)

#: What may stand before a name, as code has it.
PREFIXES = ("torch.nn.functional.", "torch.nn.", "torch.", "nn.functional.", "nn.", "F.")
