"""The gallery against real Keras: each network of `specs/` has the layers that Keras builds.

Networks of `keras.applications` are taken from there; the others are written down here, once more and by hand. Compared
are the parameters, and of each layer that has weights, in the summary's order, its output shape and its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

keras = pytest.importorskip("keras")

from keras_applications import cheap_weights  # noqa: E402 - needs Keras
from keras_loading import load  # noqa: E402 - as above

import cnnsum  # noqa: E402 - needs Keras is chosen and Keras is known to be there
from cnnsum.dims import substitute  # noqa: E402 - likewise

pytestmark = [
    # Keras with numpy runs a layer on unset memory to learn its shape.
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

SPECS = Path(__file__).parents[2] / "specs"
SIZE = 256  # of the axes that a spec leaves open

Layer = Callable[..., Any]
Signature = tuple[tuple[int, ...], int]


def chain(x: Any, layers: Iterable[Layer]) -> Any:
    for layer in layers:
        x = layer(x)
    return x


def horses_or_humans() -> Any:
    layers = keras.layers
    features = [
        part for filters in (32, 64, 128, 256) for part in (conv(filters, 3, padding="valid"), layers.MaxPooling2D(2))
    ]
    head = [layers.Flatten(), layers.Dense(512, "relu"), layers.Dense(256, "relu"), layers.Dense(1, "sigmoid")]
    return keras.Sequential([layers.Input((100, 100, 3)), *features, *head])


def lenet5() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((32, 32, 1)),
            layers.Conv2D(6, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(120, 5, activation="tanh"),
            layers.Flatten(),
            layers.Dense(84, "tanh"),
            layers.Dense(10, "softmax"),
        ]
    )


def alexnet() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((224, 224, 3)),
            layers.ZeroPadding2D(2),
            conv(64, 11, strides=4, padding="valid"),
            layers.MaxPooling2D(3, 2),
            layers.ZeroPadding2D(2),
            conv(192, 5, padding="valid"),
            layers.MaxPooling2D(3, 2),
            *(conv(filters, 3) for filters in (384, 256, 256)),
            layers.MaxPooling2D(3, 2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(4096, "relu"),
            layers.Dropout(0.5),
            layers.Dense(4096, "relu"),
            layers.Dense(1000),
        ]
    )


def conv(filters: int, kernel: int, strides: int = 1, padding: str = "same") -> Layer:
    return keras.layers.Conv2D(filters, kernel, strides, padding, activation="relu")


def resnet(blocks: tuple[int, ...]) -> Any:
    """torchvision's ResNet of basic blocks: its convolutions have no bias and pad on both sides."""
    layers = keras.layers

    def normalised(x: Any, filters: int, kernel: int, strides: int = 1) -> Any:
        if kernel > 1:
            x = layers.ZeroPadding2D(kernel // 2)(x)
        x = layers.Conv2D(filters, kernel, strides, use_bias=False)(x)
        return layers.BatchNormalization()(x)

    image = layers.Input((224, 224, 3))
    x = layers.ReLU()(normalised(image, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stage, count in enumerate(blocks):
        filters = 64 << stage
        for block in range(count):
            strides = 2 if stage and not block else 1
            shortcut = normalised(x, filters, 1, strides) if strides == 2 else x
            x = layers.ReLU()(normalised(x, filters, 3, strides))
            x = layers.ReLU()(layers.Add()([shortcut, normalised(x, filters, 3)]))
    return keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))


def squeezenet() -> Any:
    layers = keras.layers
    image = layers.Input((224, 224, 3))
    x = layers.MaxPooling2D(3, 2)(conv(64, 3, 2, "valid")(image))
    for squeeze, expand, pool in (
        (16, 64, False),
        (16, 64, True),
        (32, 128, False),
        (32, 128, True),
        (48, 192, False),
        (48, 192, False),
        (64, 256, False),
        (64, 256, False),
    ):
        x = conv(squeeze, 1)(x)
        x = layers.Concatenate()([conv(expand, 1)(x), conv(expand, 3)(x)])
        if pool:
            x = layers.MaxPooling2D(3, 2)(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(conv(1000, 1)(x)))


def unet() -> Any:
    layers = keras.layers

    def twice(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        return x

    x = image = layers.Input((SIZE, SIZE, 3))
    skipped = []
    for filters in (64, 128, 256, 512):
        x = twice(x, filters)
        skipped.append(x)
        x = layers.MaxPooling2D()(x)
    x = twice(x, 1024)
    for filters in (512, 256, 128, 64):
        x = layers.Conv2DTranspose(filters, 2, 2)(x)
        x = twice(layers.Concatenate()([skipped.pop(), x]), filters)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x))


def fcn() -> Any:
    layers = keras.layers

    def up(factor: int) -> Layer:
        return layers.Conv2DTranspose(21, 2 * factor, strides=factor, padding="same", use_bias=False, trainable=False)

    x = image = layers.Input((SIZE, SIZE, 3))
    pools = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        x = layers.MaxPooling2D()(chain(x, [conv(filters, 3) for _ in range(count)]))
        pools.append(x)
    x = layers.Conv2D(21, 1)(chain(x, [conv(4096, 7), conv(4096, 1)]))
    x = layers.Add()([up(2)(x), layers.Conv2D(21, 1)(pools[3])])
    x = layers.Add()([up(2)(x), layers.Conv2D(21, 1)(pools[2])])
    return keras.Model(image, up(8)(x))


