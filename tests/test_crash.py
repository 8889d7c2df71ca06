"""A few rounds of the crash harness; the full one (200 kills, 50 mishaps) stands in docs/operations.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).resolve().parents[1] / "scripts" / "crash_harness.py"


@pytest.mark.slow
def test_after_a_kill_the_next_run_ends_as_an_undisturbed_one() -> None:
    done = subprocess.run(
        [sys.executable, str(HARNESS), "--kills", "12", "--mishaps", "5", "--seed", "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count(": as undisturbed") == 17
