"""Intervals and tests on counts, each with its source. Pure functions; z is 1.96 throughout (95 %)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cxnlp.analysis.numbers import Estimate, Gap, Mean, Share

Z95 = 1.959963984540054
FloatArray = NDArray[np.float64]
_EXACT_BELOW = 20.0  # expected count below which the normal approximation of a tail is not trusted


def wilson(count: float, total: float, z: float = Z95) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927); (0, 1) without a base.

    Shares weighted by overdispersion may pass fractional counts.
    """
    if total <= 0:
        return 0.0, 1.0
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))


def share(count: int, total: int) -> Share:
    """Return `count` of `total` with its Wilson interval."""
    low, high = wilson(count, total)
    return Share(count, total, low, high)


def paired_gap(both: int, only_first: int, only_second: int, neither: int) -> Gap | None:
    """Return the difference of two shares on the same rows, first minus second; None without rows.

    The four arguments count rows by which of the two hold. Interval: Newcombe (1998, Stat. Med. 17:2635), method 10,
    score intervals joined with the phi correlation. p-value: exact McNemar, mid-p (Fagerland et al. 2013).
    """
    n = both + only_first + only_second + neither
    if n == 0:
        return None
    first, second = (both + only_first) / n, (both + only_second) / n
    low1, high1 = wilson(both + only_first, n)
    low2, high2 = wilson(both + only_second, n)
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    cross = float(both * neither - only_first * only_second)
    cross = max(cross - n / 2, 0.0) if cross > 0 else cross
    phi = cross / math.sqrt(margins) if margins else 0.0
    down = _root(first - low1, high2 - second, phi)
    up = _root(high1 - first, second - low2, phi)
    difference = first - second
    return Gap(difference, max(-1.0, difference - down), min(1.0, difference + up), n, mcnemar(only_first, only_second))


def _root(a: float, b: float, phi: float) -> float:
    return math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided mid-p value of the exact McNemar test."""
    n, low = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    below = float(stats.binom.cdf(low - 1, n, 0.5)) if low else 0.0
    return min(1.0, 2 * (below + 0.5 * float(stats.binom.pmf(low, n, 0.5))))


def independent_gap(first: Share, second: Share) -> Gap | None:
    """Return first minus second, of two separate groups; None when either has no base.

    Interval: Newcombe (1998, Stat. Med. 17:873), method 10. p-value: `two_sample_p`.
    """
    if first.value is None or second.value is None:
        return None
    difference = first.value - second.value
    low = difference - math.hypot(first.value - first.low, second.high - second.value)
    high = difference + math.hypot(first.high - first.value, second.value - second.low)
    p_value = two_sample_p(first.count, first.total, second.count, second.total)
    return Gap(difference, max(-1.0, low), min(1.0, high), min(first.total, second.total), p_value)


def stratified_gap(first: Mapping[str, tuple[int, int]], second: Mapping[str, tuple[int, int]]) -> Gap | None:
    """Return the difference of two groups' shares, first minus second, within strata that both have; None without one.

    Stratum → (count, total). Estimate: Mantel-Haenszel's risk difference with the interval of Greenland & Robins (1985,
    Biometrics 41:55), which holds for few large strata and for many small ones; p-value: Cochran-Mantel-Haenszel
    without continuity correction. With one stratum alone: `independent_gap`.
    """
    names = [name for name in first if first[name][1] and second.get(name, (0, 0))[1]]
    if len(names) < 2:
        return independent_gap(share(*first[names[0]]), share(*second[names[0]])) if names else None
    a, n1, b, n0 = np.array([(*first[name], *second[name]) for name in names], float).T
    n = n1 + n0
    weight = float((n1 * n0 / n).sum())
    value = float(((a * n0 - b * n1) / n).sum()) / weight
    spread = float((((a * (n1 - a)) * n0**3 + (b * (n0 - b)) * n1**3) / (n1 * n0 * n**2)).sum()) / weight**2
    half = Z95 * math.sqrt(spread)
    events = a + b
    variance = float((n1 * n0 * events * (n - events) / (n**2 * np.maximum(n - 1, 1))).sum())
    excess = float((a - n1 * events / n).sum())
    p_value = float(2 * stats.norm.sf(abs(excess) / math.sqrt(variance))) if variance > 0 else 1.0
    return Gap(value, max(-1.0, value - half), min(1.0, value + half), int(n.sum()), p_value)


def two_sample_p(count1: int, total1: int, count2: int, total2: int) -> float:
    """Return the two-sided p-value that two groups have the same share.

    Fisher's exact test (tails doubled) where an expected count is below 20, else the pooled score test: the far tail,
    where corrections for many comparisons look, is not to be trusted to the normal curve on small counts.
    """
    if not total1 or not total2:
        return 1.0
    pooled = (count1 + count2) / (total1 + total2)
    smallest = min(total1, total2) * min(pooled, 1 - pooled)
    if smallest == 0:
        return 1.0
    if smallest < _EXACT_BELOW:
        urn = (total1 + total2, count1 + count2, total1)
        return float(min(1.0, 2 * min(stats.hypergeom.cdf(count1, *urn), stats.hypergeom.sf(count1 - 1, *urn))))
    error = math.sqrt(pooled * (1 - pooled) * (1 / total1 + 1 / total2))
    return float(2 * stats.norm.sf(abs(count1 / total1 - count2 / total2) / error))


def mean_of_counts(values: Sequence[float], counts: Sequence[int]) -> Mean | None:
    """Return the mean of values that occur `counts` times, with Student's interval; None without any."""
    n = sum(counts)
    if n == 0:
        return None
    x, w = np.asarray(values, float), np.asarray(counts, float)
    mean = float(np.dot(x, w) / n)
    if n == 1:
        return Mean(mean, float(x.min()), float(x.max()), 1, 0.0)
    sd = math.sqrt(max(0.0, float(np.dot(w, (x - mean) ** 2)) / (n - 1)))
    half = float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)
    return Mean(mean, mean - half, mean + half, n, sd)


