"""Small stores for the tests of the analysis: rows as dicts in, a DuckDB connection with both tables out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pandas as pd

from cxnlp.records import text_hash
from cxnlp.schema import FEEDBACK, PREDICTIONS, REJECTED

MODEL = "test@000000000000"
_CUSTOMER_TASKS = {"emotions": [], "effort": "unstated", "stance": "neither", "causes": [], "strengths": []}


def store(rows: Iterable[Mapping[str, Any]], model: str = MODEL) -> duckdb.DuckDBPyConnection:
    """Build a store of customer rows; each may carry any column of `feedback`, the five tasks, `unsure`, `windows`,
    `embedding`, and `reply` (its text) with `reply_stance` and `reply_date`. Same text: the first row's labels count.
    """
    feedback: list[dict[str, Any]] = []
    predictions: dict[tuple[str, str], dict[str, Any]] = {}
    for index, row in enumerate(rows):
        number = str(row.get("id", f"row-{index:05d}"))
        text = row.get("text", f"text of {number}")
        rated = row.get("stars") is not None
        feedback.append(
            _record(number, None, "customer", text, row) | ({} if rated else {"scale_low": None, "scale_high": None})
        )
        if text is not None and row.get("read", True):
            labels = {task: row.get(task, default) for task, default in _CUSTOMER_TASKS.items()}
            predictions.setdefault((text_hash(text), "customer"), _prediction(text, "customer", model, labels, row))
        if row.get("reply") is not None:
            reply = {
                "touchpoint": row.get("touchpoint"),
                "date": row.get("reply_date"),
                "language": row.get("language"),
            }
            record = _record(f"{number}/reply", number, "company", row["reply"], reply)
            feedback.append(record | {"scale_low": None, "scale_high": None})
            labels = dict(_CUSTOMER_TASKS) | {"stance": row.get("reply_stance", "excuse")}
            key = (text_hash(row["reply"]), "company")
            predictions.setdefault(key, _prediction(row["reply"], "company", model, labels, {}))
    connection = duckdb.connect(config={"threads": 1})
    for table in (FEEDBACK, PREDICTIONS, REJECTED):
        connection.execute(table)
    if feedback:
        frame = pd.DataFrame(feedback)
        frame["date"] = pd.to_datetime(frame["date"])
        connection.register("incoming", frame)
        connection.execute(f"INSERT INTO feedback BY NAME SELECT {', '.join(_TYPED)} FROM incoming")
        connection.unregister("incoming")
    if predictions:
        connection.executemany(
            f"INSERT INTO predictions VALUES ({', '.join('?' * 13)})", [tuple(p.values()) for p in predictions.values()]
        )
    return connection


_TYPED = (
    *(
        f"{name}::VARCHAR AS {name}"
        for name in [
            "id",
            "reply_to",
            "author",
            "text",
            "text_hash",
            "touchpoint",
            "touchpoint_source",
            "question",
            "language",
            "language_source",
            "outcome",
            "segments",
            "file",
            "row_hash",
        ]
    ),
    *(f"{name}::DOUBLE AS {name}" for name in ("stars", "scale_low", "scale_high")),
    "date::TIMESTAMP AS date",
    *(f"{name}::BIGINT AS {name}" for name in ("line", "first_run", "changed_run", "last_run")),
)


def _record(number: str, reply_to: str | None, author: str, text: str | None, row: Mapping[str, Any]) -> dict[str, Any]:
    touchpoint, language = row.get("touchpoint"), row.get("language", "en")
    return {
        "id": number,
        "reply_to": reply_to,
        "author": author,
        "text": text,
        "text_hash": None if text is None else text_hash(text),
        "stars": row.get("stars"),
        "scale_low": row.get("scale", (1, 5))[0],
        "scale_high": row.get("scale", (1, 5))[1],
        "touchpoint": touchpoint,
        "touchpoint_source": row.get("touchpoint_source", "column" if touchpoint else "none"),
        "date": row.get("date"),
        "question": row.get("question"),
        "language": language,
        "language_source": "column" if language else "none",
        "outcome": row.get("outcome"),
        "segments": row.get("segments", "{}"),
        "file": "export.csv",
        "line": 2,
        "row_hash": f"{number}|{text}|{row.get('stars')}",
        "first_run": 1,
        "changed_run": 1,
        "last_run": 1,
    }


def _prediction(
    text: str, author: str, model: str, labels: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "text_hash": text_hash(text),
        "author": author,
        "model": model,
        **{task: labels[task] for task in ("emotions", "effort", "stance", "causes", "strengths")},
        "other": "{}",
        "confidence": {"stance": 0.9},
        "unsure": row.get("unsure", False),
        "windows": row.get("windows", 1),
        "embedding": row.get("embedding"),
    }
