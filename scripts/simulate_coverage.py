"""Do 95 % intervals hold the truth, raw and corrected, for a reader with known errors?

    python scripts/simulate_coverage.py [--repeats 2000]

Draws exports with a known true share, reads them with known sensitivity and specificity, and corrects with a labelled
sample that was read with the same errors: Rogan-Gladen with labels from elsewhere (another true share), prediction-
powered inference with labels drawn from the export. Then whole exports, as the report corrects them (`Corrector`): of
two languages that are read unequally well, and shares of some of the rows (quiet fans).
"""

from __future__ import annotations

import argparse

import numpy as np

from cxnlp.analysis.correct import PairedCells, Part, Reading, ppi_share, rogan_gladen, rogan_gladen_gap
from cxnlp.analysis.corrector import Corrector, Member
from cxnlp.analysis.events import Vocabulary
from cxnlp.analysis.settings import GoldRow
from cxnlp.analysis.stats import wilson
from cxnlp.taxonomy import default_taxonomy

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
                fixed = rogan_gladen([Part(count, texts, reading_of(gold, read(gold, rates, rng)))])
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
                plain = rogan_gladen_gap([(cells, Reading(10**9, 10**9, 10**9, 10**9))])
                assert plain is not None
                raw.add(plain.value, plain.low, plain.high, truth_gap)
                gold = rng.random(labels) < 0.4
                gap = rogan_gladen_gap([(cells, reading_of(gold, read(gold, rates, rng)))])
                if gap is not None:
                    fixed.add(gap.value, gap.low, gap.high, truth_gap, gap.safe)
            for kind, tally in (("raw", raw), ("corrected", fixed)):
                print(f"| {name} | {rows} | {labels} | {kind} | {tally.row()} |")
                if kind == "corrected" and tally.errors:
                    worst = min(worst, tally.held / len(tally.errors))
    return worst


def few_labels(repeats: int, rng: np.random.Generator) -> float:
    """Rates of few labelled rows with the event: what is called safe, and its coverage; cases that hardly ever are
    (below a tenth of the exports) do not count for the least coverage, since only lucky rates pass there."""
    worst = 1.0
    print("\n| found, falsely | rows with the event | true share | texts | bias | coverage | width | not safe |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for rates, positives in (((0.36, 0.98), 36), ((0.36, 0.98), 300), ((0.6, 0.98), 36), ((0.8, 0.9), 25)):
        for share, texts in ((0.1, 1000), (0.4, 222), (0.6, 1038), (0.8, 222)):
            tally = Tally()
            for _ in range(repeats):
                count = int(read(rng.random(texts) < share, rates, rng).sum())
                gold = np.arange(1000) < positives
                fixed = rogan_gladen([Part(count, texts, reading_of(gold, read(gold, rates, rng)))])
                if fixed is not None:
                    tally.add(fixed.value, fixed.low, fixed.high, share, fixed.safe)
            told = f"{rates[0]:.0%}, {1 - rates[1]:.0%}"
            print(f"| {told} | {positives} | {share} | {texts} | {tally.row()} |")
            if len(tally.errors) > repeats / 10:
                worst = min(worst, tally.held / len(tally.errors))
    return worst


VOCABULARY = Vocabulary.of(default_taxonomy())
#: language → sensitivity and specificity of happy words.
LANGUAGES = {"en": (0.95, 0.75), "vi": (0.75, 0.97)}


def gold_row(name: object, language: str, happy: bool, said: bool) -> GoldRow:
    sides = {True: {"emotions": ("trust",), "stance": ("neither",)}, False: {"emotions": (), "stance": ("neither",)}}
    return GoldRow(str(name), language, "customer", "real", sides[bool(happy)], sides[bool(said)])


def exports(repeats: int, rng: np.random.Generator) -> float:
    """Whole exports: 2,000 texts, two languages; happy words overall and of each language, with labels from elsewhere
    and drawn from the export; quiet fans (few of the low box) and happy words of the top box with the latter."""
    tallies: dict[tuple[str, str], Tally] = {}
    for _ in range(repeats):
        vietnamese = rng.random(2000) < 0.3
        top = rng.random(2000) < 0.7
        happy = rng.random(2000) < np.where(top, 0.75, 0.08)
        said = np.where(vietnamese, read(happy, LANGUAGES["vi"], rng), read(happy, LANGUAGES["en"], rng))
        names = np.where(vietnamese, "vi", "en")
        elsewhere = []
        for language, rates, rows in (("en", LANGUAGES["en"], 140), ("vi", LANGUAGES["vi"], 400)):
            truth = rng.random(rows) < 0.4
            pairs = enumerate(zip(truth, read(truth, rates, rng), strict=True))
            elsewhere += [gold_row(f"{language}{at}", language, *pair) for at, pair in pairs]
        drawn = rng.choice(2000, 300, replace=False)
        own = [gold_row(at, names[at], happy[at], said[at]) for at in drawn]
        members = {str(at): Member({}, True, bool(top[at]), not top[at]) for at in drawn}
        texts = {name: int((names == name).sum()) for name in LANGUAGES}
        correctors = {
            "labels from elsewhere": Corrector(elsewhere, VOCABULARY, texts),
            "labels drawn from it": Corrector(own, VOCABULARY, texts, is_random=True, members=members),
        }
        every = np.full(2000, True)
        for what, rows, column, among in (
            ("happy words", every, ("overall", "overall"), "read"),
            ("happy words, the 30 % in one language", vietnamese, ("country", "VN"), "read"),
            ("quiet fans: happy words of the low box", ~top, ("overall", "overall"), "low_box"),
            ("happy words of the top box", top, ("overall", "overall"), "top"),
        ):
            strata = {n: (int((said & rows & (names == n)).sum()), int((rows & (names == n)).sum())) for n in LANGUAGES}
            truth_share = float(happy[rows].mean())
            for how, corrector in correctors.items():
                if how == "labels drawn from it" and column[0] == "country":
                    continue
                found = corrector.share(strata, "expressed", *column, among=among).corrected  # type: ignore[arg-type]
                tally = tallies.setdefault((what, how), Tally())
                if found is not None:
                    tally.add(found.value, found.low, found.high, truth_share, found.safe)
    print("\n| share | corrected by | bias | coverage | width | not safe |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for (what, how), tally in tallies.items():
        print(f"| {what} | {how} | {tally.row()} |")
    return min(tally.held / len(tally.errors) for tally in tallies.values() if tally.errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    print(f"Shares ({repeats} exports each):\n")
    worst_share = shares(repeats, rng)
    print(f"\nGaps, ratings minus words ({repeats} exports each):")
    worst_gap = gaps(repeats, rng)
    print(f"\nFew labelled rows ({repeats} exports each; 1,000 labelled rows in all):")
    worst_few = few_labels(repeats, rng)
    print(f"\nWhole exports of two languages that are read unequally well ({repeats // 5} exports):")
    worst_export = exports(repeats // 5, rng)
    worst = min(worst_share, worst_gap, worst_few, worst_export)
    print(f"\nLeast coverage of a corrected interval that is called safe: {worst:.3f} (aim: 0.93)")


if __name__ == "__main__":
    main()
