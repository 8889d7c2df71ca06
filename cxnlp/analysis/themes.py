"""Themes the taxonomy does not know: words that object, or leave the model unsure, and name no cause it knows.

From each embedding the mean of its language is taken out, since texts otherwise lie together by language before they do
by subject. What is left is joined by average linkage on cosine distance, which depends on no random start. Stores
without embeddings fall back on TF-IDF weights of words, which cannot join languages. A cluster is named by its
distinctive words: those with the largest log-odds against all other texts of their language, with an informative
Dirichlet prior (Monroe, Colaresi & Quinn 2008, Political Analysis 16:372). A theme keeps its key from night to night
while its words mostly stay. An aid for the analyst, never a label.
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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from cxnlp.analysis.counts import Window
from cxnlp.analysis.privacy import mask
from cxnlp.analysis.quotes import Candidate, choose, clean, draw, make_quote, vectors
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import FloatArray, independent_gap, share
from cxnlp.analysis.summary import Count, UnknownTheme

SEARCHED = "(complaint OR (unsure AND destroying)) AND len(causes) = 0"
MAXIMUM_TEXTS = 1500
#: Cosine distance up to which clusters are joined: of centred embeddings, and of TF-IDF weights.
JOIN_EMBEDDINGS = 0.90
JOIN_TFIDF = 0.85
#: Texts of all languages that are mixed into the mean of one, for languages with few texts.
_MEAN_PRIOR = 5.0
MINIMUM_TEXTS = 8
MAXIMUM_THEMES = 10
WORDS = 5
#: Share of words in common (two of five, say) from which a theme is the same as one of the previous report.
SAME = 0.25
#: Weight of the prior, as a share of all words; share of texts outside from which a word is too common for a name.
PRIOR = 0.1
COMMON = 0.05
Said = tuple[str, list[str]]
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
    clusters = find_clusters(searched, background.get("overall", []))
    previous = {theme.key: set(theme.words) for theme in settings.previous.themes} if settings.previous else {}
    result = []
    for cluster in clusters:
        key, known = _key(cluster.words, previous)
        previous.pop(key, None)
        members = [searched[index] for index in cluster.members]
        result.append(_describe(members, cluster.words, key, known, len(searched), searched, settings, window))
    return tuple(result)


def find_clusters(searched: Sequence[Candidate], background: Sequence[Candidate]) -> list[_Cluster]:
    """Join texts into clusters, largest first, and name them; `background` are texts that were not searched."""
    order = sorted(range(len(searched)), key=lambda index: searched[index].id)
    unit, distance = _unit_vectors([searched[index] for index in order], background)
    keep = [row for row in range(len(order)) if np.any(unit[row])]
    if len(keep) < MINIMUM_TEXTS:
        return []
    tree = linkage(unit[keep], method="average", metric="cosine")
    by_name: dict[int, list[int]] = {}
    for row, name in zip(keep, fcluster(tree, distance, criterion="distance"), strict=True):
        by_name.setdefault(int(name), []).append(order[row])
    large = [tuple(sorted(members)) for members in by_name.values() if len(members) >= MINIMUM_TEXTS]
    large.sort(key=lambda members: (-len(members), searched[members[0]].id))
    said = [_said(item) for item in searched]
    rest = [_said(item) for item in background]
    clusters = []
    for members in large[:MAXIMUM_THEMES]:
        chosen = set(members)
        outside = [words for index, words in enumerate(said) if index not in chosen]
        words = distinctive_words([said[index] for index in members], [*outside, *rest])
        if words:
            clusters.append(_Cluster(members, words))
    return clusters


def _unit_vectors(searched: Sequence[Candidate], background: Sequence[Candidate]) -> tuple[FloatArray, float]:
    """Return vectors [n, d] of the searched texts, of length 1 (or 0), and the distance up to which to join them."""
    if not all(item.embedding for item in searched):
        return _word_vectors([" ".join(words_of(item.text)) for item in searched]), JOIN_TFIDF
    known = [*searched, *(item for item in background if item.embedding and item.stance == "complaint")]
    unit = vectors([item.text for item in known], [item.embedding for item in known])
    overall, centred = unit.mean(axis=0), np.zeros_like(unit)
    for language in {item.language for item in known}:
        rows = [row for row, item in enumerate(known) if item.language == language]
        mean = (unit[rows].sum(axis=0) + _MEAN_PRIOR * overall) / (len(rows) + _MEAN_PRIOR)
        centred[rows] = unit[rows] - mean
    left = centred[: len(searched)]
    return np.asarray(normalize(np.where(np.abs(left) < 1e-9, 0.0, left))), JOIN_EMBEDDINGS


def words_of(text: str) -> list[str]:
    """Return the words of a text, personal data masked out, in lower case."""
    return [word.casefold() for word in _WORD.findall(re.sub(r"\[[\w-]+\]", " ", mask(clean(text[:2000])).text))]


def _said(item: Candidate) -> Said:
    return item.language or "", words_of(item.text)


def _word_vectors(texts: Sequence[str]) -> FloatArray:
    """Return TF-IDF weights of words [n, words], without those that half of the texts use."""
    try:
        weights = TfidfVectorizer(token_pattern=r"\S+", max_df=0.5, min_df=2, sublinear_tf=True).fit_transform(texts)  # noqa: S106  (a pattern)
    except ValueError:  # no word stands in two texts
        return np.zeros((len(texts), 1))
    return np.asarray(weights.toarray(), dtype=np.float64)


def distinctive_words(inside: Sequence[Said], outside: Sequence[Said]) -> tuple[str, ...]:
    """Return up to `WORDS` words by z-score of their log-odds against texts of the same language.

    A text counts a word once; a word must stand in at least two texts inside, and in no more than one in twenty
    outside (articles and pronouns would name nothing).
    """
    scored = []
    for language in sorted({name for name, _ in inside}):
        own = Counter(word for name, words in inside if name == language for word in set(words))
        other = Counter(word for name, words in outside if name == language for word in set(words))
        texts = sum(name == language for name, _ in outside)
        total_own, total_other = sum(own.values()), sum(other.values())
        prior_all = PRIOR * (total_own + total_other)
        for word, count in own.items():
            if count < 2 or other[word] > max(1, COMMON * texts):
                continue
            prior = PRIOR * (count + other[word])
            first = np.log((count + prior) / (total_own + prior_all - count - prior))
            second = np.log((other[word] + prior) / (total_other + prior_all - other[word] - prior))
            error = np.sqrt(1 / (count + prior) + 1 / (other[word] + prior))
            scored.append((-round(float((first - second) / error), 9), word))
    return tuple(dict.fromkeys(word for z, word in sorted(scored) if z < -1.28))[:WORDS]


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
