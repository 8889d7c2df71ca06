"""Which foretells the outcome better: stars, words, or both? And effort and delight side by side against it."""

from __future__ import annotations

import math

import duckdb
import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from cxnlp.analysis.events import sql_string
from cxnlp.analysis.numbers import Estimate, Gap
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import Z95, FloatArray, share
from cxnlp.analysis.summary import Outcome, OutcomeShare

MAXIMUM_ROWS = 20_000
FOLDS = 5
#: Least events, and least non-events, for a cross-validated comparison.
MINIMUM_EACH = 30


def pick_event(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the outcome value that counts as the event: the rarer of two (first by name on a tie), else None."""
    rows = connection.execute(
        "SELECT outcome, count(*) FROM analysed WHERE outcome IS NOT NULL GROUP BY 1 ORDER BY 2, 1"
    ).fetchall()
    return str(rows[0][0]) if len(rows) == 2 else None


def foretell(connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> Outcome | None:
    """Compare what foretells the outcome, on the rows that have stars, words and an outcome; None without outcomes."""
    event = pick_event(connection)
    if event is None:
        return None
    held = f"outcome = {sql_string(event)}"
    row = connection.execute(
        f"SELECT count(*), count(*) FILTER ({held}) FROM analysed WHERE outcome IS NOT NULL"  # noqa: S608
    ).fetchone()
    n, events = (int(row[0]), int(row[1])) if row else (0, 0)
    y, rating, words = _features(connection, settings, held)
    stars = text = both = difference = None
    if min(y.sum(), len(y) - y.sum()) >= MINIMUM_EACH:
        scores = [cross_validated(matrix, y, settings.seed) for matrix in (rating, words, np.hstack([rating, words]))]
        areas, covariance = delong(y, scores)
        stars, text, both = (_estimate(areas[k], covariance[k, k], len(y)) for k in range(3))
        variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
        value, error = float(areas[1] - areas[0]), math.sqrt(max(variance, 1e-12))
        p_value = float(2 * stats.norm.sf(abs(value) / error))
        difference = Gap(value, max(-1.0, value - Z95 * error), min(1.0, value + Z95 * error), len(y), p_value)
    return Outcome(event, n, events, stars, text, both, difference, _side_by_side(connection, held))


def _estimate(area: float, variance: float, n: int) -> Estimate:
    half = Z95 * math.sqrt(max(0.0, variance))
    return Estimate(float(area), float(max(0.0, area - half)), float(min(1.0, area + half)), n)


def _features(
    connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings, held: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return outcome [n], rating [n, 1] and label indicators [n, labels] of at most `MAXIMUM_ROWS` rows."""
    rows = connection.execute(
        f"SELECT {held}, rating, emotions, effort, stance, causes, strengths FROM analysed "  # noqa: S608
        f"WHERE outcome IS NOT NULL AND rated AND read ORDER BY md5(id || '{settings.seed}'), id LIMIT {MAXIMUM_ROWS}"
    ).fetchall()
    columns = [
        (index, label)
        for index, task in enumerate(("emotions", "effort", "stance", "causes", "strengths"))
        for label in settings.taxonomy.task(task).label_names
    ]
    words = np.zeros((len(rows), len(columns)))
    for position, row in enumerate(rows):
        said = [{value} if isinstance(value, str) else set(value) for value in row[2:]]
        words[position] = [label in said[index] for index, label in columns]
    return np.array([bool(row[0]) for row in rows]), np.array([[float(row[1])] for row in rows]).reshape(-1, 1), words


def cross_validated(features: FloatArray, y: FloatArray, seed: int) -> FloatArray:
    """Return out-of-fold scores of a logistic regression, as ranks within each fold carried to 0-1.

    Ranks, because scores of different folds come from different models and must not be compared by value.
    """
    scores = np.zeros(len(y))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, y):
        model = LogisticRegression(C=1.0, max_iter=1000).fit(features[train], y[train])
        scores[test] = stats.rankdata(model.decision_function(features[test])) / (len(test) + 1)
    return scores


def delong(y: FloatArray, scores: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return areas under the curve [k] and their covariance [k, k] on the same rows (DeLong et al. 1988)."""
    positive = y.astype(bool)
    m, n = int(positive.sum()), int((~positive).sum())
    place_p, place_n = [], []
    for score in scores:
        ranks = stats.rankdata(score)
        place_p.append((ranks[positive] - stats.rankdata(score[positive])) / n)
        place_n.append(1 - (ranks[~positive] - stats.rankdata(score[~positive])) / m)
    areas = np.array([place.mean() for place in place_p])
    return areas, np.cov(np.array(place_p)) / m + np.cov(np.array(place_n)) / n


def _side_by_side(connection: duckdb.DuckDBPyConnection, held: str) -> tuple[OutcomeShare, ...]:
    result = []
    band = "CASE WHEN top THEN 'top' WHEN low_box THEN 'low' WHEN rated THEN 'middle' END"
    delight = (
        "CASE WHEN NOT read THEN NULL WHEN list_contains(emotions, 'delight') THEN 'delight' ELSE 'no delight' END"
    )
    for column, expression in (
        ("effort", "effort"),
        ("delight", delight),
        ("stance", "stance"),
        ("rating", band),
    ):
        rows = connection.execute(
            f"SELECT {expression} AS value, count(*) FILTER ({held}), count(*) FROM analysed "  # noqa: S608
            f"WHERE outcome IS NOT NULL GROUP BY 1 HAVING value IS NOT NULL ORDER BY 1"
        ).fetchall()
        result += [OutcomeShare(column, str(value), share(int(c), int(n))) for value, c, n in rows]
    return tuple(result)
