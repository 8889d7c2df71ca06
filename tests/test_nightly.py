"""The run record, the metrics and the stop switch."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from pathlib import Path

import pytest

from cxnlp.classify_stage import Pace, budget_seconds
from cxnlp.errors import ConfigError, Stopped
from cxnlp.nightly import RunRecord, StopSwitch, metrics_text, write_record

SAMPLE = re.compile(r'^[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})? -?[0-9.e+-]+$')


def test_a_stage_is_timed_also_when_it_fails() -> None:
    record = RunRecord()
    with pytest.raises(ValueError, match="x"), record.stage("read"):
        raise ValueError("x")
    assert set(record.seconds) == set(record.processor_seconds) == set(record.peak_memory_mb) == {"read"}
    assert record.peak_memory_mb["read"] > 10


def test_of_an_error_the_record_keeps_the_kind_alone() -> None:
    plain = RunRecord().end("failed", ValueError("dear Mrs Miller"))
    assert (plain["status"], plain["error"]) == ("failed", "ValueError")
    assert "Miller" not in json.dumps(plain)


def test_records_are_written_whole_for_their_owner_and_the_oldest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxnlp.nightly.KEPT_RECORDS", 3)
    for run in range(1, 6):
        path = write_record(RunRecord(run=run, started=f"2026-11-0{run}T02:30:00+00:00"), tmp_path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    names = sorted(entry.name for entry in (tmp_path / "runs").iterdir())
    assert names == [f"2026-11-0{run}T023000Z-run-0000{run}.json" for run in (3, 4, 5)]


def test_metrics_are_lines_that_prometheus_reads() -> None:
    record = RunRecord(
        rejected_by_reason={"the id stands already in line 7": 2, "the id stands already in line 9": 1, 'a "b"\n': 1},
        seconds={"read": 1.5},
    )
    record.end("done")
    lines = metrics_text(record).splitlines()
    assert all(SAMPLE.match(line) for line in lines if not line.startswith("#")), lines
    assert 'cxnlp_rows_rejected{reason="the id stands already in line"} 3' in lines
    assert 'cxnlp_rows_rejected{reason="all"} 4' in lines
    helped = {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert helped == {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}


def test_a_signal_is_heard_at_the_next_check_and_the_handlers_come_back() -> None:
    switch, before = StopSwitch(), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped) as stopped, switch.armed():
        os.kill(os.getpid(), signal.SIGTERM)
        switch.check()
    assert (str(stopped.value), stopped.value.exit_status) == ("SIGTERM", 143)
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_work_that_writes_nothing_a_signal_is_heard_at_once() -> None:
    switch, steps = StopSwitch(), 0
    with pytest.raises(Stopped), switch.armed(), switch.at_once():
        for steps in range(1, 10_000_000):
            if steps == 5:
                os.kill(os.getpid(), signal.SIGINT)
    assert 5 <= steps < 10_000_000 - 1


def test_a_signal_before_such_work_keeps_it_from_beginning() -> None:
    switch = StopSwitch()
    with switch.armed():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped), switch.at_once():
            pytest.fail("it began")


def test_the_pace_is_about_five_seconds_and_grows_slowly() -> None:
    pace = Pace()
    pace.note(512, 51.2)
    assert pace.size == 64, "ten texts a second: as few as make sense"
    for _ in range(20):
        pace.note(pace.size, pace.size / 400)
    assert pace.size == 2_000
    pace.note(2_000, 0.0)
    assert pace.size == 4_000


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("90s", 90), ("30m", 1800), ("2h", 7200), ("0.5h", 1800)])
def test_budgets(text: str, seconds: float | None) -> None:
    assert budget_seconds(text) == seconds


@pytest.mark.parametrize("text", ["2", "h", "2d", "-1h", "nanh", "infs", "two hours"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match="is no duration; expected a number and s, m or h"):
        budget_seconds(text)
