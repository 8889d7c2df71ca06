"""What may be called a finding, and the order in which findings stand.

A candidate is one comparison: a touchpoint's ratings against its words, a group against all others of its column, the
last four weeks against those before. It becomes a finding when its group is large enough, its p-value survives
Benjamini-Hochberg over *all* comparisons made, and its size reaches the least size that matters: `minimum_gap` share
points, half of that for single themes and promises, twice that where the size could not be corrected for reading
errors although it depends on them. A series beyond its control limit (trends.py, which has a budget of false alarms
over all nights of a year) is a finding, too.

Order: by `score`: how bad it is at the least (the end of the interval nearest to nothing), times the share of the
group's texts that it is about (replies are few beside comments), times the weight of its kind: `WEIGHTS`, a judgement
that unhappiness which the ratings hide comes first and what is said of replies later. Segments weigh half, since nobody
owns a country as somebody owns a touchpoint (what is said of replies excepted: channels decide how one answers). The
first finding of each group and of each kind stand before any repetition, and segments after them, so that the top of
the list is not one story told three times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scipy import stats

from cxnlp.analysis.counts import GroupCounts
from cxnlp.analysis.numbers import Corrected, Gap, Mean, Share
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import Z95, benjamini_hochberg, paired_gap, share, stratified_gap
from cxnlp.analysis.summary import OF_REPLIES, EarlyWarning, Finding, FindingKind, Group, Outcome, Question

#: Least number of texts (recent and earlier) that blame a cause before its rise is looked at.
MINIMUM_CAUSE_TEXTS = 15
_TOP_CAUSES = 2
#: How much a share point of each kind weighs in the order of findings.
WEIGHTS: dict[FindingKind, float] = {
    "stars_flatter": 1.0,
    "early_warning": 1.0,
    "worsening": 1.0,
    "words_worst": 0.8,
    "effort_high": 0.8,
    "question_blind": 0.7,
    "promise_broken": 0.5,
    "cause_rises": 0.5,
    "replies_explain": 0.5,
    "complaints_unanswered": 0.25,
    "hollow_stars": 0.5,
    "outcome_in_words": 0.3,
}
#: Of replies and of praise: the owner of what is blamed has no part in them.
_NOT_BLAMED = (*OF_REPLIES, "hollow_stars")
_OWNED = ("touchpoint", "overall", "question", "outcome")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that was made; `least` is the size it must reach, `holds` any further condition of its kind."""

    finding: Finding
    least: float
    holds: bool = True


def sift(candidates: Sequence[Candidate], alarms: Sequence[Finding], alpha: float) -> tuple[tuple[Finding, ...], int]:
    """Return the findings, ranked, and how many comparisons were made; alarms are findings whatever their p-value."""
    adjusted = benjamini_hochberg([candidate.finding.p_value for candidate in candidates])
    kept = [
        replace(candidate.finding, q_value=q)
        for candidate, q in zip(candidates, adjusted, strict=True)
        if q <= alpha and candidate.holds and candidate.finding.size.best >= candidate.least
    ]
    known = {finding.id for finding in alarms}
    ranked = in_order([*alarms, *(finding for finding in kept if finding.id not in known)])
    return tuple(replace(finding, rank=index + 1) for index, finding in enumerate(ranked)), len(candidates)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by score; the first of each group and of each kind before any repetition of either, and before segments."""
    by_score = sorted(findings, key=lambda f: (-f.score, f.id))
    groups: set[tuple[str, str]] = set()
    kinds: set[str] = set()
    first, later = [], []
    for finding in by_score:
        group = (finding.column, finding.group)
        if group in groups or finding.kind in kinds or not has_owner(finding.column, finding.kind):
            later.append(finding)
        else:
            first.append(finding)
            groups.add(group)
            kinds.add(finding.kind)
    return first + later


def has_owner(column: str, kind: FindingKind) -> bool:
    """Return whether somebody can be asked to act: not for segments, unless it is about how replies are given there."""
    return column in _OWNED or kind in OF_REPLIES


def normal_p(estimate: Corrected) -> float:
    """Return the two-sided p-value against zero that belongs to a corrected gap's interval."""
    error = (estimate.high - estimate.low) / (2 * Z95)
    return float(2 * stats.norm.sf(abs(estimate.value) / error)) if error > 0 else 0.0


def cautious(size: Gap) -> float:
    """Return how bad a size is at the least: the lower end of its interval, not below 0."""
    return max(0.0, size.best_interval[0])


def opposite(size: Gap | None) -> Gap | None:
    """Return the gap seen from the other side."""
    if size is None:
        return None
    return Gap(-size.value, -size.high, -size.low, size.n, size.p_value)


