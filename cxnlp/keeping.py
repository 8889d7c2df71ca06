"""Keeping the store's file: one process at a time, owner-only, a copy after each good night, restored when it breaks.

Beside the store `cxnlp.duckdb` lie `.lock` and `.holder.json` (who holds it), `.backup` (the copy) and, once a broken
store was replaced by its copy, `.broken` (what was found, kept for a look; the next good night removes it).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cxnlp.errors import StoreError, StoreLockedError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def owner_only() -> Iterator[None]:
    """Create files and folders readable by their owner alone while the block runs."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the store for this process; raise `StoreLockedError`, naming holder and time, when another does.

    Raise `StoreError` when `path` is a folder, or the files beside it cannot be written. The operating system lets go
    of the lock when the process ends, however it ends.
    """
    holder, locked = beside(path, ".holder.json"), beside(path, ".lock")
    try:
        if path.is_dir():
            raise StoreError(f"{path}: is a folder; [store] path names a file, such as cxnlp.duckdb")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise refused(path.parent, error) from error
    lock = FileLock(locked, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreLockedError(f"{path}: {describe_holder(path)}") from error
    except OSError as error:
        raise refused(locked, error) from error
    try:
        try:
            write_whole(
                holder,
                json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}) + "\n",
            )
        except OSError as error:
            raise refused(holder, error) from error
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def refused(path: Path, error: OSError) -> StoreError:
    """Say that the system lets nobody write `path`, and why; a full disk in words of its own."""
    if error.errno in _FULL:
        return StoreError(f"{path}: the disk is full; free some space and run again (nothing is lost)")
    return StoreError(f"{path}: cannot be written: {error.strerror or type(error).__name__}")


def describe_holder(path: Path) -> str:
    """Say who holds the store at `path` since when, as far as it is known."""
    entry = read_holder(path)
    if {"pid", "since"} <= entry.keys():
        return f"held by process {entry['pid']} since {entry['since']}; try again when it has ended"
    return "held by another run; try again when it has ended"


def read_holder(path: Path) -> dict[str, Any]:
    """Return `pid` and `since` of the run that holds the store at `path`, or did when it died; empty where unknown."""
    try:
        entry = json.loads(beside(path, ".holder.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entry if isinstance(entry, dict) else {}


def beside(path: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to the store at `path`."""
    return path.with_name(path.name + suffix)


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a small text file whole or not at all; raise `OSError`."""
    partial = beside(path, ".partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(descriptor, mode)
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file through to the disk; `target` is replaced whole or stays as it was; raise `OSError`."""
    partial = beside(target, ".partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with source.open("rb") as reader, os.fdopen(descriptor, "wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 22)
            writer.flush()
            os.fsync(writer.fileno())
        partial.replace(target)
        sync_folder(target.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Put a rename within `folder` through to the disk, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_leftovers(path: Path) -> None:
    """Remove what a process that died left beside the store: spilled batches and half-written copies."""
    shutil.rmtree(beside(path, ".tmp"), ignore_errors=True)
    for suffix in (
        ".backup.partial",
        ".compact",
        ".compact.wal",
        ".restored",
        ".restored.wal",
        ".restored.partial",
        ".holder.json.partial",
    ):
        beside(path, suffix).unlink(missing_ok=True)
