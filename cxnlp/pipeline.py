"""The nightly job, stage after stage: read, classify what is new, aggregate, publish.

Each stage leaves the store consistent and picks up where an earlier run stopped, so a run that died is simply run
again. The report comes last and appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxnlp.analysis import AnalysisSettings, GoldRow, Summary, summarize
from cxnlp.config import Config
from cxnlp.console import progress
from cxnlp.errors import ConfigError, GateError, TaxonomyError
from cxnlp.gates import failed_gates
from cxnlp.ingest import find_files, fingerprint, read_export, write_rejected
from cxnlp.ingest.export import open_export
from cxnlp.journey import Journey, load_journey
from cxnlp.labelling.rows import read_labelled
from cxnlp.nightly import RunRecord, StopRequested, StopSwitch
from cxnlp.records import RejectedRow, text_hash
from cxnlp.report.publish import newest_summary, publish
from cxnlp.store import Changes, PendingText, Store, StoredPrediction, hold
from cxnlp.taxonomy import REPORT_TASKS, Taxonomy, parse_taxonomy

if TYPE_CHECKING:
    from cxnlp.model.predict import Prediction, Predictor

READ_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class ReportModel:
    """What the report needs of a model, without loading it: version, taxonomy, and the gold rows it was scored on."""

    version: str
    taxonomy: Taxonomy
    gold: tuple[GoldRow, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, for the command line."""

    record: RunRecord
    summary: Summary
    report: Path


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What a run would do with one export file."""

    file: str
    unchanged: bool
    rows: int
    rejected: int


def plan(config: Config) -> list[FilePlan]:
    """Read everything as a run would and say what it would find; change nothing."""
    journey = load_journey(config.journey_path())
    path = config.resolve(config.store.path)
    marks: dict[str, str] = {}
    if path.exists():
        with hold(path), Store(path, memory_limit=config.store.memory_limit) as store:
            marks = store.file_marks()
    plans = []
    for file in find_files(config.export, config.folder):
        name = file_name(file, config)
        if marks.get(name) == fingerprint(file, config.export, journey):
            plans.append(FilePlan(name, True, 0, 0))
            continue
        rows = rejected = 0
        for batch in read_export(file, config.export, journey):
            rows += batch.rows
            rejected += len(batch.rejected)
        plans.append(FilePlan(name, False, rows, rejected))
    return plans


def run(config: Config, *, today: date | None = None) -> Outcome:
    """Do one night's work and return how it went.

    Raise a `BadInputError` before anything is changed when configuration, input or model cannot be used,
    `StoreLockedError` when another run holds the store, `GateError` after all is done when a gate failed.
    """
    journey = load_journey(config.journey_path())
    files = find_files(config.export, config.folder)
    for path in files:
        open_export(path, config.export)

    from cxnlp.model.predict import Predictor  # noqa: PLC0415  (brings torch)
    from cxnlp.model.registry import resolve_model  # noqa: PLC0415

    folder = resolve_model(config.model.path, config.folder)
    predictor = Predictor.load(folder, batch_tokens=config.model.batch_tokens)
    check_taxonomy(predictor.taxonomy, folder)
    record = RunRecord(cxnlp=version("cxnlp"), config_sha256=config_hash(config), model=predictor.version)
    stop = StopSwitch()
    path = config.resolve(config.store.path)
    with hold(path), Store(path, memory_limit=config.store.memory_limit) as store, stop.armed():
        record.run = store.begin_run()
        try:
            with record.stage("read"):
                read_stage(store, config, journey, files, record, stop)
            with record.stage("classify"):
                classify_stage(store, predictor, record, stop, budget_seconds(config.model.budget))
            store.note_model(predictor.version, folder)
            with record.stage("report"):
                summary = report_stage(store, config, journey, record, today or date.today(), stop)
            record.failed_gates = failed_gates(config.gates, record, summary)
            store.end_run(record.run, "gate failed" if record.failed_gates else "done", asdict(record))
        except BaseException as error:
            status = "stopped" if isinstance(error, StopRequested) else "failed"
            store.end_run(record.run, status, asdict(record))
            raise
    if record.failed_gates:
        raise GateError("; ".join(record.failed_gates))
    return Outcome(record, summary, Path(record.report))


def rebuild_report(config: Config, *, today: date | None = None) -> Path:
    """Make the report anew from the store, with the model that the last run used; nothing is read or classified."""
    journey = load_journey(config.journey_path())
    record = RunRecord(cxnlp=version("cxnlp"))
    path = config.resolve(config.store.path)
    with hold(path), Store(path, memory_limit=config.store.memory_limit, must_exist=True) as store:
        report_stage(store, config, journey, record, today or date.today(), StopSwitch())
    return Path(record.report)


def check_taxonomy(taxonomy: Taxonomy, folder: Path) -> None:
    """Raise `TaxonomyError` unless the report's five tasks are there."""
    if not taxonomy.serves_report():
        missing = [name for name in REPORT_TASKS if name not in taxonomy.task_names]
        raise TaxonomyError(
            f"{folder}: this model does not answer {', '.join(missing)}, which the report needs; "
            f"`cxnlp classify` works with any taxonomy"
        )


