"""The layers of KerasHub (KerasNLP, as it was called): thin declarations over layers of Keras, which they are made of.

Words of files alone: no spec is written in them. Few files have any, so that nothing here is loaded before.
"""

#: The modules that declare them: a type is looked for in this order.
FAMILIES = ("positions", "transformers", "decoders", "experts", "encoders", "vision", "images", "towers", "backbones")
OPERATIONS = ()

#: What may stand before a name, as files of Keras have it.
PREFIXES = ("keras_hub.",)
