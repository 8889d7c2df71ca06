"""The copy of the store: renewed after each good night that changed something, put in its place when it breaks.

A deletion leaves its bytes in freed blocks of the file and in the copy; `erase_traces` writes both anew.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from cxnlp.errors import StoreError
from cxnlp.keeping import beside, copy_whole, owner_only, refused, sync_folder
from cxnlp.store import BrokenStoreError, Store, unusable

_COPIES = (".backup", ".broken")
_ADVICE = "restore one of your own, or move the file away and `cxnlp run` reads the export anew"


def open_or_restore(path: Path, *, memory_limit: str = "1GB", must_exist: bool = False) -> tuple[Store, str]:
    """Open the store; where it is broken or gone, take the copy of the last good night.

    Return the store and what was done about it ('' when nothing had to be). Raise `StoreError` when there is no copy.
    """
    backup, told = beside(path, ".backup"), ""
    if not path.exists() and backup.exists():
        told = restore(path, f"{path}: was gone", memory_limit=memory_limit)
    try:
        return Store(path, memory_limit=memory_limit, must_exist=must_exist), told
    except BrokenStoreError as error:
        told = restore(path, str(error), memory_limit=memory_limit)
    return Store(path, memory_limit=memory_limit), told


def restore(path: Path, problem: str, *, memory_limit: str = "1GB") -> str:
    """Put the copy in the store's place, and the store's file aside as `.broken`; return what was done.

    The copy is copied and read from end to end first: until it is known to be whole, nothing is moved. For damage that
    shows only when a block is written (those of indexes are not read when the store is opened). Raise
    `BrokenStoreError` with the `problem` when there is no whole copy, `StoreError` when it cannot be put in place.
    """
    backup, fresh = beside(path, ".backup"), beside(path, ".restored")
    if not backup.exists():
        raise BrokenStoreError(f"{problem}; there is no copy of it ({backup.name}): {_ADVICE}")
    try:
        copy_whole(backup, fresh)
        with Store(fresh, memory_limit=memory_limit):
            pass
        if path.exists():
            path.replace(beside(path, ".broken"))
        beside(path, ".wal").unlink(missing_ok=True)  # changes to the broken file
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be restored from {backup.name}: {error.strerror or error}") from error
    except BrokenStoreError as error:
        raise BrokenStoreError(f"{problem}; its copy ({backup.name}) is damaged too: {_ADVICE}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return f"{problem}; restored from {backup.name}"


def keep_backup(store: Store) -> bool:
    """Renew the copy when anything in the store changed since it was made; return whether it was renewed.

    It is read from end to end before it takes the old one's place. Raise `StoreError` when the disk is full.
    """
    backup, fresh = beside(store.path, ".backup"), beside(store.path, ".compact")
    mark = store.mark()
    if backup.exists() and store.meta("backup") == mark:
        return False
    try:
        store.connection.execute("CHECKPOINT")
        copy_whole(store.path, fresh)
        with Store(fresh, memory_limit=store.memory_limit):
            pass
        fresh.replace(backup)
        sync_folder(backup.parent)
        store.set_meta("backup", mark)
    except OSError as error:
        raise StoreError(f"{backup}: cannot be written: {error.strerror or error}") from error
    except duckdb.Error as error:
        raise unusable(store.path, error) from error
    finally:
        fresh.unlink(missing_ok=True)
    beside(store.path, ".broken").unlink(missing_ok=True)
    return True


def drop_copies(path: Path) -> None:
    """Remove the copy and a broken store that was put aside: what is to be erased is in them too.

    Raise `StoreError` when one cannot be removed.
    """
    for suffix in _COPIES:
        try:
            beside(path, suffix).unlink(missing_ok=True)
        except OSError as error:
            raise refused(beside(path, suffix), error) from error


def erase_traces(store: Store) -> None:
    """Write the file anew from its live rows when something was deleted from it, then its copy.

    Raise `StoreError` when the disk is full; the next night tries again.
    """
    if store.meta("traces") is None:
        return
    fresh = beside(store.path, ".compact")
    try:
        for leftover in (fresh, beside(fresh, ".wal")):
            leftover.unlink(missing_ok=True)
        store.connection.execute("DELETE FROM meta WHERE key = 'backup'")
        with owner_only():
            _copy_live_rows(store.connection, fresh)
        store.connection.close()
        fresh.replace(store.path)
        beside(store.path, ".wal").unlink(missing_ok=True)
        sync_folder(store.path.parent)
        store.connect()
        drop_copies(store.path)
        keep_backup(store)
    except OSError as error:
        raise StoreError(f"{store.path}: cannot be written anew: {error.strerror or error}") from error
    except duckdb.Error as error:
        raise unusable(store.path, error) from error


def _copy_live_rows(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    quoted = str(target).replace("'", "''")
    own = str(connection.execute("SELECT current_database()").fetchall()[0][0]).replace('"', '""')
    connection.execute(f"ATTACH '{quoted}' AS compact")
    try:
        connection.execute(f'COPY FROM DATABASE "{own}" TO compact')
        connection.execute("DELETE FROM compact.meta WHERE key = 'traces'")
    finally:
        connection.execute("DETACH compact")
