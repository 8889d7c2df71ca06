"""Do the report's shares agree with what people marked in the same texts?

    python scripts/compare_with_human_labels.py MODEL_FOLDER [--shared ../shared] [--limit 2000]

Two public exports carry an independent measure of what the words say (see ../shared/DATA.md; neither may train a
shipped model):

* `visfd_vi`: people marked the polarity of each aspect. A text counts as happy when it has positive aspects and no
  negative one. Groups: by the aspect it speaks of, and by star rating.
* `airline_en`: people marked the sentiment and one negative reason. Expressed satisfaction is set against the share
  marked positive, per airline and day; a cause's share per airline and day against that of its reason.

Prints, per set: agreement row by row (accuracy, Cohen's kappa), and over groups Spearman's rank correlation and the
calibration line (human share = a + b × our share, weighted by size). Reads the model; writes nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from sklearn.metrics import cohen_kappa_score

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: other work may share the cores

from cxnlp.analysis.events import Vocabulary, events_of
from cxnlp.model.predict import Prediction, Predictor

#: name → our causes, and the reasons by which people said the same (departures, arrivals and luggage are `delivery`).
REASONS = {
    "delivery": (
        ("delivery",),
        ("Late Flight", "Cancelled Flight", "Lost Luggage", "Damaged Luggage"),
    ),
    "contact and solving": (
        ("contact_access", "issue_resolution", "communication", "wait_time", "staff_attitude", "staff_competence"),
        ("Customer Service Issue", "Flight Attendant Complaints", "longlines"),
    ),
    "booking": (
        ("digital_experience", "billing_refund", "availability", "price_value"),
        ("Flight Booking Problems",),
    ),
}
MINIMUM_GROUP = 30


def load(path: Path, limit: int) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    order = np.random.default_rng(0).permutation(len(rows))[:limit]
    return [rows[index] for index in sorted(order)]


def report(name: str, ours: Sequence[bool], theirs: Sequence[bool], groups: Sequence[str]) -> None:
    """Print one line: row by row, then group by group."""
    said, marked = np.array(ours), np.array(theirs)
    kappa = cohen_kappa_score(marked, said) if 0 < marked.mean() < 1 else float("nan")
    members: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    large = [indices for indices in members.values() if len(indices) >= MINIMUM_GROUP]
    x, y = np.array([said[i].mean() for i in large]), np.array([marked[i].mean() for i in large])
    weights = np.array([len(i) for i in large], float)
    line = f"| {name} | {len(said)} | {said.mean():.3f} | {marked.mean():.3f} "
    line += f"| {(said == marked).mean():.3f} | {kappa:.2f} "
    if len(large) >= 4 and np.ptp(x) > 0 and np.ptp(y) > 0:
        slope, intercept = np.polyfit(x, y, 1, w=np.sqrt(weights))
        rank = stats.spearmanr(x, y).statistic
        line += f"| {len(large)} | {rank:.2f} | {intercept:+.2f} + {slope:.2f} × ours |"
    else:
        line += f"| {len(large)} | – | – |"
    print(line)


def read(predictor: Predictor, texts: Sequence[str], say: Callable[[int], None] | None = None) -> list[Prediction]:
    return predictor.predict(texts, ["customer"] * len(texts), progress=say)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--limit", type=int, default=2000)
    arguments = parser.parse_args()
    predictor = Predictor.load(arguments.model)
    vocabulary = Vocabulary.of(predictor.taxonomy)
    print(f"Model {predictor.version}, up to {arguments.limit} rows of each set\n")
    print(
        "| measure | rows | our share | people's share | same answer | kappa | groups | rank correlation | people's = |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")

    rows = [row for row in load(arguments.shared / "feedback/visfd_vi.jsonl.gz", arguments.limit) if row["aspects"]]
    events = [events_of(p.labels, vocabulary) for p in read(predictor, [row["text"] for row in rows])]
    polarities = [[aspect["polarity"] for aspect in row["aspects"]] for row in rows]
    happy = ["positive" in marks and "negative" not in marks for marks in polarities]
    ours = [event["expressed"] for event in events]
    report("visfd_vi: expressed satisfaction, by stars", ours, happy, [str(row["stars"]) for row in rows])
    flat = [(index, aspect["aspect"]) for index, row in enumerate(rows) for aspect in row["aspects"]]
    report(
        "visfd_vi: the same, by aspect spoken of",
        [ours[index] for index, _ in flat],
        [happy[index] for index, _ in flat],
        [aspect for _, aspect in flat],
    )
    negative = ["negative" in marks for marks in polarities]
    blamed = [bool(p) for p in (event["destroying"] or event["complaint"] for event in events)]
    report("visfd_vi: any blame, by stars", blamed, negative, [str(row["stars"]) for row in rows])

    rows = load(arguments.shared / "feedback/airline_en.jsonl.gz", arguments.limit)
    predictions = read(predictor, [row["text"] for row in rows])
    events = [events_of(p.labels, vocabulary) for p in predictions]
    groups = [f"{row['airline']} {row['date'][:10]}" for row in rows]
    sentiment = [row["sentiment"] for row in rows]
    report(
        "airline_en: expressed satisfaction, by airline and day",
        [event["expressed"] for event in events],
        [mark == "positive" for mark in sentiment],
        groups,
    )
    report(
        "airline_en: complaint, by airline and day",
        [event["complaint"] for event in events],
        [mark == "negative" for mark in sentiment],
        groups,
    )
    blamed_rows = [index for index, mark in enumerate(sentiment) if mark == "negative"]
    for name, (causes, reasons) in REASONS.items():
        report(
            f"airline_en, negative rows: {name}, by airline",
            [any(cause in predictions[i].labels["causes"] for cause in causes) for i in blamed_rows],
            [rows[i].get("negative_reason") in reasons for i in blamed_rows],
            [rows[i]["airline"] for i in blamed_rows],
        )


if __name__ == "__main__":
    main()
