"""Small networks in Keras's words that are translated to PyTorch's, and are code in both."""

from __future__ import annotations

NETWORKS = {
    "same": """
input: [12, 11, 3]
layers:
  - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}
  - Conv2D: {filters: 4, kernel_size: [2, 4], padding: same, dilation_rate: 2, activation: gelu}
  - Conv2D: {filters: 6, kernel_size: 3, strides: 2, padding: same, use_bias: false}
  - BatchNormalization
  - LeakyReLU
  - Conv2D: {filters: 6, kernel_size: 3, strides: [2, 1], groups: 2}
  - MaxPooling2D: {pool_size: 2, padding: same}
  - Flatten
  - Dense: {units: 5, activation: softmax}
""",
    "pools": """
input: [13, 10, 4]
layers:
  - MaxPooling2D: {pool_size: 3, strides: 2, padding: same}
  - AveragePooling2D: {pool_size: 3, strides: 1, padding: same}
  - AveragePooling2D: {pool_size: 2, strides: 2, padding: same}
  - MaxPooling2D: {pool_size: 3, strides: 3}
  - GlobalMaxPooling2D: {keepdims: true}
  - GlobalAveragePooling2D
  - Dense: 3
""",
    "depthwise": """
input: [9, 9, 4]
layers:
  - DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2, padding: same, activation: relu6}
  - SeparableConv2D: {filters: 6, kernel_size: 3, strides: 2, padding: same, depth_multiplier: 2}
  - ReLU: {max_value: 4}
  - ZeroPadding2D: [[[0, 1], [2, 0]]]
  - Cropping2D: [[[1, 0], [0, 1]]]
  - UpSampling2D: {size: [2, 3], interpolation: bilinear}
  - UpSampling2D
  - PReLU: {shared_axes: [1, 2]}
  - Softmax
""",
    "transposed": """
input: [5, 6, 3]
layers:
  - Conv2DTranspose: {filters: 4, kernel_size: 2, strides: 2}
  - GroupNormalization: {groups: 2}
  - Conv2DTranspose: {filters: 4, kernel_size: 4, strides: 2, padding: same, activation: tanh}
  - Conv2DTranspose: {filters: 3, kernel_size: 3, strides: 2, padding: same}
  - Conv2DTranspose: {filters: 3, kernel_size: 1, strides: 2, activation: elu}
""",
    "branches": """
inputs: {left: [8, 8, 3], right: [8, 8, 5]}
layers:
  - Conv2D: {filters: 4, kernel_size: 1, from: left, name: a}
  - Conv2D: {filters: 4, kernel_size: 1, from: right, name: b}
  - Conv2D: {filters: 4, kernel_size: 1, from: right, name: c}
  - Add: {from: [a, b, c], name: sum}
  - Average: {from: [a, sum], name: average}
  - Multiply: {from: [average, b]}
  - Subtract: {from: [multiply, a]}
  - Maximum: {from: [subtract, b]}
  - Concatenate: {from: [maximum, right]}
  - Concatenate: {from: [concatenate, concatenate], axis: 1, name: long}
  - GlobalAveragePooling2D: {name: pooled}
  - Dense: {units: 4, activation: sigmoid, name: gate}
  - Rescaling: {scale: 1/2, offset: -1.0}
outputs: [rescaling, long]
""",
    "sequence": """
input: {shape: [12], dtype: int32}
layers:
  - Embedding: {input_dim: 9, output_dim: 8}
  - MultiHeadAttention: {num_heads: 2, key_dim: 4, from: [embedding, embedding], name: attention}
  - Add: {from: [attention, embedding]}
  - LayerNormalization
  - Conv1D: {filters: 6, kernel_size: 3, padding: causal, activation: silu}
  - SpatialDropout1D: 0.2
  - MaxPooling1D: 2
  - GRU: {units: 5, return_sequences: true}
  - TimeDistributed: {layer: {Dense: {units: 3, activation: relu}}}
  - GRU: {units: 4}
  - RepeatVector: 3
  - Permute: {dims: [2, 1]}
  - Reshape: {target_shape: [2, 6]}
  - GlobalAveragePooling1D
""",
    "directions": """
input: [7, 5]
layers:
  - Bidirectional: {layer: {LSTM: {units: 4, use_bias: false, return_sequences: true}}}
  - Bidirectional: {layer: {GRU: {units: 3, return_sequences: true}}, name: both}
  - Bidirectional: {layer: {SimpleRNN: {units: 3, use_bias: false, activation: relu}}, name: ends}
  - Bidirectional: {layer: {LSTM: {units: 2, use_bias: false}}, from: both, name: last}
  - Concatenate: {from: [ends, last]}
  - Dense: 3
""",
    "shaped": """
input: [4, 6, 2]
layers:
  - Conv2D: {filters: 3, kernel_size: 1}
  - Reshape: {target_shape: [8, -1]}
  - Dense: {units: 4, activation: hard_sigmoid}
  - LayerNormalization: {axis: [1, 2]}
  - Flatten
  - Dropout: 0.3
""",
    "blocks": """
name: net
input: [16, 16, 3]
blocks:
  residual:
    args: {filters: , strides: 1}
    layers:
      - Conv2D: {filters: filters, kernel_size: 1, strides: strides, from: input, name: shortcut}
      - Conv2D: {filters: filters, kernel_size: 3, strides: strides, padding: same, activation: relu, from: input}
      - Conv2D: {filters: filters, kernel_size: 3, padding: same, name: deep}
      - BatchNormalization: {name: wide}
      - Add: {from: [wide, shortcut]}
      - ReLU
layers:
  - residual: {filters: 8}
  - residual: {filters: 8, repeat: 2}
  - Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu, repeat: 3}
  - residual: {filters: 16, name: wider}
  - Sequential:
      name: head
      layers:
        - Conv2D: {filters: 4, kernel_size: 3, activation: relu}
        - MaxPooling2D
        - Flatten
  - Dense: {units: 2, name: score}
""",
    "shared": """
inputs: {left: [28, 28, 1], right: [28, 28, 1]}
blocks:
  tower:
    layers:
      - Conv2D: {filters: 4, kernel_size: 3, activation: relu}
      - MaxPooling2D: 2
      - Flatten
      - Dense: 8
layers:
  - tower: {from: left, name: one}
  - tower: {share: one, from: right, name: other}
  - Subtract: {from: [one, other]}
  - Dense: {units: 1, activation: sigmoid}
""",
    "first": """
input: [3, 9, 9]
data_format: channels_first
layers:
  - Conv2D: {filters: 4, kernel_size: 3, strides: 2, padding: same, activation: relu}
  - BatchNormalization: {axis: 1, center: false, scale: false}
  - MaxPooling2D
  - GlobalAveragePooling2D
""",
}