class FindingMaker:
    """Makes the candidates of one export."""

    def __init__(self, settings: AnalysisSettings) -> None:
        """Keep the thresholds."""
        self.settings = settings
        self.candidates: list[Candidate] = []
        self.too_small = 0

    def add_column(self, groups: Sequence[Group], counts: Mapping[str, GroupCounts]) -> None:
        """Compare each group of a column with its own ratings, and with all other groups of the column."""
        for group in groups:
            if group.too_small:
                self.too_small += 1
                continue
            self._stars_flatter(group)
            if len(groups) > 1:
                rest = [other for name, other in counts.items() if name != group.name]
                self._against_others(group, counts[group.name], rest)
            self._promise(group)
            if group.kind == "touchpoint":
                self._rising_causes(group, counts[group.name])

    def add_overall(self, group: Group) -> None:
        """Ask of all replies to complaints whether they explain more than they remedy."""
        replies = group.replies.all
        excused, remedied = replies.excused.count, replies.remedied.count
        read = replies.excused.total
        if read >= self.settings.minimum_group:
            size = paired_gap(0, excused, remedied, read - excused - remedied)
            self._add("replies_explain", group, size, replies.excused, replies.remedied, reach=read)

    def add_questions(self, questions: Sequence[Question]) -> None:
        """Ask which question hides the unhappy: at its ceiling, blind to what people write, stars far above words."""
        for question in questions:
            gap = question.gap
            if question.too_small or gap is None or gap.n < self.settings.minimum_group:
                continue
            finding = _finding(
                "question_blind",
                ("question", question.question, question.question, question.anchor),
                gap,
                question.expressed,
                question.top_mark,
                mean=question.mean,
                question=question.question,
            )
            finding = replace(finding, n=gap.n)  # the distance is of those who rated and wrote
            holds = question.ceiling and question.blind
            self.candidates.append(Candidate(finding, self._least_gap(gap), holds))

    def add_worsening(self, warning: EarlyWarning, group: Group) -> None:
        """Ask whether words or effort are worse in the last four weeks than before."""
        if min(warning.recent.total, warning.baseline.total) >= self.settings.minimum_group:
            self.candidates.append(Candidate(finding_of_warning(warning, group), self.settings.minimum_gap))

    def add_outcome(self, outcome: Outcome | None) -> None:
        """Ask whether words foretell the outcome better than stars."""
        if outcome is None or outcome.text_minus_stars is None:
            return
        gap = outcome.text_minus_stars
        place = ("outcome", "overall", outcome.event, "outcome")
        finding = _finding("outcome_in_words", place, gap, share(outcome.events, outcome.n), None)
        finding = replace(finding, n=gap.n)  # the curves rest on those who rated and wrote
        self.candidates.append(Candidate(finding, self.settings.minimum_gap / 2))

    def _add(
        self,
        kind: FindingKind,
        group: Group,
        size: Gap | None,
        own: Share,
        against: Share | None,
        *,
        least: float | None = None,
        reach: int | None = None,
        cause: str = "",
        promise: str = "",
    ) -> None:
        if size is None:
            return
        finding = _finding(
            kind,
            (group.column, group.name, group.title, group.anchor),
            size,
            own,
            against,
            stage=group.stage,
            owner=group.owner if kind in _NOT_BLAMED else owner_of(group, cause),
            causes=top_causes(group),
            mean=group.satisfaction.mean,
            cause=cause,
            promise=promise,
        )
        texts = group.satisfaction.written
        if reach is not None and texts:
            finding = replace(finding, score=finding.score * min(1.0, reach / texts))
        self.candidates.append(Candidate(finding, self.settings.minimum_gap if least is None else least))

    def _stars_flatter(self, group: Group) -> None:
        numbers = group.satisfaction
        if numbers.gap is None or numbers.both < self.settings.minimum_group:
            return
        least = self._least_gap(numbers.gap)
        self._add("stars_flatter", group, numbers.gap, numbers.expressed_paired, numbers.reported_paired, least=least)

    def _least_gap(self, gap: Gap) -> float:
        """Return the gap that matters: twice as large where reading errors may have made some of it."""
        return self.settings.minimum_gap * (1 if gap.corrected is not None and gap.corrected.safe else 2)

    def _against_others(self, group: Group, counts: GroupCounts, others: Sequence[GroupCounts]) -> None:
        """Compare raw shares within each language: reading errors, which differ by language, are then alike."""
        minimum = self.settings.minimum_group

        def pair(event: str, of: str) -> tuple[Share, Share, Gap | None]:
            own = {name: (part[event], part[of]) for name, part in counts.by_language.items() if part[of]}
            rest: dict[str, tuple[int, int]] = {}
            for other in others:
                for name, part in other.by_language.items():
                    if own.get(name):  # what nobody here speaks is nothing to compare with
                        before = rest.get(name, (0, 0))
                        rest[name] = (before[0] + part[event], before[1] + part[of])
            own = {name: one for name, one in own.items() if name in rest}
            mine, theirs = (share(*(sum(one[at] for one in side.values()) for at in (0, 1))) for side in (own, rest))
            enough = min(mine.total, theirs.total) >= minimum
            return mine, theirs, stratified_gap(own, rest) if enough else None

        _, rest, size = pair("expressed", "read")
        self._add("words_worst", group, opposite(size), group.satisfaction.expressed, rest)
        _, rest, size = pair("high_effort", "read")
        self._add("effort_high", group, size, group.effort.high_of_all, rest)
        own, rest, size = pair("hollow", "top_mark_praises")
        self._add("hollow_stars", group, size, own, rest, reach=own.total)
        own, rest, size = pair("complaint_excused", "complaint_reply_read")
        self._add("replies_explain", group, size, group.replies.all.excused, rest, reach=own.total)
        if group.replies.available:
            answered, rest_answered, size = pair("complaint_replied", "complaint")
            silent = share(answered.total - answered.count, answered.total)
            rest = share(rest_answered.total - rest_answered.count, rest_answered.total)
            self._add("complaints_unanswered", group, opposite(size), silent, rest, reach=silent.total)

    def _promise(self, group: Group) -> None:
        promise = group.promise
        if promise is None or promise.broken.total < self.settings.minimum_group:
            return
        broken, kept, total = promise.broken.count, promise.kept.count, promise.broken.total
        size = paired_gap(0, broken, kept, total - broken - kept)
        least = self.settings.minimum_gap / 2
        self._add("promise_broken", group, size, promise.broken, promise.kept, least=least, promise=promise.text)

    def _rising_causes(self, group: Group, counts: GroupCounts) -> None:
        if min(counts.recent_read, counts.earlier_read) < self.settings.minimum_group:
            return
        for theme in group.causes:
            numbers = counts.labels.get("causes", {}).get(theme.name, {})
            seen = numbers.get("recent", 0) + numbers.get("earlier", 0)
            if theme.recent is None or seen < MINIMUM_CAUSE_TEXTS:
                continue
            before = share(numbers["earlier"], counts.earlier_read)
            least = self.settings.minimum_gap / 2
            self._add("cause_rises", group, theme.change, theme.recent, before, least=least, cause=theme.name)


