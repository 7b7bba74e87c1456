"""Layers that make numbers of categories and words: tables to look in, hashes, one-hot codes.

None has trainable weights. What is looked up, hashed or counted has no gradient.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Status, show_shape, size
from cnnsum.layers.kinds import Flag, Nat, Numbers, PlainInt, Pos, Table, Text, choice
from cnnsum.layers.requiring import require_equal
from cnnsum.typed import Annotated

Encoding = Annotated[str, choice("int", "one_hot", "multi_hot", "count", "tf_idf")]
CategoryMode = Annotated[str, choice("one_hot", "multi_hot", "count")]


def _encoded(x: Shape, depth: Dim, mode: str, ops: int, dtype: str = "int64", axis: int = -1) -> Facts:
    """The code of each element: itself, a row per element, or a row of those that occur along `axis`."""
    if mode == "int":
        return Facts(x, ops=ops * size(x), gradient="none", dtype=dtype)
    if len(x) == 1 or (mode == "one_hot" and x[-1] != 1):
        rows = x  # each element has a row of its own
    else:
        gone = len(x) - 1 if mode == "one_hot" else axis % len(x)
        rows = (*x[:gone], *x[gone + 1 :])
    out = (*rows, depth)
    status: Status = "exact" if depth is not UNKNOWN else "unknown"
    return Facts(out, ops=ops * size(x) + size(out), gradient="none", status=status)


@layer(ignored="sparse")
def CategoryEncoding(
    x: Shape, count_weights: Shape | None = None, *, num_tokens: Pos, output_mode: CategoryMode = "multi_hot"
) -> Facts:
    """Turn whole numbers below `num_tokens` into codes: "one_hot" a row for each, "multi_hot" a row per sample with 1
    for those that occur, "count" with how often they do.

    Operations: 1 per output element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    if count_weights is not None:
        reason = f"CategoryEncoding needs a weight for each element of {show_shape(x)}, got {show_shape(count_weights)}"
        require_equal(count_weights[-1], x[-1], reason)
    return _encoded(x, num_tokens, output_mode, 0)


@layer(ignored="sparse epsilon")
def Discretization(
    x: Shape,
    *,
    bin_boundaries: Numbers | None = None,
    num_bins: Pos | None = None,
    output_mode: Encoding = "int",
) -> Facts:
    """Give the number of the bin that each element lies in, or its code as in CategoryEncoding.

    `bin_boundaries` n make n + 1 bins; `num_bins` are found by `adapt`, after which a file has both. Codes "multi_hot"
    and "count" take the elements along the first axis together, as Keras does. Operations: a comparison per boundary
    and element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    bins: Dim
    if bin_boundaries is not None:
        bins = len(bin_boundaries) + 1
    elif num_bins is not None:
        bins = num_bins
    else:
        raise Problem("CFG116", "Discretization needs `bin_boundaries` or `num_bins`", "bin_boundaries")
    facts = _encoded(x, bins, output_mode, 0, "int32", 1)
    facts.ops = facts.ops + size(x) * (bins - 1)
    return facts


@layer(ignored="sparse mask_value salt")
def Hashing(x: Shape, *, num_bins: Pos, output_mode: Encoding = "int") -> Facts:
    """Give a bin for each element by its hash, or its code as in CategoryEncoding.

    Operations: a hash is counted as 1 per element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    return _encoded(x, num_bins, output_mode, 1)


