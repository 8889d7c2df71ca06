"""Kill the nightly job at random moments and hold the next run to the result of an undisturbed one.

    python scripts/crash_harness.py --kills 200 --seed 1

A good night comes first; then the export changes (new rows, edited rows, a late row, a file that is gone) and the
second night is killed with SIGKILL at a random moment of its processor time (so that other load on the machine does
not push the kills beyond its end), or, in a share of
the trials, hit by a cut-short or damaged store, a store or an input that is gone, a full disk, or a report folder that
cannot be written. After each, the next run must leave exactly what an undisturbed second night leaves: the same rows,
predictions, rows set aside and forgotten ids, and the same summary.json; and before it, the last good report must
still be whole. The model is a reader of hashes, and pages are a line: rendering is left out since it writes nothing.

Prints one line a trial and a table of where the kills hit; ends with status 1 at the first difference.
"""

# ruff: noqa: E402  (the tests' small night is taken from its folder)

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests"), str(Path(__file__).resolve().parents[1])]

import duckdb
import night

from cxnlp import pipeline, read_stage
from cxnlp.console import logger
from cxnlp.report import publish

FIRST, SECOND = night.DAY, night.DAY + timedelta(days=1)
STORE = "store/cxnlp.duckdb"


class SmallSteps:
    """Batches small enough that a kill can fall between two of them."""

    size = 40

    def note(self, texts: int, seconds: float) -> None:
        """Stay small."""


def prepare(base: Path) -> None:
    """Lay out the export of the first night, run it, then change the export."""
    night.write_export(base / "exports/a.csv", night.rows(150))
    night.write_export(base / "exports/b.csv", night.rows(100, 150))
    night.write_export(base / "exports/gone.csv", night.rows(20, 900))
    in_child(lambda: run_night(base, FIRST))
    edited = night.rows(120, 150)
    for row in edited[::7]:
        row["comment"] += ", and that was that"
    late = night.row(5000)
    late["created_at"] = "2026-08-03"
    odd = night.row(5001, stars="plenty")
    night.write_export(base / "exports/b.csv", [*edited, late, odd])
    night.write_export(base / "exports/c.csv", night.rows(150, 250))
    (base / "exports/gone.csv").unlink()


def run_night(folder: Path, day: object) -> None:
    """One run of the job, on small batches."""
    pipeline.find_model = lambda config: night.HashReader()  # type: ignore[assignment]
    whole = read_stage.__dict__.setdefault("_whole", read_stage.read_export)
    read_stage.read_export = lambda *given, **more: whole(*given, **more, batch_rows=25)  # type: ignore[attr-defined]
    sys.modules["cxnlp.classify_stage"].Pace = SmallSteps  # type: ignore[attr-defined]
    publish.render_page = lambda summary, language, languages: f"{summary.records}\n"  # type: ignore[attr-defined]
    config = night.configure(folder)
    export = config.export.model_copy(update={"missing": "delete"})
    pipeline.run(config.model_copy(update={"export": export}), today=day)  # type: ignore[arg-type]


