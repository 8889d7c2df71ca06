"""The network: a shared encoder, mean pooling, one linear head per task (their outputs side by side)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cxnlp.model.processor import has_fast_bf16

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Network(nn.Module):
    """Encoder, pooling over all pieces of all windows of a text, then heads.

    Shapes: W windows of L pieces, T texts, H hidden units, O outputs.
    """

    def __init__(self, encoder: PreTrainedModel, outputs: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.hidden: int = encoder.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(self.hidden, outputs)

    def sums(self, pieces: Tensor, mask: Tensor) -> Tensor:
        """Return the sum of the last hidden states over the pieces of each window, [W, H] in fp32.

        `pieces` and `mask` are [W, L].
        """
        hidden = self.encoder(input_ids=pieces, attention_mask=mask).last_hidden_state  # [W, L, H]
        weights = mask.to(hidden.dtype).unsqueeze(1)  # [W, 1, L]
        return torch.bmm(weights, hidden).squeeze(1).float()

    def pool(self, pieces: Tensor, mask: Tensor, text: Tensor, texts: int) -> Tensor:
        """Return the mean over all pieces of all windows of each text, [T, H].

        `text` [W] gives the position of the text that each window belongs to.
        """
        sums = self.sums(pieces, mask)
        total = torch.zeros(texts, sums.shape[1], dtype=sums.dtype).index_add(0, text, sums)
        count = torch.zeros(texts, dtype=sums.dtype).index_add(0, text, mask.sum(1).to(sums.dtype))
        return total / count.clamp(min=1.0).unsqueeze(1)

    def pool_fast(self, pieces: Tensor, mask: Tensor, text: Tensor, texts: int) -> Tensor:
        """Return what `pool` does, the encoder in bf16 where the processor has it."""
        with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bf16()):
            return self.pool(pieces, mask, text, texts)

    def forward(self, pieces: Tensor, mask: Tensor, text: Tensor, texts: int) -> Tensor:
        """Return logits [T, O]; the heads work in fp32."""
        logits: Tensor = self.heads(self.dropout(self.pool_fast(pieces, mask, text, texts)))
        return logits


def pad(windows: list[Any], padding: int, length: int | None = None) -> tuple[Tensor, Tensor]:
    """Return pieces and mask [W, L] of windows of unequal length, padded on the right.

    L is `length`, or else the next multiple of 8: few distinct shapes, so kernels and memory blocks are used again.
    """
    longest = length or -(-max(len(window) for window in windows) // 8) * 8
    pieces = torch.full((len(windows), longest), padding, dtype=torch.long)
    mask = torch.zeros((len(windows), longest), dtype=torch.long)
    for row, window in enumerate(windows):
        pieces[row, : len(window)] = torch.from_numpy(window)
        mask[row, : len(window)] = 1
    return pieces, mask
