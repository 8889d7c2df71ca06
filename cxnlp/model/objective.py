"""What training makes small: cross-entropy per task, over the rows that carry the task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cxnlp.model.layout import Layout


def loss_of(
    logits: Tensor, targets: Tensor, layout: Layout, weights: Tensor, task_weights: dict[str, float] | None = None
) -> Tensor:
    """Return the weighted mean loss over the texts of a batch, summed over tasks.

    `logits` and `targets` are [T, O] (targets NaN where a task is not labelled), `weights` [T]. Multi tasks: binary
    cross-entropy summed over labels; single and ordinal tasks: cross-entropy. Targets may be probabilities.
    """
    total = logits.new_zeros(())
    for task, where in layout:
        wanted = targets[:, where]
        known = ~torch.isnan(wanted[:, 0])
        if not bool(known.any()):
            continue
        given, wanted, weight = logits[known, where], wanted[known], weights[known]
        if task.kind == "multi":
            loss = nn.functional.binary_cross_entropy_with_logits(given, wanted, reduction="none").sum(1)
        else:
            loss = nn.functional.cross_entropy(given, wanted, reduction="none")
        factor = (task_weights or {}).get(task.name, 1.0)
        total = total + factor * (loss * weight).sum() / weight.sum()
    return total
