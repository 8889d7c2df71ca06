"""A start for the heads: fitted to the untrained encoder's vectors before any layer is trained.

Linear probing, then fine-tuning (Kumar et al. 2022): heads that start from nothing bend the encoder while they are
still wrong; heads that already read what the encoder offers do not, and fewer passes are needed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from cxnlp.model.examples import Examples
from cxnlp.model.layout import Layout
from cxnlp.model.network import Network
from cxnlp.model.objective import loss_of

STEPS = 400
PENALTY = 0.05


def start_heads(
    network: Network, pooled: npt.NDArray[np.float32], train: Examples, layout: Layout, *, rate: float = 0.02
) -> None:
    """Fit the heads to pooled vectors [rows, H] by full-batch AdamW; the encoder is not touched.

    Vectors are standardized for the fit, and the scaling is folded into the weights afterwards.
    """
    features = torch.from_numpy(pooled)
    mean, spread = features.mean(0), features.std(0).clamp(min=1e-4)
    features = (features - mean) / spread
    targets = torch.from_numpy(layout.join(train.targets))
    heads = network.heads
    with torch.no_grad():
        heads.weight.zero_()
        share = torch.nan_to_num(targets.nanmean(0), nan=0.5).clamp(1e-3, 1 - 1e-3)
        heads.bias.copy_(torch.log(share / (1 - share)))
    optimizer = torch.optim.AdamW([heads.weight, heads.bias], lr=rate, weight_decay=PENALTY, fused=True)
    weights = torch.ones(len(train))
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / STEPS)
        optimizer.zero_grad()
        loss_of(heads(features), targets, layout, weights).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        heads.weight.div_(spread)
        heads.bias.sub_(heads.weight @ mean)
