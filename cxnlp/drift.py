"""How far the feedback of the last weeks is from what the model was trained on: a reason to label and train anew.

Measured by the population stability index, per language, text length, unsure share and answer. The reference stands in
the model's own folder: languages and text lengths of its training rows (`training.json`), its answers on the gold rows,
which were drawn like the training rows and kept from it (`gold.jsonl`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import duckdb

from cxnlp.analysis.stats import stability_index

#: name → value → how many customers' texts have it.
Distribution = dict[str, dict[str, int]]

#: Texts looked at are those dated within so many days of the newest one, or all where none is dated.
RECENT_DAYS = 28
#: Fewer texts tell nothing.
LEAST_TEXTS = 100
_TASKS = ("emotions", "effort", "stance", "causes", "strengths")


def training_distribution(folder: Path) -> Distribution:
    """Return what a model's folder says of the rows it learned from; what it does not say is left out."""
    result: Distribution = {}
    training = folder / "training.json"
    rows = json.loads(training.read_text(encoding="utf-8")).get("rows", {}) if training.exists() else {}
    languages: Counter[str] = Counter()
    for key, count in rows.get("by_origin_language_author", {}).items():
        _, language, author = key.rsplit(" ", 2) if key.count(" ") >= 2 else ("", "", "")
        if author == "customer":
            languages[language] += int(count)
    if languages:
        result["languages"] = dict(languages)
    if rows.get("text_length"):
        result["text_length"] = {str(size): int(count) for size, count in rows["text_length"].items()}
    gold = folder / "gold.jsonl"
    answers: dict[str, Counter[str]] = {task: Counter() for task in (*_TASKS, "unsure")}
    for line in gold.read_text(encoding="utf-8").splitlines() if gold.exists() else ():
        row = json.loads(line)
        if row["author"] == "customer":
            for task in _TASKS:
                answers[task].update(row["predicted"].get(task) or ("none",))
            if "unsure" in row:
                answers["unsure"].update([str(bool(row["unsure"])).lower()])
    return result | {task: dict(counts) for task, counts in answers.items() if counts}


def recent_distribution(connection: duckdb.DuckDBPyConnection, model: str) -> Distribution:
    """Return the same of the customers' texts of the last weeks that `model` has read."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE recent_texts AS
        WITH newest AS (SELECT max(date) AS day FROM feedback)
        SELECT coalesce(language, 'none') AS languages,
               floor(log2(greatest(length(text), 1)))::INTEGER::VARCHAR AS text_length,
               unsure::VARCHAR AS unsure, [effort] AS effort, [stance] AS stance, emotions, causes, strengths
        FROM feedback JOIN predictions USING (text_hash, author) CROSS JOIN newest
        WHERE author = 'customer' AND model = ? AND (day IS NULL OR date > day - INTERVAL {RECENT_DAYS} DAY)
        """,  # noqa: S608  (a number)
        [model],
    )
    result: Distribution = {}
    for name in ("languages", "text_length", "unsure", *_TASKS):
        value = name if name not in _TASKS else f"unnest(CASE WHEN len({name}) = 0 THEN ['none'] ELSE {name} END)"
        rows = connection.execute(
            f"SELECT value, count(*) FROM (SELECT {value} AS value FROM recent_texts) GROUP BY 1 ORDER BY 1"  # noqa: S608
        ).fetchall()
        result[name] = {str(value): int(count) for value, count in rows}
    connection.execute("DROP TABLE recent_texts")
    return result


def training_drift(reference: Mapping[str, Mapping[str, int]], recent: Distribution) -> dict[str, float]:
    """Return name → population stability index; empty where there are fewer than `LEAST_TEXTS` recent texts."""
    if sum(recent["languages"].values()) < LEAST_TEXTS:
        return {}
    result = {}
    for name, before in reference.items():
        values = sorted({*before, *recent[name]})
        index = stability_index([before.get(v, 0) for v in values], [recent[name].get(v, 0) for v in values])
        result[name] = round(index, 4)
    return result