def config_hash(config: Config) -> str:
    """Return the SHA-256 of the configuration's values (its notification addresses hold secrets, so only a hash)."""
    return hashlib.sha256(config.model_dump_json(exclude={"folder"}).encode()).hexdigest()


def budget_seconds(budget: str) -> float | None:
    """Turn `90s`, `30m` or `2h` into seconds, an empty text into None; raise `ConfigError` for anything else."""
    if not budget:
        return None
    units = {"s": 1, "m": 60, "h": 3600}
    try:
        return float(budget[:-1]) * units[budget[-1]]
    except (ValueError, KeyError) as error:
        raise ConfigError(f"budget {budget!r} is no duration; expected a number and s, m or h, such as 2h") from error


# -- read -------------------------------------------------------------------------------------------------------


def read_stage(
    store: Store, config: Config, journey: Journey, files: Sequence[Path], record: RunRecord, stop: StopSwitch
) -> None:
    """Read every export file that is new, or changed since it was last read to its end."""
    unchanged: list[str] = []
    with progress("reading", None) as advance:
        for path in files:
            stop.check()
            name = file_name(path, config)
            mark = fingerprint(path, config.export, journey)
            known = store.read_by(name)
            if known is not None and known[0] == mark:
                unchanged.append(name)
                rows, rejected = known[1], known[2]
            else:
                rows, rejected = _read_file(store, path, name, mark, config, journey, record, stop, advance)
            record.rows_read += rows
            record.rows_accepted += rows - rejected
    record.files, record.files_unchanged = len(files), len(unchanged)
    store.forget_files([file_name(path, config) for path in files])
    record.rejected_by_reason = store.count_rejected()
    if config.export.missing == "delete":
        record.records_deleted = store.delete_missing(record.run, unchanged)
    if config.store.retention_days is not None:
        oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=config.store.retention_days)
        record.records_expired = store.delete_older(oldest)


def _read_file(
    store: Store,
    path: Path,
    name: str,
    mark: str,
    config: Config,
    journey: Journey,
    record: RunRecord,
    stop: StopSwitch,
    advance: Callable[[int], None],
) -> tuple[int, int]:
    rejected: list[RejectedRow] = []
    rows = 0
    changes = Changes()
    for batch in read_export(path, config.export, journey):
        stop.check()
        rows += batch.rows
        rejected.extend(batch.rejected)
        changes += store.add_records(batch.records.assign(file=name), record.run)
        advance(batch.rows)
    store.finish_file(name, mark, rows, rejected, record.run)
    record.records_new += changes.new
    record.records_edited += changes.edited
    record.records_unchanged += changes.unchanged
    return rows, len(rejected)


def file_name(path: Path, config: Config) -> str:
    """Return what the store calls an export file: its path as seen from the configuration, in POSIX form."""
    try:
        return path.absolute().relative_to(config.folder).as_posix()
    except ValueError:
        return path.absolute().as_posix()


# -- classify ---------------------------------------------------------------------------------------------------


