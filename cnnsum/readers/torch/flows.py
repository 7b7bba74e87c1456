"""What PyTorch's operations do with the axes of their inputs, as `cnnsum.readers.samples` follows them.

Names operations; those that stand nowhere here leave axes where they are, as far as they have the same sizes.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnnsum.dims import UNKNOWN
from cnnsum.readers.samples import (
    Axes,
    Factor,
    Flow,
    Flows,
    Seen,
    along,
    attended,
    convolved,
    dense,
    looked_up,
    lost,
    picked,
    product,
    recurrent,
    reshaped,
    stays,
    turned,
    width_of,
)
from cnnsum.typed import Any


def _permuted(fields: Mapping[str, Any], _rank: int) -> tuple[int, ...] | None:
    dims = fields.get("dims")
    return dims if isinstance(dims, tuple) and all(type(one) is int for one in dims) else None


def _swapped(fields: Mapping[str, Any], rank: int) -> tuple[int, ...] | None:
    one, other = (fields.get(first, fields.get(second)) for first, second in (("dim0", "axis0"), ("dim1", "axis1")))
    if type(one) is not int or type(other) is not int or not rank:
        return None
    order = list(range(rank))
    order[one % rank], order[other % rank] = order[other % rank], order[one % rank]
    return tuple(order)


def _last_swapped(_fields: Mapping[str, Any], rank: int) -> tuple[int, ...]:
    return (*range(rank - 2), *range(max(rank - 2, 0), rank)[::-1])


def _normalized(seen: Seen) -> tuple[Axes | None, ...]:
    shape = seen.fields.get("normalized_shape")
    seen.mix(seen.axes(0), *range(-len(shape) if isinstance(shape, tuple) else 0, 0))
    return stays(seen)


def _recurrence(states: int) -> Flow:
    def flow(seen: Seen) -> tuple[Axes | None, ...]:
        first = seen.fields.get("batch_first") is True
        found = recurrent(seen, int(first), 1 - first, dict.fromkeys(range(1, 1 + states), (0, 1)))
        if found is None:
            return ()
        steps, batch = found
        width = width_of(seen)
        every = (batch, steps, width) if first else (steps, batch, width)
        return (every, *(((Factor(UNKNOWN),), batch, width),) * states)

    return flow


def _step(seen: Seen) -> tuple[Axes | None, ...]:
    x = seen.axes(0, 1)
    seen.mix(x, -1)
    return stays(seen)


#: By the key of a type.
FLOWS: Flows = {
    **dict.fromkeys(("aten.permute",), turned(_permuted)),
    **dict.fromkeys(("aten.transpose", "aten.swapaxes", "aten.swapdims"), turned(_swapped)),
    **dict.fromkeys(("aten.t", "aten.mT", "aten.adjoint"), turned(_last_swapped)),
    **dict.fromkeys(
        (
            *("aten.view", "aten.reshape", "aten.flatten", "aten.unflatten", "aten.ravel", "aten.view_as"),
            *("aten.squeeze", "aten.unsqueeze", "aten._unsafe_view", "aten._reshape_alias"),
        ),
        reshaped,
    ),
    **dict.fromkeys(
        (
            *("aten.movedim", "aten.moveaxis", "aten.rot90", "aten.einsum", "aten.tensordot", "aten.inner"),
            *("aten.numpy_T", "aten.matrix_H", "aten.kron", "aten.cdist", "aten.outer", "aten.as_strided"),
            *("aten.addbmm", "aten.bilinear", "aten.diagonal", "aten.diag_embed", "aten.diag", "aten.index"),
            *("aten.embedding_bag", "aten.unfold", "aten.im2col", "aten.col2im", "aten.linalg_solve"),
        ),
        lost,
    ),
    "aten.linear": dense,
    "aten.matmul": product(),
    **dict.fromkeys(("aten.addmm", "aten.baddbmm"), product(1)),
    **dict.fromkeys(
        (
            *("aten.conv1d", "aten.conv2d", "aten.conv3d", "aten.convolution", "aten.conv_transpose1d"),
            *("aten.conv_transpose2d", "aten.conv_transpose3d"),
        ),
        convolved,
    ),
    **dict.fromkeys(("aten.softmax", "aten.log_softmax", "aten._softmax", "aten._log_softmax"), along("dim")),
    **dict.fromkeys(("aten.layer_norm", "aten.rms_norm"), _normalized),
    "aten.embedding": looked_up(0, 1),
    **dict.fromkeys(("aten.select", "aten.unbind"), picked),
    "aten.scaled_dot_product_attention": attended,
    "aten.lstm": _recurrence(2),
    **dict.fromkeys(("aten.gru", "aten.rnn_tanh", "aten.rnn_relu"), _recurrence(1)),
    **dict.fromkeys(("aten.lstm_cell", "aten.gru_cell", "aten.rnn_tanh_cell", "aten.rnn_relu_cell"), _step),
}
