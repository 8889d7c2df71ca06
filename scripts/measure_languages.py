"""How well languages are detected: on real exports whose `lang` field is hidden, alone and as a minority.

    .venv/bin/python scripts/measure_languages.py [../shared]

Prints, per file, the share of distinct texts (at most 2,000) with the right language by length, without the file's
shares of languages and with them; then the same for texts of one file that make up 2 % of another.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path

from cxnlp.ingest import languages

FILES = (
    *("feedback/airline_en", "feedback/cesamard_en", "feedback/bankapp_vi", "feedback/visfd_vi"),
    *("feedback/laroseda_ro", "feedback/snappfood_fa", "benchmarks/poleval2024_pl"),
)
PAIRS = ((0, 4), (1, 2), (2, 4), (2, 6), (4, 0), (4, 5), (5, 0), (6, 1))
TEXTS = 2000


def read(path: Path) -> tuple[str, list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    texts = sorted({row["text"] for row in rows})
    random.Random(0).shuffle(texts)
    return rows[0]["lang"], texts[:TEXTS]


def share_right(texts: list[str], found: list[dict[str, float]], shares: dict[str, float], language: str) -> str:
    pairs = [(text, values) for text, values in zip(texts, found, strict=True) if values]
    right = sum(languages.most_probable(text, values, shares) == language for text, values in pairs)
    return f"{right / len(pairs):7.1%} of {len(pairs):4}" if pairs else "      – of    0"


def main() -> None:
    shared = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared")
    alike: dict[str, float] = {}
    sets = [(name.split("/")[1], *read(shared / f"{name}.jsonl.gz")) for name in FILES]
    found = [languages.probabilities(texts) for _, _, texts in sets]
    print("file               letters     every language alike   with the file's shares")
    for (name, language, texts), values in zip(sets, found, strict=True):
        shares = languages.share_of_languages(texts)
        for low, high in ((0, 20), (20, 50), (50, 10**9), (0, 10**9)):
            at = [i for i, text in enumerate(texts) if low <= len(text) < high]
            part = [texts[i] for i in at], [values[i] for i in at]
            span = "all" if high - low == 10**9 else f"{low}-{high}" if high < 10**9 else f"{low}+"
            print(f"{name:18} {span:8} {share_right(*part, alike, language)}  {share_right(*part, shares, language)}")
    print("\n2 % of … within …                        alone                with that file's shares")
    for minor, major in PAIRS:
        name, language, texts = sets[minor]
        shares = languages.share_of_languages([*texts[: max(len(sets[major][2]) // 50, 1)], *sets[major][2]])
        part = texts, found[minor]
        print(
            f"{name:16} in {sets[major][0]:16} {share_right(*part, alike, language)}"
            f"  {share_right(*part, shares, language)}"
        )


if __name__ == "__main__":
    main()
