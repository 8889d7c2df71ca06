"""How often does the report find a planted story, and how often does it cry wolf?

    python scripts/simulate_findings.py [--repeats 100]

Draws exports of a company with 8 touchpoints and 2,500 customers over 16 weeks, runs the whole of `summarize` on each,
and looks at the list of findings. A null export has no story: ratings and words agree, touchpoints are alike, nothing
moves. Any finding in it is false.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import duckdb
import numpy as np
from simulate_world import MODEL, Story, World, draw_gold, draw_labels, fill_store, promised_journey

from cxnlp.analysis import AnalysisSettings, Summary, summarize

#: story → the finding that tells it.
TOLD_BY = {
    "stars_flatter": ("stars_flatter",),
    "words_worst": ("words_worst",),
    "effort_rises": ("early_warning", "worsening"),
    "excuses": ("replies_explain",),
    "silence": ("complaints_unanswered",),
    "promise": ("promise_broken",),
    "question": ("question_blind",),
}
SIZES = {
    "stars_flatter": (0.1, 0.15, 0.25),
    "words_worst": (0.1, 0.2, 0.3),
    "effort_rises": (0.2, 0.3, 0.45),
    "excuses": (0.2, 0.3, 0.45),
    "silence": (0.15, 0.25, 0.4),
    "promise": (0.06, 0.12, 0.2),
    "question": (0.7, 0.8, 0.9),
}


def report(world: World, rng: np.random.Generator) -> Summary:
    """Draw one export and summarise it."""
    with duckdb.connect(config={"threads": 1}) as connection:
        fill_store(draw_labels(world, rng), connection)
        settings = AnalysisSettings(
            model=MODEL, gold=draw_gold(world, rng), journey=promised_journey(), quotes=0, minimum_group=30
        )
        return summarize(connection, settings)


def null_exports(repeats: int, rng: np.random.Generator) -> None:
    print(f"Null exports ({repeats} each):\n")
    print("| reading errors | labelled rows | exports with any false finding | of kinds |")
    print("| ---: | ---: | ---: | --- |")
    for error, labels in ((0.0, 0), (0.1, 400), (0.1, 0)):
        hits, kinds = 0, {}
        for _ in range(repeats):
            found = report(World(error=error, labels=labels), rng).findings
            hits += bool(found)
            for finding in found:
                kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
        seen = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "–"
        print(f"| {error:.0%} | {labels} | {hits / repeats:.3f} | {seen} |", flush=True)


def planted(repeats: int, rng: np.random.Generator, stories: Sequence[str]) -> None:
    print(f"\nPlanted at the touchpoint `receive` ({repeats} exports each; reading errors 10 %, 400 labelled rows):\n")
    print("| story | size | found | among the first three | false findings elsewhere (mean) |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind in stories:
        for size in SIZES[kind]:
            found = leading = elsewhere = 0
            for _ in range(repeats):
                world = World(error=0.1, labels=400, stories=(Story(kind, size),))
                summary = report(world, rng)
                group = "Was our staff friendly?" if kind == "question" else "receive"
                own = [f for f in summary.findings if f.kind in TOLD_BY[kind] and f.group == group]
                found += bool(own)
                leading += any(f.rank <= 3 for f in own)
                if kind != "question":  # a question asked everywhere raises the stars everywhere
                    elsewhere += sum(f.group != "receive" for f in summary.findings)
            mean = f"{elsewhere / repeats:.2f}" if kind != "question" else "–"
            print(f"| {kind} | {size} | {found / repeats:.2f} | {leading / repeats:.2f} | {mean} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--story", choices=["null", *SIZES], action="append", help="only these; all when not given")
    arguments = parser.parse_args()
    stories = arguments.story or ["null", *SIZES]
    rng = np.random.default_rng(0)
    if "null" in stories:
        null_exports(3 * arguments.repeats, rng)
    planted(max(20, arguments.repeats // 3), rng, [story for story in stories if story != "null"])


if __name__ == "__main__":
    main()
