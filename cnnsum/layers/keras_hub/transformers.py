"""KerasHub's blocks of transformers, made of Keras's attention, dense layers and normalisations.

Dropout is counted where the rate is above 0, as Keras runs it in training.
"""

from __future__ import annotations

from cnnsum.dims import Dim
from cnnsum.layers.arithmetic.composed import Parts
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, Facts, Shape, Weight, show_shape, size, unknown_facts
from cnnsum.layers.keras.attention import MultiHeadAttention
from cnnsum.layers.keras.core import Dense
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.keras.normalization import LayerNormalization
from cnnsum.layers.kinds import Flag, Kind, Pos, Rate, Reading, Real, integer, wrong
from cnnsum.layers.requiring import require_at_least, require_equal, require_known, require_rank
from cnnsum.typed import Annotated


def _depth_of_table(value: object, reading: Reading) -> Dim | None:
    """Of the layer whose table is shared, the length of its rows."""
    config = value.get("config") if isinstance(value, dict) else None
    depth = config.get("output_dim") if isinstance(config, dict) else value
    return integer(depth, reading, "a layer with an `output_dim`", 1)


SharedTable = Annotated[Dim, Kind("a layer with an `output_dim`", _depth_of_table)]


#: More blocks than these one layer of a file does not have: each is gone through by itself.
_MOST_BLOCKS = 1_000


def _blocks(value: object, reading: Reading) -> int:
    number = integer(value, reading, _COUNT, 1)
    if not isinstance(number, int) or number > _MOST_BLOCKS:
        raise wrong(_COUNT, value)
    return number


_COUNT = f"a positive integer of at most {_MOST_BLOCKS:,}"
Blocks = Annotated[int, Kind(_COUNT, _blocks)]


def head_size(x: Shape, heads: Dim, what: str, field: str = "num_heads") -> Dim:
    """The depth of a head: what is left over is not attended to, as KerasHub has it."""
    require_rank(x, 3, what)
    require_known(x[2], x, what)
    reason = f"{what} with {heads} heads needs at least as much depth, got {show_shape(x)}"
    require_at_least(x[2], heads, reason, field=field)
    return x[2] // heads


class Block:
    """A block that is built step by step. first: whether a step is normalised before it, and not behind its sum."""

    def __init__(self, x: Shape, *, first: bool, dropout: float) -> None:
        self.parts = Parts()
        self.x = x
        self.first = first
        self.dropout = dropout
        self.others: tuple[Shape, ...] = ()

    def attention(
        self, name: str, heads: Dim, depth: Dim, value: Shape | None, mask: Shape | None, *, causal: bool, scores: bool
    ) -> None:
        """Attention with what is added to its result. value: what is attended to, if it is not the sequence itself."""
        inner = self._normalized(f"{name}_norm") if self.first else self.x
        facts = MultiHeadAttention(
            inner,
            inner if value is None else value,
            attention_mask=mask,
            num_heads=heads,
            key_dim=depth,
            dropout=self.dropout,
            use_causal_mask=causal,
            return_attention_scores=scores,
        )
        self.others = tuple(one for one in facts.outputs[1:] if one is not None)
        out = self.parts.add(name, facts, inner)
        self.parts.sum(self.parts.drop(out, self.dropout))
        if not self.first:
            self._normalized(f"{name}_norm")

    def feed_forward(self, units: Dim, activation: str | None, name: str = "feedforward") -> None:
        """Two products with matrices, an activation behind the first; likewise."""
        inner = self._normalized(f"{name}_layer_norm") if self.first else self.x
        wide = self.parts.add(f"{name}_intermediate_dense", Dense(inner, units=units, activation=activation), inner)
        out = self.parts.add(f"{name}_output_dense", Dense(wide, units=self.x[-1]), wide)
        self.parts.sum(self.parts.drop(out, self.dropout))
        if not self.first:
            self._normalized(f"{name}_layer_norm")

    def mix(self, name: str) -> None:
        """A transform of all places and depths into as many, which has no weights; likewise."""
        self.parts.sum(self.x)
        self._normalized(name)

    def _normalized(self, name: str) -> Shape:
        return self.parts.add(name, LayerNormalization(self.x), self.x)

    def facts(self) -> Facts:
        """All of it as one layer."""
        return self.parts.facts(self.x, *self.others, keeps_input=True, window=EVERYTHING)


def _encoder(
    what: str,
    inputs: Shape,
    padding_mask: Shape | None,
    attention_mask: Shape | None,
    *,
    intermediate_dim: Dim,
    num_heads: Dim,
    dropout: float,
    activation: str | None,
    normalize_first: bool,
    return_attention_scores: bool,
) -> Facts:
    depth = head_size(inputs, num_heads, what)
    block = Block(inputs, first=normalize_first, dropout=dropout)
    mask = attention_mask or (None if padding_mask is None else (inputs[0], inputs[1], inputs[1]))
    block.attention("self_attention_layer", num_heads, depth, None, mask, causal=False, scores=return_attention_scores)
    block.feed_forward(intermediate_dim, activation)
    return block.facts()


