"""Models with layers of their authors' own, after the examples of keras.io: what only the file's weights know.

Classes are registered, as Keras needs them to be to load its own file again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

Builder = Callable[[], Any]
MODELS: dict[str, Builder] = {}

own = keras.saving.register_keras_serializable("examples")


def example(build: Builder) -> Builder:
    """Add a model."""
    MODELS[build.__name__] = build
    return build


# Text: a transformer.


@own
class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim: int = 16, num_heads: int = 2, ff_dim: int = 24, rate: float = 0.1, **config: Any):
        super().__init__(**config)
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate, seed=1)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs: Any) -> Any:
        x = self.layernorm1(inputs + self.dropout1(self.att(inputs, inputs)))
        return self.layernorm2(x + self.dropout2(self.ffn(x)))


@own
class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen: int = 20, vocab_size: int = 50, embed_dim: int = 16, **config: Any):
        super().__init__(**config)
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)
        self.maxlen = maxlen

    def call(self, x: Any) -> Any:
        return self.token_emb(x) + self.pos_emb(ops.arange(0, self.maxlen, 1))

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape, self.pos_emb.output_dim)

    def build(self, shape: Any) -> None:
        self.token_emb.build(shape)
        self.pos_emb.build((self.maxlen,))


@example
def text_transformer() -> Any:
    inputs = layers.Input((20,), dtype="int32")
    x = TokenAndPositionEmbedding()(inputs)
    for _ in range(2):
        x = TransformerBlock()(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(0.1)(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.Dense(20, activation="relu")(x)))


# Images: a ViT, a CycleGAN, a diffusion model.


@own
class Patches(layers.Layer):
    def __init__(self, patch_size: int = 4, **config: Any):
        super().__init__(**config)
        self.patch_size = patch_size

    def call(self, images: Any) -> Any:
        batch, height, width, channels = ops.shape(images)
        size = self.patch_size
        patches = keras.ops.image.extract_patches(images, size=size)
        return ops.reshape(patches, (batch, (height // size) * (width // size), size * size * channels))

    def compute_output_shape(self, shape: Any) -> Any:
        size = self.patch_size
        return (shape[0], (shape[1] // size) * (shape[2] // size), size * size * shape[3])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "patch_size": self.patch_size}


@own
class PatchEncoder(layers.Layer):
    def __init__(self, num_patches: int = 16, projection_dim: int = 12, **config: Any):
        super().__init__(**config)
        self.num_patches = num_patches
        self.projection = layers.Dense(units=projection_dim)
        self.position_embedding = layers.Embedding(input_dim=num_patches, output_dim=projection_dim)

    def call(self, patch: Any) -> Any:
        positions = ops.expand_dims(ops.arange(0, self.num_patches, 1), axis=0)
        return self.projection(patch) + self.position_embedding(positions)


@example
def vision_transformer() -> Any:
    inputs = keras.Input((16, 16, 3))
    encoded = PatchEncoder()(Patches()(inputs))
    for _ in range(2):
        x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
        attended = layers.MultiHeadAttention(num_heads=2, key_dim=12, dropout=0.1)(x1, x1)
        x2 = layers.Add()([attended, encoded])
        x3 = layers.LayerNormalization(epsilon=1e-6)(x2)
        x3 = layers.Dense(12, activation=keras.activations.gelu)(layers.Dense(24)(x3))
        encoded = layers.Add()([x3, x2])
    x = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(encoded))
    return keras.Model(inputs, layers.Dense(10)(layers.Dropout(0.5)(x)))


@own
class ReflectionPadding2D(layers.Layer):
    def __init__(self, padding: Any = (1, 1), **config: Any):
        super().__init__(**config)
        self.padding = tuple(padding)

    def call(self, x: Any) -> Any:
        width, height = self.padding
        return ops.pad(x, [[0, 0], [height, height], [width, width], [0, 0]], mode="reflect")


@own
class InstanceNormalization(layers.Layer):
    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(shape=(shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(shape[-1],), initializer="zeros", name="beta")

    def call(self, x: Any) -> Any:
        mean, variance = ops.moments(x, axes=[1, 2], keepdims=True)
        return self.gamma * (x - mean) / ops.sqrt(variance + 1e-5) + self.beta


def cyclegan_generator(name: str) -> Any:
    image = layers.Input(shape=(32, 32, 3), name=f"{name}_img_input")
    x = layers.Conv2D(8, (7, 7), use_bias=False)(ReflectionPadding2D(padding=(3, 3))(image))
    x = layers.Activation("relu")(InstanceNormalization()(x))
    for filters in (16, 32):
        x = layers.Conv2D(filters, (3, 3), strides=(2, 2), padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(InstanceNormalization()(x))
    for _ in range(2):
        inner = layers.Conv2D(32, (3, 3), use_bias=False)(ReflectionPadding2D()(x))
        inner = layers.Activation("relu")(InstanceNormalization()(inner))
        inner = layers.Conv2D(32, (3, 3), use_bias=False)(ReflectionPadding2D()(inner))
        x = layers.add([x, InstanceNormalization()(inner)])
    for filters in (16, 8):
        x = layers.Conv2DTranspose(filters, (3, 3), strides=(2, 2), padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(InstanceNormalization()(x))
    x = layers.Conv2D(3, (7, 7))(ReflectionPadding2D(padding=(3, 3))(x))
    return keras.Model(image, layers.Activation("tanh")(x), name=name)


@example
def cyclegan() -> Any:
    return cyclegan_generator("generator_G")


@example
def cyclegan_cycle() -> Any:
    first, second = cyclegan_generator("generator_G"), cyclegan_generator("generator_F")
    image = layers.Input(shape=(32, 32, 3))
    return keras.Model(image, [first(image), layers.Flatten()(second(first(image)))], name="cycle")


@own
class TimeEmbedding(layers.Layer):
    def __init__(self, dim: int = 8, **config: Any):
        super().__init__(**config)
        self.dim = dim
        half = dim // 2
        self.emb = ops.exp(ops.arange(half, dtype="float32") * -(np.log(10000) / (half - 1)))

    def call(self, inputs: Any) -> Any:
        emb = ops.cast(inputs, dtype="float32")[:, None] * self.emb[None, :]
        return ops.concatenate([ops.sin(emb), ops.cos(emb)], axis=-1)


@own
class AttentionBlock(layers.Layer):
    def __init__(self, units: int, groups: int = 2, **config: Any):
        super().__init__(**config)
        self.units, self.groups = units, groups
        self.norm = layers.GroupNormalization(groups=groups)
        self.query, self.key, self.value, self.proj = (layers.Dense(units) for _ in range(4))

    def call(self, inputs: Any) -> Any:
        _, height, width, _ = inputs.shape
        x = self.norm(inputs)
        q, k, v = self.query(x), self.key(x), self.value(x)
        score = ops.einsum("bhwc, bHWc->bhwHW", q, k) * self.units**-0.5
        score = ops.softmax(ops.reshape(score, [-1, height, width, height * width]), -1)
        score = ops.reshape(score, [-1, height, width, height, width])
        return inputs + self.proj(ops.einsum("bhwHW,bHWc->bhwc", score, v))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "groups": self.groups}


@example
def ddpm_unet() -> Any:
    image, time = layers.Input((8, 8, 3), name="image"), keras.Input((), dtype="int64", name="time")
    temb = layers.Dense(16, activation="swish")(TimeEmbedding()(time))
    x = layers.Conv2D(8, 3, padding="same")(image)
    skip = x
    shift = layers.Dense(8)(temb)[:, None, None, :]
    x = layers.Add()([layers.Conv2D(8, 3, padding="same")(layers.GroupNormalization(groups=2)(x)), shift])
    x = AttentionBlock(8)(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same")(x)
    x = AttentionBlock(8, name="deep")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, skip])
    return keras.Model([image, time], layers.Conv2D(3, 3, padding="same")(x), name="unet")


# Every way to hold a weight.


@own
class ResidualBlock(layers.Layer):
    """Sublayers under attributes, batch normalisations among them; one has a name of its own."""

    def __init__(self, filters: int, **config: Any):
        super().__init__(**config)
        self.filters = filters
        self.conv1 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.bn1 = layers.BatchNormalization()
        self.conv2 = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.second = layers.BatchNormalization(name="conv2_bn", scale=True)
        self.short = layers.Conv2D(filters, 1)
        self.third = layers.BatchNormalization(scale=False)

    def call(self, x: Any) -> Any:
        y = self.second(self.conv2(ops.relu(self.bn1(self.conv1(x)))))
        return ops.relu(y + self.third(self.short(x)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters}


@example
def residual_blocks() -> Any:
    inputs = keras.Input((12, 12, 3))
    x = ResidualBlock(8)(inputs)
    x = layers.MaxPooling2D()(x)
    x = ResidualBlock(16, name="last_block")(x)
    frozen = ResidualBlock(16, name="frozen")
    frozen.trainable = False
    x = layers.GlobalAveragePooling2D()(frozen(x))
    return keras.Model(inputs, layers.Dense(5)(x), name="residual")


@own
class Containers(layers.Layer):
    """Sublayers in lists, in lists of lists and in mappings; a metric and a generator, which are not weights."""

    def __init__(self, **config: Any):
        super().__init__(**config)
        self.stack = [layers.Dense(6), [layers.Dense(6), layers.BatchNormalization()], layers.Dense(6)]
        self.heads = {"a": layers.Dense(6), "b": layers.LayerNormalization()}
        self.net = keras.Sequential([layers.Dense(6), layers.BatchNormalization(), layers.Dropout(0.3)])
        self.tracker = keras.metrics.Mean()
        self.noise = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        first, (second, norm), last = self.stack
        return self.net(self.heads["b"](self.heads["a"](last(norm(second(first(x)))))))


@example
def containers() -> Any:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(1)(Containers()(layers.Dense(6)(inputs))))


@own
class Counter(layers.Layer):
    """Weights that do not train, and one that is an integer."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")
        self.steps = self.add_weight(shape=(), dtype="int32", trainable=False, initializer="zeros", name="steps")
        self.table = self.add_weight(shape=(7, 2), dtype="uint8", trainable=False, initializer="zeros", name="table")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel)


