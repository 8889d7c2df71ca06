"""Write the README's accuracy table from the shipped model's `evaluation.json`.

cxnlp evaluate data/labelled --sets ../shared --model models/default --save
python scripts/update_readme.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- accuracy:start -->", "<!-- accuracy:end -->"
LANGUAGES = {"en": "English", "fa": "Persian", "pl": "Polish", "ro": "Romanian", "vi": "Vietnamese"}
#: column title, task, measure, what was aimed at
COLUMNS = (
    ("stance, accuracy", "stance", "exact", 0.92),
    ("valence, accuracy", "emotions", "valence", 0.90),
    ("emotions, micro-F1", "emotions", "micro_f1", 0.75),
    ("causes, micro-F1", "causes", "micro_f1", 0.75),
    ("strengths, micro-F1", "strengths", "micro_f1", 0.78),
    ("effort, macro-F1", "effort", "macro_f1", 0.65),
)


def cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "–"
    return f"{found['value']:.2f} ({found['low']:.2f}–{found['high']:.2f})"


def line(title: str, entry: dict[str, Any]) -> str:
    cells = [cell(entry["tasks"][task][measure]) for _title, task, measure, _aim in COLUMNS]
    return f"| {title} | {entry['n']:,} | {' | '.join(cells)} |"


def table(evaluation: dict[str, Any]) -> str:
    real = {entry["slice"]: entry for entry in evaluation["slices"]}
    rows = [
        "| real texts | n | " + " | ".join(title for title, *_ in COLUMNS) + " |",
        "| --- | --: | " + " | ".join("---" for _ in COLUMNS) + " |",
        line("**all, this model**", real["real"]),
    ]
    for name in ("character n-grams", "frozen encoder"):
        entry = next(entry for entry in evaluation["baselines"][name] if entry["slice"] == "real")
        rows.append(line(f"all, {name} + logistic regression", entry))
    rows += [line(title, real[f"real {code}"]) for code, title in LANGUAGES.items()]
    rows.append("| *aimed at* | | " + " | ".join(f"*{aim:.2f}*" for *_, aim in COLUMNS) + " |")
    return "\n".join(rows)


def main() -> None:
    evaluation = json.loads((PROJECT / "models" / "default" / "evaluation.json").read_text(encoding="utf-8"))
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _old, after = rest.split(END)
    readme.write_text(f"{before}{BEGIN}\n{table(evaluation)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
