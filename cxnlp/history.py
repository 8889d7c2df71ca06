"""The runs so far, from the records beside the reports and from the store; also while a run holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cxnlp.config import Config
from cxnlp.errors import StoreError, StoreLockedError
from cxnlp.keeping import read_holder
from cxnlp.nightly import RECORDS
from cxnlp.store import Store


def list_runs(config: Config, last: int) -> tuple[list[dict[str, Any]], str]:
    """Return the newest runs, newest first, in the shape of `Store.runs`, and why the store's own are not among them.

    A run that failed before it opened the store has no number (0); it stands beside the reports alone, and one that
    died in the store alone. Of a run that holds the store only its beginning is known. Raise `StoreError` when there
    is neither a record nor a store.
    """
    path, told = config.resolve(config.store.path), ""
    found = {_key(entry): entry for entry in _beside_the_reports(config.resolve(config.report.dir) / RECORDS, last)}
    try:
        with Store(path, memory_limit=config.store.memory_limit, read_only=True) as store:
            found |= {_key(entry): entry for entry in store.runs(last)}
    except StoreLockedError as error:
        told = str(error)
        since = str(read_holder(path).get("since", ""))
        held = {"run": 0, "started": _plain(since), "ended": None, "status": "running", "record": {}}
        found[(-1, since)] = held  # a run that failed in the same second is another one
    except StoreError as error:
        if not found:
            raise
        told = str(error)
    newest_first = sorted(found.values(), key=lambda entry: (str(entry["started"]), int(entry["run"])), reverse=True)
    return newest_first[:last], told


def _key(entry: dict[str, Any]) -> tuple[int, str]:
    return int(entry["run"]), _plain(str(entry["record"].get("started") or entry["started"]))


def _plain(moment: str) -> str:
    return moment.removesuffix("+00:00").replace("T", " ")


def _beside_the_reports(folder: Path, last: int) -> list[dict[str, Any]]:
    entries = []
    for path in sorted(folder.glob("*.json"))[-last:]:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            entries.append(
                {
                    "run": int(record["run"]),
                    "started": _plain(record["started"]),
                    "ended": _plain(record["ended"]) or None,
                    "status": str(record["status"]),
                    "record": record,
                }
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return entries
