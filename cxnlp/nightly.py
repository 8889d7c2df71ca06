"""What a night leaves behind about itself: the run record; and how it is asked to stop."""

from __future__ import annotations

import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cxnlp.console import logger


@dataclass
class RunRecord:
    """What one night did: counts, hashes, versions, times. Written to the store and as JSON; never customer text.

    `seconds` and `peak_memory_mb` (MiB, of the whole process so far) are by stage.
    """

    run: int = 0
    cxnlp: str = ""
    config_sha256: str = ""
    files: int = 0
    files_unchanged: int = 0
    rows_read: int = 0
    rows_accepted: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    records_new: int = 0
    records_edited: int = 0
    records_unchanged: int = 0
    records_deleted: int = 0
    records_expired: int = 0
    model: str = ""
    texts_classified: int = 0
    texts_reused: int = 0
    texts_pending: int = 0
    unsure_share: float | None = None
    data: str = ""
    report: str = ""
    report_reused: bool = False
    early_warnings: int = 0
    failed_gates: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_mb: dict[str, int] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """Rows set aside."""
        return sum(self.rejected_by_reason.values())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and note the process's peak memory at its end."""
        started = time.monotonic()
        logger.info("%s …", name, extra={"data": {"stage": name}})
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 2)
            self.peak_memory_mb[name] = peak_memory_mb()


def peak_memory_mb() -> int:
    """Return the most memory this process has held so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (2**20 if sys.platform == "darwin" else 2**10)


class StopRequested(BaseException):
    """The process was asked to end (SIGTERM or SIGINT); raised between batches, so that nothing is half done."""


class StopSwitch:
    """Turns SIGTERM and SIGINT into a stop at the next batch."""

    def __init__(self) -> None:
        self.asked = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Listen to both signals while the block runs."""

        def ask(_number: int, _frame: object) -> None:
            self.asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raise `StopRequested` if a stop was asked for."""
        if self.asked:
            raise StopRequested