def auc_of_counts(positive: Sequence[int], negative: Sequence[int]) -> Estimate | None:
    """Return the area under the ROC curve of an ordered score; None when either class is empty.

    `positive[k]` and `negative[k]` count rows of each class at the k-th lowest score. Variance by DeLong et al. (1988)
    in its count form; interval on the logit scale (Pepe 2003, §5.2), so that it stays within 0-1.
    """
    p, q = np.asarray(positive, float), np.asarray(negative, float)
    m, n = p.sum(), q.sum()
    if m == 0 or n == 0:
        return None
    below_q = np.cumsum(q) - q
    above_p = m - np.cumsum(p)
    place_p = (below_q + q / 2) / n  # of a positive at each score: share of negatives it beats
    place_q = (above_p + p / 2) / m
    area = float(np.dot(p, place_p) / m)
    spread_p = float(np.dot(p, (place_p - area) ** 2)) / max(m - 1, 1)
    spread_q = float(np.dot(q, (place_q - area) ** 2)) / max(n - 1, 1)
    error = math.sqrt(spread_p / m + spread_q / n)
    total = int(m + n)
    if not 0 < area < 1 or error == 0:
        bound = 1 - 0.05 ** (1 / min(m, n))  # rule-of-three style bound where the curve is perfect
        return Estimate(area, min(area, max(0.0, area - bound)), max(area, min(1.0, area + bound)), total)
    logit, half = math.log(area / (1 - area)), Z95 * error / (area * (1 - area))
    return Estimate(area, 1 / (1 + math.exp(half - logit)), 1 / (1 + math.exp(-half - logit)), total)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return adjusted p-values (Benjamini & Hochberg 1995), in the order given."""
    p = np.asarray(p_values, float)
    if p.size == 0:
        return []
    order = np.argsort(p, kind="stable")
    raised = p[order] * p.size / np.arange(1, p.size + 1)
    adjusted = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    result = np.empty_like(p)
    result[order] = adjusted
    return [float(value) for value in result]


def stability_index(before: Sequence[int], recent: Sequence[int]) -> float:
    """Return the population stability index of two count vectors over the same bins; 0 when either is empty.

    Half a row is added to every bin so that an empty one does not make the index infinite.
    """
    a, b = np.asarray(before, float), np.asarray(recent, float)
    if a.sum() == 0 or b.sum() == 0:
        return 0.0
    a, b = (a + 0.5) / (a + 0.5).sum(), (b + 0.5) / (b + 0.5).sum()
    return float(np.sum((b - a) * np.log(b / a)))


def stability_chance(before: Sequence[int], recent: Sequence[int]) -> float:
    """Return the population stability index that two draws from one distribution exceed once in a hundred times.

    It is about (1/n + 1/m) times a chi-square with as many degrees of freedom as bins beside the first (Yurdakul &
    Naranjo 2020, J. Risk Model Validation 14:89); with many nearly empty bins it is smaller, and this bound cautious.
    """
    a, b = np.asarray(before, float), np.asarray(recent, float)
    bins = int(np.count_nonzero(a + b))
    if bins < 2 or a.sum() == 0 or b.sum() == 0:
        return 0.0
    return float((1 / a.sum() + 1 / b.sum()) * stats.chi2.isf(0.01, bins - 1))
