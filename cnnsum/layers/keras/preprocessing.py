"""Layers that make numbers of categories and words: tables to look in, hashes, one-hot codes.

None has trainable weights. What is looked up, hashed or counted has no gradient.
"""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import UNKNOWN, Dim
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Shape, Status, show_shape, size
from cnnsum.layers.kinds import (
    Counts,
    Flag,
    Kind,
    Nat,
    Numbers,
    PlainInt,
    Pos,
    Reading,
    Real,
    Table,
    Text,
    choice,
    kind_in,
    wrong,
)
from cnnsum.layers.requiring import require_equal
from cnnsum.typed import Annotated, NamedTuple

Encoding = Annotated[str, choice("int", "one_hot", "multi_hot", "count", "tf_idf")]
CategoryMode = Annotated[str, choice("one_hot", "multi_hot", "count")]
OovMethod = Annotated[str, choice("floormod", "farmhash")]
Int64 = Annotated[str, choice("int64")]

_SALT = "an integer, or a list of two"
_whole_numbers = kind_in(Counts).read


def _salt(value: object, reading: Reading) -> object:
    found = _whole_numbers(value, reading)
    if isinstance(found, tuple) and len(found) != 2:
        raise wrong(_SALT, value)
    return found


def _text_or_int(value: object, reading: Reading) -> object:
    return value if isinstance(value, str) else kind_in(PlainInt).read(value, reading)


Salt = Annotated[object, Kind(_SALT, _salt)]
TextOrInt = Annotated[object, Kind("a text or an integer", _text_or_int)]


class Own(NamedTuple):
    """A function of the file's author, as the JSON that the file has for it."""

    text: str


def _or_own(*words: str) -> Kind:
    """One of some words, or a function of the file's author."""
    known = choice(*words)

    def read(value: object, reading: Reading) -> object:
        if not isinstance(value, dict):
            return known.read(value, reading)
        import json

        return Own(json.dumps(value))

    def spell(value: object) -> object:
        if not isinstance(value, Own):
            return value
        import json

        return json.loads(value.text)

    return Kind(known.expects, read, words, spell)


Standardize = Annotated[object, _or_own("lower_and_strip_punctuation", "lower", "strip_punctuation")]
Split = Annotated[object, _or_own("whitespace", "character")]


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


@layer
def CategoryEncoding(
    x: Shape,
    count_weights: Shape | None = None,
    *,
    num_tokens: Pos,
    output_mode: CategoryMode = "multi_hot",
    sparse: Flag = False,
) -> Facts:
    """Turn whole numbers below `num_tokens` into codes: "one_hot" a row for each, "multi_hot" a row per sample with 1
    for those that occur, "count" with how often they do.

    Operations: 1 per output element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    if count_weights is not None:
        reason = f"CategoryEncoding needs a weight for each element of {show_shape(x)}, got {show_shape(count_weights)}"
        require_equal(count_weights[-1], x[-1], reason)
    return _encoded(x, num_tokens, output_mode, 0)


@layer
def Discretization(
    x: Shape,
    *,
    bin_boundaries: Numbers | None = None,
    num_bins: Pos | None = None,
    output_mode: Encoding = "int",
    epsilon: Real = 0.01,
    sparse: Flag = False,
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


@layer
def Hashing(
    x: Shape,
    *,
    num_bins: Pos,
    output_mode: Encoding = "int",
    mask_value: TextOrInt | None = None,
    salt: Salt | None = None,
    sparse: Flag = False,
) -> Facts:
    """Give a bin for each element by its hash, or its code as in CategoryEncoding.

    Operations: a hash is counted as 1 per element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    return _encoded(x, num_bins, output_mode, 1)


@layer
def HashedCrossing(*xs: Shape, num_bins: Pos, output_mode: Encoding = "int", sparse: Flag = False) -> Facts:
    """Give a bin for each combination of the inputs' elements by its hash, or its code.

    Operations: a hash is counted as 1 per element. No weights. Backpropagation keeps nothing: there is no gradient.
    """
    if len(xs) < 2:
        raise Problem("GRF303", f"HashedCrossing takes at least 2 inputs, got {len(xs)}")
    for x in xs[1:]:
        reason = f"HashedCrossing needs inputs of one shape, got {show_shape(xs[0])} and {show_shape(x)}"
        require_equal(x[-1], xs[0][-1], reason)
    return _encoded(xs[0], num_bins, output_mode, 1)


#: What the files of lookups have besides what these are made with.
_LOOKUP = "vocabulary_size"


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


@layer(ignored=f"{_LOOKUP} encoding")
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
    oov_token: PlainInt | None = -1,
    vocabulary_dtype: Int64 = "int64",
    idf_weights: Numbers | None = None,
    sparse: Flag = False,
    oov_method: OovMethod = "floormod",
    salt: Salt | None = None,
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


@layer(ignored=f"{_LOOKUP} vocabulary_dtype oov_method")
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
    oov_token: Text | None = "[UNK]",  # noqa: S107 - a word of a table
    idf_weights: Numbers | None = None,
    sparse: Flag = False,
    encoding: Text = "utf-8",
    salt: Salt | None = None,
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


@layer(ignored=_LOOKUP)
def TextVectorization(
    x: Shape,
    *,
    max_tokens: Pos | None = None,
    output_mode: Encoding = "int",
    output_sequence_length: Pos | None = None,
    pad_to_max_tokens: Flag = False,
    vocabulary: Table | None = None,
    standardize: Standardize | None = "lower_and_strip_punctuation",
    split: Split | None = "whitespace",
    ngrams: Counts | None = None,
    idf_weights: Numbers | None = None,
    sparse: Flag = False,
    ragged: Flag = False,
    encoding: Text = "utf-8",
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
