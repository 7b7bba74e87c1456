"""Which operations of an exported program cast their inputs under `torch.autocast`, and to what: PyTorch's own lists.

The lists are those of `aten/src/ATen/autocast_mode.cpp` and `.h`. Knows operations by their names, and no graph.
"""

from __future__ import annotations

from cnnsum.typed import NamedTuple

#: What casts to the lower precision on every device.
_LOWER = frozenset(
    (
        *("conv1d", "conv2d", "conv3d", "convolution", "_convolution", "conv_tbc"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        *("linear", "matmul", "mm", "bmm", "addmm", "addbmm", "baddbmm", "linalg_vecdot"),
        *("prelu", "scaled_dot_product_attention"),
        # These are made of products of matrices alone.
        *("einsum", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"),
    )
)
#: The same on one kind of device.
_LOWER_ALONE = {
    "cpu": frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu")),
    "cuda": frozenset(
        (
            *("addmv", "addr", "mv", "chain_matmul", "linalg_multi_dot"),
            *("lstm", "gru", "rnn_tanh", "rnn_relu"),
        )
    ),
}
_LOSSES = (
    *("mse_loss", "cosine_embedding_loss", "nll_loss", "nll_loss_nd", "nll_loss2d", "hinge_embedding_loss"),
    *("poisson_nll_loss", "smooth_l1_loss", "cross_entropy_loss", "l1_loss", "huber_loss", "margin_ranking_loss"),
    *("soft_margin_loss", "triplet_margin_loss", "multi_margin_loss", "ctc_loss", "kl_div", "multilabel_margin_loss"),
    "binary_cross_entropy_with_logits",
)
#: What casts to float32.
_FLOAT32 = {
    "cpu": frozenset(
        (
            *_LOSSES,
            *("avg_pool3d", "max_pool3d", "adaptive_avg_pool3d", "binary_cross_entropy", "grid_sampler", "polar"),
            *("prod", "quantile", "nanquantile", "stft", "cdist", "trace", "view_as_complex", "cholesky"),
            *("cholesky_inverse", "inverse", "pinverse", "reflection_pad1d", "reflection_pad2d"),
            *("replication_pad1d", "replication_pad2d", "replication_pad3d"),
            *("linalg_det", "linalg_inv", "linalg_pinv", "linalg_cholesky", "linalg_solve", "linalg_matrix_norm"),
            *[f"fft_{sign}{kind}fft{axes}" for sign in ("", "i") for kind in ("", "r", "h") for axes in ("", "2", "n")],
        )
    ),
    "cuda": frozenset(
        (
            *_LOSSES,
            *("acos", "asin", "cosh", "erfinv", "exp", "expm1", "log", "log10", "log2", "log1p", "reciprocal", "rsqrt"),
            *("sinh", "tan", "pow", "softplus", "layer_norm", "group_norm", "frobenius_norm", "nuclear_norm"),
            *("cosine_similarity", "cdist", "dist", "pdist", "renorm", "logsumexp", "norm", "bilinear"),
            *("softmax", "log_softmax", "cumprod", "cumsum", "prod", "sum", "linalg_vector_norm", "linalg_matrix_norm"),
        )
    ),
}


class Autocast(NamedTuple):
    """A region: the kind of device it is for, and the lower precision."""

    device: str
    dtype: str

    def casts(self, operation: str) -> str:
        """The dtype that an operation casts its floating-point inputs to; "" for one that takes them as they are.

        >>> cpu = Autocast("cpu", "bfloat16")
        >>> cpu.casts("linear"), cpu.casts("mse_loss"), cpu.casts("gelu"), cpu.casts("layer_norm")
        ('bfloat16', 'float32', '', '')
        """
        if operation in _LOWER or operation in _LOWER_ALONE.get(self.device, ()):
            return self.dtype
        return "float32" if operation in _FLOAT32.get(self.device, ()) else ""
