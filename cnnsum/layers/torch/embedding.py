"""Tables whose rows indices pick, in PyTorch's words."""

from __future__ import annotations

from cnnsum.diagnostics import Problem
from cnnsum.dims import Dim
from cnnsum.layers.base import layer
from cnnsum.layers.facts import Facts, Kept, Shape, Weight, less
from cnnsum.layers.kinds import Flag, PlainInt, Pos, Real, choice
from cnnsum.layers.requiring import require_at_least, require_equal, require_rank
from cnnsum.typed import Annotated, Literal

Mode = Annotated[Literal["sum", "mean", "max"], choice("sum", "mean", "max")]


def _table(what: str, rows: Dim, depth: Dim, padding_idx: int | None) -> tuple[Weight, ...]:
    """The rows. One of them may stand for padding, and must be there."""
    if padding_idx is not None:
        needed = padding_idx + 1 if padding_idx >= 0 else -padding_idx
        reason = f"{what} of {rows} rows has no row {padding_idx} for padding"
        require_at_least(rows, needed, reason, code="CFG116", field="padding_idx")
    return (Weight("weight", (rows, depth)),)


@layer(role="embedding", weights="weight")
def Embedding(
    input: Shape,
    *,
    num_embeddings: Pos,
    embedding_dim: Pos,
    padding_idx: PlainInt | None = None,
    max_norm: Real | None = None,
    norm_type: Real = 2.0,
    scale_grad_by_freq: Flag = False,
    sparse: Flag = False,
) -> Facts:
    """Look up a row of a table for every index: `(...)` becomes `(..., embedding_dim)`.

    Weights: weight `num_embeddings x embedding_dim`, a row for each index. MACs: none, and no operations: a look-up
    only copies. Backpropagation keeps the indices, which tell what rows the gradient goes to.
    """
    weights = _table("Embedding", num_embeddings, embedding_dim, padding_idx)
    return Facts((*input, embedding_dim), weights=weights, keeps_input="weights")


@layer(weights="weight")
def EmbeddingBag(
    input: Shape,
    per_sample_weights: Shape | None = None,
    *,
    num_embeddings: Pos,
    embedding_dim: Pos,
    max_norm: Real | None = None,
    norm_type: Real = 2.0,
    scale_grad_by_freq: Flag = False,
    mode: Mode = "mean",
    sparse: Flag = False,
    include_last_offset: Flag = False,
    padding_idx: PlainInt | None = None,
) -> Facts:
    """Look up a row of a table for every index, and sum them up or the like: `(L)` becomes `(embedding_dim)`.

    A sample is a bag of `L` indices; PyTorch's other form, one list with offsets, has no batch. Each row of a sum may
    have a factor of its own, `per_sample_weights`.

    Weights: weight `num_embeddings x embedding_dim`, a row for each index.
    Operations: per row of each bag an addition (less one) and a division for the mean, or a comparison; a product more
    where it has a factor. Backpropagation keeps the indices, factors, and where bags begin, their lengths and maxima
    (all int64).
    """
    require_rank(input, 2, "EmbeddingBag")
    if mode == "max":
        for field, given in (("scale_grad_by_freq", scale_grad_by_freq), ("sparse", sparse)):
            if given:
                raise Problem("CFG116", f"EmbeddingBag of mode max has no `{field}`", field)
    if per_sample_weights is not None:
        if mode != "sum":
            raise Problem("CFG116", f"EmbeddingBag takes per_sample_weights in mode sum only, got mode {mode}", "mode")
        require_rank(per_sample_weights, 2, "the per_sample_weights of EmbeddingBag")
        for own, needed in zip(per_sample_weights, input, strict=True):
            require_equal(own, needed, "EmbeddingBag needs one of per_sample_weights for each index")
    weights = _table("EmbeddingBag", num_embeddings, embedding_dim, padding_idx)
    batch, length = input
    out = (batch, embedding_dim)
    rows = length * embedding_dim
    kept = [Kept("beginnings of bags", (batch,), "int64", use="weights")]
    kept.append(Kept("lengths of bags", (batch,), "int64", use="weights"))
    kept.append(Kept("maxima", out if mode == "max" else (batch,), "int64", use="weights"))
    if mode != "sum" or padding_idx is not None:
        kept.append(Kept("bag of each index", input, "int64", use="weights"))
        kept.append(Kept("end of the bags", (1,), "int64", batched=False, use="weights"))
    ops = rows if mode == "mean" else less(rows, embedding_dim)
    if per_sample_weights is not None:
        ops = ops + rows
    return Facts(out, weights=weights, ops=ops, keeps_input="weights", kept=tuple(kept))
