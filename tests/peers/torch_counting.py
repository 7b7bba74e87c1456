"""What tools that count work say of a module of PyTorch, in evaluation mode on one input: a function for each."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def on_meta(net: nn.Module, x: Any) -> int:
    with FlopCounterMode(display=False) as counter:
        net.to("meta")(x.to("meta"))
    assert counter.get_total_flops() % 2 == 0
    return counter.get_total_flops() // 2


def by_fvcore(net: nn.Module, x: Any) -> int:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(net, (x,))
    return int(analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def by_torchinfo(net: nn.Module, x: Any) -> int:
    import torchinfo

    return torchinfo.summary(net, input_data=x, verbose=0).total_mult_adds


def by_thop(net: nn.Module, x: Any) -> int:
    import thop

    total: float = thop.profile(net, (x,), verbose=False)[0]
    assert total == int(total)
    return int(total)


def by_ptflops(net: nn.Module, x: Any) -> int:
    import ptflops

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        total, _ = ptflops.get_model_complexity_info(
            net, tuple(x.shape[1:]), as_strings=False, print_per_layer_stat=False
        )
    assert total is not None, printed.getvalue()
    return int(total)


TOOLS: dict[str, Callable[[nn.Module, Any], int]] = {
    "torch": on_meta,
    "fvcore": by_fvcore,
    "torchinfo": by_torchinfo,
    "thop": by_thop,
    "ptflops": by_ptflops,
}
