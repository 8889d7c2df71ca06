"""How long do the numbers take, and how much memory?

    python scripts/benchmark_analysis.py [--rows 1000000] [--memory 1GB]

Draws a made-up export (scripts/simulate_world.py) into a DuckDB file in a temporary folder, then runs `summarize` on it
in a fresh process and prints seconds and peak memory.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
from simulate_world import MODEL, World, draw_gold, draw_labels, fill_store, promised_journey

from cxnlp.analysis import AnalysisSettings, summarize


def measure(store: Path, memory: str) -> None:
    """Summarise the store and print what it took."""
    gold = draw_gold(World(error=0.1, labels=400), np.random.default_rng(1))
    started = time.perf_counter()
    with duckdb.connect(str(store), config={"threads": 2, "memory_limit": memory}) as connection:
        summary = summarize(connection, AnalysisSettings(model=MODEL, gold=gold, journey=promised_journey()))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{summary.records:,} records: {seconds:.1f} s, peak {peak:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.store:
        measure(arguments.store, arguments.memory)
        return
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "world.duckdb"
        world = World(rows=arguments.rows, weeks=60, error=0.1)
        with duckdb.connect(str(store), config={"threads": 2, "memory_limit": arguments.memory}) as connection:
            fill_store(draw_labels(world, np.random.default_rng(1)), connection)
        command = [sys.executable, __file__, "--store", str(store), "--memory", arguments.memory]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
