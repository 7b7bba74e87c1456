"""Layers that change the colours of images, at random in training or always: the shape stays.

None has weights. What acts in training only is the input itself at inference. They stand before what is trained, so
that backpropagation keeps nothing for them.
"""

from __future__ import annotations

from cnnsum.layers.base import layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, size
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.keras.images import Bits, Factor, Odds, Part, Share, ValueRange, Within, in_training, unchanged
from cnnsum.layers.kinds import PairList, PlainInt, PlainPos, Real, Text


def _always(x: Shape, ops: int, dtype: str | None = None) -> Facts:
    return Facts(x, ops=ops * size(x), window=NOT_FOLLOWED, dtype=dtype, status="bound")


@layer
@in_training
def RandomBrightness(
    x: Shape,
    *,
    factor: Factor,
    value_range: ValueRange = (0, 255),
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Add a random amount."""
    return unchanged(x)


@layer
@in_training
def RandomColorDegeneration(
    x: Shape,
    *,
    factor: Factor,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Take away some of the colour."""
    return unchanged(x)


@layer
@in_training
def RandomColorJitter(
    x: Shape,
    *,
    value_range: ValueRange = (0, 255),
    brightness_factor: Factor | None = None,
    contrast_factor: Part | None = None,
    saturation_factor: Factor | None = None,
    hue_factor: Part | None = None,
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Change brightness, contrast, saturation and hue."""
    return unchanged(x)


@layer
@in_training
def RandomContrast(
    x: Shape,
    *,
    factor: Part,
    value_range: ValueRange = (0, 255),
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Change the contrast."""
    return unchanged(x)


@layer
@in_training
def RandomGaussianBlur(
    x: Shape,
    *,
    factor: Part = 1.0,
    kernel_size: Odds = (3, 3),
    sigma: Part = 1.0,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Blur the image."""
    return unchanged(x)


@layer
@in_training
def RandomGrayscale(
    x: Shape,
    *,
    factor: Share = 0.5,
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Take away the colour of some images."""
    return unchanged(x, dtype="input")


@layer
@in_training
def RandomHue(
    x: Shape,
    *,
    factor: Part,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Change the hue."""
    return unchanged(x)


@layer
@in_training
def RandomInvert(
    x: Shape,
    *,
    factor: Part = 1.0,
    value_range: ValueRange = (0, 255),
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Invert the values."""
    return unchanged(x)


@layer
@in_training
def RandomPosterization(
    x: Shape,
    *,
    factor: Bits,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Take away bits."""
    return unchanged(x)


@layer
@in_training
def RandomSaturation(
    x: Shape,
    *,
    factor: Factor,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Change the saturation."""
    return unchanged(x)


@layer
@in_training
def RandomSharpness(
    x: Shape,
    *,
    factor: Part,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    seed: PlainInt | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Sharpen or soften the image."""
    return unchanged(x)


@layer
@in_training
def Solarization(
    x: Shape,
    *,
    addition_factor: Within = 0.0,
    threshold_factor: Within = 0.0,
    value_range: ValueRange = (0, 255),
    seed: PlainInt | None = None,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Invert the values above a threshold."""
    return unchanged(x)


@layer
def AutoContrast(
    x: Shape,
    *,
    value_range: ValueRange = (0, 255),
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Stretch the values to the whole range, in training and at inference; the shape stays.

    Operations: about 6 per element, for the histogram or the range, and the mapping. No weights. Backpropagation
    keeps nothing.
    """
    return _always(x, 6)


@layer
def ContrastLimitedAdaptiveHistogramEqualization(
    x: Shape,
    *,
    value_range: ValueRange = (0, 255),
    clip_limit: Real = 4.0,
    tile_grid_size: PairList = (8, 8),
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Equalize the histograms of tiles, and blend them, in training and at inference; the shape stays.

    Operations: about 9 per element, for the histogram or the range, and the mapping. No weights. Backpropagation
    keeps nothing.
    """
    return _always(x, 9)


@layer
def Equalization(
    x: Shape,
    *,
    value_range: ValueRange = (0, 255),
    bins: PlainPos = 256,
    data_format: DataFormat | None = None,
    bounding_box_format: Text | None = None,
) -> Facts:
    """Equalize the histogram, in training and at inference; the shape stays.

    Operations: about 3 per element, for the histogram or the range, and the mapping. No weights. Backpropagation
    keeps nothing.
    """
    return _always(x, 3, dtype="input")
