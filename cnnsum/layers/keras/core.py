"""The basic layers: products with a matrix or by an einsum equation, embedding, identity."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim, prod
from cnnsum.layers.arithmetic.convolution import kernel_and_bias
from cnnsum.layers.arithmetic.functions import activated
from cnnsum.layers.base import layer
from cnnsum.layers.facts import EVERYTHING, NOT_FOLLOWED, Facts, Kept, Shape, Weight, show_shape, size
from cnnsum.layers.keras.fields import Activation
from cnnsum.layers.kinds import Dtype, Flag, Kind, Pos, Reading, Real, Text, integer, items, show
from cnnsum.layers.requiring import require_equal, require_known
from cnnsum.typed import Annotated, NamedTuple


def _read_quantization(value: object, _reading: Reading) -> str:
    from cnnsum.layers.keras.quantized import scheme

    return str(scheme(value))


Quantization = Annotated[str, Kind("a way of quantization, as int8, int4/128 or gptq/4/128", _read_quantization)]


@layer(role="dense", weights="kernel bias", ignored="quantization_config")
def Dense(
    x: Shape,
    *,
    units: Pos,
    activation: Activation | None = None,
    use_bias: Flag = True,
    lora_rank: Pos | None = None,
    quantization: Quantization | None = None,
    lora_alpha: Real | None = None,
) -> Facts:
    """Multiply the last axis by a matrix: `(..., D)` becomes `(..., units)`.

    Weights: kernel `D x units`, bias `units`: every unit has a weight for each of the `D` inputs, and a bias. With
    `lora_rank`, `r`, the kernel is frozen and factors `D x r` and `r x units` are trained. With `quantization` (in the
    words of Keras's dtype policies: int8, int4, int4/BLOCK, gptq/BITS/GROUP, awq/4/GROUP) the kernel is held in whole
    numbers, two to a byte where they have 4 bits, with scales, and none of it is trained; float8 adds scales and
    histories to it.
    MACs: each output element is a sum of `D` products. With `lora_rank`, multiplying the factors is work per step, not
    per sample, and is not counted. With `quantization`, int8 and int4 multiply the input with the factors of a
    `lora_rank`, `D * r + r * units` for a row; scaling is not counted. Bias: one addition per output element.
    Backpropagation keeps the input: the gradient of a weight is made of what it was multiplied with. With `lora_rank`,
    so is that of a factor.
    """
    if len(x) < 2:
        raise Problem("SHP204", f"Dense needs an input of rank 2 or more (batch axis included), got {show_shape(x)}")
    depth = x[-1]
    if not isinstance(depth, int):
        require_known(depth, x, "Dense")
    out = (*x[:-1], units)
    elements = size(out)
    weights = kernel_and_bias((depth, units), units, use_bias, lora_rank)
    macs = elements * depth
    kept: tuple[Kept, ...] = ()
    if quantization is not None:
        from cnnsum.layers.keras import quantized

        weights = quantized.dense(weights, quantization, lora=lora_rank is not None)
        more, kept = quantized.factors(quantization, lora_rank, size(x) + elements, out)
        macs += more
    return activated(
        out,
        activation=activation,
        weights=weights,
        macs=macs,
        ops=elements if use_bias else 0,
        keeps_input="weights",
        kept=kept,
    )


def _read_sizes(value: object, reading: Reading) -> tuple[Dim | None, ...]:
    def one(item: object, reading: Reading) -> Dim | None:
        return None if item is None else integer(item, reading, "a positive integer or null", 1)

    if isinstance(value, (list, tuple)):
        return items(value, reading, one, "a size, or a list of sizes")
    return (integer(value, reading, "a positive integer, or a list of them", 1),)


OutputSizes = Annotated[tuple[Dim | None, ...], Kind("a size, or a list of sizes", _read_sizes)]


@layer(role="einsum", weights="kernel bias", ignored="gptq_unpacked_column_size quantization_config")
def EinsumDense(
    x: Shape,
    *,
    equation: Text,
    output_shape: OutputSizes,
    activation: Activation | None = None,
    bias_axes: Text | None = None,
    lora_rank: Pos | None = None,
    quantization: Quantization | None = None,
    lora_alpha: Real | None = None,
) -> Facts:
    """Multiply the input by a kernel as an einsum equation says, such as `abc,cd->abd` or `...x,xy->...y`.

    The equation names the axes of input, kernel and output, batch axis first; `...` stands for any further axes of
    input and output. `output_shape` gives the output's sizes without the batch axis and the axes of `...`; null there
    is the size that the input has for that letter.
    Weights: a kernel with the sizes of its letters; a bias over `bias_axes`, with 1 for the axes between them. With
    `lora_rank`, `r`, the kernel is frozen, and it is trained by two factors: its last axis replaced by `r`, and
    `r x` its last axis. With `quantization`, as of Dense, int4 holds the kernel as a matrix: the letters that are
    summed over, by the others; for gptq and awq the first axis of the kernel makes the rows if none is longer, and else
    the first two. MACs: the product of the sizes of all letters, once each, the batch left out. Bias: one addition per
    output element. Backpropagation keeps the input.
    """
    terms = _read_equation(equation)
    out, sizes, elided = _einsum_shapes(x, equation, terms, output_shape)
    kernel = tuple(sizes[letter] for letter in terms.kernel)
    for dim in kernel:
        require_known(dim, x, "EinsumDense")
    weights = kernel_and_bias(kernel, kernel[-1], use_bias=False, lora_rank=lora_rank)
    if bias_axes is not None:
        left_open = [letter for letter, dim in zip(terms.output[::-1], output_shape[::-1], strict=False) if dim is None]
        for letter in bias_axes:
            if letter in left_open:
                message = f"`output_shape` must give the size of axis {letter!r}, which the bias has, got null"
                raise Problem("CFG115", message, "output_shape")
        bias = _bias_shape(equation, terms.output, bias_axes, sizes)
        if terms.side == "right":
            bias += (1,) * len(elided)
        weights = (weights[0], Weight("bias", bias), *weights[1:])
    if terms.side == "left" and elided:
        per_sample = [*sizes.values(), *elided[1:]]
    else:
        per_sample = [*(dim for letter, dim in sizes.items() if letter != terms.input[0]), *elided]
    in_place = terms.side != "right" and terms.output.startswith(terms.input[:-1])
    macs = prod(per_sample)
    kept: tuple[Kept, ...] = ()
    if quantization is not None:
        from cnnsum.layers.keras import quantized

        weights = quantized.einsum(equation, weights, quantization, lora=lora_rank is not None)
        # The first factor has the rank for the kernel's last letter.
        first = prod([dim for letter, dim in sizes.items() if letter not in (terms.input[0], terms.kernel[-1])])
        more, kept = quantized.factors(quantization, lora_rank, first + size(out), out)
        macs += more
    return activated(
        out,
        activation=activation,
        weights=weights,
        macs=macs,
        ops=size(out) if bias_axes is not None else 0,
        keeps_input="weights",
        kept=kept,
        window=None if in_place else EVERYTHING if len(out) <= 3 else NOT_FOLLOWED,
    )


class _Equation(NamedTuple):
    """The letters of input, kernel and output, and the side that `...` stands on: "left", "right" or ""."""

    input: str
    kernel: str
    output: str
    side: str


def _read_equation(equation: str) -> _Equation:
    inputs, _, result = equation.partition("->")
    letters, _, kernel = inputs.partition(",")
    side = ""
    if letters.startswith("...") and result.startswith("..."):
        letters, result, side = letters[3:], result[3:], "left"
    elif letters.endswith("...") and result.endswith("..."):
        letters, result, side = letters[:-3], result[:-3], "right"
    for term in (letters, kernel, result):
        if not (term.isascii() and term.isalpha()) or len(set(term)) < len(term):
            raise Problem(
                "CFG115",
                f"`equation` must have the form X,Y->Z, ...X,Y->...Z or X...,Y->Z... with letters, got {equation!r}",
                "equation",
            )
    return _Equation(letters, kernel, result, side)


def _einsum_shapes(
    x: Shape, equation: str, terms: _Equation, output_shape: tuple[Dim | None, ...]
) -> tuple[Shape, dict[str, Dim], Shape]:
    """The output's shape, the size of every letter, and the sizes that `...` stands for."""
    letters, kernel, result, side = terms
    count = len(x) - len(letters)
    if count < 0 or (count and not side):
        raise Problem("SHP212", f"EinsumDense: {equation!r} does not fit the rank of its input, got {show_shape(x)}")
    elided = x[:count] if side == "left" else x[len(letters) :]
    given = x[count:] if side == "left" else x[: len(letters)]
    sizes: dict[str, Dim] = dict(zip(letters, given, strict=True))
    asked = output_shape if side == "left" and count else (x[0], *output_shape)
    if len(asked) != len(result):
        raise Problem(
            "SHP212",
            f"EinsumDense: output_shape must give the sizes of {result!r} after the batch, got {show(output_shape)}",
            "output_shape",
        )
    for letter, dim in zip(result, asked, strict=True):
        if letter in sizes:
            if dim is not None:
                reason = f"EinsumDense: axis {letter!r} is {sizes[letter]} in the input and {dim} in output_shape"
                sizes[letter] = require_equal(sizes[letter], dim, reason, code="SHP212")
        elif letter not in kernel:
            raise Problem(
                "CFG115", f"axis {letter!r} of the output is in neither input nor kernel, got {equation!r}", "equation"
            )
        elif dim is None:
            raise Problem(
                "SHP212", f"EinsumDense: output_shape must give the size of axis {letter!r}, got null", "output_shape"
            )
        else:
            sizes[letter] = dim
    for letter in kernel:
        if letter not in sizes:
            raise Problem(
                "CFG115", f"axis {letter!r} of the kernel is in neither input nor output, got {equation!r}", "equation"
            )
    found = tuple(sizes[letter] for letter in result)
    return ((*found, *elided) if side == "right" else (*elided, *found)), sizes, elided


def _bias_shape(equation: str, result: str, bias_axes: str, sizes: dict[str, Dim]) -> Shape:
    for letter in bias_axes:
        if letter not in result:
            raise Problem(
                "CFG115",
                f"`bias_axes` names {letter!r}, which is not an axis of the output of {equation!r}",
                "bias_axes",
            )
    if not bias_axes:
        raise Problem("CFG115", "`bias_axes` must name an axis of the output, got ''", "bias_axes")
    first = min(map(result.index, bias_axes))
    return tuple(sizes[letter] if letter in bias_axes else 1 for letter in result[first:])


@layer(role="embedding", weights="embeddings", ignored="weights quantization_config input_length")
def Embedding(
    x: Shape,
    *,
    input_dim: Pos,
    output_dim: Pos,
    mask_zero: Flag = False,
    lora_rank: Pos | None = None,
    quantization: Quantization | None = None,
    lora_alpha: Real | None = None,
) -> Facts:
    """Look up a row of a table for every index: `(...)` becomes `(..., output_dim)`.

    Weights: embeddings `input_dim x output_dim`, a row for each index. With `lora_rank`, `r`, they are frozen,
    and factors `input_dim x r` and `r x output_dim` are trained. With `quantization` (int8, int4, int4/BLOCK) the rows
    are held in whole numbers, two to a byte where they have 4 bits, with scales that are not trained.
    MACs: none, and no operations: a look-up only copies. With `quantization`, rows of the first factor of a
    `lora_rank` are multiplied by the second, `r * output_dim` for an index. Backpropagation keeps the indices, which
    tell what rows the gradient goes to.
    """
    weights = _embeddings(input_dim, output_dim, lora_rank)
    macs: Dim = 0
    kept: tuple[Kept, ...] = ()
    if quantization is not None:
        from cnnsum.layers.keras import quantized

        weights = quantized.embeddings("Embedding", weights, quantization)
        macs, kept = quantized.factors(quantization, lora_rank, size((*x, output_dim)), (*x, output_dim))
    return Facts((*x, output_dim), weights=weights, macs=macs, keeps_input="weights", kept=kept)


def _embeddings(input_dim: Dim, output_dim: Dim, lora_rank: Dim | None) -> tuple[Weight, ...]:
    table = Weight("embeddings", (input_dim, output_dim), lora_rank is None)
    if lora_rank is None:
        return (table,)
    return (
        table,
        Weight("lora_embeddings_a", (input_dim, lora_rank), dtype="float32"),
        Weight("lora_embeddings_b", (lora_rank, output_dim), dtype="float32"),
    )


@layer(weights="embeddings", ignored="quantization_config")
def ReversibleEmbedding(
    x: Shape,
    *,
    input_dim: Pos,
    output_dim: Pos,
    tie_weights: Flag = True,
    logit_soft_cap: Real | None = None,
    lora_rank: Pos | None = None,
    reverse: Flag = False,
    quantization: Quantization | None = None,
    lora_alpha: Real | None = None,
    mask_zero: Flag = False,
    reverse_dtype: Dtype | None = None,
) -> Facts:
    """Look up a row of a table for every index: `(...)` becomes `(..., output_dim)`; called with `reverse`, the product
    of rows with the table: `(..., output_dim)` becomes `(..., input_dim)`.

    Weights: embeddings `input_dim x output_dim`, a row for each index; without `tie_weights` a table
    `output_dim x input_dim` for the way back. With `quantization` both are held as in Embedding. MACs: none for the
    look-up, `input_dim * output_dim` per row for the way back. Operations: with `logit_soft_cap` 3 per output element
    of the way back. Backpropagation keeps the indices, or the rows.
    """
    weights = _embeddings(input_dim, output_dim, lora_rank)
    macs: Dim = 0
    kept: tuple[Kept, ...] = ()
    if quantization is not None:
        from cnnsum.layers.keras import quantized

        weights = quantized.embeddings("ReversibleEmbedding", weights, quantization, reverse=not tie_weights)
        macs, kept = quantized.factors(quantization, lora_rank, size((*x, output_dim)), (*x, output_dim))
    elif not tie_weights:
        weights += (Weight("reverse_embeddings", (output_dim, input_dim)),)
    if not reverse:
        return Facts((*x, output_dim), weights=weights, macs=macs, keeps_input="weights", kept=kept)
    reason = f"ReversibleEmbedding needs rows of {output_dim} elements to go back, got {show_shape(x)}"
    require_equal(x[-1], output_dim, reason)
    out = (*x[:-1], input_dim)
    ops = 0 if logit_soft_cap is None else 3 * size(out)
    return Facts(out, weights=weights, macs=size(out) * output_dim, ops=ops, keeps_input=True)


@layer(role="identity", built=True)
def Identity(x: Shape) -> Facts:
    """Give the input as it is. No weights, no work, nothing kept: the output is the input's storage."""
    return Facts(x, alias="view", dtype="input")
