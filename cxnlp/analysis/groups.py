"""Counts of one group → the `Group` of the summary: every share, with interval and correction, derived in one place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cxnlp.analysis.correct import PairedCells
from cxnlp.analysis.corrector import Among, Corrector
from cxnlp.analysis.counts import GroupCounts
from cxnlp.analysis.numbers import Estimate, Gap, Hours, Share
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import Z95, independent_gap, mean_of_counts, paired_gap, share
from cxnlp.analysis.summary import (
    Effort,
    EffortCause,
    Emotion,
    Emotions,
    Group,
    GroupKind,
    Mark,
    Nps,
    Promise,
    Replies,
    ReplyGroup,
    Satisfaction,
    Theme,
)
from cxnlp.journey import Touchpoint
from cxnlp.taxonomy import Label

Impacts = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class ThemeImpacts:
    """Theme → impact on the rating (0-1) and on expressed satisfaction."""

    rating: Impacts = field(default_factory=dict)
    expressed: Impacts = field(default_factory=dict)


def anchor(kind: str, name: str = "") -> str:
    """Return the fragment by which pages link to a group: letters of any script, digits and hyphens."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    slug = re.sub(r"[\W_]+", "-", folded).strip("-")
    return f"{kind}-{slug}" if slug else kind


#: counter that is a share's base → the rows that it counts.
_AMONG: dict[str, Among] = {"both": "rated", "top_read": "top", "low_read": "low_box"}
#: What a reply may be read as → what its counter is called.
_ANSWERS = {"excuse": "complaint_excused", "resolution": "complaint_remedied"}


