"""Themes the taxonomy does not know: words that object, or leave the model unsure, and name no known cause.

Their embeddings are centred (the common part of any two sentences taken out) and joined by average linkage on cosine
distance, which depends on no random start. A cluster is named by its distinctive words: those with the largest
log-odds against all other texts, with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, Political Analysis
16:372). A theme keeps its key from night to night while its words mostly stay. An aid for the analyst, never a label.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.preprocessing import normalize

from cxnlp.analysis.counts import Window
from cxnlp.analysis.privacy import mask
from cxnlp.analysis.quotes import Candidate, choose, clean, draw, make_quote, vectors
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import independent_gap, share
from cxnlp.analysis.summary import Count, UnknownTheme

SEARCHED = "len(causes) = 0 AND (complaint OR (unsure AND destroying))"
MAXIMUM_TEXTS = 1500
#: Cosine distance of centred vectors up to which clusters are joined: embeddings, and TF-IDF weights.
JOIN_EMBEDDINGS = 0.72
JOIN_TFIDF = 0.88
MINIMUM_TEXTS = 8
MAXIMUM_THEMES = 10
WORDS = 5
#: Share of words in common from which a theme is the same as one of the previous report.
SAME = 0.4
_WORD = re.compile(r"[^\W\d_]{3,}(?:[’'\u200c][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class _Cluster:
    members: tuple[int, ...]
    words: tuple[str, ...]


def unknown_themes(
    connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings, window: Window | None
) -> tuple[UnknownTheme, ...]:
    """Find them; largest first."""
    searched = draw(connection, settings, "overall", SEARCHED, MAXIMUM_TEXTS).get("overall", [])
    if len(searched) < MINIMUM_TEXTS:
        return ()
    background = draw(connection, settings, "overall", f"NOT coalesce({SEARCHED}, false)", MAXIMUM_TEXTS)
    rest = [words_of(item.text) for item in background.get("overall", [])]
    clusters = find_clusters(searched, rest)
    previous = {theme.key: set(theme.words) for theme in settings.previous.themes} if settings.previous else {}
    result = []
    for cluster in clusters:
        key, known = _key(cluster.words, previous)
        previous.pop(key, None)
        members = [searched[index] for index in cluster.members]
        result.append(_describe(members, cluster.words, key, known, len(searched), searched, settings, window))
    return tuple(result)


def find_clusters(searched: Sequence[Candidate], rest: Sequence[Sequence[str]]) -> list[_Cluster]:
    """Join texts into clusters, and name them; `rest` holds the words of texts that were not searched."""
    order = sorted(range(len(searched)), key=lambda index: searched[index].id)
    embedded = all(item.embedding for item in searched)
    unit = vectors([searched[i].text for i in order], [searched[i].embedding for i in order])
    centred = normalize(unit - unit.mean(axis=0))
    keep = [row for row in range(len(order)) if np.any(centred[row])]
    if len(keep) < MINIMUM_TEXTS:
        return []
    tree = linkage(centred[keep], method="average", metric="cosine")
    names = fcluster(np.maximum(tree, 0), JOIN_EMBEDDINGS if embedded else JOIN_TFIDF, criterion="distance")
    by_name: dict[int, list[int]] = {}
    for row, name in zip(keep, names, strict=True):
        by_name.setdefault(int(name), []).append(order[row])
    large = [tuple(sorted(members)) for members in by_name.values() if len(members) >= MINIMUM_TEXTS]
    large.sort(key=lambda members: (-len(members), searched[members[0]].id))
    said = [words_of(item.text) for item in searched]
    clusters = []
    for members in large[:MAXIMUM_THEMES]:
        inside = [said[index] for index in members]
        outside = [words for index, words in enumerate(said) if index not in set(members)]
        words = distinctive_words(inside, [*outside, *rest])
        if words:
            clusters.append(_Cluster(members, words))
    return clusters


def words_of(text: str) -> list[str]:
    """Return the words of a text, personal data masked out, in lower case."""
    return [word.casefold() for word in _WORD.findall(re.sub(r"\[[\w-]+\]", " ", mask(clean(text[:2000])).text))]


def distinctive_words(inside: Sequence[Sequence[str]], outside: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return up to `WORDS` words by z-score of their log-odds; each must stand in at least three texts inside.

    A text counts a word once.
    """
    own = Counter(word for words in inside for word in set(words))
    other = Counter(word for words in outside for word in set(words))
    total_own, total_other = sum(own.values()), sum(other.values())
    prior_total = float(total_own + total_other)
    scale = 500.0 / prior_total if prior_total else 1.0
    scored = []
    for word, count in own.items():
        if count < 3:
            continue
        prior = (count + other[word]) * scale
        prior_all = prior_total * scale
        first = np.log((count + prior) / (total_own + prior_all - count - prior))
        second = np.log((other[word] + prior) / (total_other + prior_all - other[word] - prior))
        error = np.sqrt(1 / (count + prior) + 1 / (other[word] + prior))
        scored.append((-round(float((first - second) / error), 9), word))
    return tuple(word for z, word in sorted(scored)[:WORDS] if z < -1.5)


def _key(words: tuple[str, ...], previous: dict[str, set[str]]) -> tuple[str, bool]:
    """Return the theme's key and whether the previous report had it."""
    best = max(
        previous, key=lambda key: (len(previous[key] & set(words)) / len(previous[key] | set(words)), key), default=None
    )
    if best is not None and len(previous[best] & set(words)) / len(previous[best] | set(words)) >= SAME:
        return best, True
    return hashlib.sha256(" ".join(sorted(words[:3])).encode()).hexdigest()[:8], False


def _describe(
    members: Sequence[Candidate],
    words: tuple[str, ...],
    key: str,
    known: bool,
    total: int,
    searched: Sequence[Candidate],
    settings: AnalysisSettings,
    window: Window | None,
) -> UnknownTheme:
    dates = sorted(item.date for item in members if item.date)
    recent = change = None
    if window is not None:
        last = _end_of_week(window.recent_to)
        late = [item for item in searched if item.date and window.recent_from <= item.date <= last]
        early = [item for item in searched if item.date and window.earlier_from <= item.date < window.recent_from]
        inside = {item.id for item in members}
        recent = share(sum(item.id in inside for item in late), len(late))
        change = independent_gap(recent, share(sum(item.id in inside for item in early), len(early)))
    quotes = choose(members, max(1, settings.quotes))
    return UnknownTheme(
        key=key,
        anchor=f"theme-{key}",
        words=words,
        share=share(len(members), total),
        languages=_counts(item.language for item in members),
        touchpoints=_counts(item.touchpoint for item in members),
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
        recent=recent,
        change=change,
        new=not known,
        quotes=tuple(make_quote(candidate, rule, "theme") for rule, candidate in quotes),
    )


def _end_of_week(first_day: str) -> str:
    return (date.fromisoformat(first_day) + timedelta(days=6)).isoformat()


def _counts(values: Iterable[str | None]) -> tuple[Count, ...]:
    counted = Counter(value for value in values if value)
    return tuple(Count(name, number) for name, number in sorted(counted.items(), key=lambda item: (-item[1], item[0])))
