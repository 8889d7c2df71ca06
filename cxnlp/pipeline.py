"""The nightly job, stage after stage: read, classify what is new, aggregate, publish.

Each stage leaves the store consistent and picks up where an earlier run stopped, so a run that died is simply run
again. The report comes last and appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cxnlp.analysis import Summary
from cxnlp.backup import drop_copies, erase_traces, keep_backup, open_or_restore, restore
from cxnlp.checks import check_gold, check_places
from cxnlp.classify_stage import budget_seconds, classify_stage
from cxnlp.config import Config
from cxnlp.console import logger
from cxnlp.drift import recent_distribution, training_distribution, training_drift
from cxnlp.errors import CxnlpError, GateError, ModelError, Stopped, StoreLockedError, TaxonomyError
from cxnlp.gates import failed_gates
from cxnlp.ingest import find_files
from cxnlp.ingest.export import check_files
from cxnlp.journey import Journey, load_journey
from cxnlp.keeping import hold, owner_only, write_whole
from cxnlp.nightly import RECORDS, RunRecord, StopSwitch, metrics_text, write_record
from cxnlp.read_stage import ExportFile, export_files, read_stage
from cxnlp.report_stage import drop_quoting_reports, report_stage
from cxnlp.store import BrokenStoreError, Store, StoredModel, unusable
from cxnlp.taxonomy import REPORT_TASKS, Taxonomy, parse_taxonomy

if TYPE_CHECKING:
    from cxnlp.model.predict import Predictor


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, for the command line: its record, the numbers, and the folder of the report."""

    record: RunRecord
    summary: Summary
    report: Path


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` erased: records of the store, and published reports that quoted them."""

    erased: int
    unknown: int
    reports: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A model folder whose files are those that were saved; torch is only loaded to read texts."""

    folder: Path
    version: str
    taxonomy_toml: str
    batch_tokens: int

    @property
    def taxonomy(self) -> Taxonomy:
        """What it tells."""
        return parse_taxonomy(self.taxonomy_toml, str(self.folder / "taxonomy.toml"))

    def stored(self) -> StoredModel:
        """Return what the store keeps of it."""
        gold = self.folder / "gold.jsonl"
        return StoredModel(
            self.version,
            self.taxonomy_toml,
            gold.read_text(encoding="utf-8") if gold.exists() else "",
            json.dumps(training_distribution(self.folder), sort_keys=True),
        )

    def load(self) -> Predictor:
        """Load it."""
        from cxnlp.model.predict import Predictor  # noqa: PLC0415  (brings torch)

        return Predictor.load(self.folder, batch_tokens=self.batch_tokens)


def model_folder(config: Config) -> Path:
    """Return the folder of the configured model: relative to the configuration, or a registered name."""
    from cxnlp.model.registry import resolve_model  # noqa: PLC0415

    own = config.resolve(config.model.path)
    return resolve_model(own if own.is_dir() else config.model.path)


def find_model(config: Config) -> CheckedModel:
    """Return the configured model; raise `ModelError` when it or its base is missing, broken or tampered with."""
    from cxnlp.model.base import resolve_base  # noqa: PLC0415
    from cxnlp.model.folder import version_of  # noqa: PLC0415

    folder = model_folder(config)
    model_version = f"{folder.resolve().name}@{version_of(folder)}"  # checks the hash of every file
    try:
        resolve_base(str(json.loads((folder / "config.json").read_text(encoding="utf-8"))["cxnlp"]["base"]))
        taxonomy_toml = (folder / "taxonomy.toml").read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: config.json or taxonomy.toml cannot be read: {type(error).__name__}") from error
    return CheckedModel(folder, model_version, taxonomy_toml, config.model.batch_tokens)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a night needs, found and checked: export files, journey, model, and seconds for re-reading (None: all)."""

    paths: tuple[Path, ...]
    journey: Journey
    model: CheckedModel
    budget: float | None


def check_inputs(config: Config) -> Inputs:
    """Check all that can be checked without opening the store; raise a `BadInputError` that names what is wrong."""
    budget = budget_seconds(config.model.budget)
    check_places(config)
    journey = load_journey(config.journey_path())
    paths = checked_files(config)
    model = find_model(config)
    taxonomy = parse_taxonomy(model.taxonomy_toml, str(model.folder / "taxonomy.toml"))
    check_taxonomy(taxonomy, model.folder)
    check_gold(config, taxonomy)
    return Inputs(tuple(paths), journey, model, budget)


def run(config: Config, *, today: date | None = None) -> Outcome:
    """Do one night's work and return how it went.

    Raise a `BadInputError` before anything is changed when configuration, input or model cannot be used,
    `StoreLockedError` when another run holds the store, `GateError` after all is done when a gate failed.
    """
    with _traced(config, _new_record(config)):
        inputs = check_inputs(config)
        files = export_files(inputs.paths, config, inputs.journey)
    try:
        return _attempt(config, inputs, files, today)
    except BrokenStoreError as error:
        path = config.resolve(config.store.path)
        with owner_only(), hold(path):
            told = restore(path, str(error), memory_limit=config.store.memory_limit)
        logger.warning("%s", told)
        return _attempt(config, inputs, files, today, restored=told)


def _new_record(config: Config, *, model: str = "", restored: str = "") -> RunRecord:
    return RunRecord(cxnlp=version("cxnlp"), config_sha256=config_hash(config), model=model, restored=restored)


@contextmanager
def _traced(config: Config, record: RunRecord) -> Iterator[None]:
    """Leave record and metrics of a run that fails before the store can note it; one that finds it held leaves none."""
    try:
        yield
    except StoreLockedError:
        raise
    except Exception as error:
        if record.run == 0:
            record.end("failed", error)
            with owner_only():
                _leave_records(config, record)
        raise


def _attempt(
    config: Config, inputs: Inputs, files: Sequence[ExportFile], today: date | None, *, restored: str = ""
) -> Outcome:
    stop = StopSwitch()
    record = _new_record(config, model=inputs.model.version, restored=restored)
    with owner_only(), _traced(config, record), held_store(config, record) as store, stop.armed():
        record.run = store.begin_run()
        try:
            summary = _night(store, config, inputs, files, record, stop, today)
        except duckdb.Error as error:  # its message may quote values
            failure = unusable(store.path, error)
            _note_failure(store, config, record, failure)
            raise failure from error
        except BaseException as error:
            _note_failure(store, config, record, error)
            raise
        store.end_run(record.run, record.status, asdict(record))
        _leave_records(config, record)
        _look_after(store)
    _tell(config, record, summary)
    if record.failed_gates:
        raise GateError("; ".join(record.failed_gates))
    return Outcome(record, summary, Path(record.report))


def _night(
    store: Store,
    config: Config,
    inputs: Inputs,
    files: Sequence[ExportFile],
    record: RunRecord,
    stop: StopSwitch,
    today: date | None,
) -> Summary:
    day = today or date.today()
    journey, model = inputs.journey, inputs.model
    with record.stage("read"):
        read_stage(store, config, journey, files, record, stop, day)
    with record.stage("classify"):
        classify_stage(store, model, record, stop, inputs.budget)
    with record.stage("report"):
        summary = report_stage(store, config, journey, record, day, stop)
    record.rows_fresh = store.count_rows_since(store.last_good_run(before=datetime.now(UTC).date()))
    reference = json.loads(store.noted_models()[0].training)
    record.training_drift = training_drift(reference, recent_distribution(store.connection, model.version))
    record.failed_gates = failed_gates(config.gates, record, summary)
    record.end("gate failed" if record.failed_gates else "done")
    return summary


@contextmanager
def held_store(config: Config, record: RunRecord | None = None, *, must_exist: bool = False) -> Iterator[Store]:
    """Hold and open the configured store, restored from its copy if need be."""
    path = config.resolve(config.store.path)
    with hold(path):
        store, restored = open_or_restore(path, memory_limit=config.store.memory_limit, must_exist=must_exist)
        if restored:
            logger.warning("%s", restored)
        if record is not None:
            record.restored = record.restored or restored
        with store:
            yield store


def _note_failure(store: Store, config: Config, record: RunRecord, error: BaseException) -> None:
    """Note how a run ended that did not end well, where store and folder still let us."""
    stopped = isinstance(error, Stopped)
    record.end("stopped" if stopped else "failed", None if stopped else error)
    try:
        store.end_run(record.run, record.status, asdict(record))
    except Exception as problem:
        logger.warning("the run could not be noted in the store (%s)", type(problem).__name__)
    _leave_records(config, record)


def _leave_records(config: Config, record: RunRecord) -> None:
    """Write the run record as JSON, and the metrics where they are asked for; a failure is a warning."""
    reports = config.resolve(config.report.dir)
    try:
        write_record(record, reports)
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        logger.warning("%s: the run record could not be written: %s", reports / RECORDS, why)
    if config.run.metrics:
        path = config.resolve(config.run.metrics)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, metrics_text(record), mode=0o644)
        except OSError as problem:
            why = problem.strerror or type(problem).__name__
            logger.warning("%s: the metrics ([run] metrics) could not be written: %s", path, why)


def _look_after(store: Store) -> None:
    """Rid the file of what was deleted and renew its copy; a failure is a warning, the next night tries again."""
    try:
        erase_traces(store)
        keep_backup(store)
    except CxnlpError as problem:
        logger.warning("the copy of the store was not renewed: %s", problem)


def _tell(config: Config, record: RunRecord, summary: Summary) -> None:
    """Send the findings of a new report to [notify] urls; a failure is a warning."""
    if not config.notify.urls or record.report_stood:
        return
    from cxnlp.report.notify import findings_as_text, send  # noqa: PLC0415

    try:
        text = findings_as_text(summary, config.report.languages[0])
        send(config.notify.urls, f"{config.report.company} {Path(record.report).name}".strip(), text)
    except CxnlpError as problem:
        logger.warning("the findings were not sent: %s", problem)


def rebuild_report(config: Config, *, today: date | None = None) -> Path:
    """Make the report anew from the store, with the model that read last; nothing is read or classified."""
    journey = load_journey(config.journey_path())
    record = RunRecord(cxnlp=version("cxnlp"))
    with owner_only(), held_store(config, must_exist=True) as store:
        report_stage(store, config, journey, record, today or date.today(), StopSwitch())
    return Path(record.report)


def forget(config: Config, ids: Sequence[str], *, today: date | None = None) -> Forgotten:
    """Erase records and their replies from store, copies, predictions and reports, and rebuild today's report.

    Published reports that quote them are removed: their numbers were made with the erased rows as well. The ids are
    kept as hashes, so that rows still in the export are not read again.
    """
    journey = load_journey(config.journey_path())
    record = RunRecord(cxnlp=version("cxnlp"))
    with owner_only(), held_store(config, must_exist=True) as store:
        drop_copies(store.path)
        known = store.known_ids(ids)
        erased = store.forget(ids)
        erase_traces(store)
        dropped = drop_quoting_reports(config.resolve(config.report.dir), ids)
        keep_backup(store)
        if store.has_models():
            report_stage(store, config, journey, record, today or date.today(), StopSwitch())
    return Forgotten(erased, len(set(ids) - known), tuple(dropped))


def checked_files(config: Config) -> list[Path]:
    """Return the export's files; raise `ExportError` when there is none, or one cannot be read or lacks a column."""
    files = find_files(config.export, config.folder)
    check_files(files, config.export, config.report.segments)
    return files


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