class GroupBuilder:
    """Builds groups of one export: knows the settings, the corrector, and whether any reply is known at all."""

    def __init__(self, settings: AnalysisSettings, corrector: Corrector, *, replies_known: bool) -> None:
        """Keep what all groups share."""
        self.settings = settings
        self.corrector = corrector
        self.replies_known = replies_known
        self._touchpoints = {point.name: point for point in settings.journey.touchpoints}

    def build(
        self,
        kind: GroupKind,
        column: str,
        name: str,
        counts: GroupCounts,
        *,
        anchor_name: str,
        causes: ThemeImpacts | None = None,
        strengths: ThemeImpacts | None = None,
    ) -> Group:
        """Return the group's numbers (without quotes, which need text)."""
        point = self._touchpoints.get(name) if kind == "touchpoint" else None
        base = counts.base
        return Group(
            kind=kind,
            column=column,
            name=name,
            title=point.display if point else name.replace("_", " ") if kind == "touchpoint" else name,
            anchor=anchor_name,
            stage=point.stage if point else name if kind == "stage" else None,
            owner=point.owner if point else "",
            records=base["records"],
            too_small=base["records"] < self.settings.minimum_group,
            satisfaction=self._satisfaction(counts, column, name),
            causes=self._themes("causes", counts, column, name, causes or ThemeImpacts()),
            strengths=self._themes("strengths", counts, column, name, strengths or ThemeImpacts()),
            emotions=self._emotions(counts, column, name, point),
            effort=self._effort(counts, column, name),
            replies=self._replies(counts),
            promise=self._promise(counts, column, name, point),
            quotes=(),
        )

    def _satisfaction(self, counts: GroupCounts, column: str, name: str) -> Satisfaction:
        base = counts.base
        read = base["read"]

        def of_texts(counter: str) -> Share:
            return self._share(counts, counter, "read", counter, column, name)

        scale = next(iter(counts.marks)) if len(counts.marks) == 1 else None
        marks = counts.marks[scale] if scale else {}
        carried: dict[float, int] = {}
        for (low, high), by_mark in counts.marks.items():
            for mark, number in by_mark.items():
                rating = (mark - low) / (high - low)
                carried[rating] = carried.get(rating, 0) + number
        return Satisfaction(
            rated=base["rated"],
            written=read,
            both=base["both"],
            scale=scale,
            mean=mean_of_counts(list(marks), list(marks.values())) if marks else None,
            rating=mean_of_counts(sorted(carried), [carried[key] for key in sorted(carried)]) if carried else None,
            marks=tuple(Mark(mark, number) for mark, number in sorted(marks.items())),
            reported=share(base["top"], base["rated"]),
            low_box=share(base["low_box"], base["rated"]),
            top_mark=share(base["top_mark"], base["rated"]),
            expressed=of_texts("expressed"),
            complaints=of_texts("complaint"),
            positive=of_texts("positive"),
            negative=of_texts("negative"),
            mixed=of_texts("mixed"),
            no_emotion=share(read - base["any_emotion"], read),
            reported_paired=share(base["top_read"], base["both"]),
            expressed_paired=self._share(counts, "rated_expressed", "both", "expressed", column, name),
            gap=self._gap(counts, column, name),
            hidden_unhappy=self._share(counts, "hidden_unhappy", "top_read", "unhappy", column, name),
            quiet_fans=self._share(counts, "quiet_fans", "low_read", "expressed", column, name),
            hollow=share(base["hollow"], base["top_mark_praises"]),
            nps=nps(base["promoters"], base["detractors"], base["nps_rated"]),
        )

    def _share(
        self,
        counts: GroupCounts,
        counter: str,
        base: str,
        event: str,
        column: str,
        name: str,
        author: str = "customer",
    ) -> Share:
        """Return counter of base, corrected as `event` is read in each of the group's languages."""
        strata = {language: (part[counter], part[base]) for language, part in counts.by_language.items()}
        return self.corrector.share(strata, event, column, name, author=author, among=_AMONG.get(base, "read"))

    def _gap(self, counts: GroupCounts, column: str, name: str) -> Gap | None:
        strata = {language: _cells(part) for language, part in counts.by_language.items()}
        cells = _cells(counts.base)
        gap = paired_gap(cells.both, cells.only_rating, cells.only_text, cells.neither)
        if gap is None:
            return None
        corrected = self.corrector.gap(strata, "expressed", column, name)
        return Gap(gap.value, gap.low, gap.high, gap.n, gap.p_value, corrected)

    def _label_share(self, task: str, label: str, counts: GroupCounts, column: str, name: str) -> Share:
        number = counts.labels.get(task, {}).get(label, {}).get("texts", 0)
        return self.corrector.share({"": (number, counts.base["read"])}, f"{task}:{label}", column, name)

    def _themes(
        self, task: str, counts: GroupCounts, column: str, name: str, impacts: ThemeImpacts
    ) -> tuple[Theme, ...]:
        width = self._scale_width(counts)
        themes = [
            self._theme(task, label, counts, column, name, impacts=impacts, width=width)
            for label in self.settings.taxonomy.task(task).labels
        ]
        return tuple(sorted(themes, key=lambda theme: (-(theme.share.best or 0.0), -theme.share.count)))

    def _scale_width(self, counts: GroupCounts) -> float | None:
        if len(counts.marks) != 1:
            return None
        low, high = next(iter(counts.marks))
        return high - low

    def _theme(
        self,
        task: str,
        label: Label,
        counts: GroupCounts,
        column: str,
        name: str,
        *,
        impacts: ThemeImpacts,
        width: float | None,
    ) -> Theme:
        numbers = counts.labels.get(task, {}).get(label.name, {})
        recent = share(numbers.get("recent", 0), counts.recent_read)
        earlier = share(numbers.get("earlier", 0), counts.earlier_read)
        rating = impacts.rating.get(label.name)
        return Theme(
            name=label.name,
            title=label.display,
            layer=label.layer,
            owner=label.owner or "",
            information_prevents=label.information_prevents,
            share=self._label_share(task, label.name, counts, column, name),
            impact_rating=rating,
            rating_points=rating.value * width if rating is not None and width is not None else None,
            impact_expressed=impacts.expressed.get(label.name),
            recent=recent if counts.recent_read else None,
            change=independent_gap(recent, earlier),
        )

    def _emotions(self, counts: GroupCounts, column: str, name: str, point: Touchpoint | None) -> Emotions:
        base, intended = counts.base, point.intended_emotions if point else ()
        evoked = share(base["evoked"], base["any_emotion"]) if intended else None
        return Emotions(
            profile=tuple(
                Emotion(
                    label.name,
                    label.display,
                    label.valence,
                    self._label_share("emotions", label.name, counts, column, name),
                    label.name in intended,
                )
                for label in self.settings.taxonomy.task("emotions").labels
            ),
            any=self._share(counts, "any_emotion", "read", "any_emotion", column, name),
            building=self._share(counts, "building", "read", "building", column, name),
            destroying=self._share(counts, "destroying", "read", "destroying", column, name),
            evoked=evoked,
            distance=None if evoked is None or evoked.value is None else 1 - evoked.value,
        )

    def _effort(self, counts: GroupCounts, column: str, name: str) -> Effort:
        base = counts.base
        stated, high = base["stated"], base["high_effort"]
        causes = []
        for label in self.settings.taxonomy.task("causes").labels:
            numbers = counts.labels.get("causes", {}).get(label.name, {})
            among_high = share(numbers.get("high_effort", 0), high)
            among_others = share(numbers.get("texts", 0) - numbers.get("high_effort", 0), base["read"] - high)
            difference = independent_gap(among_high, among_others)
            if among_high.count and difference is not None:
                causes.append(
                    EffortCause(label.name, label.display, label.owner or "", among_high, among_others, difference)
                )
        return Effort(
            stated=self._share(counts, "stated", "read", "stated", column, name),
            low=share(base["low_effort"], stated),
            moderate=share(base["moderate_effort"], stated),
            high=share(high, stated),
            high_of_all=self._share(counts, "high_effort", "read", "high_effort", column, name),
            causes=tuple(sorted(causes, key=lambda cause: (-cause.difference.value, cause.name))),
        )

    def _replies(self, counts: GroupCounts) -> Replies:
        base = counts.base
        causes = []
        for label in self.settings.taxonomy.task("causes").labels:
            numbers = counts.labels.get("causes", {}).get(label.name)
            if numbers and numbers["complaint"]:
                hours = counts.cause_hours.get(label.name)
                causes.append(
                    self._reply_group(
                        label.name,
                        label.display,
                        label.owner or "",
                        {**numbers, "complaints": numbers["complaint"]},
                        hours,
                    )
                )
        everything = self._reply_group("all", "", "", {**base, "complaints": base["complaint"]}, counts.hours, counts)
        by_size = sorted(causes, key=lambda group: (-group.answered.total, group.name))
        return Replies(self.replies_known, everything, tuple(by_size))

    def _reply_group(
        self,
        name: str,
        title: str,
        owner: str,
        numbers: Mapping[str, int],
        hours: tuple[int, float, float] | None,
        counts: GroupCounts | None = None,
    ) -> ReplyGroup:
        """Return what became of complaints; without counts by language (`counts`) answers are as read."""
        complaints, answered = numbers["complaints"], numbers["complaint_replied"]
        read, excused, remedied = (numbers[f"complaint_{what}"] for what in ("reply_read", "excused", "remedied"))
        answers = [share(excused, read), share(remedied, read)]
        if counts is not None:
            # they stand side by side and are parts of one whole: both corrected, or both as read
            fixed = [
                self._share(counts, counter, "complaint_reply_read", event, "replies", name, "company")
                for event, counter in _ANSWERS.items()
            ]
            if all(answer.corrected is not None and answer.corrected.safe for answer in fixed):
                answers = fixed
        return ReplyGroup(
            name=name,
            title=title,
            owner=owner,
            too_small=complaints < self.settings.minimum_group,
            answered=share(answered, complaints),
            silent=share(complaints - answered, complaints),
            excused=answers[0],
            remedied=answers[1],
            otherwise=share(read - excused - remedied, read),
            hours=Hours(*hours) if hours else None,
        )

    def _promise(self, counts: GroupCounts, column: str, name: str, point: Touchpoint | None) -> Promise | None:
        if point is None or not point.promise or not (point.broken_by or point.kept_by):
            return None
        read, broken, kept = (counts.base[key] for key in ("read", "broken", "kept"))
        themes = self._themes("causes", counts, column, name, ThemeImpacts())
        return Promise(
            text=point.promise,
            broken_by=point.broken_by,
            kept_by=point.kept_by or point.broken_by,
            mentioned=share(broken + kept, read),
            broken=share(broken, read),
            kept=share(kept, read),
            unmentioned=share(read - broken - kept, read),
            broken_of_mentioned=share(broken, broken + kept),
            breaking=tuple(theme for theme in themes if theme.name in point.broken_by and theme.share.count),
        )


def _cells(part: Mapping[str, int]) -> PairedCells:
    """Return the rated and read rows by top box and happy words."""
    both = part["top_expressed"]
    return PairedCells(
        both,
        part["top_read"] - both,
        part["rated_expressed"] - both,
        part["both"] - part["top_read"] - part["rated_expressed"] + both,
    )


def nps(promoters: int, detractors: int, total: int) -> Nps | None:
    """Return the net promoter score of a 0-10 scale; None where nobody rated on one.

    Adjusted Wald interval of a difference of two multinomial shares, with three imagined rows (Rocks 2016, The American
    Statistician 70:365).
    """
    if total == 0:
        return None
    score = (promoters - detractors) / total
    more = total + 3
    up, down = (promoters + 0.75) / more, (detractors + 0.75) / more
    half = Z95 * float(np.sqrt((up + down - (up - down) ** 2) / more))
    low, high = max(-1.0, min(score, up - down - half)), min(1.0, max(score, up - down + half))
    return Nps(
        Estimate(100 * score, 100 * low, 100 * high, total),
        share(promoters, total),
        share(total - promoters - detractors, total),
        share(detractors, total),
    )
