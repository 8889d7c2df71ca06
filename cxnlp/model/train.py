"""Fine-tuning: the encoder's layers and one head per task, on labelled rows of any taxonomy.

What the settings are worth was measured; `docs/model.md` has the table.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cxnlp.model.augment import distort, draw_windows, drop_pieces
from cxnlp.model.checkpoint import Checkpoint, State, capture, generator_state, put_back
from cxnlp.model.examples import Examples
from cxnlp.model.layout import Layout
from cxnlp.model.network import Network, pad
from cxnlp.model.objective import loss_of
from cxnlp.model.processor import keep_freed_memory
from cxnlp.model.reading import Reader, Windows

#: Pieces that go through the network together in training: bounds memory (about 0.3 MB a piece).
MOST_PIECES = 4_096


@dataclass(frozen=True)
class TrainSettings:
    """How to fine-tune. Rates are those of AdamW (Loshchilov & Hutter 2019) at their peak.

    `windows` is how many windows of a long text are read in a pass, drawn anew each time (0: all).
    """

    seed: int = 13
    epochs: int = 4
    batch_texts: int = 32
    rate: float = 3e-4
    head_rate: float = 2e-3
    layer_decay: float = 0.9
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    frozen_layers: int = 0
    probe: bool = True
    distort_share: float = 0.2
    piece_dropout: float = 0.1
    windows: int = 1
    real_weight: float = 1.0
    average: float = 0.99
    patience: int = 3
    task_weights: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Epoch:
    """How one pass over the rows went: mean training loss, and the score on validation that chooses the best pass.

    The score is None where none was asked for, or none can be said of the validation rows.
    """

    number: int
    loss: float
    score: float | None
    seconds: float


def parameter_groups(network: Network, settings: TrainSettings) -> list[dict[str, Any]]:
    """Freeze what is not trained; give each layer its own rate, lower layers a smaller one (Howard & Ruder 2018)."""
    encoder = network.encoder
    layers = list(encoder.encoder.layer)
    for parameter in encoder.embeddings.parameters():
        parameter.requires_grad = False
    groups: list[dict[str, Any]] = []
    for number, layer in enumerate(layers):
        rate = settings.rate * settings.layer_decay ** (len(layers) - 1 - number)
        if number < settings.frozen_layers:
            for parameter in layer.parameters():
                parameter.requires_grad = False
            continue
        matrices = [p for p in layer.parameters() if p.ndim > 1]
        vectors = [p for p in layer.parameters() if p.ndim <= 1]
        groups.append({"params": matrices, "lr": rate, "weight_decay": settings.weight_decay})
        groups.append({"params": vectors, "lr": rate, "weight_decay": 0.0})
    heads = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    groups.append({"params": heads, "lr": settings.head_rate, "weight_decay": settings.weight_decay})
    return groups


def batches(lengths: npt.NDArray[np.int64], size: int, generator: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Return batches of positions of like length, in random order.

    Positions are shuffled, then sorted by length within chunks of 40 batches: little padding, yet other neighbours in
    each pass.
    """
    order = generator.permutation(len(lengths))
    found: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), size * 40):
        chunk = order[start : start + size * 40]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
        found += [chunk[i : i + size] for i in range(0, len(chunk), size)]
    generator.shuffle(found)
    return found


def parts_of(rows: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], most: int) -> list[npt.NDArray[np.int64]]:
    """Cut a batch of positions into parts of at most `most` pieces each (a longer text is a part of its own).

    Activations are kept for a part at a time: what training takes of memory does not grow with the longest texts.
    """
    found: list[list[int]] = []
    held = most + 1
    for row in rows:
        if held + lengths[row] > most:
            found.append([])
            held = 0
        found[-1].append(int(row))
        held += int(lengths[row])
    return [np.array(part, dtype=np.int64) for part in found]


class Average:
    """A running mean of the trained parameters (Polyak & Juditsky 1992), swapped in for validation and at the end."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.mean = [p.detach().clone() for p in self.parameters]

    def update(self) -> None:
        """Take in the parameters as they are after a step."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 10))
        torch._foreach_lerp_(self.mean, [p.detach() for p in self.parameters], 1 - decay)

    def swap(self) -> None:
        """Exchange the mean and the parameters."""
        for parameter, mean in zip(self.parameters, self.mean, strict=True):
            kept = parameter.detach().clone()
            parameter.data.copy_(mean)
            mean.copy_(kept)


