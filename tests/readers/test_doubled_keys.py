"""A key that stands twice in a mapping is a finding, whatever reads the file: which of the two counts, nobody meant."""

from __future__ import annotations

import cnnsum
from tests.thorough import each

KERAS = (
    '{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "InputLayer", "config": '
    '{"batch_shape": [null, 3], "name": "i"}}, {"class_name": "Dense", '
    '"config": {"name": "d", "units": 2, "units": 5}}]}}'
)
FILES = {
    "a spec": "input: [4]\nlayers:\n  - Dense: {units: 3, units: 4}\n",
    "a spec in JSON": '{"input": [4], "layers": ["Flatten"], "layers": [{"Dense": 3}]}',
    "Keras": KERAS,
    "Ultralytics": "nc: 2\nnc: 3\nbackbone:\n  - [-1, 1, Conv, [8, 3, 2]]\nhead:\n  - [[-1], 1, Detect, [nc]]\n",
    "Caffe": 'input: "data" input_dim: [1, 3, 8, 8]\nlayer { type: "InnerProduct" bottom: "data" top: "y"\n'
    "inner_product_param { num_output: 4 num_output: 5 } }\n",
    "darknet": "[net]\nwidth=8\nwidth=16\nheight=8\n[convolutional]\nfilters=4\nsize=3\n",
}


@each("what", FILES)
def test_a_doubled_key_is_a_finding(what: str) -> None:
    name = {"darknet": "m.cfg", "Caffe": "m.prototxt"}.get(what, "m.yaml")
    told = [
        one for one in cnnsum.loads(FILES[what], name).diagnostics if one.code == "SPC015" or "twice" in one.message
    ]
    assert told
