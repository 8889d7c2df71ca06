"""Quotes by a stated rule, not by taste.

Of each group up to `SAMPLE` texts are drawn by a seeded hash. Among them stand: the one nearest to their centre
(`centre`: the typical), the one farthest from it (`edge`: what the typical hides) and the first by hash (`random`).
Further quotes alternate in that order. Nearness is the cosine of the texts' embeddings; where the store keeps none, of
their TF-IDF weights over character n-grams. Texts under `SHORTEST` characters are passed over while there are others.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from cxnlp.analysis.privacy import mask
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import FloatArray
from cxnlp.analysis.summary import Quote

SAMPLE = 200
SHORTEST = 20
LONGEST = 320
_RULES = ("centre", "edge", "random")
_RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may be quoted, with what stands beside it on the page."""

    id: str
    text: str
    language: str | None
    stars: float | None
    scale_high: float | None
    date: str | None
    touchpoint: str | None
    emotions: tuple[str, ...]
    effort: str
    stance: str
    causes: tuple[str, ...]
    strengths: tuple[str, ...]
    reply: str | None
    reply_stance: str | None
    embedding: bytes | None


def draw(
    connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings, key: str, where: str, limit: int = SAMPLE
) -> dict[str, list[Candidate]]:
    """Draw up to `limit` read texts of each value of `key` (a column of `analysed`) where `where`, by seeded hash.

    Identical texts are drawn once.
    """
    rows = connection.execute(
        f"""
        WITH chosen AS (
            SELECT {key} AS value, id, text_hash, md5(text_hash || '{int(settings.seed)}') AS dice FROM analysed
            WHERE read AND {key} IS NOT NULL AND ({where})
            QUALIFY row_number() OVER (PARTITION BY {key}, text_hash ORDER BY id) = 1
        ), drawn AS (
            SELECT * FROM chosen QUALIFY row_number() OVER (PARTITION BY value ORDER BY dice, id) <= {int(limit)}
        )
        SELECT d.value, d.id, f.text, f.language, a.stars, a.scale_high, a.date, a.touchpoint,
               a.emotions, a.effort, a.stance, a.causes, a.strengths, r.text, rp.stance, p.embedding
        FROM drawn AS d
        JOIN feedback AS f ON f.id = d.id
        JOIN analysed AS a ON a.id = d.id
        JOIN readings AS p ON p.text_hash = d.text_hash AND p.author = 'customer'
        LEFT JOIN feedback AS r ON r.id = d.id || '/reply' AND r.author = 'company'
        LEFT JOIN readings AS rp ON rp.text_hash = r.text_hash AND rp.author = 'company'
        ORDER BY d.value, d.dice, d.id
        """  # noqa: S608  (names are our own, values pass through sql_string or int)
    ).fetchall()
    result: dict[str, list[Candidate]] = {}
    for row in rows:
        value, number, text, language, stars, scale_high, date = row[:7]
        result.setdefault(str(value), []).append(
            Candidate(
                id=str(number),
                text=str(text),
                language=language,
                stars=stars,
                scale_high=scale_high if stars is not None else None,
                date=date.date().isoformat() if date is not None else None,
                touchpoint=row[7],
                emotions=tuple(row[8]),
                effort=str(row[9]),
                stance=str(row[10]),
                causes=tuple(row[11]),
                strengths=tuple(row[12]),
                reply=row[13],
                reply_stance=row[14],
                embedding=row[15],
            )
        )
    return result


def vectors(texts: Sequence[str], embeddings: Sequence[bytes | None]) -> FloatArray:
    """Return unit vectors [n, d] of texts: their embeddings where all have one of one length, else TF-IDF weights."""
    sizes = {len(item) if item else 0 for item in embeddings}
    if len(sizes) == 1 and 0 not in sizes:
        matrix = np.frombuffer(b"".join(item for item in embeddings if item), dtype=np.int8)
        return np.asarray(normalize(matrix.reshape(len(texts), -1).astype(np.float64)))
    try:
        weights = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=5000).fit_transform(texts)
    except ValueError:  # no text holds a single n-gram
        return np.ones((len(texts), 1))
    return np.asarray(weights.toarray(), dtype=np.float64)


def choose(candidates: Sequence[Candidate], number: int) -> list[tuple[str, Candidate]]:
    """Return up to `number` (rule, candidate) pairs; `candidates` come in the order of the draw."""
    long_enough = [item for item in candidates if len(item.text.strip()) >= SHORTEST]
    pool = long_enough or list(candidates)
    if not pool or number <= 0:
        return []
    unit = vectors([item.text for item in pool], [item.embedding for item in pool])
    nearness = np.round(unit @ unit.mean(axis=0), 9)  # rounded, so that ties fall to the draw on any machine
    by_nearness = sorted(range(len(pool)), key=lambda index: (-nearness[index], index))
    queues = {"centre": by_nearness, "edge": by_nearness[::-1], "random": list(range(len(pool)))}
    taken: set[int] = set()
    result: list[tuple[str, Candidate]] = []
    while len(result) < min(number, len(pool)):
        rule = _RULES[len(result) % len(_RULES)]
        index = next(item for item in queues[rule] if item not in taken)
        taken.add(index)
        result.append((rule, pool[index]))
    return result


def make_quote(candidate: Candidate, rule: str, about: str) -> Quote:
    """Mask and cut a chosen text."""
    text, cut, masked = present(candidate.text, candidate.language)
    reply, reply_masked = None, False
    if candidate.reply is not None:
        reply, _, reply_masked = present(candidate.reply, candidate.language)
    return Quote(
        id=candidate.id,
        about=about,
        rule=rule,
        text=text,
        cut=cut,
        masked=masked or reply_masked,
        language=candidate.language,
        right_to_left=is_right_to_left(candidate.text),
        stars=candidate.stars,
        scale_high=candidate.scale_high,
        date=candidate.date,
        touchpoint=candidate.touchpoint,
        emotions=candidate.emotions,
        effort=candidate.effort,
        stance=candidate.stance,
        causes=candidate.causes,
        strengths=candidate.strengths,
        reply=reply,
        reply_stance=candidate.reply_stance,
    )


def present(text: str, language: str | None) -> tuple[str, bool, bool]:
    """Return `text` as it may be shown, whether it was cut, and whether anything was masked.

    Hidden characters go first, since they could break up an address; masking comes before cutting, since half a phone
    number is still half a phone number.
    """
    masked = mask(clean(text[: 8 * LONGEST]), language)
    shown, cut = shorten(masked.text)
    return shown, cut or len(text) > 8 * LONGEST, masked.changed


def clean(text: str) -> str:
    """Return `text` on one line, without control and formatting characters (joiners that shape words stay)."""
    kept = "".join(" " if ch in "\n\r\t" else ch for ch in text if ch in "\n\r\t\u200c\u200d" or _is_shown(ch))
    return " ".join(kept.split())


def shorten(line: str) -> tuple[str, bool]:
    """Return `line` cut at a word near `LONGEST`, and whether it was."""
    if len(line) <= LONGEST:
        return line, False
    head = line[:LONGEST]
    space = head.rfind(" ")
    return (head[:space] if space > LONGEST // 2 else head).rstrip() + " …", True


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def is_right_to_left(text: str) -> bool:
    """Return the direction of the first strong character, as browsers' `dir=auto` does."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in _RIGHT_TO_LEFT or direction == "L":
            return direction != "L"
    return False
