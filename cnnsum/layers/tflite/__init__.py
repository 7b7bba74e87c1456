"""Operators of TensorFlow Lite: thin declarations over `cnnsum.layers.arithmetic`. A key is `tflite.` and the name that
the schema has for the operator. Channels are the last axis.
"""

#: The modules that declare them, the most used first.
OPERATIONS = ("windows", "elementwise", "shaping", "picking", "reducing", "recurrence", "running")
FAMILIES = OPERATIONS
