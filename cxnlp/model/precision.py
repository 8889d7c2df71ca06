"""Which arithmetic to read in: the fastest that this processor does safely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from cxnlp.model.network import Network
from cxnlp.model.processor import has_fast_bf16

Precision = Literal["fp32", "bf16", "int8"]
Sums = Callable[[Tensor, Tensor], Tensor]


def resolve(wanted: Literal["auto", "fp32", "bf16", "int8"]) -> Precision:
    """Return the precision to use; `auto` is bf16 where the processor multiplies it natively, else fp32.

    int8 is never chosen by itself: it moves probabilities further than the stated tolerance (docs/model.md).
    """
    if wanted != "auto":
        return wanted
    return "bf16" if has_fast_bf16() else "fp32"


def prepare(network: Network, precision: Precision) -> Sums:
    """Return what turns pieces and mask [W, L] into summed hidden states [W, H] at this precision.

    The network is changed in place; it is for reading only afterwards.
    """
    network.eval()
    if precision == "bf16":
        network.encoder.to(torch.bfloat16)
    elif precision == "int8":
        _quantize(network.encoder)
    return network.sums


class Int8Linear(nn.Module):
    """A linear layer on whole numbers: weights in 8 bits with a scale per output, inputs with a scale per row."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight = layer.weight.detach()  # [out, in]
        self.scale = (weight.abs().amax(dim=1) / 127).clamp(min=1e-12)
        self.weight = torch.round(weight / self.scale[:, None]).to(torch.int8).t().contiguous()  # [in, out]
        self.bias = layer.bias.detach() if layer.bias is not None else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return what the layer gives for inputs [..., in], up to rounding."""
        rows = inputs.reshape(-1, inputs.shape[-1])
        scale = (rows.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
        whole = torch.round(rows / scale).to(torch.int8)
        found = torch._int_mm(whole, self.weight).float() * scale * self.scale
        if self.bias is not None:
            found = found + self.bias
        return found.reshape(*inputs.shape[:-1], -1)


def _quantize(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child))
        else:
            _quantize(child)
