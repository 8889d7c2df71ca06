"""How often do early warnings cry wolf, and how soon do they see what is planted?

    python scripts/simulate_trends.py [--repeats 1000]

First table: series on which nothing happens, looked at for 52 weeks after a baseline of 26 (or 8); the share of years
with any alarm, over the chance of one look, is what the 52 overlapping looks are worth in independent ones: it must
stay below LOOKS_PER_YEAR. Second table: the same for a whole company as the report watches it. Third: high effort that
climbs over six weeks, how often it is seen by its end, and after how many weeks.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta

import numpy as np

from cxnlp.analysis import AnalysisSettings
from cxnlp.analysis.trends import LOOKS_PER_YEAR, look_alpha, watch

START = date(2024, 1, 1)
WARNING_ALPHA = AnalysisSettings(model="").warning_alpha


def weeks_of(counts: np.ndarray, totals: np.ndarray) -> list[tuple[date, int, int]]:
    return [
        (START + timedelta(weeks=i), int(count), int(total))
        for i, (count, total) in enumerate(zip(counts, totals, strict=True))
    ]


def first_alarm(counts: np.ndarray, totals: np.ndarray, alpha: float, skip: int) -> int | None:
    """Return the number of the first alarmed week from week `skip` on."""
    end = START + timedelta(weeks=len(counts))
    weeks, _ = watch(weeks_of(counts, totals), "up", alpha, end, 30)
    alarms = [index for index, week in enumerate(weeks, start=len(counts) - len(weeks)) if week.alarm]
    return next((index for index in alarms if index >= skip), None)


def quiet_years(share: float, per_week: int, base: int, alpha: float, repeats: int, rng: np.random.Generator) -> float:
    """Return the share of years of one series with a false alarm."""
    hits = 0
    for _ in range(repeats):
        totals = rng.poisson(per_week, base + 52)
        hits += first_alarm(rng.binomial(totals, share), totals, alpha, base) is not None
    return hits / repeats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1000)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    alpha = 0.002
    print(f"One series, {repeats} years each, chance of one look {alpha}:")
    print("| share | texts a week | baseline weeks | years with a false alarm | worth looks |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for share, per_week, base in ((0.3, 10, 26), (0.3, 30, 26), (0.3, 30, 8), (0.3, 200, 26), (0.08, 30, 26)):
        rate = quiet_years(share, per_week, base, alpha, repeats, rng)
        print(f"| {share} | {per_week} | {base} | {rate:.3f} | {rate / alpha:.0f} |")

    companies = max(50, repeats // 5)
    alpha = look_alpha(WARNING_ALPHA, 16)
    hits = 0
    for _ in range(companies):
        alarmed = False
        for share in (0.3, 0.15):
            for per_week in (5, 10, 15, 20, 30, 40, 60, 100):
                totals = rng.poisson(per_week, 78)
                alarmed |= first_alarm(rng.binomial(totals, share), totals, alpha, 26) is not None
        hits += alarmed
    print(f"\nA company of 8 touchpoints and 16 series, {companies} years of 52 nights' weeks (LOOKS_PER_YEAR")
    print(f"{LOOKS_PER_YEAR}): {hits / companies:.3f} of the years hold any false alarm (aim: at most {WARNING_ALPHA})")

    print("\n| texts a week | high effort from | to, over six weeks | seen by the end of week 6 | week seen (median) |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for per_week, start, end in ((10, 0.18, 0.37), (20, 0.18, 0.37), (40, 0.18, 0.37), (20, 0.15, 0.45)):
        seen = []
        for _ in range(repeats // 2):
            totals = rng.poisson(per_week, 16)
            rates = np.concatenate([np.full(10, start), start + (end - start) * np.arange(1, 7) / 6])
            found = first_alarm(rng.binomial(totals, rates), totals, alpha, 10)
            if found is not None:
                seen.append(found - 9)
        median = f"{np.median(seen):.0f}" if seen else "–"
        print(f"| {per_week} | {start} | {end} | {len(seen) / (repeats // 2):.2f} | {median} |")


if __name__ == "__main__":
    main()