def processor_seconds(process: int) -> float:
    """Return how long the main thread of a process has run, or infinity when it has ended."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return float("inf")


def in_child(work: Callable[[], None], kill_after: float | None = None) -> tuple[int, float]:
    """Run `work` in a forked process, kill it after some processor seconds.

    Return its exit status (negative: the signal) and how many processor seconds its main thread took.
    """
    child = os.fork()
    if child == 0:
        try:
            logger.disabled = True
            work()
            os._exit(0)
        except BaseException as error:
            if "--verbose" in sys.argv:
                print(f"  {type(error).__name__}: {error}", file=sys.stderr)
            os._exit(getattr(error, "exit_status", 1))
    used = 0.0
    while True:
        now = processor_seconds(child)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), used
        used = max(used, now)
        if kill_after is not None and now >= kill_after:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            kill_after = None
        time.sleep(0.0005)


def result(folder: Path) -> dict[str, object]:
    """Return everything the second night must have left, whatever came before it."""
    with duckdb.connect(str(folder / STORE), read_only=True) as connection:

        def ask(query: str) -> str:
            rows = connection.execute(query).fetchall()
            return f"{len(rows)} rows, {hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"

        tables = {
            "feedback": ask("SELECT * EXCLUDE (first_run, changed_run, last_run) FROM feedback ORDER BY id"),
            "predictions": ask("SELECT * FROM predictions ORDER BY text_hash, author, model"),
            "rejected": ask("SELECT * FROM rejected ORDER BY ALL"),
            "export_files": ask("SELECT * EXCLUDE (run) FROM export_files ORDER BY path"),
            "running": ask("SELECT * FROM runs WHERE status = 'running'"),
        }
    report = folder / "reports" / str(SECOND)
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sorted(report.iterdir())}
    latest = (folder / "reports/latest").resolve().name
    left = sorted(path.name for path in (folder / "reports").iterdir())
    return tables | {"report": files, "latest": latest, "reports": left}


def last_good_report(folder: Path) -> str:
    """Return a mark of what `latest` leads to: it must be a whole report at any moment."""
    latest = (folder / "reports/latest").resolve()
    json.loads((latest / "summary.json").read_text(encoding="utf-8"))
    return latest.name if (latest / "index.html").read_text().endswith("\n") else "torn"


def stage_reached(folder: Path) -> str:
    """Say from what a killed run left in the store how far it got."""
    copy = folder / "look.duckdb"
    for suffix in ("", ".wal"):
        source = Path(f"{folder / STORE}{suffix}")
        if source.exists():
            shutil.copy(source, f"{copy}{suffix}")
    try:
        with duckdb.connect(str(copy)) as connection:

            def one(query: str) -> int:
                row = connection.execute(query).fetchone()
                return int(row[0]) if row else 0

            if one("SELECT max(run) FROM runs") < 2:
                return "before the run is noted"
            if one("SELECT count(*) FROM runs WHERE run = 2 AND status = 'done'"):
                return "after the run is noted as done"
            if (folder / "reports" / str(SECOND)).exists():
                return "after publishing"
            pending = one(
                "SELECT count(DISTINCT (text_hash, author)) FROM feedback "
                "ANTI JOIN predictions USING (text_hash, author) WHERE text_hash IS NOT NULL"
            )
            files = one("SELECT count(*) FROM export_files WHERE run = 2")
            if files < 2:
                return "read"
            return "classify" if pending else "aggregate or publish"
    finally:
        for path in folder.glob("look.duckdb*"):
            path.unlink()


def cut_store(folder: Path, dice: random.Random) -> str:
    """Cut the store short or damage it."""
    path = folder / STORE
    size = path.stat().st_size
    with path.open("r+b") as stream:
        if dice.random() < 0.5:
            keep = dice.randrange(size)
            stream.truncate(keep)
            return f"store cut to {keep:,} of {size:,} bytes"
        place = dice.randrange(size // 2)
        stream.seek(place)
        stream.write(bytes(dice.randrange(256) for _ in range(4096)))
        return f"4,096 bytes of the store overwritten at {place:,}"


def drop_store(folder: Path, dice: random.Random) -> str:
    """Remove the store."""
    (folder / STORE).unlink()
    return "store gone"


def drop_input(folder: Path, dice: random.Random) -> str:
    """Run with an export folder that is gone: nothing may change."""
    (folder / "exports").rename(folder / "elsewhere")
    status, _ = in_child(lambda: run_night(folder, SECOND))
    (folder / "elsewhere").rename(folder / "exports")
    assert status == 3, status
    return "input gone: status 3"


def fill_disk(folder: Path, dice: random.Random) -> str:
    """Run with files that may not grow beyond a size (RLIMIT_FSIZE), as on a full disk."""
    limit = dice.randrange(2_000, 1_500_000)

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        run_night(folder, SECOND)

    status, _ = in_child(limited)
    return f"no file may pass {limit:,} bytes: status {status}"


def refuse_reports(folder: Path, dice: random.Random) -> str:
    """Run with a report folder that cannot be written (played, since root may write anywhere)."""

    def refused() -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        publish.publish_folder = refuse  # type: ignore[assignment]
        run_night(folder, SECOND)

    status, _ = in_child(refused)
    assert status == 1, status
    return "report folder refused: status 1"


MISHAPS = (cut_store, drop_store, drop_input, fill_disk, refuse_reports)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mishaps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    hits: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="cxnlp-crash-") as scratch:
        base, trial = Path(scratch) / "base", Path(scratch) / "trial"
        prepare(base)

        def fresh() -> None:
            shutil.rmtree(trial, ignore_errors=True)
            shutil.copytree(base, trial, symlinks=True)

        fresh()
        status, seconds = in_child(lambda: run_night(trial, SECOND))
        assert status == 0, "the undisturbed night failed"
        wanted = result(trial)
        print(f"undisturbed: {json.dumps(wanted)}\nit takes {seconds:.2f} s of the processor", flush=True)
        for number in range(options.kills + options.mishaps):
            fresh()
            if number < options.kills:
                after = dice.random() * seconds
                in_child(lambda: run_night(trial, SECOND), kill_after=after)
                what = stage_reached(trial)
                told = f"killed after {after:5.3f} s: {what}"
            else:
                mishap = MISHAPS[number % len(MISHAPS)]
                told = mishap(trial, dice)
                what = mishap.__name__
            hits[what] += 1
            assert last_good_report(trial) in (str(FIRST), str(SECOND)), "the last good report is torn"
            status, _ = in_child(lambda: run_night(trial, SECOND))
            found = result(trial) if status == 0 else {"status": status}
            verdict = "as undisturbed" if found == wanted else f"DIFFERS: {json.dumps(found)}"
            print(f"{number + 1:4d}  {told}: {verdict}", flush=True)
            if found != wanted:
                sys.exit(1)
    print("\nwhere they hit:")
    for what, count in hits.most_common():
        print(f"{count:5d}  {what}")


if __name__ == "__main__":
    main()
