"""Layers that move, mix and cut images at random in training: but for RandomCrop the shape stays.

None has weights. What acts in training only is the input itself at inference. They stand before what is trained, so
that backpropagation keeps nothing for them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, show_shape
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.keras.images import (
    ElasticFillMode,
    Factor,
    Filling,
    FillMode,
    FlipMode,
    Interpolation,
    Part,
    Share,
    Shift,
    Slant,
    ValueRange,
    Within,
    Zoom,
    in_training,
    unchanged,
)
from cnnsum.layers.kinds import Flag, PlainInt, PlainPos, Pos, Real, Sublayers, Text
from cnnsum.layers.requiring import require_known


@layer
@in_training
def AugMix(
    x: Shape,
    *,
    value_range: ValueRange = (0, 255),
    num_chains: PlainPos = 3,
    chain_depth: PlainPos = 3,
    factor: Within = 0.3,
    alpha: Real = 1.0,
    all_ops: Flag = True,
    interpolation: Interpolation = "bilinear",
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Mix several chains of random changes."""
    return unchanged(x)


@layer
@in_training
def CutMix(
    x: Shape,
    *,
    factor: Part = 1.0,
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Put a part of one sample over another."""
    return unchanged(x)


@layer
@in_training
def MixUp(
    x: Shape,
    *,
    alpha: Real = 0.2,
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Mix two samples."""
    return unchanged(x)


@layer
@in_training
def RandAugment(
    x: Shape,
    *,
    value_range: ValueRange = (0, 255),
    num_ops: PlainPos = 2,
    factor: Within = 0.5,
    interpolation: Interpolation = "bilinear",
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Apply some changes chosen at random."""
    return unchanged(x)


@layer
@in_training
def RandomElasticTransform(
    x: Shape,
    *,
    factor: Part = 1.0,
    scale: Part = 1.0,
    interpolation: Interpolation = "bilinear",
    fill_mode: ElasticFillMode = "reflect",
    fill_value: Real = 0.0,
    value_range: ValueRange = (0, 255),
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Move samples by a smooth random field."""
    return unchanged(x)


@layer
@in_training
def RandomErasing(
    x: Shape,
    *,
    factor: Part = 1.0,
    scale: Part = (0.02, 0.33),
    fill_value: Filling | None = None,
    value_range: ValueRange = (0, 255),
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Overwrite a rectangle."""
    return unchanged(x)


@layer
@in_training
def RandomFlip(
    x: Shape,
    *,
    mode: FlipMode = "horizontal_and_vertical",
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Flip the image."""
    return unchanged(x)


@layer
@in_training
def RandomPerspective(
    x: Shape,
    *,
    factor: Part = 1.0,
    scale: Share = 1.0,
    interpolation: Interpolation = "bilinear",
    fill_value: Real = 0.0,
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Change the perspective."""
    return unchanged(x)


@layer(ignored="value_range")
@in_training
def RandomRotation(
    x: Shape,
    *,
    factor: Factor,
    fill_mode: FillMode = "reflect",
    interpolation: Interpolation = "bilinear",
    seed: PlainInt | None = None,
    fill_value: Real = 0.0,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Turn the image."""
    return unchanged(x)


@layer
@in_training
def RandomShear(
    x: Shape,
    *,
    x_factor: Slant = 0.0,
    y_factor: Slant = 0.0,
    interpolation: Interpolation = "bilinear",
    fill_mode: FillMode = "reflect",
    fill_value: Real = 0.0,
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Shear the image."""
    return unchanged(x)


@layer
@in_training
def RandomTranslation(
    x: Shape,
    *,
    height_factor: Shift,
    width_factor: Shift,
    fill_mode: FillMode = "reflect",
    interpolation: Interpolation = "bilinear",
    seed: PlainInt | None = None,
    fill_value: Real = 0.0,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Move the image."""
    return unchanged(x)


@layer
@in_training
def RandomZoom(
    x: Shape,
    *,
    height_factor: Zoom,
    width_factor: Zoom | None = None,
    fill_mode: FillMode = "reflect",
    interpolation: Interpolation = "bilinear",
    seed: PlainInt | None = None,
    fill_value: Real = 0.0,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Enlarge or reduce the image."""
    return unchanged(x)


@layer
def RandomCrop(
    x: Shape,
    *,
    height: Pos,
    width: Pos,
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Cut a random part out of an image, at inference the middle: `(H, W, C)` becomes `(height, width, C)`.

    An image that is smaller is resized instead. Of a tensor of another rank than 4 Keras cuts the axes that stand where
    an image has its height and width, counted from the end. No weights, no operations. Backpropagation keeps nothing.
    """
    if len(x) < 3:
        raise Problem(
            "SHP204", f"RandomCrop needs an input of rank 3 or more (batch axis included), got {show_shape(x)}"
        )
    out = list(x)
    first = -2 if data_format == "channels_first" else -3
    out[first], out[first + 1] = height, width
    return Facts(tuple(out), window=NOT_FOLLOWED)


@layer
def Pipeline(x: Shape, *, layers: Sublayers) -> Facts:
    """Apply several layers one after another, usually random changes of images.

    Weights: those of all layers. MACs: those of all layers. Operations: those of all layers. Backpropagation keeps
    what the layers keep.
    """
    from cnnsum.layers.inner import chained

    return chained(layers, x, "layers")


@layer
def MaxNumBoundingBoxes(
    x: Shape,
    *,
    max_number: Pos,
    fill_value: PlainInt = -1,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Cut the boxes of every image to at most `max_number`, or fill them up: `(boxes, 4)` becomes `(max_number, 4)`.

    Called on a tensor Keras declares the input's shape, which stays. No weights, no operations. Backpropagation keeps
    nothing.
    """
    if len(x) < 2:
        raise Problem("SHP204", f"MaxNumBoundingBoxes needs an axis of boxes, got {show_shape(x)}")
    require_known(x[-1], x, "MaxNumBoundingBoxes")
    return Facts(x, alias="bypass", dtype="input")
