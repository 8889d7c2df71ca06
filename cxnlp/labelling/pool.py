"""Where a sample is drawn from: the rows of the store, with what the model said of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.errors import StoreError
from cxnlp.labelling.layout import LONGEST_TEXT, shown_text
from cxnlp.taxonomy import REPORT_TASKS, Taxonomy

Floats = npt.NDArray[np.float32]

#: Rows are picked from this many at the most, themselves drawn at random: enough choice, and memory stays flat.
LARGEST_POOL = 50_000


@dataclass(frozen=True)
class Pool:
    """Rows to draw from, in random order (fixed by the seed), so that the first n are a random sample of n.

    `frame` has `id`, `author`, `text`, `language`, `touchpoint`, `text_hash`, `confidence` (task → 0-1) and one column
    a task with the model's labels (None where the model has not read the row). `vectors` [rows, H] are unit vectors,
    rows of zeros where there is none. `population` is how many rows with text the store holds, `too_long` how many of
    them were left out because no cell of a workbook holds them.
    """

    frame: pd.DataFrame
    vectors: Floats
    model: str
    population: int
    too_long: int


def newest_model(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the version of the model that most of the newest rows were read with; raise `StoreError` if none was."""
    row = connection.execute(
        """
        SELECT model FROM predictions JOIN feedback USING (text_hash, author)
        GROUP BY model ORDER BY max(changed_run) DESC, count(*) DESC, model LIMIT 1
        """
    ).fetchone()
    if row is None:
        raise StoreError("the store holds no predictions yet; `cxnlp run` makes them")
    return str(row[0])


def read_pool(
    connection: duckdb.DuckDBPyConnection,
    taxonomy: Taxonomy,
    *,
    seed: int,
    model: str | None = None,
    limit: int = LARGEST_POOL,
    authors: tuple[str, ...] = ("customer", "company"),
) -> Pool:
    """Read up to `limit` rows with text, drawn at random from all of them.

    Random order is the order of a hash of seed and id: the same store and seed give the same draw, whatever the order
    in which rows came in. Raise `StoreError` when no model has read the store yet.
    """
    version = model or newest_model(connection)
    counted = connection.execute(
        """
        SELECT count(*), count(*) FILTER (length(text) > ?) FROM feedback
        WHERE text IS NOT NULL AND list_contains(?, author)
        """,
        [LONGEST_TEXT, list(authors)],
    ).fetchone()
    rows = connection.execute(
        """
        SELECT id, author, text, language, touchpoint, text_hash, emotions, effort, stance, causes, strengths, other,
               map_keys(confidence), map_values(confidence), embedding
        FROM feedback LEFT JOIN (SELECT * FROM predictions WHERE model = ?) USING (text_hash, author)
        WHERE text IS NOT NULL AND length(text) <= ? AND list_contains(?, author)
        ORDER BY md5(? || '/' || id) LIMIT ?
        """,
        [version, LONGEST_TEXT, list(authors), str(seed), limit],
    ).fetchall()
    frame = pd.DataFrame(
        {
            "id": [row[0] for row in rows],
            "author": [row[1] for row in rows],
            "text": [shown_text(row[2]) for row in rows],
            "language": [row[3] or "" for row in rows],
            "touchpoint": [row[4] or "" for row in rows],
            "text_hash": [row[5] for row in rows],
            "confidence": [dict(zip(row[12] or (), row[13] or (), strict=True)) for row in rows],
        }
    )
    others = [json.loads(row[11]) if row[11] else None for row in rows]
    place = {name: 6 + position for position, name in enumerate(REPORT_TASKS)}
    for task in taxonomy.tasks:
        cells = [
            _labels(row[place[task.name]] if task.name in place else (other or {}).get(task.name))
            for row, other in zip(rows, others, strict=True)
        ]
        frame[task.name] = pd.Series(cells, index=frame.index, dtype=object)
    assert counted is not None
    return Pool(frame, _vectors([row[14] for row in rows]), version, int(counted[0]), int(counted[1]))


def _labels(value: str | list[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _vectors(blobs: list[bytes | None]) -> Floats:
    width = next((len(blob) for blob in blobs if blob), 1)
    found = np.zeros((len(blobs), width), dtype=np.float32)
    for row, blob in enumerate(blobs):
        if blob is not None and len(blob) == width:
            found[row] = np.frombuffer(blob, dtype=np.int8)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(np.divide(found, length, out=found, where=length > 0))
