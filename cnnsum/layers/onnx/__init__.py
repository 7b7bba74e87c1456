"""Operations of ONNX (`ai.onnx`), and fused ones of onnxruntime (`com.microsoft`): thin declarations over
`cnnsum.layers.arithmetic`. A key is the domain and the name.
"""

#: The modules that declare them, the most used first.
OPERATIONS = (
    "elementwise",
    "products",
    "windows",
    "shaping",
    "picking",
    "reducing",
    "quantized",
    "attention",
    "others",
    "learning",
    "repeated",
    "fused",
)
FAMILIES = OPERATIONS
#: The module that knows which dtypes go together.
STANDARD = "standard"
