"""Time the nightly job around the model, from 10,000 rows to 1,000,000: is the cost of a row level, is memory flat?

    python scripts/benchmark_pipeline.py 10000 100000 1000000

No model reads here: labels come from a hash of each text, and are written to the store as those of a model are (the
time under `classify` is that of listing, hashing and storing; what reading costs stands in docs/model.md). All else is
the job itself: reading, deduplicating, storing, counting, rendering, publishing, the copy of the store. Each night is
a process of its own; `whole` includes the start of Python and, where models/default is there, checking its files.
Columns are processor seconds, which other load on the machine hardly moves, and `wall` the seconds that went by.

Nights: `first` all rows are new; `again` the same night once more; `quiet` the next day, nothing new; `grown` a further
file with 1 % more rows; `edited` the whole file rewritten with every 100th rating changed.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

HERE = Path(__file__).resolve()
NIGHTS = ("first", "again", "quiet", "grown", "edited")
MORE = """
[export]
path = "exports/*.csv"
[export.columns]
id = "id"
text = "comment"
stars = "rating"
touchpoint = "channel"
date = "created_at"
reply = "owner_response"
{language}
[store]
path = "cxnlp.duckdb"
[report]
segments = ["country"]
"""


def one_night(folder: Path, number: int, detect: bool) -> None:
    """Run one night and print its record as JSON."""
    sys.path.insert(0, str(HERE.parents[1] / "tests"))
    import night

    from cxnlp import pipeline
    from cxnlp.config import parse_config

    class QuickReader(night.HashReader):
        """As `HashReader`, with 512 answers made once."""

        def predict(self, texts: Sequence[str], authors: Sequence[str], *, embeddings: bool) -> list[night.Reading]:
            if not self.texts:
                self.texts = [str(at) for at in range(512)]
                self.answers = [night.read(text, "customer") for text in self.texts]
            return [self.answers[hashlib.blake2b(t.encode(), digest_size=2).digest()[0] * 2] for t in texts]

    check = pipeline.find_model

    def find(config: object) -> QuickReader:
        if (HERE.parents[1] / "models/default/manifest.json").exists():
            check(config.model_copy(update={"model": config.model.model_copy(update={"path": model})}))  # type: ignore[attr-defined]
        return QuickReader()

    model = str(HERE.parents[1] / "models/default")
    pipeline.find_model = find  # type: ignore[assignment]
    text = MORE.format(language="" if detect else 'language = "language"')
    config = parse_config(text, "benchmark", folder)
    outcome = pipeline.run(config, today=night.DAY + timedelta(days=0 if number < 2 else number))
    record = outcome.record
    print(
        json.dumps(
            {
                "seconds": record.processor_seconds,
                "peak": max(record.peak_memory_mb.values()),
                "new": record.records_new,
                "edited": record.records_edited,
                "rejected": record.rejected,
                "classified": record.texts_classified,
                "reused": record.summary_reused,
            }
        )
    )


def edit(path: Path) -> None:
    """Rewrite the file with another rating in every 100th row."""
    fresh = path.with_suffix(".new")
    with path.open(encoding="utf-8", newline="") as source, fresh.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        for number, row in enumerate(csv.reader(source)):
            if number % 100 == 50:
                row[2] = "3" if row[2] != "3" else "2"
            writer.writerow(row)
    fresh.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--detect", action="store_true", help="no column `language`: tell it for each text")
    parser.add_argument("--night", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.night is not None:
        one_night(options.folder, options.night, options.detect)
        return
    sys.path.insert(0, str(HERE.parent))
    import make_big_export

    head = f"{'rows':>9} {'night':7} {'read':>7} {'classify':>8} {'report':>7} {'whole':>7} {'µs/row':>7} {'wall':>7}"
    print(f"{head} {'MiB':>6} {'store MB':>8}  new / edited / classified", flush=True)
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="cxnlp-benchmark-") as scratch:
            folder = Path(scratch)
            (folder / "exports").mkdir()
            make_big_export.write(folder / "exports/a.csv", size, detect=options.detect)
            for number, name in enumerate(NIGHTS):
                if name == "grown":
                    make_big_export.write(folder / "exports/b.csv", size // 100, start=size, detect=options.detect)
                elif name == "edited":
                    edit(folder / "exports/a.csv")
                started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
                command = [sys.executable, str(HERE), "--night", str(number), "--folder", str(folder)]
                command += ["--detect"] if options.detect else []
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
                whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                night = json.loads(done.stdout.splitlines()[-1])
                spent = night["seconds"]
                store = (folder / "cxnlp.duckdb").stat().st_size / 1e6
                print(
                    f"{size:>9,} {name:7} {spent['read']:>7.1f} {spent['classify']:>8.1f} {spent['report']:>7.1f} "
                    f"{whole:>7.1f} {1e6 * whole / size:>7.0f} {wall:>7.1f} {night['peak']:>6,} {store:>8.1f}  "
                    f"{night['new']:,} / {night['edited']:,} / {night['classified']:,}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
