"""Layers that change images at random in training, and those that always correct them: the shape stays.

None has weights. What acts in training only is the input itself at inference. They stand before what is trained, so
that backpropagation keeps nothing for them.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.layers.base import Rule, layer
from cnnsum.layers.facts import NOT_FOLLOWED, Facts, Shape, show_shape, size
from cnnsum.layers.keras.fields import DataFormat
from cnnsum.layers.kinds import Pos, Sublayers
from cnnsum.layers.requiring import require_known

#: Layers that act in training only: name -> what they do, their fields besides `seed` and `data_format`.
_RANDOM = {
    "AugMix": (
        "Mix several chains of random changes",
        "value_range num_chains chain_depth factor alpha all_ops interpolation",
    ),
    "CutMix": ("Put a part of one sample over another", "factor"),
    "MixUp": ("Mix two samples", "alpha"),
    "RandAugment": ("Apply some changes chosen at random", "value_range num_ops factor interpolation"),
    "RandomBrightness": ("Add a random amount", "factor value_range"),
    "RandomColorDegeneration": ("Take away some of the colour", "factor value_range"),
    "RandomColorJitter": (
        "Change brightness, contrast, saturation and hue",
        "value_range brightness_factor contrast_factor saturation_factor hue_factor",
    ),
    "RandomContrast": ("Change the contrast", "factor value_range"),
    "RandomElasticTransform": (
        "Move samples by a smooth random field",
        "factor scale interpolation fill_mode fill_value value_range",
    ),
    "RandomErasing": ("Overwrite a rectangle", "factor scale fill_value value_range"),
    "RandomFlip": ("Flip the image", "mode"),
    "RandomGaussianBlur": ("Blur the image", "factor kernel_size sigma value_range"),
    "RandomGrayscale": ("Take away the colour of some images", "factor"),
    "RandomHue": ("Change the hue", "factor value_range"),
    "RandomInvert": ("Invert the values", "factor value_range"),
    "RandomPerspective": ("Change the perspective", "factor scale interpolation fill_value"),
    "RandomPosterization": ("Take away bits", "factor value_range"),
    "RandomRotation": ("Turn the image", "factor fill_mode fill_value interpolation value_range"),
    "RandomSaturation": ("Change the saturation", "factor value_range"),
    "RandomSharpness": ("Sharpen or soften the image", "factor value_range"),
    "RandomShear": ("Shear the image", "x_factor y_factor fill_mode fill_value interpolation"),
    "RandomTranslation": ("Move the image", "height_factor width_factor fill_mode fill_value interpolation"),
    "RandomZoom": ("Enlarge or reduce the image", "height_factor width_factor fill_mode fill_value interpolation"),
    "Solarization": ("Invert the values above a threshold", "addition_factor threshold_factor value_range"),
}

#: Layers that always act: name -> what they do, their fields, operations per element, whether dtypes of whole numbers
#: stay.
_ALWAYS = {
    "AutoContrast": ("Stretch the values to the whole range", "value_range", 6, ""),
    "ContrastLimitedAdaptiveHistogramEqualization": (
        "Equalize the histograms of tiles, and blend them",
        "value_range clip_limit tile_grid_size",
        9,
        "",
    ),
    "Equalization": ("Equalize the histogram", "value_range bins", 3, "input"),
}


def _random(name: str, what: str, fields: str) -> Rule:
    dtype = "input" if name == "RandomGrayscale" else None

    def rule(x: Shape) -> Facts:
        return Facts(x, alias="bypass", gradient="same", dtype=dtype)

    rule.__name__ = name
    rule.__doc__ = f"""{what}, in training only; the shape stays.

    No weights, no operations at inference: the output is the input. Backpropagation keeps nothing, as there is nothing
    to train before it.
    """
    return layer(ignored=f"seed data_format {fields}")(rule)


def _always(name: str, what: str, fields: str, ops: int, dtype: str) -> Rule:
    def rule(x: Shape) -> Facts:
        return Facts(x, ops=ops * size(x), window=NOT_FOLLOWED, dtype=dtype or None, status="bound")

    rule.__name__ = name
    rule.__doc__ = f"""{what}, in training and at inference; the shape stays.

    Operations: about {ops} per element, for the histogram or the range, and the mapping. No weights. Backpropagation
    keeps nothing.
    """
    return layer(ignored=f"data_format {fields}")(rule)


for _name, (_what, _fields) in _RANDOM.items():
    _random(_name, _what, _fields)
for _name, (_what, _fields, _ops, _dtype) in _ALWAYS.items():
    _always(_name, _what, _fields, _ops, _dtype)


@layer(ignored="seed")
def RandomCrop(x: Shape, *, height: Pos, width: Pos, data_format: DataFormat | None = None) -> Facts:
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


@layer(ignored="fill_value data_format")
def MaxNumBoundingBoxes(x: Shape, *, max_number: Pos) -> Facts:
    """Cut the boxes of every image to at most `max_number`, or fill them up: `(boxes, 4)` becomes `(max_number, 4)`.

    Called on a tensor Keras declares the input's shape, which stays. No weights, no operations. Backpropagation keeps
    nothing.
    """
    if len(x) < 2:
        raise Problem("SHP204", f"MaxNumBoundingBoxes needs an axis of boxes, got {show_shape(x)}")
    require_known(x[-1], x, "MaxNumBoundingBoxes")
    return Facts(x, alias="bypass", dtype="input")