@example
def counters() -> Any:
    inputs = keras.Input((5,))
    return keras.Model(inputs, layers.Dense(2)(Counter()(inputs)))


@own
class Splitter(layers.Layer):
    """Two outputs."""

    def __init__(self, **config: Any):
        super().__init__(**config)
        self.left, self.right = layers.Dense(4), layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.left(x), self.right(x)


@example
def two_outputs() -> Any:
    inputs = keras.Input((5,))
    left, right = Splitter()(inputs)
    return keras.Model(inputs, layers.Concatenate()([layers.Dense(2)(left), layers.Dense(2)(right)]))


@own
class Shared(layers.Layer):
    def __init__(self, units: int = 5, **config: Any):
        super().__init__(**config)
        self.dense = layers.Dense(units)

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], self.dense.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.dense.units}


@example
def shared_layer() -> Any:
    first, second = keras.Input((5,)), keras.Input((5,))
    layer = Shared()
    return keras.Model([first, second], layers.Dense(2)(layers.Add()([layer(first), layer(second)])))


@example
def several_of_one_class() -> Any:
    inputs = keras.Input((5,))
    x = inputs
    for units in (3, 4, 5):
        x = layers.Dense(units + 1)(Shared(5, name=f"number_{units}")(layers.Dense(5)(x)))
    return keras.Model(inputs, x)