@layer(weights="kernel bias")
def TransformerEncoder(
    inputs: Shape,
    padding_mask: Shape | None = None,
    attention_mask: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_heads: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
    normalize_first: Flag = False,
    return_attention_scores: Flag = False,
) -> Facts:
    """Attention of a sequence to itself, then two dense layers, each added to its input and normalised: `(T, D)` stays.

    Weights: those of MultiHeadAttention with heads of `D // num_heads`, of two dense layers (`D x intermediate_dim` and
    back), and of two layer normalisations. MACs and operations: theirs, and one operation per element of each sum.
    Backpropagation keeps what they keep.
    """
    return _encoder(
        "TransformerEncoder",
        inputs,
        padding_mask,
        attention_mask,
        intermediate_dim=intermediate_dim,
        num_heads=num_heads,
        dropout=dropout,
        activation=activation,
        normalize_first=normalize_first,
        return_attention_scores=return_attention_scores,
    )


def _without_key_bias(facts: Facts) -> Facts:
    """Whisper's keys have no bias."""
    gone = [one for one in facts.weights if one.name.endswith("key/bias")]
    facts.weights = tuple([one for one in facts.weights if one not in gone])
    return facts


@layer(weights="kernel bias")
def WhisperEncoder(
    inputs: Shape,
    padding_mask: Shape | None = None,
    attention_mask: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_heads: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
    normalize_first: Flag = False,
    return_attention_scores: Flag = False,
) -> Facts:
    """A TransformerEncoder whose keys have no bias."""
    return _without_key_bias(
        _encoder(
            "WhisperEncoder",
            inputs,
            padding_mask,
            attention_mask,
            intermediate_dim=intermediate_dim,
            num_heads=num_heads,
            dropout=dropout,
            activation=activation,
            normalize_first=normalize_first,
            return_attention_scores=return_attention_scores,
        )
    )


def _decoder(
    what: str,
    sequence: Shape,
    memory: Shape | None,
    masks: tuple[Shape | None, Shape | None, Shape | None, Shape | None],
    *,
    intermediate_dim: Dim,
    num_heads: Dim,
    dropout: float,
    activation: str | None,
    normalize_first: bool,
    use_causal_mask: bool,
) -> Facts:
    depth = head_size(sequence, num_heads, what)
    block = Block(sequence, first=normalize_first, dropout=dropout)
    padding, mask, memory_padding, memory_mask = masks
    mask = mask or (None if padding is None else (*sequence[:2], sequence[1]))
    block.attention("self_attention", num_heads, depth, None, mask, causal=use_causal_mask, scores=False)
    if memory is not None:
        require_rank(memory, 3, f"the encoder's sequence of {what}")
        memory_mask = memory_mask or (None if memory_padding is None else (*sequence[:2], memory[1]))
        block.attention("cross_attention", num_heads, depth, memory, memory_mask, causal=False, scores=False)
    block.feed_forward(intermediate_dim, activation)
    return block.facts()


@layer(weights="kernel bias")
def TransformerDecoder(
    decoder_sequence: Shape,
    encoder_sequence: Shape | None = None,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    encoder_padding_mask: Shape | None = None,
    encoder_attention_mask: Shape | None = None,
    self_attention_cache: Shape | None = None,
    self_attention_cache_update_index: Shape | None = None,
    cross_attention_cache: Shape | None = None,
    cross_attention_cache_update_index: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_heads: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
    normalize_first: Flag = False,
    use_causal_mask: Flag = True,
) -> Facts:
    """Attention of a sequence `(T, D)` to what it has so far, to another sequence where there is one, two dense layers.

    Weights: those of TransformerEncoder; with a second sequence `(S, E)` those of another MultiHeadAttention, whose
    keys and values are made of E numbers, and of a third layer normalisation. MACs and operations: as there. With a
    cache as input nothing is known.
    """
    if self_attention_cache is not None or cross_attention_cache is not None:
        return unknown_facts()
    return _decoder(
        "TransformerDecoder",
        decoder_sequence,
        encoder_sequence,
        (decoder_padding_mask, decoder_attention_mask, encoder_padding_mask, encoder_attention_mask),
        intermediate_dim=intermediate_dim,
        num_heads=num_heads,
        dropout=dropout,
        activation=activation,
        normalize_first=normalize_first,
        use_causal_mask=use_causal_mask,
    )


