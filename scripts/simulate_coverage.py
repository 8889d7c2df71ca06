"""Do 95 % intervals hold the truth, raw and corrected, for a reader with known errors?

    python scripts/simulate_coverage.py [--repeats 2000]

Draws exports with a known true share, reads them with known sensitivity and specificity, and corrects with a labelled
sample that was read with the same errors: Rogan-Gladen with labels from elsewhere (another true share), prediction-
powered inference with labels drawn from the export. Vectorised over repeats where the formula allows it.
"""

from __future__ import annotations

import argparse

import numpy as np

from cxnlp.analysis.correct import PairedCells, Reading, ppi_share, rogan_gladen, rogan_gladen_gap
from cxnlp.analysis.stats import wilson

ERRORS = {
    "none": (1.0, 1.0),
    "5 % either way": (0.95, 0.95),
    "10 % either way": (0.90, 0.90),
    "20 % either way": (0.80, 0.80),
    "30 % missed, 5 % false": (0.70, 0.95),
}


class Tally:
    """Bias and coverage of one estimator; `unsafe` counts estimates that the report would not lead with."""

    def __init__(self) -> None:
        self.errors: list[float] = []
        self.held = self.unsafe = self.all = 0
        self.widths: list[float] = []

    def add(self, value: float, low: float, high: float, truth: float, safe: bool = True) -> None:
        self.all += 1
        self.unsafe += not safe
        if safe:
            self.errors.append(value - truth)
            self.held += low <= truth <= high
            self.widths.append(high - low)

    def row(self) -> str:
        if not self.errors:
            return "– | – | – | 1.00"
        n = len(self.errors)
        bias, held, width = np.mean(self.errors), self.held / n, np.mean(self.widths)
        return f"{bias:+.3f} | {held:.3f} | {width:.3f} | {self.unsafe / self.all:.2f}"


def read(truth: np.ndarray, rates: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return what a reader of these rates says of true events."""
    return np.where(truth, rng.random(truth.shape) < rates[0], rng.random(truth.shape) >= rates[1])


def reading_of(truth: np.ndarray, said: np.ndarray) -> Reading:
    return Reading(int((truth & said).sum()), int(truth.sum()), int((~truth & ~said).sum()), int((~truth).sum()))


def shares(repeats: int, rng: np.random.Generator) -> float:
    worst = 1.0
    print("| reader's errors | true share | texts | labels | estimate | bias | coverage | width | not safe |")
    print("| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for name, rates in ERRORS.items():
        for share, texts, labels in ((0.6, 300, 400), (0.6, 3000, 400), (0.6, 3000, 100), (0.1, 1000, 400)):
            raw, carried, drawn = Tally(), Tally(), Tally()
            for _ in range(repeats):
                truth = rng.random(texts) < share
                said = read(truth, rates, rng)
                count = int(said.sum())
                raw.add(count / texts, *wilson(count, texts), share)
                gold = rng.random(labels) < 0.4
                fixed = rogan_gladen(count, texts, reading_of(gold, read(gold, rates, rng)))
                if fixed is not None:
                    carried.add(fixed.value, fixed.low, fixed.high, share, fixed.safe)
                human, model, own = truth[:labels], said[:labels], min(labels, texts // 2)
                own_human, own_model = human[:own].astype(float), model[:own].astype(float)
                ppi = ppi_share(own_human, own_model, int(said[own:].sum()), texts - own)
                drawn.add(ppi.value, ppi.low, ppi.high, share, ppi.safe)
            for kind, tally in (("raw", raw), ("Rogan-Gladen", carried), ("PPI", drawn)):
                print(f"| {name} | {share} | {texts} | {labels} | {kind} | {tally.row()} |")
                if kind != "raw" and tally.errors:
                    worst = min(worst, tally.held / len(tally.errors))
    return worst


def gaps(repeats: int, rng: np.random.Generator) -> float:
    """The paired gap: 84 % top ratings, 60 % happy texts."""
    worst = 1.0
    print("\n| reader's errors | rows | labels | estimate | bias | coverage | width | not safe |")
    print("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for name, rates in ERRORS.items():
        for rows, labels in ((100, 400), (1000, 400)):
            raw, fixed = Tally(), Tally()
            truth_gap = 0.6 * 0.96 + 0.4 * 0.66 - 0.6
            for _ in range(repeats):
                happy = rng.random(rows) < 0.6
                top = np.where(happy, rng.random(rows) < 0.96, rng.random(rows) < 0.66)
                said = read(happy, rates, rng)
                cells = PairedCells(
                    int((top & said).sum()),
                    int((top & ~said).sum()),
                    int((~top & said).sum()),
                    int((~top & ~said).sum()),
                )
                plain = rogan_gladen_gap(cells, Reading(10**9, 10**9, 10**9, 10**9))
                assert plain is not None
                raw.add(plain.value, plain.low, plain.high, truth_gap)
                gold = rng.random(labels) < 0.4
                gap = rogan_gladen_gap(cells, reading_of(gold, read(gold, rates, rng)))
                if gap is not None:
                    fixed.add(gap.value, gap.low, gap.high, truth_gap, gap.safe)
            for kind, tally in (("raw", raw), ("corrected", fixed)):
                print(f"| {name} | {rows} | {labels} | {kind} | {tally.row()} |")
                if kind == "corrected" and tally.errors:
                    worst = min(worst, tally.held / len(tally.errors))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    print(f"Shares ({repeats} exports each):\n")
    worst_share = shares(repeats, rng)
    print(f"\nGaps, ratings minus words ({repeats} exports each):")
    worst_gap = gaps(repeats, rng)
    print(
        f"\nLeast coverage of a corrected interval that is called safe: {min(worst_share, worst_gap):.3f} (aim: 0.93)"
    )


if __name__ == "__main__":
    main()
