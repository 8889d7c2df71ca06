"""A small night for the tests of the job: an export, a configuration, and a reader that needs no weights.

`HashReader` answers from a hash of each text: always the same, whatever stands beside it. It stands in for the model
where the thing under test is the job around it.
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from cxnlp import cli, pipeline
from cxnlp.config import Config, parse_config
from cxnlp.store import StoredModel
from cxnlp.taxonomy import default_taxonomy, default_taxonomy_toml

DAY = date(2026, 11, 20)
COLUMNS = ("id", "comment", "rating", "channel", "created_at", "owner_response", "country")
CONFIG = """
[export]
path = "exports/*.csv"
language = "en"
[export.columns]
id = "id"
text = "comment"
stars = "rating"
touchpoint = "channel"
date = "created_at"
reply = "owner_response"
[store]
path = "store/cxnlp.duckdb"
[report]
dir = "reports"
minimum_group = 5
languages = ["en"]
"""

Row = dict[str, str]


@dataclass(frozen=True)
class Reading:
    """A prediction, in the shape of `model.predict.Prediction`."""

    labels: dict[str, tuple[str, ...]]
    confidence: dict[str, float]
    unsure: bool = False
    windows: int = 1
    embedding: bytes | None = None


@dataclass
class HashReader:
    """Reads texts by their hash; counts what it reads, and may be slow."""

    version: str = "fake@000000000000"
    seconds_per_text: float = 0.0
    salt: str = ""
    texts: list[str] = field(default_factory=list)
    loads: int = 0
    folder: Path = Path("models/fake")
    taxonomy_toml: str = field(default_factory=default_taxonomy_toml)
    gold: str = ""

    def stored(self) -> StoredModel:
        return StoredModel(self.version, self.taxonomy_toml, self.gold)

    def load(self) -> HashReader:
        self.loads += 1
        return self

    def predict(self, texts: Sequence[str], authors: Sequence[str], *, embeddings: bool) -> list[Reading]:
        self.texts += texts
        if self.seconds_per_text:
            for _ in texts:
                time.sleep(self.seconds_per_text)
        return [read(text, author, self.salt) for text, author in zip(texts, authors, strict=True)]


def read(text: str, author: str, salt: str = "") -> Reading:
    """Answer from a hash of the text."""
    digest = hashlib.blake2b(f"{salt}{author}{text}".encode(), digest_size=48).digest()
    taxonomy = default_taxonomy()

    def several(task: str, start: int) -> tuple[str, ...]:
        names = taxonomy.task(task).label_names
        return tuple(name for at, name in enumerate(names) if digest[(start + at) % 48] < 30)

    def one(task: str, at: int) -> tuple[str, ...]:
        names = taxonomy.task(task).label_names
        return (names[digest[at] % len(names)],)

    labels = {
        "emotions": several("emotions", 0) if author == "customer" else (),
        "effort": one("effort", 11),
        "stance": one("stance", 12),
        "causes": several("causes", 13),
        "strengths": several("strengths", 29),
    }
    confidence = {task: digest[at] / 256 for at, task in enumerate(labels)}
    return Reading(labels, confidence, unsure=digest[0] < 10, embedding=digest * 8)


def row(number: int, *, day: date = DAY, text: str | None = None, stars: str | None = None, reply: str = "") -> Row:
    """Return one row of an export."""
    points = ("discover", "choose", "buy", "receive", "use", "pay", "get_help", "")
    words = ("delivery", "courier", "queue", "refund", "app", "staff", "price", "room", "parcel", "invoice")
    said = f"The {words[number % 10]} was as it was, and the {words[number // 10 % 10]} number {number} came to it"
    return {
        "id": f"c-{number:06d}",
        "comment": said if text is None else text,
        "rating": str(number % 5 + 1) if stars is None else stars,
        "channel": points[number % 8],
        "created_at": (day - timedelta(days=number % 90)).isoformat(),
        "owner_response": reply,
        "country": ("PL", "RO", "VN")[number % 3],
    }


def write_export(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def rows(count: int, start: int = 0) -> list[Row]:
    """Return rows, every fifth of them answered."""
    return [
        row(n, reply=f"We are sorry about case {n}, it was a busy week" if n % 5 == 0 else "")
        for n in range(start, start + count)
    ]


def configure(folder: Path, more: str = "") -> Config:
    """Return the configuration of a night in `folder`; `more` is TOML that adds sections."""
    return parse_config(CONFIG + more, "cxnlp.toml", folder)


def stand_in(monkeypatch: pytest.MonkeyPatch) -> HashReader:
    """Put a `HashReader` in the model's place and a line of text in the page's, for commands called in this process."""
    reader = HashReader()
    monkeypatch.setattr(pipeline, "find_model", lambda config: reader)
    monkeypatch.setattr("cxnlp.report.publish.render_page", lambda summary, language, languages: f"{summary.records}\n")
    return reader


@contextmanager
def held_elsewhere(path: Path) -> Iterator[int]:
    """Let another process hold and open the store at `path` while the block runs; return its id."""
    program = (
        "import sys; from pathlib import Path; from cxnlp.keeping import hold; from cxnlp.store import Store\n"
        "with hold(Path(sys.argv[1])), Store(Path(sys.argv[1])):\n  print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        yield other.pid
        other.communicate("")


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Call `cxnlp` in this process and return its exit status."""
    monkeypatch.setattr("sys.argv", ["cxnlp", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)
