"""Small networks in PyTorch's words, which are written as code: how parts stand together, and names that do harm."""

from __future__ import annotations

NETWORKS = {
    "recurrent": """
inputs: {x: [7, 5], h: [4], c: [4]}
layers:
  - LSTM: {hidden_size: 4, num_layers: 2, bidirectional: true, from: x, name: reader}
  - GRU: {hidden_size: 3, from: reader}
  - RNN: {hidden_size: 3, from: reader, name: last}
  - select: {dim: 1, index: -1, from: gru, name: first}
  - LSTMCell: {hidden_size: 4, from: {input: first, h_0: h, c_0: c}, name: cell}
outputs: [last, cell, "cell:1"]
""",
    "attention": """
input: [6, 8]
layers:
  - LayerNorm: {normalized_shape: 8, name: norm}
  - MultiheadAttention: {num_heads: 2, from: [norm, norm, norm], need_weights: false, name: attention}
  - add: {from: [attention, input], name: attended}
  - MultiheadAttention: {num_heads: 4, from: {query: attended, key: norm, value: norm}, name: second}
  - TransformerEncoderLayer: {nhead: 2, dim_feedforward: 16}
  - TransformerEncoder:
      {encoder_layer: {TransformerEncoderLayer: {nhead: 4, dim_feedforward: 12}}, num_layers: 2, name: encoder}
  - TransformerDecoderLayer: {nhead: 2, dim_feedforward: 16, from: [encoder, attended], name: decoder}
outputs: [decoder, second, "second:1"]
""",
    "shared": """
inputs: {left: [1, 28, 28], right: [1, 28, 28]}
blocks:
  conv:
    args: {width: , kernel: 3}
    layers:
      - Conv2d: {out_channels: width, kernel_size: kernel}
      - ReLU
  tower:
    layers:
      - conv: {width: 8}
      - MaxPool2d: 2
      - conv: {width: 16, kernel: 5}
      - Flatten
      - Linear: {out_features: 10}
layers:
  - tower: {from: left, name: one}
  - tower: {share: one, from: right, name: other}
  - sub: {from: [one, other]}
  - Linear: {out_features: 1, bias: false, trainable: false, name: same}
  - Sigmoid
""",
    "nested": """
inputs: {left: [3, 16, 16], right: [3, 16, 16]}
layers:
  - Sequential:
      name: stem
      from: left
      layers:
        - Conv2d: {out_channels: 4, kernel_size: 3, padding: same}
        - MaxPool2d: 2
  - Sequential: {share: stem, from: right, name: other}
  - Functional:
      name: head
      from: [stem, other]
      inputs: {a: [4, 8, 8], b: [4, 8, 8]}
      layers:
        - sub: {from: [a, b]}
        - AdaptiveAvgPool2d: 1
        - Flatten
        - Linear: {out_features: 1}
""",
    "interwoven": """
input: [4, 16, 16]
blocks:
  up:
    args: {width: , skip: }
    layers:
      - ConvTranspose2d: {out_channels: width, kernel_size: 2, stride: 2, name: larger}
      - cat: {from: [larger, $skip], dim: 1}
      - Conv2d: {out_channels: width, kernel_size: 3, padding: 1}
  two:
    layers:
      - Conv2d: {out_channels: 8, kernel_size: 1, name: a}
      - Conv2d: {out_channels: 8, kernel_size: 1, name: b}
layers:
  - Conv2d: {out_channels: 6, kernel_size: 3, padding: 1, name: top}
  - MaxPool2d: 2
  - Conv2d: {out_channels: 12, kernel_size: 3, padding: 1, name: middle}
  - MaxPool2d: 2
  - up: {width: 12, skip: middle, name: up1}
  - up: {width: 6, skip: top, name: up2}
  - two: {name: pair}
  - mul: {from: [pair.a, pair.b]}
  - add: {other: 2.5}
  - mean: {dim: [2, 3]}
  - chunk: {chunks: 2, dim: 1, name: halves}
  - max: {dim: 1, from: "halves:1", name: largest}
outputs: ["halves:0", "largest:0", "largest:1"]
""",
    "opened": """
input: [3, 8, 8]
blocks:
  late:
    args: {other: }
    layers:
      - Conv2d: {out_channels: 4, kernel_size: 1, name: a}
      - cat: {from: [a, $other], dim: 1}
layers:
  - late: {other: between, name: first}
  - Conv2d: {out_channels: 5, kernel_size: 1, from: first.a, name: between}
  - add: {from: [first, first]}
""",
    "hostile": r"""
name: "a\"\"\"\\n import os"
input: {shape: [3, 8, 8], name: "x\u2028'''"}
blocks:
  class:
    args: {lambda: , import: 3}
    layers:
      - Conv2d: {out_channels: lambda, kernel_size: import, padding: 1, name: forward}
      - ReLU: {name: self}
layers:
  - class: {lambda: 4, name: "import os; os.system('x')"}
  - class: {lambda: 6, name: "type"}
  - class: {lambda: 6, repeat: 3, name: "torch"}
  - Conv2d: {out_channels: 2, kernel_size: 1, name: "\"); raise SystemExit(\""}
  - add: {from: ["torch", "torch"], name: "training"}
  - Conv2d: {out_channels: 2, kernel_size: 1, name: "nn"}
  - add: {from: ["nn", "\"); raise SystemExit(\""], name: "gr\u00f6\u00dfe\\n"}
  - cat: {from: ["gr\u00f6\u00dfe\\n", training], dim: 1, name: "functional"}
  - relu
""",
    "stages": """
input: [3, 32, 32]
blocks:
  cell:
    args: {width: , stride: 1, act: true}
    layers:
      - Conv2d: {out_channels: width, kernel_size: [3, 3], stride: stride, padding: 1, bias: not act}
      - BatchNorm2d
      - ReLU: {when: act}
      - Dropout: {p: 0.1 * stride}
  stage:
    args: {width: , depth: , slope: 0.5}
    layers:
      - cell: {width: width, stride: 2}
      - cell: {width: width, repeat: depth}
      - leaky_relu: {negative_slope: slope}
      - Conv2d: {out_channels: width, kernel_size: 1, repeat: depth - 1}
layers:
  - stage: {width: 8, depth: 2}
  - stage: {width: 16, depth: 3, slope: 0.25}
  - stage: {width: 32, depth: 5}
  - cell: {width: 8, act: false}
""",
}
