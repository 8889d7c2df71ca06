"""Which files an export consists of, what format each has, and how to tell that one has changed."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from cxnlp.config import ExportConfig
from cxnlp.console import logger
from cxnlp.errors import ExportError
from cxnlp.journey import Journey

#: Raised by one whenever the same file would give other records than before.
READER_VERSION = 2

#: What a file of a folder that is read ends in; any other is read when it is named.
SUFFIXES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm", ".parquet", ".pq")
MEMORY = ":memory:"
#: The day on which dates came to be judged by the clock.
_MADE_ON = date(2026, 11, 22)


def _is_export(path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return path.is_file() and not name.startswith((".", "~$")) and name.endswith(SUFFIXES)


def find_files(export: ExportConfig, folder: Path) -> list[Path]:
    """Return the files of an export in the order of their names; of a database, the database.

    `folder` is what relative paths start from. Raise `ExportError` when there is nothing to read, or nobody let us.
    """
    try:
        return _find(export, folder)
    except OSError as error:
        raise ExportError(f"{error.filename or folder}: cannot be read: {error.strerror or error}") from error


def _find(export: ExportConfig, folder: Path) -> list[Path]:
    if export.query:
        if export.database == MEMORY:
            return [folder / MEMORY]
        database = (folder / Path(export.database).expanduser()).absolute()
        if not database.is_file():
            raise ExportError(f"{database}: there is no such database (`database` in [export])")
        return [database]
    path = folder / Path(export.path).expanduser()
    if path.is_dir():
        found = _finished(sorted(entry for entry in path.iterdir() if _is_export(entry)), export)
        if not found:
            raise ExportError(f"{path}: the folder holds no export; expected files ending in {', '.join(SUFFIXES)}")
        return [entry.absolute() for entry in found]
    if path.is_file():
        return [path.absolute()]
    if glob.has_magic(export.path):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207  (absolute patterns)
        found = [entry for entry in found if entry.is_file() and not entry.name.startswith((".", "~$"))]
        files = [entry.absolute() for entry in _finished(found, export)]
        if not files:
            raise ExportError(f"{path}: no file matches (`path` in [export])")
        return files
    raise ExportError(f"{path}: there is no such file or folder (`path` in [export])")


def _finished(found: Sequence[Path], export: ExportConfig) -> list[Path]:
    """Leave out files of no bytes: a dump that was interrupted, and no reason to leave the others unread.

    Where rows that are gone are deleted they stay, to be refused: all that came from such a file would be erased.
    """
    if export.missing == "delete":
        return list(found)
    finished = []
    for path in found:
        is_lines = path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))  # without rows: a quiet night
        if is_lines or path.stat().st_size:
            finished.append(path)
        else:
            logger.warning("%s: is empty and was left out; was its export interrupted?", path)
    return finished


def as_utf8(name: str) -> str:
    """Return a file's name as UTF-8 can carry it: bytes in it that are no characters are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def reading_day(today: date) -> date:
    """Return the day by which dates are judged: a clock that stands before this code was written is wrong, and no
    reason to take every row for one of the future."""
    return max(today, _MADE_ON)


def modified_on(path: Path) -> date | None:
    """Return the day a file was last changed, in local time."""
    try:
        return date.fromtimestamp(path.stat().st_mtime)
    except OSError:
        return None


def fingerprint(path: Path, export: ExportConfig, journey: Journey) -> str:
    """Return 64 hex digits that change when a file's content does, or the way it is read."""
    how = export.model_dump(mode="json", exclude={"path", "missing"})
    digest = hashlib.sha256(json.dumps([READER_VERSION, how, journey.model_dump(mode="json")], sort_keys=True).encode())
    if export.reference_date == "modified":
        digest.update(str(modified_on(path)).encode())
    if export.query:
        from cxnlp.ingest.tables import hash_query  # noqa: PLC0415  (loads duckdb)

        digest.update(hash_query(path, export.query))
        return digest.hexdigest()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise ExportError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def nearest(name: str, names: Sequence[str]) -> str:
    """Return ` (did you mean 'x'?)` when one of `names` is close to `name`."""
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(name.casefold(), [other.casefold() for other in names], 1, 0.7)
    return next((f" (did you mean {other!r}?)" for other in names if close and other.casefold() == close[0]), "")
