"""Small networks as specs, for the tests of what other tools count; `torch_zoo` has the same in PyTorch."""

ENCODER = """
input: [32, 64]
layers:
  - MultiHeadAttention: {num_heads: 4, key_dim: 16, name: attention, from: [input, input]}
  - Add: {from: [attention, input]}
  - LayerNormalization: {name: norm1}
  - Dense: {units: 256, activation: relu}
  - Dense: {units: 64, name: out}
  - Add: {from: [out, norm1]}
  - LayerNormalization: {name: norm2}
"""
ATTENTION_WITH_SCORES = """
input: [32, 64]
layers:
  - MultiHeadAttention:
      {num_heads: 4, key_dim: 16, return_attention_scores: true, from: [input, input], name: attention}
outputs: ["attention:0"]
"""
BY_HAND = """
input: [32, 64]
layers:
  - Dense: {units: 64, name: query}
  - Dense: {units: 64, name: key, from: input}
  - Dense: {units: 64, name: value, from: input}
  - Dot: {axes: [2, 2], from: [query, key]}
  - Softmax: {name: scores}
  - Dot: {axes: [2, 1], from: [scores, value]}
  - Dense: 64
"""
LSTM = "{input: [7, 16], layers: [{LSTM: {units: 32, return_sequences: true}}, {Dense: 8}]}"
GRU = "{input: [7, 16], layers: [{Bidirectional: {layer: {GRU: {units: 32, return_sequences: true}}}}, {Dense: 8}]}"
RNN = "{input: [7, 16], layers: [{SimpleRNN: {units: 32, return_sequences: true}}]}"
GENERATOR = """
input: [8, 8, 64]
layers:
  - Conv2DTranspose: {filters: 32, kernel_size: 4, strides: 2, padding: same}
  - BatchNormalization
  - LeakyReLU
  - UpSampling2D: {size: 2, interpolation: bilinear}
  - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: gelu}
  - GroupNormalization: 4
  - Conv2D: {filters: 3, kernel_size: 1, activation: tanh}
  - AveragePooling2D: 2
  - UpSampling2D: 2
"""
ACTIVATIONS = """
input: [20, 4]
layers:
  - Conv1D: {filters: 8, kernel_size: 3, activation: elu}
  - ReLU: 6
  - Activation: silu
  - BatchNormalization
  - Activation: gelu
  - Activation: selu
  - Activation: mish
  - Activation: hard_silu
  - Activation: sigmoid
  - Activation: softplus
  - MaxPooling1D: 2
  - GlobalAveragePooling1D
  - Dense: {units: 5, activation: softmax}
"""
SPECS = {
    "encoder": ENCODER,
    "attention_with_scores": ATTENTION_WITH_SCORES,
    "by_hand": BY_HAND,
    "lstm": LSTM,
    "gru": GRU,
    "rnn": RNN,
    "generator": GENERATOR,
    "activations": ACTIVATIONS,
}