@own
class Encoder(keras.Model):
    """A model by subclassing, inside of a Functional one."""

    def __init__(self, **config: Any):
        super().__init__(**config)
        self.d1 = layers.Dense(7, activation="relu")
        self.bn = layers.BatchNormalization()
        self.d2 = layers.Dense(4)

    def call(self, x: Any) -> Any:
        return self.d2(self.bn(self.d1(x)))


@example
def subclassed_model() -> Any:
    inputs = keras.Input((6,))
    x = Encoder(name="encoder")(layers.Dense(6)(inputs))
    return keras.Model(inputs, layers.Dense(2)(x))


@example
def nested_models() -> Any:
    inner_input = keras.Input((8, 8, 3))
    inner = keras.Model(inner_input, ResidualBlock(4)(layers.Conv2D(3, 3, padding="same")(inner_input)), name="inner")
    chain = keras.Sequential([keras.Input((8, 8, 4)), ReflectionPadding2D(), layers.Conv2D(4, 3)], name="chain")
    inputs = keras.Input((8, 8, 3))
    x = chain(inner(inputs))
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)), name="outer")


@example
def chain_of_own_layers() -> Any:
    return keras.Sequential([keras.Input((5,)), layers.Dense(5), Shared(), layers.ReLU(), Shared(), layers.Dense(3)])


@example
def in_wrappers() -> Any:
    inputs = keras.Input((7, 5))
    x = layers.TimeDistributed(Shared(4))(inputs)
    frozen = Shared(3)
    frozen.trainable = False
    x = layers.TimeDistributed(frozen)(x)
    return keras.Model(inputs, layers.Dense(2)(layers.LSTM(4)(x)))