@layer(weights="kernel bias")
def WhisperDecoder(
    decoder_sequence: Shape,
    encoder_sequence: Shape | None = None,
    decoder_padding_mask: Shape | None = None,
    decoder_attention_mask: Shape | None = None,
    encoder_padding_mask: Shape | None = None,
    encoder_attention_mask: Shape | None = None,
    *,
    intermediate_dim: Pos,
    num_heads: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
    normalize_first: Flag = False,
    use_causal_mask: Flag = True,
) -> Facts:
    """A TransformerDecoder whose keys have no bias."""
    return _without_key_bias(
        _decoder(
            "WhisperDecoder",
            decoder_sequence,
            encoder_sequence,
            (decoder_padding_mask, decoder_attention_mask, encoder_padding_mask, encoder_attention_mask),
            intermediate_dim=intermediate_dim,
            num_heads=num_heads,
            dropout=dropout,
            activation=activation,
            normalize_first=normalize_first,
            use_causal_mask=use_causal_mask,
        )
    )


@layer(weights="kernel bias")
def CachedMultiHeadAttention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    attention_mask: Shape | None = None,
    cache: Shape | None = None,
    cache_update_index: Shape | None = None,
    *,
    num_heads: Pos,
    key_dim: Pos,
    value_dim: Pos | None = None,
    dropout: Rate = 0.0,
    use_bias: Flag = True,
    return_attention_scores: Flag = False,
) -> Facts:
    """Keras's MultiHeadAttention, which in generation keeps keys and values: with a cache as input nothing is known."""
    if cache is not None:
        return unknown_facts()
    return MultiHeadAttention(
        query,
        value,
        key,
        attention_mask=attention_mask,
        num_heads=num_heads,
        key_dim=key_dim,
        value_dim=value_dim,
        dropout=dropout,
        use_bias=use_bias,
        return_attention_scores=return_attention_scores,
    )


@layer(weights="kernel bias")
def FNetEncoder(
    inputs: Shape,
    *,
    intermediate_dim: Pos,
    dropout: Rate = 0.0,
    activation: Activation | None = "relu",
    layer_norm_epsilon: Real = 1e-5,
) -> Facts:
    """Mix a sequence by a Fourier transform, then two dense layers, each added to its input and normalised: `(T, D)`
    stays.

    Weights: two dense layers (`D x intermediate_dim` and back) and two layer normalisations. MACs and operations:
    theirs, and one operation per element of each sum; those of the Fourier transform depend on how it is computed, and
    are not counted.
    """
    what = "FNetEncoder"
    require_rank(inputs, 3, what)
    require_known(inputs[2], inputs, what)
    block = Block(inputs, first=False, dropout=dropout)
    block.mix("mixing_layer_norm")
    block.feed_forward(intermediate_dim, activation)
    return block.facts()


@layer(weights="output_kernel output_bias")
def MaskedLMHead(
    inputs: Shape,
    mask_positions: Shape,
    *,
    vocabulary_size: Pos,
    token_embedding: SharedTable | None = None,
    intermediate_activation: Activation | None = "relu",
    activation: Activation | None = None,
    layer_norm_epsilon: Real = 1e-5,
) -> Facts:
    """What stands at some places of a sequence: `(T, D)` and `(M)` become `(M, vocabulary_size)`.

    Weights: a dense layer `D x D`, a layer normalisation, output_bias, and output_kernel `D x vocabulary_size`. With a
    `token_embedding` its table, with rows as long as what the dense layer gives, takes the place of the output_kernel:
    it counts where that layer stands. MACs: of both products, for each of the M places. Operations: of the dense layer
    and the normalisation, the biases, the activations.
    """
    what = "MaskedLMHead"
    require_rank(inputs, 3, what)
    require_rank(mask_positions, 2, f"the positions of {what}")
    require_known(inputs[2], inputs, what)
    require_equal(inputs[0], mask_positions[0], f"{what} needs positions of the same samples, got {show_shape(inputs)}")
    depth = inputs[2] if token_embedding is None else token_embedding
    parts = Parts()
    taken = (*mask_positions, inputs[2])
    parts.keep("what stands at the places", taken, for_weights=True)
    x = parts.add("intermediate_dense", Dense(taken, units=depth, activation=intermediate_activation), taken)
    x = parts.add("intermediate_layer_norm", LayerNormalization(x), x)
    out = (*mask_positions, vocabulary_size)
    weights: tuple[Weight, ...] = (Weight("output_bias", (vocabulary_size,)),)
    if token_embedding is None:
        weights = (Weight("output_kernel", (depth, vocabulary_size)), *weights)
    parts.add("", Facts(out, weights=weights, macs=size(out) * depth, ops=size(out)))
    parts.keep("what is multiplied with the table", x)
    if activation is not None:
        parts.activate(out, activation)
    return parts.facts(out, keeps_input=False)
