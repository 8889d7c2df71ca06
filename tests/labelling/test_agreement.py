"""Alpha is Krippendorff's, its interval resamples rows, and sets are compared by MASI."""

from __future__ import annotations

import krippendorff
import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import LabelsError
from cxnlp.labelling import agreement
from labelling.build import taxonomy

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", example C: four observers, twelve units
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, np.nan, np.nan, np.nan],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, np.nan, 3],
    [np.nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, np.nan],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, np.nan],
]


def counts_of(observers: list[list[float]]) -> np.ndarray:
    matrix = np.array(observers)
    counts = np.stack([(matrix == value).sum(axis=0) for value in range(1, 6)], axis=1).astype(float)
    return counts[counts.sum(axis=1) > 1]


def everything_once(counts: np.ndarray, distance: str | np.ndarray, monkeypatch: pytest.MonkeyPatch) -> float:
    """The resampled alpha where every row is drawn exactly once."""

    class Once:
        def multinomial(self, rows: int, *_: object, **__: object) -> np.ndarray:
            return np.ones((1, rows))

    monkeypatch.setattr(np.random, "default_rng", lambda _seed: Once())
    return agreement.interval(counts, distance, 0)[0]


@pytest.mark.parametrize(("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_alpha_is_the_published_one(metric: str, published: float) -> None:
    assert agreement.point_alpha(counts_of(OBSERVERS), metric) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "table"])
def test_resampled_alpha_and_the_package_are_the_same(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    counts = generator.multinomial(3, [0.5, 0.3, 0.2], size=40).astype(float)
    table = np.array([[0, 0.3, 1], [0.3, 0, 0.6], [1, 0.6, 0]])
    distance = table if metric == "table" else metric
    expected = agreement.point_alpha(counts, distance)
    if metric != "table":
        level = krippendorff.alpha(value_counts=counts, value_domain=[0, 1, 2], level_of_measurement=metric)
        assert expected == pytest.approx(level)
    assert everything_once(counts, distance, monkeypatch) == pytest.approx(expected)


def test_interval_holds_the_value_and_narrows_with_rows() -> None:
    few, many = counts_of(OBSERVERS), np.tile(counts_of(OBSERVERS), (10, 1))
    low, high = agreement.interval(few, "nominal", 0)
    assert low < agreement.point_alpha(few, "nominal") < high
    narrow = agreement.interval(many, "nominal", 0)
    assert narrow[1] - narrow[0] < (high - low) / 2


def test_masi_tells_subset_from_overlap() -> None:
    assert agreement.masi(("a",), ("a",)) == 0
    assert agreement.masi((), ()) == 0
    assert agreement.masi(("a",), ("b",)) == 1
    assert agreement.masi((), ("b",)) == 1
    assert agreement.masi(("a",), ("a", "b")) == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert agreement.masi(("a", "c"), ("a", "b")) == pytest.approx(1 - 1 / 3 * 1 / 3)


def rows(moods: list[str], causes: list[tuple[str, ...]], efforts: list[str] | None = None) -> pd.DataFrame:
    efforts = efforts or ["low"] * len(moods)
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(len(moods))],
            "mood": [(name,) for name in moods],
            "effort": [(name,) for name in efforts],
            "causes": causes,
        }
    )


def test_rows_that_differ_are_named_with_their_tasks() -> None:
    first = rows(["glad", "calm", "cross"], [("price",), (), ("waiting", "price")])
    second = rows(["glad", "glad", "cross"], [("price",), ("price",), ("price", "waiting")])
    found = agreement.agree([first, second], ["ann", "ben"], taxonomy().tasks)
    assert found.rows == 3
    assert found.differing == {"r1": ("mood", "causes")}, "the order within a set is no difference"


def test_a_label_nobody_used_has_no_alpha() -> None:
    same = rows(["glad", "calm", "cross"], [("price",), (), ("price",)])
    found = agreement.agree([same, same], ["ann", "ben"], taxonomy().tasks)
    by_name = {(alpha.task, alpha.label): alpha for alpha in found.alphas}
    assert np.isnan(by_name["causes", "speed"].value)
    assert by_name["causes", "speed"].raw == 1
    assert by_name["causes", "price"].value == 1
    assert by_name["causes", "price"].used == 4


def test_an_ordinal_task_is_also_measured_where_all_state_it() -> None:
    first = rows(["calm"] * 4, [()] * 4, ["unstated", "low", "high", "high"])
    second = rows(["calm"] * 4, [()] * 4, ["low", "low", "high", "high"])
    found = agreement.agree([first, second], ["ann", "ben"], taxonomy().tasks)
    stated = [alpha for alpha in found.alphas if alpha.label == "(where all state it)"]
    assert [(alpha.rows, alpha.value) for alpha in stated] == [(3, 1.0)]


def test_three_annotators_of_different_rows_are_compared_where_two_meet() -> None:
    whole = rows(["glad", "calm", "cross"], [()] * 3)
    found = agreement.agree([whole, whole.iloc[:2], whole.iloc[1:]], ["a", "b", "c"], taxonomy().tasks)
    assert found.rows == 3
    assert found.differing == {}


def test_sheets_without_a_common_row_are_refused() -> None:
    whole = rows(["glad", "calm"], [()] * 2)
    with pytest.raises(LabelsError, match="no finished row in common"):
        agreement.agree([whole.iloc[:1], whole.iloc[1:]], ["a", "b"], taxonomy().tasks)
