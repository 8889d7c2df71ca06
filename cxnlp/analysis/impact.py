"""Impact of themes: what the presence of one does to the rating and to expressed satisfaction, the others held fixed.

Least squares on indicator variables, one per theme (and per touchpoint, so that a theme is not blamed for where it is
voiced). With a yes-or-no outcome this is the linear probability model: coefficients are average differences in share
points. Standard errors are robust to unequal variance, HC3 (MacKinnon & White 1985; Long & Ervin 2000 on small
samples), computed on patterns that occur many times rather than on rows, which gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from scipy import stats

from cxnlp.analysis.numbers import Estimate
from cxnlp.analysis.stats import FloatArray

#: A theme needs this many texts with it, and without it, to get a coefficient of its own.
MINIMUM_PRESENT = 10


@dataclass(frozen=True, slots=True)
class Pattern:
    """Texts that are alike in all that matters: `count` rows with these themes, this control group, this outcome."""

    themes: tuple[str, ...]
    control: str
    outcome: float
    count: int


def patterns(
    connection: duckdb.DuckDBPyConnection, task: str, outcome: str, condition: str, control: str = "touchpoint"
) -> list[Pattern]:
    """Count the patterns of `task` (causes or strengths) with `outcome` (a column of `analysed`) where `condition`."""
    rows = connection.execute(
        f"SELECT {task}, coalesce({control}, ''), {outcome}::DOUBLE, count(*) FROM analysed "  # noqa: S608
        f"WHERE read AND {outcome} IS NOT NULL AND ({condition}) GROUP BY 1, 2, 3 ORDER BY 2, 3, 4, 1"
    ).fetchall()
    return [Pattern(tuple(themes), str(group), float(value), int(count)) for themes, group, value, count in rows]


def impacts(cells: Sequence[Pattern], themes: Sequence[str]) -> dict[str, Estimate]:
    """Return theme → coefficient with 95 % interval, for the themes that enough texts have and lack.

    Rare themes stay in the model together, as one indicator. `n` is the number of texts with the theme. Themes that
    cannot be told apart from others (collinear) are left out.
    """
    total = sum(cell.count for cell in cells)
    present = {theme: sum(cell.count for cell in cells if theme in cell.themes) for theme in themes}
    kept = [t for t in themes if MINIMUM_PRESENT <= present[t] <= total - MINIMUM_PRESENT]
    if not kept:
        return {}
    design, outcome, weights = _matrices(cells, themes, kept)
    if total <= design.shape[1] + MINIMUM_PRESENT:
        return {}
    coefficients, errors, usable = weighted_hc3(design, outcome, weights)
    freedom = total - design.shape[1]
    half = float(stats.t.ppf(0.975, freedom))
    result = {}
    for index, theme in enumerate(kept):
        if not usable[index]:
            continue
        value, error = float(coefficients[index]), float(errors[index])
        p_value = float(2 * stats.t.sf(abs(value) / error, freedom)) if error > 0 else 1.0
        result[theme] = Estimate(value, value - half * error, value + half * error, present[theme], p_value)
    return result


def _matrices(
    cells: Sequence[Pattern], themes: Sequence[str], kept: Sequence[str]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return design [cells, kept + rare + controls], outcome and weights [cells]."""
    rare = set(themes) - set(kept)
    controls = sorted({cell.control for cell in cells})
    columns = [[float(theme in cell.themes) for cell in cells] for theme in kept]
    if any(theme in rare for cell in cells for theme in cell.themes):
        columns.append([float(any(theme in rare for theme in cell.themes)) for cell in cells])
    columns += [[float(cell.control == control) for cell in cells] for control in controls]
    return (
        np.array(columns).T,
        np.array([cell.outcome for cell in cells]),
        np.array([cell.count for cell in cells], float),
    )


def weighted_hc3(
    design: FloatArray, outcome: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray, list[bool]]:
    """Return least-squares coefficients, their HC3 standard errors, and which of them are identified.

    Row i of `design` [rows, k] with `outcome` [rows] stands for `counts`[i] identical observations.
    """
    gram = design.T @ (design * counts[:, None])
    inverse = np.linalg.pinv(gram, hermitian=True)
    resolution = inverse @ gram
    usable = [bool(abs(resolution[k, k] - 1) < 1e-6) for k in range(design.shape[1])]
    coefficients = inverse @ (design.T @ (counts * outcome))
    leverage = np.clip(np.einsum("ij,jk,ik->i", design, inverse, design), 0, 1 - 1e-6)
    residual = (outcome - design @ coefficients) / (1 - leverage)
    residual[np.abs(outcome - design @ coefficients) < 1e-9] = 0.0
    meat = design.T @ (design * (counts * residual**2)[:, None])
    errors = np.sqrt(np.maximum(0.0, np.diag(inverse @ meat @ inverse)))
    return coefficients, errors, usable
