"""Types of a vocabulary come in one order, whichever of its modules were loaded first."""

from __future__ import annotations

import subprocess
import sys

LIST = """
import sys
from cnnsum.layers.vocabulary import EVERY
for name in sys.argv[1:]:
    vocabulary, _, key = name.partition(":")
    assert EVERY[vocabulary].find(key) is not None, name
print({name: [*one.all_types()] for name, one in EVERY.items()})
"""


def test_types_stand_in_the_order_of_families() -> None:
    said = set()
    for first in ((), ("keras:keras.src.ops.numpy.Isreal", "torch:RMSNorm", "torch:aten.stft", "onnx:ai.onnx.LSTM")):
        done = subprocess.run([sys.executable, "-c", LIST, *first], capture_output=True, text=True, check=True)
        said.add(done.stdout)
    assert len(said) == 1
