"""The heads start from what the untrained encoder already tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from cxnlp.model.base import load_tokenizer
from cxnlp.model.build import network_logits, pooled_vectors, start_network
from cxnlp.model.examples import Examples
from cxnlp.model.layout import Layout
from cxnlp.model.objective import loss_of
from cxnlp.model.probe import start_heads
from cxnlp.model.reading import Reader
from cxnlp.model.train import TrainSettings
from cxnlp.taxonomy import Taxonomy


def test_fitted_heads_read_better_than_shares_alone_and_leave_the_encoder(
    tiny_base: Path, examples: Examples, taxonomy: Taxonomy
) -> None:
    layout = Layout(taxonomy)
    reader = Reader(load_tokenizer(tiny_base))
    network, before = start_network(tiny_base, layout, TrainSettings())
    train, unseen = examples.take(range(350)), examples.take(range(350, 500))
    start_heads(network, pooled_vectors(network, reader, train), train, layout)
    targets = torch.from_numpy(layout.join(unseen.targets))
    ones = torch.ones(len(unseen))
    share = targets.mean(0).clamp(1e-3, 1 - 1e-3)
    # logits of shares: right for multi tasks, and near enough for the others
    constant = torch.log(share / (1 - share)).repeat(len(unseen), 1)
    fitted = torch.from_numpy(network_logits(network, reader, unseen))
    assert loss_of(fitted, targets, layout, ones) < 0.8 * loss_of(constant, targets, layout, ones)
    after = {name: value.detach().numpy() for name, value in network.encoder.named_parameters()}
    assert all(np.array_equal(before[name], after[name]) for name in before)
