"""Protects what the report says of its own accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cxnlp.analysis.events import Vocabulary
from cxnlp.analysis.numbers import Estimate
from cxnlp.analysis.settings import GoldRow
from cxnlp.analysis.stats import stability_chance, stability_index
from cxnlp.analysis.trust import drift_level, score, valence
from cxnlp.taxonomy import default_taxonomy

TAXONOMY = default_taxonomy()


def rows(task: str, pairs: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> list[GoldRow]:
    return [
        GoldRow(str(index), "en", "customer", "real", {task: human}, {task: read})
        for index, (human, read) in enumerate(pairs)
    ]


def scored(task: str, pairs: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> tuple[str, Estimate]:
    found = score(TAXONOMY.task(task), rows(task, pairs), seed=0)
    assert found is not None
    return found


def test_accuracy_of_a_single_task_by_hand() -> None:
    pairs = [(("complaint",), ("complaint",))] * 8 + [(("excuse",), ("complaint",))] * 2
    metric, estimate = scored("stance", pairs)
    assert (metric, estimate.value, estimate.n) == ("accuracy", 0.8, 10)
    assert estimate.low < 0.8 < estimate.high


def test_micro_f1_of_a_task_of_several_labels_by_hand() -> None:
    # hits 10 + 5, false alarms 5 (anger instead of trust), missed 5 (trust): 30 / (30 + 5 + 5)
    pairs = [(("anger",), ("anger",))] * 10 + [(("delight", "trust"), ("delight", "anger"))] * 5
    metric, estimate = scored("emotions", pairs)
    assert metric == "micro_f1" and estimate.value == pytest.approx(0.75)


def test_macro_f1_of_an_ordinal_task_by_hand() -> None:
    # low and moderate: all right: 1; high: 5 hits, 5 missed: 10/15; unstated: 5 hits, 5 false alarms: 10/15
    pairs = [((name,), (name,)) for name in ("low", "moderate", "high", "unstated")] * 5
    pairs += [(("high",), ("unstated",))] * 5
    metric, estimate = scored("effort", pairs)
    assert metric == "macro_f1" and estimate.value == pytest.approx((1 + 1 + 2 / 3 + 2 / 3) / 4)


def test_without_enough_labels_there_is_no_score() -> None:
    unstated = [(("unstated",), ("unstated",))] * 50
    assert score(TAXONOMY.task("effort"), rows("effort", unstated), seed=0) is None
    assert score(TAXONOMY.task("effort"), rows("effort", [*unstated, (("high",), ("high",))]), seed=0) is None
    assert score(TAXONOMY.task("causes"), rows("causes", [((), ())] * 50), seed=0) is None


def test_the_same_seed_gives_the_same_interval() -> None:
    gold = rows("stance", [(("complaint",), ("complaint",)), (("excuse",), ("complaint",))] * 10)
    assert score(TAXONOMY.task("stance"), gold, seed=3) == score(TAXONOMY.task("stance"), gold, seed=3)


def test_valence_and_drift_levels() -> None:
    vocabulary = Vocabulary.of(TAXONOMY)
    said = [valence(emotions, vocabulary) for emotions in ([], ["trust"], ["anger"], ["anger", "trust"])]
    assert said == ["none", "positive", "negative", "mixed"]
    assert [drift_level(index, 0.04) for index in (0.05, 0.2, 0.3)] == ["steady", "moving", "changed"]
    assert [drift_level(index, 0.25) for index in (0.2, 0.24, 0.3)] == ["steady", "steady", "changed"]


def verdicts(before: NDArray[np.int64], recent: NDArray[np.int64]) -> float:
    """Return the share of pairs of count vectors that are not called steady."""
    levels = [
        drift_level(stability_index(a, b), stability_chance(a, b))
        for a, b in zip(before.tolist(), recent.tolist(), strict=True)
    ]
    return sum(level != "steady" for level in levels) / len(levels)


@pytest.mark.parametrize(("bins", "earlier", "later"), [(3, 200, 30), (8, 500, 60), (20, 200, 30), (20, 2000, 300)])
def test_without_change_drift_is_hardly_ever_seen(bins: int, earlier: int, later: int) -> None:
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, bins + 1)
    shares /= shares.sum()
    assert verdicts(rng.multinomial(earlier, shares, 500), rng.multinomial(later, shares, 500)) <= 0.02


def test_a_real_change_is_seen() -> None:
    rng = np.random.default_rng(0)
    before, recent = rng.multinomial(500, [0.6, 0.3, 0.1], 200), rng.multinomial(100, [0.3, 0.3, 0.4], 200)
    assert verdicts(before, recent) > 0.95


@pytest.mark.parametrize(("earlier", "later"), [(200, 30), (2000, 300)])
def test_labels_of_one_text_that_come_together_are_hardly_called_drift(earlier: int, later: int) -> None:
    # six kinds of texts, each with causes of its own: about two labels a text
    rng = np.random.default_rng(0)
    typical = np.clip(rng.dirichlet(np.full(12, 0.15), 6) * 2, 0.02, 0.9)

    def drawn(texts: int) -> NDArray[np.int64]:
        kinds = rng.choice(6, (200, texts), p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
        return (rng.random((200, texts, 12)) < typical[kinds]).sum(axis=1)

    assert verdicts(drawn(earlier), drawn(later)) <= 0.05