@layer(ignored="sparse")
def HashedCrossing(*xs: Shape, num_bins: Pos, output_mode: Encoding = "int") -> Facts:
    """Give a bin for each combination of the inputs' elements by its hash, or its code.

    Operations: a hash is counted as 1 per element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    if len(xs) < 2:
        raise Problem("GRF303", f"HashedCrossing takes at least 2 inputs, got {len(xs)}")
    for x in xs[1:]:
        reason = f"HashedCrossing needs inputs of one shape, got {show_shape(xs[0])} and {show_shape(x)}"
        require_equal(x[-1], xs[0][-1], reason)
    return _encoded(xs[0], num_bins, output_mode, 1)


_LOOKUP = "sparse idf_weights encoding salt oov_token oov_method vocabulary_dtype vocabulary_size"


def _lookup(
    x: Shape,
    max_tokens: Dim | None,
    num_oov_indices: Dim,
    mask_token: object,
    vocabulary: object,
    output_mode: str,
    *,
    invert: bool,
    pad_to_max_tokens: bool,
) -> Facts:
    """A table of words. Its depth counts words and codes for what is not in it, and in mode "int" that of the mask."""
    depth: Dim = UNKNOWN
    if max_tokens is not None and pad_to_max_tokens:
        depth = max_tokens
    elif isinstance(vocabulary, tuple):
        depth = len(vocabulary) + num_oov_indices
    return _encoded(x, depth, "int" if invert else output_mode, 1)


@layer(ignored=_LOOKUP)
def IntegerLookup(
    x: Shape,
    *,
    max_tokens: Pos | None = None,
    num_oov_indices: Nat = 1,
    mask_token: PlainInt | None = None,
    vocabulary: Table | None = None,
    output_mode: Encoding = "int",
    invert: Flag = False,
    pad_to_max_tokens: Flag = False,
) -> Facts:
    """Give the place of each whole number in a table, or its code as in CategoryEncoding.

    A code is as wide as the table, with `num_oov_indices` places for what is not in it; where the file holds no table
    that is not known. Operations: a look-up is counted as 1 per element. No weights. Backpropagation keeps nothing:
    there is no gradient.
    """
    return _lookup(
        x,
        max_tokens,
        num_oov_indices,
        mask_token,
        vocabulary,
        output_mode,
        invert=invert,
        pad_to_max_tokens=pad_to_max_tokens,
    )


@layer(ignored=_LOOKUP)
def StringLookup(
    x: Shape,
    *,
    max_tokens: Pos | None = None,
    num_oov_indices: Nat = 1,
    mask_token: Text | None = None,
    vocabulary: Table | None = None,
    output_mode: Encoding = "int",
    invert: Flag = False,
    pad_to_max_tokens: Flag = False,
) -> Facts:
    """Give the place of each text in a table, or its code as in CategoryEncoding.

    A code is as wide as the table, with `num_oov_indices` places for what is not in it; where the file holds no table
    that is not known. Operations: a look-up is counted as 1 per element. No weights. Backpropagation keeps nothing:
    there is no gradient.
    """
    return _lookup(
        x,
        max_tokens,
        num_oov_indices,
        mask_token,
        vocabulary,
        output_mode,
        invert=invert,
        pad_to_max_tokens=pad_to_max_tokens,
    )


@layer(ignored="standardize split ngrams idf_weights sparse ragged encoding vocabulary_size")
def TextVectorization(
    x: Shape,
    *,
    max_tokens: Pos | None = None,
    output_mode: Encoding = "int",
    output_sequence_length: Pos | None = None,
    pad_to_max_tokens: Flag = False,
    vocabulary: Table | None = None,
) -> Facts:
    """Split texts into words and give the place of each in a table: `(1)` becomes `(output_sequence_length)`, or a
    code.

    Without `output_sequence_length` the length depends on the text, and is not known. Operations: a look-up is counted
    as 1 per output element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    rows = x[:-1] if len(x) > 1 and x[-1] == 1 else x
    if output_mode == "int":
        length: Dim = UNKNOWN if output_sequence_length is None else output_sequence_length
        out = (*rows, length)
        return Facts(
            out, ops=size(out), gradient="none", dtype="int64", status="exact" if length is not UNKNOWN else "unknown"
        )
    depth: Dim = UNKNOWN
    if max_tokens is not None and pad_to_max_tokens:
        depth = max_tokens
    elif isinstance(vocabulary, tuple):
        depth = len(vocabulary) + 1
    out = (*rows, depth)
    return Facts(out, ops=size(out), gradient="none", status="exact" if depth is not UNKNOWN else "unknown")
