"""Which arithmetic to read in: the fastest that this processor does safely."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from cxnlp.model.network import Network
from cxnlp.model.processor import has_fast_bf16

Precision = Literal["fp32", "bf16", "int8"]
Sums = Callable[[Tensor, Tensor], Tensor]


def resolve(wanted: Literal["auto", "fp32", "bf16", "int8"]) -> Precision:
    """Return the precision to use; `auto` is bf16 where the processor has it, else fp32."""
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # there is no other way without a further package
            network.encoder = torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
                network.encoder, {torch.nn.Linear}, dtype=torch.qint8
            )
    return network.sums