def gather(
    windows: Windows, rows: Sequence[int] | npt.NDArray[np.int64], starts: npt.NDArray[np.int64], padding: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return pieces, mask [W, L] and owners [W] of the windows of these texts."""
    chosen: list[Any] = []
    owners: list[int] = []
    for position, row in enumerate(rows):
        for window in range(starts[row], starts[row + 1]):
            chosen.append(windows.pieces[window])
            owners.append(position)
    pieces, mask = pad(chosen, padding)
    return pieces, mask, torch.tensor(owners)


def fit(
    network: Network,
    reader: Reader,
    layout: Layout,
    train: Examples,
    settings: TrainSettings,
    validate: Callable[[Network], float | None] | None = None,
    report: Callable[[int, int, float], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    checkpoint: Checkpoint | None = None,
) -> list[Epoch]:
    """Fine-tune `network` in place; return how each pass went.

    With `validate` (network → score, higher is better, or None) the parameters of the best pass are kept, those of the
    last where no pass has a score, and training stops after `patience` passes without a better one. `report` gets
    (steps done, steps in all, loss). With `checkpoint` the state is kept after each pass, and one that is kept there is
    taken up.
    """
    keep_freed_memory()
    torch.manual_seed(settings.seed)
    generator = np.random.default_rng(settings.seed)
    optimizer = torch.optim.AdamW(parameter_groups(network, settings), fused=True)
    rates = [group["lr"] for group in optimizer.param_groups]
    targets = torch.from_numpy(layout.join(train.targets))
    weights = torch.tensor([settings.real_weight if origin == "real" else 1.0 for origin in train.origins])
    steps_a_pass = math.ceil(len(train) / settings.batch_texts)
    total = steps_a_pass * settings.epochs
    average = Average(network, settings.average) if settings.average else None
    epochs: list[Epoch] = []
    best: tuple[float, dict[str, Tensor]] | None = None
    done = 0
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if checkpoint and (state := checkpoint.load()):
        kept = put_back(state.tensors, parameters, optimizer, average.mean if average else None)
        generator.bit_generator.state = state.generator
        epochs, done = [Epoch(**values) for values in state.epochs], state.done
        if average:
            average.steps = state.averaged
        if kept is not None and state.best_score is not None:
            best = (state.best_score, kept)
        say(f"Going on after pass {len(epochs)}.")
    for number in range(len(epochs) + 1, settings.epochs + 1):
        if best and len(epochs) - _best_pass(epochs) >= settings.patience:
            break
        began = time.perf_counter()
        texts = [
            distort(text, generator) if generator.random() < settings.distort_share else text for text in train.texts
        ]
        windows = draw_windows(reader.read(texts, train.authors), settings.windows, generator)
        windows = drop_pieces(windows, settings.piece_dropout, generator)
        starts = np.searchsorted(windows.text, np.arange(len(train) + 1))
        lengths = np.add.reduceat(windows.lengths(), starts[:-1])
        network.train()
        losses = 0.0
        for rows in batches(lengths, settings.batch_texts, generator):
            factor = schedule(done, total, settings.warmup)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            batch_loss = 0.0
            for part in parts_of(rows, lengths, MOST_PIECES):
                pieces, mask, owners = gather(windows, part, starts, reader.padding)
                logits = network(pieces, mask, owners, len(part))
                loss = loss_of(logits, targets[part], layout, weights[part], settings.task_weights)
                loss = loss * (len(part) / len(rows))
                loss.backward()  # type: ignore[no-untyped-call]
                batch_loss += float(loss.detach())
            nn.utils.clip_grad_norm_(parameters.values(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if average:
                average.update()
            done += 1
            losses += batch_loss * len(rows)
            if report:
                report(done, total, batch_loss)
        if average:
            average.swap()
        network.eval()
        score = validate(network) if validate else None
        epochs.append(Epoch(number, losses / len(train), score, time.perf_counter() - began))
        said = "" if score is None else f", validation {score:.3f}"
        say(f"pass {number} of {settings.epochs}: loss {epochs[-1].loss:.3f}{said}")
        if score is not None and (best is None or score > best[0]):
            best = (score, {name: value.detach().clone() for name, value in parameters.items()})
        if average:
            average.swap()
        if checkpoint:
            tensors = capture(parameters, optimizer, average.mean if average else None, best[1] if best else None)
            checkpoint.save(
                State(
                    done=done,
                    epochs=[vars(epoch) for epoch in epochs],
                    averaged=average.steps if average else 0,
                    generator=generator_state(generator),
                    best_score=best[0] if best else None,
                    tensors=tensors,
                )
            )
    if best:
        network.load_state_dict(best[1], strict=False)
    elif average:
        average.swap()
    network.eval()
    return epochs


def _best_pass(epochs: Sequence[Epoch]) -> int:
    """Return the number of the pass with the best score."""
    return max(epochs, key=lambda epoch: -math.inf if epoch.score is None else epoch.score).number


def schedule(done: int, total: int, warmup: float) -> float:
    """Return the factor on the rates: linear rise, then a cosine down to a twentieth."""
    rise = max(1, round(total * warmup))
    if done < rise:
        return (done + 1) / rise
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (done - rise) / max(1, total - rise)))
