"""Protects impacts: the same numbers as statsmodels gives on the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cxnlp.analysis.impact import Pattern, impacts, weighted_hc3


def test_agrees_with_statsmodels_hc3_on_single_rows() -> None:
    rng = np.random.default_rng(0)
    design = np.column_stack([rng.random(400) < 0.3, rng.random(400) < 0.2, np.ones(400)]).astype(float)
    outcome = (rng.random(400) < 0.7 - 0.4 * design[:, 0] - 0.2 * design[:, 1]).astype(float)
    rows, counts = np.unique(np.column_stack([design, outcome]), axis=0, return_counts=True)
    coefficients, errors, usable = weighted_hc3(rows[:, :3], rows[:, 3], counts.astype(float))
    fitted = sm.OLS(outcome, design).fit(cov_type="HC3")
    assert coefficients == pytest.approx(fitted.params)
    assert errors == pytest.approx(fitted.bse)
    assert all(usable)


def test_other_themes_are_held_fixed() -> None:
    # `delivery` harms by itself; `communication` only comes along with it, and once in a while alone, harmless
    cells = [
        Pattern((), "", 1.0, 300),
        Pattern((), "", 0.0, 100),
        Pattern(("delivery",), "", 0.0, 75),
        Pattern(("delivery",), "", 1.0, 25),
        Pattern(("communication", "delivery"), "", 0.0, 150),
        Pattern(("communication", "delivery"), "", 1.0, 50),
        Pattern(("communication",), "", 1.0, 30),
        Pattern(("communication",), "", 0.0, 10),
    ]
    found = impacts(cells, ("delivery", "communication"))
    assert found["delivery"].value == pytest.approx(-0.5)
    assert found["communication"].value == pytest.approx(0.0, abs=1e-9)
    assert found["delivery"].high < -0.4 and found["delivery"].n == 300


def test_a_theme_is_not_blamed_for_where_it_is_voiced() -> None:
    # at `bad` everybody is unhappy half the time, with the theme or without it
    cells = [Pattern((), "good", 1.0, 500), Pattern(("delivery",), "good", 1.0, 20)]
    cells += [Pattern((), "bad", float(y), 50) for y in (0, 1)]
    cells += [Pattern(("delivery",), "bad", float(y), 100) for y in (0, 1)]
    assert impacts(cells, ("delivery",))["delivery"].value == pytest.approx(0, abs=1e-9)


def test_rare_themes_get_no_number_of_their_own() -> None:
    cells = [Pattern((), "", 1.0, 100), Pattern(("delivery",), "", 0.0, 9)]
    assert impacts(cells, ("delivery",)) == {}
    assert impacts([], ("delivery",)) == {}


def test_themes_that_always_come_together_cannot_be_told_apart() -> None:
    cells = [Pattern((), "", 1.0, 100), Pattern(("communication", "delivery"), "", 0.0, 50)]
    assert impacts(cells, ("delivery", "communication")) == {}
