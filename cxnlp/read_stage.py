"""The first stage of a night: every export file that is new or changed comes into the store, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cxnlp.config import Config
from cxnlp.console import progress
from cxnlp.gates import may_delete
from cxnlp.ingest import fingerprint, read_export, release_languages
from cxnlp.ingest.sources import as_utf8, reading_day
from cxnlp.intake import Changes
from cxnlp.journey import Journey
from cxnlp.nightly import RunRecord, StopSwitch
from cxnlp.records import RejectedRow
from cxnlp.store import DELETION_DUE, Store


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export file: where it lies, what the store calls it, and its fingerprint."""

    path: Path
    name: str
    mark: str


def export_files(paths: Sequence[Path], config: Config, journey: Journey) -> list[ExportFile]:
    """Return the files in the order they are read in; raise `ExportError` when one is gone or cannot be read."""
    return [ExportFile(path, file_name(path, config), fingerprint(path, config.export, journey)) for path in paths]


def file_name(path: Path, config: Config) -> str:
    """Return what the store calls an export file: its path as seen from the configuration, in POSIX form and UTF-8."""
    try:
        return as_utf8(path.absolute().relative_to(config.folder).as_posix())
    except ValueError:
        return as_utf8(path.absolute().as_posix())


def read_stage(
    store: Store,
    config: Config,
    journey: Journey,
    files: Sequence[ExportFile],
    record: RunRecord,
    stop: StopSwitch,
    today: date,
) -> None:
    """Read every file that is new, or changed since it was last read; then delete what is to be deleted.

    Rows dated after `today` are set aside, see `read_export`.

    Where rows that are gone are to be deleted, a row may have moved to a file that did not change: as soon as one is
    missing, all files are read. So they are after a run that died before it had deleted, or would not: where more
    would go than `max_deleted_share`, the export is taken for torn, and nothing is deleted until it is whole again.
    """
    known = store.file_marks()
    record.records_before = store.count_records_before(record.run)
    names = [file.name for file in files]
    unchanged = [file.name for file in files if known.get(file.name) == file.mark]
    deleting = config.export.missing == "delete"
    if deleting and store.meta(DELETION_DUE) is not None:
        unchanged = []
    is_new = len(unchanged) < len(files) or not set(known) <= set(names)
    if deleting and is_new:
        store.set_meta(DELETION_DUE, "yes")
    changes = _read(store, config, journey, files, record, stop, today, skip=unchanged)
    store.forget_files(names)
    if deleting and is_new:
        if unchanged and store.count_unseen(record.run, unchanged):
            changes += _read(store, config, journey, files, record, stop, today, skip=())
            unchanged = []
        gone = store.count_unseen(record.run, unchanged)
        if may_delete(config.gates, gone, record.records_before):
            record.records_deleted = store.delete_unseen(record.run, unchanged)
        else:
            record.records_spared = gone
    store.touch_files(unchanged, record.run)
    if config.store.retention_days is not None:
        oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=config.store.retention_days)
        record.records_expired = store.delete_older(oldest)
    record.files, record.files_unchanged = len(files), len(unchanged)
    record.fingerprints = {file.name: file.mark for file in files}
    record.records_new, record.records_edited = changes.new, changes.edited
    record.records_unchanged = changes.unchanged + changes.outdone
    record.rejected_by_reason = store.count_rejected()
    record.rows_read, rejected = store.count_rows()
    record.rows_accepted = record.rows_read - rejected


def _read(
    store: Store,
    config: Config,
    journey: Journey,
    files: Sequence[ExportFile],
    record: RunRecord,
    stop: StopSwitch,
    today: date,
    *,
    skip: Sequence[str],
) -> Changes:
    changes = Changes()
    try:
        with progress("reading", None) as advance:
            for place, file in enumerate(files):
                if file.name not in skip:
                    later = [other.name for other in files[place + 1 :]]
                    changes += _read_file(store, file, later, config, journey, record.run, stop, today, advance)
    finally:
        release_languages()  # the classifier comes next, and needs memory of its own
    return changes


def _read_file(
    store: Store,
    file: ExportFile,
    later: Sequence[str],
    config: Config,
    journey: Journey,
    run: int,
    stop: StopSwitch,
    today: date,
    advance: Callable[[int], None],
) -> Changes:
    rejected: list[RejectedRow] = []
    rows = 0
    intake = store.take_in(file.name, run, later)
    try:
        known = store.detected_languages
        for batch in read_export(file.path, config.export, journey, known_languages=known, today=reading_day(today)):
            stop.check()
            rows += batch.rows
            rejected.extend(batch.rejected)
            intake.add(batch.records)
            advance(batch.rows)
        stop.check()
        return intake.merge(file.mark, rows, rejected)
    finally:
        intake.discard()
