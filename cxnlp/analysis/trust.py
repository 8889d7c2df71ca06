"""How far to trust the report: accuracy on labelled rows, corrections, unsure share, set-aside rows, drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import duckdb
import numpy as np

from cxnlp.analysis.corrector import Corrector
from cxnlp.analysis.counts import Window
from cxnlp.analysis.events import EVENT_TASKS, Vocabulary
from cxnlp.analysis.numbers import Estimate
from cxnlp.analysis.settings import AnalysisSettings, GoldRow
from cxnlp.analysis.stats import FloatArray, share, stability_chance, stability_index
from cxnlp.analysis.summary import Accuracy, Correction, Count, Drift, SetAside, Trust, Unsure
from cxnlp.taxonomy import Task

RESAMPLES = 500
#: Least labelled rows for an accuracy of their own, and least labels (of each level) for an F1.
MINIMUM_ROWS = 10
MINIMUM_LABELS = 5
_CORRECTED_EVENTS = ("expressed", "complaint", "positive", "negative", "unhappy", "high_effort", "stated")


def valence(emotions: Sequence[str], vocabulary: Vocabulary) -> str:
    """Return positive, negative, mixed or none."""
    good = any(name in vocabulary.positive for name in emotions)
    bad = any(name in vocabulary.negative for name in emotions)
    return "mixed" if good and bad else "positive" if good else "negative" if bad else "none"


def _outcomes(task: Task, rows: Sequence[GoldRow]) -> FloatArray:
    """Return per row and label whether both said it, only the model, only the human: [rows, labels, 3]."""
    names = task.label_names
    human = np.array([[name in row.human[task.name] for name in names] for row in rows])
    model = np.array([[name in row.predicted[task.name] for name in names] for row in rows])
    return np.stack([human & model, model & ~human, human & ~model], axis=2).astype(float)


def _f1(hits: FloatArray, false: FloatArray, missed: FloatArray) -> FloatArray:
    bottom = 2 * hits + false + missed
    return np.divide(2 * hits, bottom, out=np.ones_like(bottom), where=bottom > 0)


def score(task: Task, rows: Sequence[GoldRow], seed: int) -> tuple[str, Estimate] | None:
    """Return metric and estimate with a percentile bootstrap interval over rows.

    Accuracy for single tasks, macro-F1 over all levels for ordinal ones, micro-F1 for tasks of several labels. None
    where too few (`MINIMUM_LABELS`) labels were given by hand: of a level in ordinal tasks, of all where several hold.
    """
    cells = _outcomes(task, rows)
    labelled = (cells[:, :, 0] + cells[:, :, 2]).sum(axis=0)
    if task.kind == "multi" and labelled.sum() < MINIMUM_LABELS:
        return None
    if task.kind == "ordinal" and labelled.min() < MINIMUM_LABELS:
        return None
    drawn = np.random.default_rng(seed).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES)
    weights = np.vstack([np.ones(len(rows)), drawn])
    if task.kind == "single":
        metric, values = "accuracy", weights @ cells[:, :, 0].sum(axis=1) / len(rows)
    elif task.kind == "multi":
        hits, false, missed = (weights @ cells[:, :, k].sum(axis=1) for k in range(3))
        metric, values = "micro_f1", _f1(hits, false, missed)
    else:
        parts = [weights @ cells[:, :, k] for k in range(3)]
        metric, values = "macro_f1", _f1(*parts).mean(axis=1)
    low, high = np.quantile(values[1:], [0.025, 0.975])
    value = float(values[0])
    return metric, Estimate(value, min(value, float(low)), max(value, float(high)), len(rows))


def accuracies(settings: AnalysisSettings, vocabulary: Vocabulary) -> tuple[Accuracy, ...]:
    """Return the accuracy per task (and valence), language, author and origin, of groups with ten rows or more."""
    result = []
    for task in settings.taxonomy.tasks:
        for author in ("customer", "company"):
            labelled = [
                row
                for row in settings.gold
                if row.author == author and task.name in row.human and task.name in row.predicted
            ]
            for origin in sorted({row.origin for row in labelled}):
                rows = [row for row in labelled if row.origin == origin]
                languages = sorted({row.language for row in rows if row.language})
                for language in ("all", *languages):
                    own = [row for row in rows if language in ("all", row.language)]
                    if len(own) < MINIMUM_ROWS:
                        continue
                    scored = score(task, own, settings.seed)
                    if scored is not None:
                        result.append(Accuracy(task.name, language, author, origin, *scored))
                    if task.name == "emotions" and author == "customer":
                        right = sum(
                            valence(row.human["emotions"], vocabulary) == valence(row.predicted["emotions"], vocabulary)
                            for row in own
                        )
                        hit = share(right, len(own))
                        value = Estimate(right / len(own), hit.low, hit.high, len(own))
                        result.append(Accuracy("valence", language, author, origin, "accuracy", value))
    return tuple(result)


def corrections(settings: AnalysisSettings, corrector: Corrector) -> tuple[Correction, ...]:
    """Return how each corrected event is read."""
    if not settings.gold:
        return ()
    events = [(event, "customer") for event in _CORRECTED_EVENTS if event in EVENT_TASKS]
    events += [(f"causes:{name}", "customer") for name in settings.taxonomy.task("causes").label_names]
    events += [("excuse", "company"), ("resolution", "company")]
    result = []
    for event, author in events:
        reading, problem = corrector.pooled(event, author), corrector.problem(event, author)
        result.append(Correction(event, author, reading.sensitivity, reading.specificity, not problem, problem))
    return tuple(result)


def drift(connection: duckdb.DuckDBPyConnection, window: Window | None, minimum: int) -> tuple[Drift, ...]:
    """Return the stability indices of the last four weeks against those before; empty where either is too small."""
    if window is None:
        return ()
    recent = f"week >= DATE '{window.recent_from}' AND week <= DATE '{window.recent_to}'"
    before = f"week >= DATE '{window.earlier_from}' AND week < DATE '{window.recent_from}'"
    values = {
        "languages": ("coalesce(language, '')", "has_text", "analysed"),
        "text_length": ("floor(log2(greatest(length, 1)))::INTEGER", "has_text", "lengths"),
        "stars": ("rating", "rated", "analysed"),
        "stance": ("stance", "read", "analysed"),
        "effort": ("effort", "read", "analysed"),
        "emotions": ("unnest(emotions)", "read", "analysed"),
        "causes": ("unnest(causes)", "read", "analysed"),
    }
    result = []
    for name, (expression, condition, table) in values.items():
        rows = connection.execute(
            f"""
            WITH lengths AS (
                SELECT a.week, a.has_text, length(f.text) AS length
                FROM analysed AS a JOIN feedback AS f USING (id) WHERE a.has_text AND a.week IS NOT NULL
            )
            SELECT value, count(*) FILTER (period = 'before'), count(*) FILTER (period = 'recent') FROM (
                SELECT {expression} AS value,
                       CASE WHEN {recent} THEN 'recent' WHEN {before} THEN 'before' END AS period
                FROM {table} WHERE {condition}
            ) GROUP BY 1 ORDER BY 1
            """  # noqa: S608
        ).fetchall()
        earlier, later = [int(row[1]) for row in rows], [int(row[2]) for row in rows]
        if min(sum(earlier), sum(later)) < minimum:
            continue
        index, chance = stability_index(earlier, later), stability_chance(earlier, later)
        result.append(Drift(name, index, sum(later), sum(earlier), drift_level(index, chance), chance))
    return tuple(result)


def drift_level(index: float, chance: float) -> Literal["steady", "moving", "changed"]:
    """Return the usual reading of a population stability index, steady where it may be mere `chance`.

    The customary bounds are from exports of many thousand rows; a few dozen rows pass them with no change at all.
    """
    if index < 0.1 or index <= chance:
        return "steady"
    return "moving" if index <= 0.25 else "changed"


def build_trust(
    connection: duckdb.DuckDBPyConnection,
    settings: AnalysisSettings,
    corrector: Corrector,
    vocabulary: Vocabulary,
    *,
    window: Window | None,
    unsure: Mapping[str, tuple[int, int]],
) -> Trust:
    """Gather it; `unsure` maps a language (or `all`) to unsure and read texts."""
    confidence = connection.execute(
        """
        SELECT task, avg(value) FROM (
            SELECT unnest(map_entries(confidence), recursive := true) FROM readings
        ) AS entry(task, value) GROUP BY 1 ORDER BY 1
        """
    ).fetchall()
    return Trust(
        real=sum(row.origin != "written" for row in settings.gold),
        written=sum(row.origin == "written" for row in settings.gold),
        labels_are_random=settings.gold_is_random,
        accuracy=accuracies(settings, vocabulary),
        corrections=corrections(settings, corrector),
        uncovered_languages=tuple(
            Count(name, number)
            for name, number in sorted(corrector.uncovered.items(), key=lambda item: (-item[1], item[0]))
        )
        if settings.gold
        else (),
        unsure=tuple(Unsure(language, share(count, total)) for language, (count, total) in unsure.items()),
        confidence=tuple((str(task), round(float(value), 6)) for task, value in confidence),
        set_aside=set_aside(connection),
        drift=drift(connection, window, settings.minimum_group),
    )


def set_aside(connection: duckdb.DuckDBPyConnection) -> tuple[SetAside, ...]:
    """Return the rejected rows by column and reason, most frequent first; none where the store keeps none."""
    tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "rejected" not in tables:
        return ()
    rows = connection.execute(
        'SELECT "column", reason, count(*) FROM rejected GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2'
    ).fetchall()
    return tuple(SetAside(str(column), str(reason), int(count)) for column, reason, count in rows)