@own
class MinimalCell(layers.Layer):
    def __init__(self, units: int = 4, **config: Any):
        super().__init__(**config)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")

    def call(self, inputs: Any, states: Any) -> Any:
        output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
        return output, [output]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@example
def own_cells() -> Any:
    inputs = keras.Input((7, 5))
    x = layers.RNN(MinimalCell(), return_sequences=True)(inputs)
    x = layers.Bidirectional(layers.RNN(MinimalCell(3)))(x)
    return keras.Model(inputs, layers.Dense(2)(x))


@example
def whole_model_frozen() -> Any:
    model = residual_blocks()
    model.trainable = False
    return model


@example
def half_precision() -> Any:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return residual_blocks()
    finally:
        keras.config.set_dtype_policy("float32")


@example
def bfloat16() -> Any:
    keras.config.set_dtype_policy("bfloat16")
    try:
        return containers()
    finally:
        keras.config.set_dtype_policy("float32")


# More of the examples: autoencoders, attention, mixers, graphs, recommendation.


@own
class Sampling(layers.Layer):
    def __init__(self, **config: Any):
        super().__init__(**config)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs: Any) -> Any:
        mean, variance = inputs
        return mean + ops.exp(0.5 * variance) * keras.random.normal(ops.shape(mean), seed=self.seed_generator)

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]


@example
def vae_encoder() -> Any:
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 3, activation="relu", strides=2, padding="same")(inputs)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    mean, variance = layers.Dense(2, name="z_mean")(x), layers.Dense(2, name="z_log_var")(x)
    return keras.Model(inputs, [mean, variance, layers.Dense(1)(Sampling()([mean, variance]))], name="encoder")


@own
class VectorQuantizer(layers.Layer):
    def __init__(self, **config: Any):
        super().__init__(**config)
        self.embeddings = self.add_weight(shape=(8, 16), initializer="random_uniform", name="embeddings_vqvae")

    def call(self, x: Any) -> Any:
        return x + 0 * ops.sum(self.embeddings)


@example
def vq_vae() -> Any:
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    x = VectorQuantizer(name="vector_quantizer")(x)
    return keras.Model(inputs, layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x), name="vq_vae")


@own
class MLPMixerLayer(layers.Layer):
    def __init__(self, num_patches: int = 16, hidden_units: int = 12, **config: Any):
        super().__init__(**config)
        self.mlp1 = keras.Sequential([layers.Dense(num_patches, activation="gelu"), layers.Dense(num_patches)])
        self.mlp2 = keras.Sequential([layers.Dense(24, activation="gelu"), layers.Dense(hidden_units)])
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    def call(self, inputs: Any) -> Any:
        x = ops.transpose(self.mlp1(ops.transpose(self.normalize(inputs), (0, 2, 1))), (0, 2, 1)) + inputs
        return x + self.mlp2(self.normalize(x))


@example
def mlp_mixer() -> Any:
    inputs = keras.Input((16, 16, 3))
    x = layers.Dense(12)(Patches()(inputs))
    x = keras.Sequential([MLPMixerLayer() for _ in range(3)], name="blocks")(x)
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling1D()(x)))


@own
class LayerScale(layers.Layer):
    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(shape=(shape[-1],), name="gamma")

    def call(self, x: Any) -> Any:
        return x * self.gamma


@own
class StochasticDepth(layers.Layer):
    def __init__(self, rate: float = 0.1, **config: Any):
        super().__init__(**config)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(7)

    def call(self, x: Any, training: bool = False) -> Any:
        return x + 0 if training else x


@example
def convnext_block() -> Any:
    inputs = keras.Input((8, 8, 6))
    x = layers.Dense(6)(layers.LayerNormalization()(layers.DepthwiseConv2D(7, padding="same")(inputs)))
    x = layers.Add()([inputs, StochasticDepth()(LayerScale()(x))])
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


@own
class AddLoss(layers.Layer):
    """Four vectors of one length that all train, and are not batch normalisation."""

    def build(self, shape: Any) -> None:
        for name in ("w", "k", "v", "r"):
            setattr(self, f"time_{name}", self.add_weight(shape=(shape[-1],), name=name))

    def call(self, x: Any) -> Any:
        return x * self.time_w + self.time_k + self.time_v * self.time_r


@example
def four_vectors() -> Any:
    inputs = keras.Input((9,))
    return keras.Model(inputs, layers.Dense(2)(AddLoss()(inputs)))
