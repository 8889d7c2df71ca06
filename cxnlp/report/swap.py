"""Files that appear whole or not at all: written aside, flushed to disk, renamed. Readable by their owner only."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from cxnlp.keeping import sync_folder

WRITING = ".writing-"
REPLACED = ".replaced-"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_file(path: Path, content: str) -> None:
    """Write a new file with mode 0600 and flush it to disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: str) -> None:
    """Put a file in place of another in one step."""
    aside = path.with_name(f"{WRITING}{path.name}")
    aside.unlink(missing_ok=True)
    write_file(aside, content)
    aside.replace(path)


def publish_folder(target: Path, contents: Mapping[str, str]) -> None:
    """Write a folder of files and put it in place of `target`, which stays whole until the new one is."""
    aside = target.with_name(f"{WRITING}{target.name}")
    aside.mkdir(mode=0o700)
    for name, content in contents.items():
        write_file(aside / name, content)
    sync_folder(aside)
    if not target.exists():
        aside.rename(target)
    elif exchange(aside, target):
        shutil.rmtree(aside)
    else:
        replaced = target.with_name(f"{REPLACED}{target.name}")
        target.rename(replaced)
        aside.rename(target)
        shutil.rmtree(replaced)
    sync_folder(target.parent)


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; return False where the system cannot (then nothing has happened)."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return bool(done == 0)


def clean_up(folder: Path) -> None:
    """Finish or undo what a run that died left in `folder`: a report moved aside comes back, half-written ones go."""
    for replaced in folder.glob(f"{REPLACED}*"):
        target = folder / replaced.name.removeprefix(REPLACED)
        if target.exists():
            shutil.rmtree(replaced)
        else:
            replaced.rename(target)
    for left in folder.glob(f"{WRITING}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()
