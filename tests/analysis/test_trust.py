"""Protects what the report says of its own accuracy."""

from __future__ import annotations

import pytest

from cxnlp.analysis.events import Vocabulary
from cxnlp.analysis.numbers import Estimate
from cxnlp.analysis.settings import GoldRow
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
    assert [drift_level(index) for index in (0.05, 0.2, 0.3)] == ["steady", "moving", "changed"]
