"""PyTorch's layer types (`torch.nn`) and functions: thin declarations over `cnnsum.layers.arithmetic`."""

#: The modules that declare them, the most used first.
FAMILIES = (
    "core",
    "convolution",
    "pooling",
    "recurrent",
)

#: What may stand before a name, as code has it.
PREFIXES = ("torch.nn.functional.", "torch.nn.", "torch.", "nn.functional.", "nn.", "F.")
