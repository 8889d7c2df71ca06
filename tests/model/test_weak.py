"""Stars as weak labels: drawn evenly, read on any scale, never a text that nearly repeats a labelled one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import ExportError
from cxnlp.model.examples import Examples
from cxnlp.model.weak import STARS, levels, unlike, weakly_labelled, with_stars, without_stars
from cxnlp.taxonomy import Taxonomy


def records(stars: list[float], low: float = 1, high: float = 5) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(len(stars))],
            "author": "customer",
            "text": [f"w{number % 60} w{number // 60} glad again" for number in range(len(stars))],
            "stars": stars,
            "scale_low": float(low),
            "scale_high": float(high),
            "language": None,
        }
    )


@pytest.mark.parametrize(
    ("low", "high", "stars", "expected"),
    [(1, 5, [1, 2, 3, 4, 5], [0, 1, 2, 3, 4]), (0, 10, [0, 3, 5, 7, 10], [0, 1, 2, 3, 4]), (1, 2, [1, 2], [0, 4])],
)
def test_stars_of_any_scale_become_five_levels(low: int, high: int, stars: list[float], expected: list[int]) -> None:
    assert levels(records(stars, low, high)).tolist() == expected


def test_as_many_of_each_level_are_drawn_as_there_are(taxonomy: Taxonomy) -> None:
    weak = weakly_labelled(records([5.0] * 300 + [1.0] * 40 + [3.0] * 80), taxonomy, seed=1, most=150)
    assert weak.targets[STARS.name].sum(axis=0).tolist() == [40, 0, 55, 0, 55]
    assert all(np.isnan(weak.targets[task.name]).all() for task in taxonomy.tasks)
    assert list(weak.targets) == [task.name for task in with_stars(taxonomy).tasks]
    again = weakly_labelled(records([5.0] * 300 + [1.0] * 40 + [3.0] * 80), taxonomy, seed=2, most=150)
    assert weak.ids != again.ids


def test_only_customers_texts_with_words_and_stars_count(taxonomy: Taxonomy) -> None:
    export = records([1.0, 5.0] * 100)
    export.loc[0, "text"] = "good"
    export.loc[1, "author"] = "company"
    export.loc[2, "text"] = None
    export.loc[3, ["stars", "scale_low", "scale_high"]] = np.nan
    export.loc[5, "text"] = export.loc[4, "text"]
    weak = weakly_labelled(export, taxonomy, seed=1)
    assert set(weak.ids) == {f"export:r{number}" for number in range(200) if number not in (0, 1, 2, 3, 5)}


@pytest.mark.parametrize("stars", [[1.0, 5.0] * 20, [5.0] * 200])
def test_an_export_that_cannot_teach_is_refused(stars: list[float], taxonomy: Taxonomy) -> None:
    with pytest.raises(ExportError, match="expected 100 texts of two levels"):
        weakly_labelled(records(stars), taxonomy, seed=1)


def test_a_text_that_nearly_repeats_a_labelled_one_is_left_out(examples: Examples, taxonomy: Taxonomy) -> None:
    export = records([1.0, 5.0] * 100)
    export.loc[7, "text"] = examples.texts[0].upper() + " !!"
    weak = weakly_labelled(export, taxonomy, seed=1)
    kept = unlike(weak, examples)
    assert "export:r7" in weak.ids
    assert "export:r7" not in kept.ids
    assert np.isnan(without_stars(examples).targets[STARS.name]).all()
