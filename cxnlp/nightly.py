"""What a night leaves behind about itself: the run record; and how it is asked to stop."""

from __future__ import annotations

import json
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxnlp.console import logger
from cxnlp.errors import Stopped
from cxnlp.keeping import write_whole

#: Folder of the run records, in the folder of the reports; that many are kept.
RECORDS = "runs"
KEPT_RECORDS = 1_000


@dataclass
class RunRecord:
    """What one night did: counts, hashes, versions, times. Written to the store and as JSON; never customer text.

    `started` and `ended` are UTC. `rows_*` count rows of the export, `records_*` records (a reply is one of its own),
    `texts_*` distinct texts. `fingerprints` (SHA-256) are of each file and the way it is read. `rows_fresh` are rows
    first read since the last good run of an earlier day: the same when a night is repeated. `records_before` were in
    the store when the run began; `records_spared` are gone from the export but too many to be deleted. `seconds`,
    `processor_seconds` and `peak_memory_mb` (MiB, of the whole process so far) are by stage.
    """

    run: int = 0
    status: str = "running"
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    ended: str = ""
    error: str = ""
    cxnlp: str = ""
    config_sha256: str = ""
    restored: str = ""
    files: int = 0
    files_unchanged: int = 0
    fingerprints: dict[str, str] = field(default_factory=dict)
    rows_read: int = 0
    rows_accepted: int = 0
    rows_fresh: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    records_new: int = 0
    records_edited: int = 0
    records_unchanged: int = 0
    records_deleted: int = 0
    records_expired: int = 0
    records_before: int = 0
    records_spared: int = 0
    model: str = ""
    texts_classified: int = 0
    texts_reused: int = 0
    texts_pending: int = 0
    texts_unsure: int = 0
    unsure_share: float | None = None
    data: str = ""
    report: str = ""
    summary_reused: bool = False
    report_stood: bool = False
    early_warnings: int = 0
    training_drift: dict[str, float] = field(default_factory=dict)
    failed_gates: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    processor_seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_mb: dict[str, int] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """Rows set aside."""
        return sum(self.rejected_by_reason.values())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and note the process's peak memory at its end."""
        started, used = time.monotonic(), time.process_time()
        logger.info("%s …", name, extra={"data": {"stage": name, "run": self.run}})
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0) + time.monotonic() - started, 2)
            self.processor_seconds[name] = round(self.processor_seconds.get(name, 0) + time.process_time() - used, 2)
            self.peak_memory_mb[name] = peak_memory_mb()

    def end(self, status: str, error: BaseException | None = None) -> dict[str, Any]:
        """Note how the run ended (of an error its kind alone, since its message may hold anything); return all."""
        self.status, self.ended = status, datetime.now(UTC).isoformat(timespec="seconds")
        self.error = type(error).__name__ if error else ""
        return asdict(self)


def peak_memory_mb() -> int:
    """Return the most memory this process has held so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (2**20 if sys.platform == "darwin" else 2**10)


def write_record(record: RunRecord, reports: Path) -> Path:
    """Write a run record to `reports/runs/`, the oldest beyond `KEPT_RECORDS` go; raise `OSError`."""
    folder = reports / RECORDS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{record.started.replace(':', '').replace('+0000', 'Z')}-run-{record.run:05d}.json"
    write_whole(folder / name, json.dumps(asdict(record), ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    for path in sorted(folder.glob("*.json"))[:-KEPT_RECORDS]:
        path.unlink()
    return folder / name


def metrics_text(record: RunRecord) -> str:
    """Return the record as a Prometheus text file (exposition format 0.0.4) for node_exporter's textfile collector."""
    ended = datetime.fromisoformat(record.ended).timestamp() if record.ended else 0.0
    good = record.status in ("done", "gate failed")
    lines: list[str] = []

    def gauge(name: str, about: str, *values: tuple[dict[str, str], float]) -> None:
        if not values:
            return
        lines.extend((f"# HELP cxnlp_{name} {about}", f"# TYPE cxnlp_{name} gauge"))
        for labels, value in values:
            shown = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
            lines.append(f"cxnlp_{name}{{{shown}}} {value:g}" if shown else f"cxnlp_{name} {value:.15g}")

    gauge("run_ended_timestamp_seconds", "When the last run ended.", ({}, ended))
    gauge("run_good", "Whether the last run published a report.", ({}, float(good)))
    gauge("run_status", "How the last run ended.", ({"status": record.status}, 1.0))
    gauge("run_failed_gates", "Gates that failed.", ({}, float(len(record.failed_gates))))
    gauge("early_warnings", "Early warnings in the report.", ({}, float(record.early_warnings)))
    gauge(
        "training_drift",
        "Population stability index of recent texts against the training rows.",
        *(({"of": name}, index) for name, index in record.training_drift.items()),
    )
    gauge("rows_read", "Rows of the export.", ({}, float(record.rows_read)))
    gauge("rows_fresh", "Rows first read since the last good run of an earlier day.", ({}, float(record.rows_fresh)))
    reasons = _few_reasons(record.rejected_by_reason)
    gauge("rows_rejected", "Rows set aside.", *(({"reason": name}, float(count)) for name, count in reasons.items()))
    for name in ("new", "edited", "deleted", "expired", "spared"):
        gauge(f"records_{name}", f"Records {name}.", ({}, float(getattr(record, f"records_{name}"))))
    for name in ("classified", "reused", "pending", "unsure"):
        gauge(f"texts_{name}", f"Texts {name}.", ({}, float(getattr(record, f"texts_{name}"))))
    gauge("stage_seconds", "Time a stage took.", *(({"stage": n}, v) for n, v in record.seconds.items()))
    gauge(
        "stage_peak_memory_bytes",
        "Most memory the process had held by the end of a stage.",
        *(({"stage": n}, float(v * 2**20)) for n, v in record.peak_memory_mb.items()),
    )
    return "\n".join(lines) + "\n"


def _few_reasons(reasons: dict[str, int]) -> dict[str, int]:
    """Keep the label's values few: a reason that names a line counts under its words alone."""
    few: dict[str, int] = {"all": sum(reasons.values())}
    for reason, count in reasons.items():
        name = reason.rstrip("0123456789 ")
        few[name] = few.get(name, 0) + count
    return few


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class StopSwitch:
    """Turns SIGTERM and SIGINT into a stop at the next batch."""

    def __init__(self) -> None:
        self._asked: int | None = None
        self._now = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Listen to both signals while the block runs (in the main thread; Python hands signals to no other)."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, _frame: object) -> None:
        self._asked = number
        if self._now:
            self._now = False
            raise Stopped(number)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Stop in the middle of the block: only around work that writes nothing."""
        self.check()
        self._now = True
        try:
            yield
        finally:
            self._now = False

    def check(self) -> None:
        """Raise `Stopped` if a stop was asked for."""
        if self._asked is not None:
            raise Stopped(self._asked)
