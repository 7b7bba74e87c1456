"""Models read as the tests run Keras: with the dtypes of its NumPy backend, which are those of JAX and PyTorch, too."""

from functools import partial

import cnnsum

load = partial(cnnsum.load, keras_backend="numpy")
loads = partial(cnnsum.loads, keras_backend="numpy")
