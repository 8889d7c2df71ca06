"""The second stage of a night: the model reads every text that it has not read yet."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cxnlp.console import progress
from cxnlp.errors import ConfigError
from cxnlp.nightly import RunRecord, StopSwitch
from cxnlp.store import PendingText, Store, StoredModel, StoredPrediction
from cxnlp.taxonomy import REPORT_TASKS

#: Predictions of that many models are kept: of the one in use and the one before it, so that going back costs nothing.
KEPT_MODELS = 2


class Prediction(Protocol):
    """What a reader says of one text (`model.predict.Prediction`)."""

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """Task → labels."""

    @property
    def confidence(self) -> dict[str, float]:
        """Task → how sure."""

    @property
    def unsure(self) -> bool:
        """Whether it should be looked at by a person."""

    @property
    def windows(self) -> int:
        """In how many pieces the text was read."""

    @property
    def embedding(self) -> bytes | None:
        """The text's unit vector as int8, times 127."""


class Reader(Protocol):
    """What the stage needs of `model.predict.Predictor`."""

    def predict(self, texts: Sequence[str], authors: Sequence[str], *, embeddings: bool) -> Sequence[Prediction]:
        """Return a prediction per text."""


class ModelInUse(Protocol):
    """A model that is known to be whole, and is loaded only when there is something to read."""

    @property
    def version(self) -> str:
        """Name and content hash."""

    def stored(self) -> StoredModel:
        """Return what the store keeps of it."""

    def load(self) -> Reader:
        """Load it."""


@dataclass
class Pace:
    """How many texts to read between two looks at the clock: about `seconds` of work, whatever the machine."""

    seconds: float = 5.0
    size: int = 512
    least: int = 64
    most: int = 8_192

    def note(self, texts: int, seconds: float) -> None:
        """Learn from a batch; grow by no more than twice at a time."""
        wanted = texts * self.seconds / max(seconds, 1e-6)
        self.size = int(min(max(wanted, self.least), self.most, 2 * self.size))


def classify_stage(
    store: Store, model: ModelInUse, record: RunRecord, stop: StopSwitch, budget: float | None = None
) -> None:
    """Read every text that this model has not read yet; texts that no model has read come first.

    `budget` is how many seconds may go into texts that an earlier model has read already (None: no limit). Each batch
    is in the store before the next one begins; a signal stops the stage within a batch.
    """
    pending = store.list_pending(model.version)
    total = pending.unread + pending.read_before
    record.texts_reused = store.count_texts() - total
    record.texts_pending = total
    if total == 0:
        _drop_old_models(store, model, record.run)
        return
    store.note_model(model.stored(), record.run)
    with stop.at_once():
        reader = model.load()
    pace, place, deadline = Pace(), 0, float("inf")
    with progress("classifying", total) as advance:
        while place < total:
            size = pace.size
            if place < pending.unread:
                size = min(size, pending.unread - place)
            elif budget is not None:
                deadline = min(deadline, time.monotonic() + budget)
            if time.monotonic() >= deadline:
                break
            batch = store.pending(place, size)
            started = time.monotonic()
            with stop.at_once():
                predictions = reader.predict([t.text for t in batch], [t.author for t in batch], embeddings=True)
            pace.note(len(batch), time.monotonic() - started)
            store.add_predictions(list(map(to_row, batch, predictions)), model.version)
            place += len(batch)
            record.texts_classified, record.texts_pending = place, total - place
            record.texts_unsure += sum(prediction.unsure for prediction in predictions)
            advance(len(batch))
            stop.check()
    if record.texts_pending == 0:
        _drop_old_models(store, model, record.run)


def _drop_old_models(store: Store, model: ModelInUse, run: int) -> None:
    store.note_model(model.stored(), run)
    versions = [noted.version for noted in store.noted_models()]
    if len(versions) > KEPT_MODELS:
        store.drop_models(versions[:KEPT_MODELS])


def to_row(pending: PendingText, prediction: Prediction) -> StoredPrediction:
    """Put a prediction into the shape of the `predictions` table."""
    labels = prediction.labels
    others = {task: list(names) for task, names in labels.items() if task not in REPORT_TASKS}
    return StoredPrediction(
        text_hash=pending.text_hash,
        author=pending.author,
        emotions=list(labels["emotions"]),
        effort=labels["effort"][0],
        stance=labels["stance"][0],
        causes=list(labels["causes"]),
        strengths=list(labels["strengths"]),
        other=json.dumps(others, sort_keys=True),
        confidence=prediction.confidence,
        unsure=prediction.unsure,
        windows=prediction.windows,
        embedding=prediction.embedding,
    )


def budget_seconds(budget: str) -> float | None:
    """Turn `90s`, `30m` or `2h` into seconds, an empty text into None; raise `ConfigError` for anything else."""
    if not budget:
        return None
    units = {"s": 1, "m": 60, "h": 3600}
    try:
        seconds = float(budget[:-1]) * units[budget[-1]]
    except (ValueError, KeyError) as error:
        raise _no_duration(budget) from error
    if not 0 <= seconds < float("inf"):
        raise _no_duration(budget)
    return seconds


def _no_duration(budget: str) -> ConfigError:
    return ConfigError(f"budget {budget!r} is no duration; expected a number and s, m or h, such as 2h")