def classify_stage(
    store: Store, predictor: Predictor, record: RunRecord, stop: StopSwitch, budget: float | None = None
) -> None:
    """Read every text that this model has not read yet; texts that no model has read come first.

    `budget` is how many seconds may go into texts that an earlier model has read already (None: no limit).
    """
    total = store.count_pending(predictor.version)
    record.texts_reused = store.count_texts() - total
    deadline = None if budget is None else time.monotonic() + budget
    with progress("classifying", total) as advance:
        while batch := store.pending(predictor.version, READ_AT_ONCE):
            if deadline is not None and time.monotonic() > deadline:
                batch = [text for text in batch if not text.read_before]
                if not batch:
                    break
            stop.check()
            predictions = predictor.predict(
                [text.text for text in batch], [text.author for text in batch], embeddings=True, progress=advance
            )
            store.add_predictions(list(map(stored, batch, predictions)), predictor.version)
            record.texts_classified += len(batch)
    record.texts_pending = total - record.texts_classified


def stored(pending: PendingText, prediction: Prediction) -> StoredPrediction:
    """Put a prediction into the shape of the `predictions` table."""
    labels = prediction.labels
    others = {task: list(names) for task, names in labels.items() if task not in REPORT_TASKS}
    return StoredPrediction(
        text_hash=pending.text_hash,
        author=pending.author,
        emotions=list(labels["emotions"]),
        effort=labels["effort"][0],
        stance=labels["stance"][0],
        causes=list(labels["causes"]),
        strengths=list(labels["strengths"]),
        other=json.dumps(others, sort_keys=True),
        confidence=prediction.confidence,
        unsure=prediction.unsure,
        windows=prediction.windows,
        embedding=prediction.embedding,
    )


# -- report -----------------------------------------------------------------------------------------------------


def report_stage(
    store: Store, config: Config, journey: Journey, record: RunRecord, day: date, stop: StopSwitch
) -> Summary:
    """Count, derive, publish."""
    model = report_model(store)
    reports = config.resolve(config.report.dir)
    settings = AnalysisSettings(
        model=model.version,
        journey=journey,
        taxonomy=model.taxonomy,
        gold=own_gold(store, config, model) or model.gold,
        gold_is_random=bool(config.report.gold),
        company=config.report.company,
        cxnlp_version=record.cxnlp,
        minimum_group=config.report.minimum_group,
        week_starts=config.report.week_starts,
        quotes=config.report.quotes,
        segments=config.report.segments,
        seed=config.report.seed,
        previous=newest_summary(reports, before=day),
    )
    summary = summarize(store.connection, settings)
    stop.check()
    published = publish(summary, reports, day, config.report.languages)
    write_rejected(store.rejected_rows(), published / "rejected.csv")
    record.report = str(published)
    record.data = summary.versions.data
    record.early_warnings = len(summary.warnings)
    return summary


def report_model(store: Store) -> ReportModel:
    """Return what the report needs of the model that the last run used; its folder is read, the model not loaded."""
    model_version, folder = store.noted_model()
    taxonomy = parse_taxonomy((folder / "taxonomy.toml").read_text(encoding="utf-8"), str(folder / "taxonomy.toml"))
    gold_path = folder / "gold.jsonl"
    lines = gold_path.read_text(encoding="utf-8").splitlines() if gold_path.exists() else []
    return ReportModel(model_version, taxonomy, tuple(gold_row(json.loads(line)) for line in lines))


def gold_row(plain: dict[str, Any]) -> GoldRow:
    """Read one line of a model's `gold.jsonl`."""

    def by_task(labels: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
        return {task: tuple(names) for task, names in labels.items()}

    return GoldRow(
        id=plain["id"],
        language=plain["language"],
        author=plain["author"],
        origin=plain["origin"],
        human=by_task(plain["human"]),
        predicted=by_task(plain["predicted"]),
    )


def own_gold(store: Store, config: Config, model: ReportModel) -> tuple[GoldRow, ...]:
    """Return the rows of `[report] gold`, labelled by people, with what the model said of the same texts."""
    if not config.report.gold:
        return ()
    frame = read_labelled([config.resolve(config.report.gold)], model.taxonomy)
    predicted = store.predictions_of([text_hash(text) for text in frame["text"]], model.version)
    rows = []
    for row in frame.to_dict("records"):
        labels = predicted.get((text_hash(row["text"]), row["author"]))
        human = {task: row[task] for task in model.taxonomy.task_names if row[task] is not None}
        if labels is not None and human:
            rows.append(GoldRow(row["id"], row["language"] or None, row["author"], row["origin"], human, labels))
    return tuple(rows)
