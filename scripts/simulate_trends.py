"""How often do early warnings cry wolf, and how soon do they see what is planted?

    python scripts/simulate_trends.py [--repeats 200] [--part all|quiet|power|climb]

Companies of 8 touchpoints with 5 to 100 texts a week and two series each, as the report watches them. Weeks differ from
each other by themselves: a week's share is drawn from a beta law, by which any two texts of one week and touchpoint
correlate by the given intraclass correlation (0: all texts are independent).

First table: companies on which nothing happens, looked at for 52 weeks after a baseline of 26 or 8. `worth looks` is
the rate of one series over its chance at one look: what the 52 overlapping looks are worth in independent ones.
Companies of one touchpoint, with nobody to borrow from, stand below. Second: a share that rises by 10 or 20 points at
one touchpoint from one week to the next. Third: high effort that climbs over six weeks.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from cxnlp.analysis import AnalysisSettings
from cxnlp.analysis.trends import WATCHED, build_trends, look_alpha

START = date(2024, 1, 1)
WARNING_ALPHA = AnalysisSettings(model="").warning_alpha
SIZES = (5, 10, 15, 20, 30, 40, 60, 100)
#: Named intraclass correlations of the touchpoints, in the order of SIZES.
CORRELATIONS: Mapping[str, Sequence[float]] = {
    "0": [0.0] * 8,
    "0.01": [0.01] * 8,
    "0.03": [0.03] * 8,
    "0.03 at every second": [0.0, 0.03] * 4,
    "0.03 at the largest": [0.0] * 7 + [0.03],
}

Weeks = list[tuple[date, int, int]]


def weeks_of(rates: np.ndarray, per_week: int, correlation: float, rng: np.random.Generator) -> Weeks:
    """Return one series whose weeks have these shares on average."""
    totals = rng.poisson(per_week, len(rates))
    if correlation > 0:
        strength = 1 / correlation - 1
        rates = rng.beta(rates * strength, (1 - rates) * strength)
    counts = rng.binomial(totals, rates)
    days = [START + timedelta(weeks=week) for week in range(len(rates))]
    return [(day, int(count), int(total)) for day, count, total in zip(days, counts, totals, strict=True)]


def first_alarms(series: Mapping[str, Mapping[str, Weeks]], length: int, skip: int, least: int) -> dict[str, list[int]]:
    """Return for each touchpoint the numbers (1 is the first after `skip`) of each series' first alarmed week."""
    names = {name: (name, name) for name in series}
    trends = build_trends(series, names, START + timedelta(weeks=length), WARNING_ALPHA, least)
    found: dict[str, list[int]] = {name: [] for name in series}
    for trend in trends:
        alarms = [number for number, week in enumerate(trend.weeks, start=length - len(trend.weeks)) if week.alarm]
        first = next((number - skip + 1 for number in alarms if number >= skip), None)
        if first is not None:
            found[trend.group].append(first)
    return found


def company(
    length: int, shares: Sequence[float], sizes: Mapping[int, float], rng: np.random.Generator
) -> dict[str, dict[str, Weeks]]:
    """Return a company on which nothing happens: touchpoint → metric → weeks; `sizes` → correlation within weeks."""
    return {
        str(size): {
            metric: weeks_of(np.full(length, share), size, correlation, rng)
            for metric, share in zip(WATCHED, shares, strict=True)
        }
        for size, correlation in sizes.items()
    }


def quiet(repeats: int, rng: np.random.Generator) -> None:
    cases = [(dict(zip(SIZES, own, strict=True)), name) for name, own in CORRELATIONS.items()]
    cases += [({size: value}, f"{value:g}") for size in (30, 100) for value in (0.0, 0.01, 0.03)]
    print(f"{repeats} companies each, any alarm in at most {WARNING_ALPHA:.0%} of the years wanted:")
    print("| touchpoints | baseline weeks | correlation | any alarm | one series | (wanted) | largest | worth looks |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for sizes, name in cases:
        for base in (26, 8):
            counts = dict.fromkeys(sizes, 0)
            companies = 0
            for _ in range(repeats):
                found = first_alarms(company(base + 52, (0.3, 0.15), sizes, rng), base + 52, base, 30)
                companies += any(found.values())
                counts = {size: number + len(found[str(size)]) for size, number in counts.items()}
            series = len(sizes) * len(WATCHED)
            rate = sum(counts.values()) / repeats / series
            largest = counts[max(sizes)] / repeats / len(WATCHED)
            what = f"{len(sizes)}" if len(sizes) > 1 else f"1 of {max(sizes)} texts a week"
            print(
                f"| {what} | {base} | {name} | {companies / repeats:.1%} | {rate:.2%} | {WARNING_ALPHA / series:.2%} "
                f"| {largest:.2%} | {rate / look_alpha(WARNING_ALPHA, series):.0f} |",
                flush=True,
            )


def power(repeats: int, rng: np.random.Generator) -> None:
    print("\n| texts a week | rise | baseline weeks | correlation | seen within 4 weeks | 8 weeks | 12 weeks |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size in (30, 100):
        for lift in (0.1, 0.2):
            for base in (26, 10):
                for correlation in (0.0, 0.01, 0.03):
                    seen = []
                    for _ in range(repeats):
                        series = company(base + 12, (0.2, 0.2), dict.fromkeys(SIZES, correlation), rng)
                        rates = np.repeat([0.2, 0.2 + lift], [base, 12])
                        series[str(size)] = {metric: weeks_of(rates, size, correlation, rng) for metric in WATCHED}
                        seen += first_alarms(series, base + 12, base, 30)[str(size)]
                    shares = [sum(week <= end for week in seen) / (2 * repeats) for end in (4, 8, 12)]
                    print(
                        f"| {size} | {100 * lift:.0f} points | {base} | {correlation:g} | "
                        + " | ".join(f"{share:.2f}" for share in shares)
                        + " |",
                        flush=True,
                    )


def climb(repeats: int, rng: np.random.Generator) -> None:
    print("\n| texts a week | high effort from | to, over six weeks | seen by the end of week 6 | week seen (median) |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for size, start, end in ((10, 0.18, 0.37), (20, 0.18, 0.37), (40, 0.18, 0.37), (20, 0.15, 0.45)):
        seen = []
        for _ in range(repeats):
            series = company(16, (0.2, 0.2), dict.fromkeys(SIZES, 0.0), rng)
            rates = np.concatenate([np.full(10, start), start + (end - start) * np.arange(1, 7) / 6])
            series[str(size)] = {metric: weeks_of(rates, size, 0.0, rng) for metric in WATCHED}
            seen += first_alarms(series, 16, 10, 30)[str(size)]
        median = f"{np.median(seen):.0f}" if seen else "–"
        print(f"| {size} | {start} | {end} | {len(seen) / (2 * repeats):.2f} | {median} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--part", choices=["all", "quiet", "power", "climb"], default="all")
    args = parser.parse_args()
    for part in (quiet, power, climb):
        if args.part in ("all", part.__name__):
            part(args.repeats, np.random.default_rng(0))


if __name__ == "__main__":
    main()
