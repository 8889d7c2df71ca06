"""The tables of the store, as DuckDB SQL. `store.py` keeps them; `analysis/` reads `feedback` and `predictions`.

The two large tables have no primary key: DuckDB keeps the index of one in memory and asks it for every row, which
makes each row dearer the more there are. What is unique stays so because one process writes, set against set
(`intake.py`, `store.py`), and `Store.verify` counts.
"""

from __future__ import annotations

SCHEMA_VERSION = 3

FEEDBACK = """
CREATE TABLE IF NOT EXISTS feedback (
    id VARCHAR NOT NULL,             -- unique; a reply's is its comment's + '/reply'
    reply_to VARCHAR,                -- id of the comment that this reply answers, NULL for comments
    author VARCHAR NOT NULL,         -- 'customer' or 'company'
    text VARCHAR,                    -- NULL: a rating without words
    text_hash VARCHAR,               -- records.text_hash(text), NULL without text
    stars DOUBLE,                    -- on the export's own scale
    scale_low DOUBLE,
    scale_high DOUBLE,
    touchpoint VARCHAR,              -- NULL: not known
    touchpoint_source VARCHAR NOT NULL,  -- 'column', 'rule' or 'none'
    date TIMESTAMP,
    question VARCHAR,
    language VARCHAR,                -- ISO 639-1, NULL: not determined
    language_source VARCHAR NOT NULL,    -- 'column', 'detected' or 'none'
    outcome VARCHAR,
    segments VARCHAR NOT NULL,       -- JSON object of the further columns
    file VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    row_hash VARCHAR NOT NULL,       -- of everything above: tells an edited row
    first_run BIGINT NOT NULL,       -- run that first read the row
    changed_run BIGINT NOT NULL,     -- run that last saw it change
    last_run BIGINT NOT NULL         -- run that last saw it in the export
)
"""

PREDICTIONS = """
CREATE TABLE IF NOT EXISTS predictions (
    text_hash VARCHAR NOT NULL,
    author VARCHAR NOT NULL,
    model VARCHAR NOT NULL,          -- version of the model: its content hash
    emotions VARCHAR[] NOT NULL,
    effort VARCHAR NOT NULL,
    stance VARCHAR NOT NULL,
    causes VARCHAR[] NOT NULL,
    strengths VARCHAR[] NOT NULL,
    other VARCHAR NOT NULL,          -- JSON object: labels of tasks beyond the report's five
    confidence MAP(VARCHAR, FLOAT) NOT NULL,  -- per task, 0-1
    unsure BOOLEAN NOT NULL,
    windows INTEGER NOT NULL,        -- 1: read at once; more: a long text read in windows
    embedding BLOB                   -- int8[384]: the text's unit vector times 127
)                                    -- unique: text_hash, author, model
"""

RUNS = """
CREATE TABLE IF NOT EXISTS runs (
    run BIGINT PRIMARY KEY,
    started TIMESTAMP NOT NULL,      -- UTC
    ended TIMESTAMP,                 -- NULL: did not end
    status VARCHAR NOT NULL,         -- 'running', 'done', 'gate failed', 'stopped', 'failed' or 'died'
    record VARCHAR NOT NULL          -- JSON: versions, hashes, counts, stages; never customer text
)
"""

EXPORT_FILES = """
CREATE TABLE IF NOT EXISTS export_files (
    path VARCHAR PRIMARY KEY,
    fingerprint VARCHAR NOT NULL,    -- of the content and of how it is read
    rows BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    run BIGINT NOT NULL              -- run that read it to its end
)
"""

REJECTED = """
CREATE TABLE IF NOT EXISTS rejected (
    path VARCHAR NOT NULL,           -- of the export file
    file VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    "column" VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    found VARCHAR NOT NULL,
    expected VARCHAR NOT NULL
)
"""

FORGOTTEN = """
CREATE TABLE IF NOT EXISTS forgotten (
    id_hash VARCHAR PRIMARY KEY      -- md5 of an id whose feedback was erased: it is never read again
)
"""

MODELS = """
CREATE TABLE IF NOT EXISTS models (
    version VARCHAR PRIMARY KEY,
    taxonomy VARCHAR NOT NULL,       -- its taxonomy, as TOML
    gold VARCHAR NOT NULL,           -- its gold.jsonl: labels by people and by the model, no text
    run BIGINT NOT NULL,             -- last run that read texts with it
    training VARCHAR DEFAULT '{}'    -- JSON: distribution of what it learned from (drift.py)
)
"""

META = "CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)"

TABLES = (META, FEEDBACK, PREDICTIONS, RUNS, EXPORT_FILES, REJECTED, FORGOTTEN, MODELS)

#: version → what carries a store of that version to the next one, in one transaction.
MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        "CREATE TABLE feedback_2 AS SELECT * FROM feedback",
        "DROP TABLE feedback",
        FEEDBACK,
        "INSERT INTO feedback BY NAME SELECT * FROM feedback_2",
        "DROP TABLE feedback_2",
        "CREATE TABLE predictions_2 AS SELECT * FROM predictions",
        "DROP TABLE predictions",
        PREDICTIONS,
        "INSERT INTO predictions BY NAME SELECT * FROM predictions_2",
        "DROP TABLE predictions_2",
        "DELETE FROM meta WHERE key = 'model'",  # now in `models`; noted again by the next run
        "CREATE TABLE models (version VARCHAR PRIMARY KEY, taxonomy VARCHAR NOT NULL, gold VARCHAR NOT NULL, "
        "run BIGINT NOT NULL)",
    ),
    2: ("ALTER TABLE models ADD COLUMN training VARCHAR DEFAULT '{}'",),
}
