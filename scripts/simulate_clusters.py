"""What becomes of intervals and tests where one customer writes several texts?

    python scripts/simulate_clusters.py [--repeats 2000]

Two groups of 100 customers each with the same share of happy texts, one half. A customer writes one text and a Poisson
number more; the texts of one customer correlate. Printed: how often the interval of one group's share holds one half
(0.95 wanted), and how often the two groups differ at p < 0.05 (0.05 wanted).
"""

from __future__ import annotations

import argparse

import numpy as np

from cxnlp.analysis.stats import two_sample_p, wilson

CUSTOMERS = 100


def drawn(texts: float, correlation: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return the happy texts, and all texts, of one group."""
    written = 1 + rng.poisson(texts - 1, CUSTOMERS)
    strength = (1 / correlation - 1) / 2
    happy = rng.binomial(written, rng.beta(strength, strength, CUSTOMERS))
    return int(happy.sum()), int(written.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    print("| texts a customer | correlation of a customer's texts | coverage | equal groups differ at p < 0.05 |")
    print("| ---: | ---: | ---: | ---: |")
    for texts, correlation in ((1.3, 0.3), (1.3, 0.67), (2.5, 0.3), (2.5, 0.67)):
        covered, differ = 0, 0
        for _ in range(repeats):
            first, second = drawn(texts, correlation, rng), drawn(texts, correlation, rng)
            low, high = wilson(*first)
            covered += low <= 0.5 <= high
            differ += two_sample_p(*first, *second) < 0.05
        print(f"| {texts} | {correlation} | {covered / repeats:.2f} | {differ / repeats:.0%} |")


if __name__ == "__main__":
    main()