def top_causes(group: Group) -> tuple[str, ...]:
    """Return the names of the causes most blamed in a group."""
    return tuple(theme.name for theme in group.causes[:_TOP_CAUSES] if theme.share.count)


def owner_of(group: Group, cause: str = "") -> str:
    """Return whose a finding is: the cause's owner, else the touchpoint's, else that of the most blamed cause."""
    owners = {theme.name: theme.owner for theme in group.causes if theme.share.count}
    if cause:
        return owners.get(cause, "") or group.owner
    return group.owner or next(iter(owners.values()), "")


def _finding(
    kind: FindingKind,
    place: tuple[str, str, str, str],
    size: Gap,
    own: Share,
    against: Share | None,
    *,
    stage: str | None = None,
    owner: str = "",
    causes: tuple[str, ...] = (),
    mean: Mean | None = None,
    cause: str = "",
    question: str = "",
    promise: str = "",
) -> Finding:
    column, name, title, anchor = place
    corrected = size.corrected is not None and size.corrected.safe
    p_value = normal_p(size.corrected) if corrected and size.corrected is not None else size.p_value
    weight = WEIGHTS[kind]
    if not has_owner(column, kind):
        weight /= 2
    return Finding(
        id="/".join(part for part in (kind, column, name, cause) if part),
        rank=0,
        kind=kind,
        column=column,
        group=name,
        title=title,
        anchor=anchor,
        stage=stage,
        owner=owner,
        n=own.total,
        size=size,
        share=own,
        against=against,
        score=cautious(size) * weight,
        p_value=p_value,
        q_value=1.0,
        corrected=corrected,
        causes=causes,
        mean=mean,
        cause=cause,
        question=question,
        promise=promise,
    )


def finding_of_warning(warning: EarlyWarning, group: Group, q_value: float = 1.0) -> Finding:
    """Turn a worsening series into a finding: an early warning where it moved before the stars."""
    change = warning.change
    kind: FindingKind = "early_warning" if warning.order == "words_first" else "worsening"
    return replace(
        _finding(
            kind,
            (group.column, group.name, group.title, group.anchor),
            change,
            warning.recent,
            warning.baseline,
            stage=group.stage,
            owner=warning.owner,
            causes=warning.causes,
            mean=group.satisfaction.mean,
        ),
        id=f"{kind}/{group.column}/{group.name}/{warning.metric}",
        q_value=q_value,
        metric=warning.metric,
        since=warning.since,
        weeks=warning.weeks,
        stars_since=warning.stars_since,
        order=warning.order,
    )
