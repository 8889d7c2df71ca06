"""`cxnlp run --dry-run`: what a run would refuse, read and classify. Nothing is written, locked or carried forward."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from cxnlp.config import Config
from cxnlp.ingest import fingerprint, read_export, release_languages
from cxnlp.ingest.sources import reading_day
from cxnlp.intake import registered
from cxnlp.keeping import beside
from cxnlp.pipeline import check_inputs
from cxnlp.read_stage import file_name
from cxnlp.store import Store

_KEYS = pa.schema([(name, pa.string()) for name in ("id", "reply_to", "text_hash", "author")])


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What a run would do with one export file."""

    file: str
    unchanged: bool
    rows: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: with each file, and how many texts the model `model` would be given to read."""

    files: tuple[FilePlan, ...]
    texts: int
    model: str


def plan(config: Config, *, today: date | None = None) -> Plan:
    """Check and read everything as a run would and say what it would find; change nothing.

    Texts are counted as if of two rows with one id the later file had the right one. Raise what `pipeline.run` raises
    before it changes anything, and `StoreLockedError` while another run holds the store.
    """
    inputs = check_inputs(config)
    day = reading_day(today or date.today())
    with duckdb.connect() as memory:
        known = _take_over(memory, config, inputs.model.version)
        plans = []
        try:
            for path in inputs.paths:
                name = file_name(path, config)
                if known.get(name) == fingerprint(path, config.export, inputs.journey):
                    plans.append(FilePlan(name, True, 0, 0))
                    continue
                rows = rejected = 0
                for batch in read_export(path, config.export, inputs.journey, today=day):
                    rows += batch.rows
                    rejected += len(batch.rejected)
                    with registered(memory, "batch", batch.records):
                        memory.execute(
                            f"INSERT OR REPLACE INTO incoming SELECT {', '.join(_KEYS.names)} FROM batch "  # noqa: S608
                            f"WHERE md5(id) NOT IN (FROM forgotten) "
                            f"AND (reply_to IS NULL OR md5(reply_to) NOT IN (FROM forgotten))"
                        )
                plans.append(FilePlan(name, False, rows, rejected))
        finally:
            release_languages()
        texts = memory.execute(
            """
            SELECT count(*) FROM (
                SELECT DISTINCT text_hash, author FROM (
                    SELECT id, text_hash, author FROM incoming
                    UNION ALL SELECT id, text_hash, author FROM stored ANTI JOIN incoming USING (id))
                WHERE text_hash IS NOT NULL) AS wanted
            ANTI JOIN done USING (text_hash, author)
            """
        ).fetchall()[0][0]
    return Plan(tuple(plans), int(texts), inputs.model.version)


def _take_over(memory: duckdb.DuckDBPyConnection, config: Config, model: str) -> dict[str, str]:
    """Copy the keys of records, forgotten ids and what `model` has read to memory; return file → fingerprint."""
    path = config.resolve(config.store.path)
    if not path.exists():
        path = beside(path, ".backup")  # a run would put it in the store's place
    memory.execute(
        "CREATE TABLE incoming (id VARCHAR PRIMARY KEY, reply_to VARCHAR, text_hash VARCHAR, author VARCHAR)"
    )
    memory.execute("CREATE TABLE stored (id VARCHAR, text_hash VARCHAR, author VARCHAR)")
    memory.execute("CREATE TABLE done (text_hash VARCHAR, author VARCHAR)")
    memory.execute("CREATE TABLE forgotten (id_hash VARCHAR)")
    if not path.exists():
        return {}
    with Store(path, memory_limit=config.store.memory_limit, read_only=True) as store:
        for table, query, values in (
            ("stored", "SELECT id, text_hash, author FROM feedback", []),
            ("done", "SELECT text_hash, author FROM predictions WHERE model = ?", [model]),
            ("forgotten", "SELECT id_hash FROM forgotten", []),
        ):
            with registered(memory, "taken_over", store.connection.sql(query, params=values).to_arrow_table()):
                memory.execute(f"INSERT INTO {table} FROM taken_over")
        return store.file_marks()