def m5_audio() -> Any:
    layers = keras.layers
    x = sound = layers.Input((8000, 1))
    for filters, kernel, strides in ((32, 80, 16), (32, 3, 1), (64, 3, 1), (64, 3, 1)):
        x = layers.BatchNormalization()(layers.Conv1D(filters, kernel, strides)(x))
        x = layers.MaxPooling1D(4)(layers.ReLU()(x))
    return keras.Model(sound, layers.Dense(35, "log_softmax")(layers.GlobalAveragePooling1D()(x)))


def c3d() -> Any:
    layers = keras.layers
    x = clip = layers.Input((16, 112, 112, 3))
    for filters, count, pool in ((64, 1, (1, 2, 2)), (128, 1, 2), (256, 2, 2), (512, 2, 2)):
        for _ in range(count):
            x = layers.Conv3D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling3D(pool)(x)
    for _ in range(2):
        x = layers.Conv3D(512, 3, padding="same", activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling3D(2)(layers.ZeroPadding3D((0, 1, 1))(x)))
    return keras.Model(
        clip, chain(x, [layers.Dense(4096, "relu"), layers.Dense(4096, "relu"), layers.Dense(101, "softmax")])
    )


def siamese() -> Any:
    layers = keras.layers
    features = [
        part
        for filters, kernel in ((64, 10), (128, 7), (128, 4))
        for part in (conv(filters, kernel, padding="valid"), layers.MaxPooling2D())
    ]
    tower = [*features, conv(256, 4, padding="valid"), layers.Flatten(), layers.Dense(4096, "sigmoid")]
    left, right = layers.Input((105, 105, 1)), layers.Input((105, 105, 1))
    distance = keras.ops.abs(layers.Subtract()([chain(left, tower), chain(right, tower)]))
    return keras.Model([left, right], layers.Dense(1, "sigmoid")(distance))


def vit_b16() -> Any:
    layers = keras.layers

    class Tokens(layers.Layer):
        """The class token before the picture's, as in the paper's equation 1."""

        def build(self, shape: tuple[int, ...]) -> None:
            self.token = self.add_weight(shape=(1, 1, shape[-1]))

        def call(self, x: Any) -> Any:
            token = keras.ops.broadcast_to(self.token, (keras.ops.shape(x)[0], 1, x.shape[-1]))
            return keras.ops.concatenate([token, x], axis=1)

        def compute_output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
            return (shape[0], shape[1] + 1, shape[2])

    class Positions(layers.Layer):
        def build(self, shape: tuple[int, ...]) -> None:
            self.embedding = self.add_weight(shape=(1, *shape[1:]))

        def call(self, x: Any) -> Any:
            return x + self.embedding

    image = layers.Input((224, 224, 3))
    x = layers.Reshape((196, 768))(layers.Conv2D(768, 16, 16)(image))
    x = Positions()(Tokens()(x))
    for _ in range(12):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(12, 64)(y, y)])
        y = layers.Dense(3072, "gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(768)(y)])
    x = layers.LayerNormalization()(x)
    return keras.Model(image, layers.Dense(1000)(x[:, 0]))


def application(name: str, size: int = 224) -> Callable[[], Any]:
    return lambda: getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))


NETWORKS: dict[str, Callable[[], Any]] = {
    "alexnet": alexnet,
    "c3d": c3d,
    "convnext_tiny": application("ConvNeXtTiny"),
    "densenet121": application("DenseNet121"),
    "efficientnet_b0": application("EfficientNetB0"),
    "fcn": fcn,
    "horses_or_humans": horses_or_humans,
    "inception_v3": application("InceptionV3", 299),
    "lenet5": lenet5,
    "m5_audio": m5_audio,
    "mobilenet_v1": application("MobileNet"),
    "mobilenet_v2": application("MobileNetV2"),
    "mobilenet_v3_large": application("MobileNetV3Large"),
    "resnet18": lambda: resnet((2, 2, 2, 2)),
    "resnet34": lambda: resnet((3, 4, 6, 3)),
    "resnet50": application("ResNet50"),
    "resnet101": application("ResNet101"),
    "resnet152": application("ResNet152"),
    "siamese": siamese,
    "squeezenet": squeezenet,
    "unet": unet,
    "vgg16": application("VGG16"),
    "vgg19": application("VGG19"),
    "vit_b16": vit_b16,
    "xception": application("Xception", 299),
}


def test_every_spec_has_a_peer():
    assert {path.stem for path in SPECS.glob("*.yaml")} - {"resnet_blocks"} == set(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_same_as_keras(name):
    with cheap_weights():
        expected = NETWORKS[name]()
    report = cnnsum.summarize(load(SPECS / f"{name}.yaml"))
    params = report.totals.params
    assert params.total == expected.count_params()
    assert params.trainable == elements(expected.trainable_weights)
    assert concrete(report.outputs[0].shape) == expected.output_shape[1:]
    assert list(weighted_rows(report.rows)) == list(weighted_layers(expected))


def elements(weights: Iterable[Any]) -> int:
    return sum(weight.value.size for weight in weights)


def concrete(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape without its batch axis, and with open axes set to `SIZE`."""
    return tuple(substitute(dim, {"H": SIZE, "W": SIZE}) for dim in shape[1:])


def weighted_rows(rows: Iterable[Any]) -> Iterator[Signature]:
    """Output shape and parameters of each layer with weights, in nested models too."""
    for row in rows:
        if row.rows:
            yield from weighted_rows(row.rows)
        elif row.params.total != 0:
            yield concrete(row.outputs[0].shape), row.params.total


def weighted_layers(model: Any) -> Iterator[Signature]:
    """The same of a Keras model."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from weighted_layers(layer)
        elif layer.weights:
            yield tuple(layer._inbound_nodes[-1].output_tensors[0].shape[1:]), layer.count_params()
