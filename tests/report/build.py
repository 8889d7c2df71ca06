"""A full `Summary` of the invented retailer Lindgård Home, made from a few parameters per touchpoint.

Counts are consistent with each other; which texts stand behind them is left open. The planted stories are those of the
sample export: delivery flatters, help gets harder before the stars move, a question everybody answers with five,
answers explain, a promise breaks, a theme the taxonomy does not know.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cxnlp.analysis.numbers import Corrected, Estimate, Gap, Hours, Mean, Share
from cxnlp.analysis.summary import (
    SUMMARY_VERSION,
    Accuracy,
    Action,
    BlindSpots,
    Change,
    Changes,
    Comparisons,
    Correction,
    Count,
    Coverage,
    Drift,
    EarlyWarning,
    Effort,
    EffortCause,
    Emotion,
    Emotions,
    Finding,
    Group,
    Mark,
    Outcome,
    OutcomeShare,
    Period,
    Promise,
    Question,
    Quote,
    Replies,
    ReplyGroup,
    Satisfaction,
    Segment,
    SetAside,
    Summary,
    Theme,
    Trend,
    Trust,
    UnknownTheme,
    Unsure,
    Versions,
    Week,
    Wordless,
)
from cxnlp.taxonomy import default_taxonomy

Z = 1.959963985
LAST = date(2026, 11, 15)


def share(count: float, total: float, *, corrected: bool = False) -> Share:
    """Return a share with its Wilson interval; `corrected` adds a safe correction that moves it up a little."""
    whole, base = round(count), round(total)
    if not base:
        return Share(0, 0, 0.0, 1.0)
    p = whole / base
    centre = (p + Z * Z / (2 * base)) / (1 + Z * Z / base)
    half = Z * math.sqrt(p * (1 - p) / base + Z * Z / (4 * base * base)) / (1 + Z * Z / base)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    better = None
    if corrected:
        value = min(0.99, p * 1.02)
        better = Corrected(value, max(0.0, value - 1.2 * half), min(1.0, value + 1.2 * half), "rogan-gladen", 400, True)
    return Share(whole, base, low, high, better)


def gap(one: Share, other: Share) -> Gap:
    """Return the difference of two shares."""
    n = min(one.total, other.total)
    a, b = one.value or 0.0, other.value or 0.0
    error = math.sqrt((a * (1 - a) + b * (1 - b)) / max(n, 1))
    return Gap(a - b, a - b - Z * error, a - b + Z * error, n, 0.0001)


@dataclass(frozen=True)
class Spot:
    """A touchpoint in a few numbers: shares of happy ratings and words, high effort, complaints answered, excuses."""

    name: str
    title: str
    stage: str
    n: int
    stars: float
    words: float
    effort: float = 0.08
    excuse: float = 0.4
    owner: str = ""
    causes: tuple[str, ...] = ("product_quality", "price_value", "communication")
    strengths: tuple[str, ...] = ("staff_attitude", "digital_experience")
    promise: str = ""
    intended: tuple[str, ...] = ()


SPOTS = (
    Spot("discover", "Discover", "before", 96, 0.8, 0.76, intended=("trust", "delight")),
    Spot("choose", "Choose", "before", 240, 0.82, 0.74, intended=("trust", "satisfaction")),
    Spot(
        "buy", "Buy", "during", 410, 0.86, 0.8, promise="Ordered in three steps, the price you see is the price you pay"
    ),
    Spot(
        "receive",
        "Receive",
        "during",
        620,
        0.88,
        0.41,
        owner="logistics",
        causes=("delivery", "promise_gap", "communication"),
        promise="On the day we named, whole and complete",
        intended=("delight", "trust"),
    ),
    Spot("use", "Use", "after", 520, 0.81, 0.77, strengths=("product_quality", "personal_recognition")),
    Spot(
        "pay",
        "Pay",
        "after",
        210,
        0.7,
        0.55,
        causes=("billing_refund", "promise_gap", "wait_time"),
        promise="Refund within 5 days",
    ),
    Spot(
        "get_help",
        "Get help",
        "after",
        480,
        0.79,
        0.58,
        effort=0.34,
        excuse=0.71,
        owner="contact centre",
        causes=("contact_access", "issue_resolution", "wait_time"),
        promise="One contact is enough",
        intended=("gratitude", "trust"),
    ),
    Spot("leave_or_renew", "Leave or renew", "after", 11, 0.6, 0.5),
)


def labels(task: str) -> dict[str, object]:
    """Return the labels of a task of the default taxonomy by name."""
    return {label.name: label for label in default_taxonomy().task(task).labels}


def theme(name: str, count: float, total: int, *, rich: bool, rising: bool = False) -> Theme:
    """Return a theme of the default taxonomy."""
    label = default_taxonomy().task("causes").label(name)
    own = share(count, total)
    change = gap(share(count * 0.4, total / 3), share(count * 0.6, total * 2 / 3)) if rich else None
    if rising and change is not None:
        change = replace(change, value=0.18, low=0.09, high=0.27)
    effect = Estimate(-0.31, -0.4, -0.22, total, 0.0001) if rich else None
    return Theme(
        name,
        label.display,
        label.layer,
        label.owner or "",
        label.information_prevents,
        own,
        effect,
        -1.2 if rich else None,
        effect,
        share(count * 0.4, total / 3) if rich else None,
        change,
    )


def themes(names: tuple[str, ...], total: int, top: float, *, rich: bool) -> tuple[Theme, ...]:
    """Return the named themes first, then a few others, most frequent first."""
    others = [name for name in labels("causes") if name not in names][:6]
    counts = [top, top * 0.6, top * 0.35, 0.02, 0.015, 0.012, 0.008, 0.004, 0.002]
    return tuple(
        theme(name, counts[i] * total, total, rich=rich and i < 3, rising=i == 0 and top > 0.25)
        for i, name in enumerate([*names, *others])
        if i < len(counts)
    )


QUOTE = Quote(
    id="LH-1",
    about="all",
    rule="centre",
    text="The courier was lovely, but the box was crushed and two screws were missing. Nobody answers my e-mails.",
    cut=False,
    masked=True,
    language="en",
    right_to_left=False,
    stars=5.0,
    scale_high=5.0,
    date="2026-11-03",
    touchpoint="receive",
    emotions=("disappointment",),
    effort="moderate",
    stance="complaint",
    causes=("delivery",),
    strengths=("staff_attitude",),
    reply="We are sorry. It was a busy week.",
    reply_stance="excuse",
)
PERSIAN_QUOTE = replace(
    QUOTE,
    id="LH-2",
    rule="edge",
    text="پیک مهربان بود ولی جعبه له شده بود و دو پیچ کم داشت.",
    language="fa",
    right_to_left=True,
    reply=None,
    reply_stance=None,
)


def satisfaction(n: int, stars: float, words: float) -> Satisfaction:
    """Return consistent satisfaction numbers; four in ten who rate also write."""
    both = round(n * 0.42)
    rated, written = round(n * 0.95), round(n * 0.45)
    reported, paired = share(stars * rated, rated), share(stars * both, both)
    expressed = share(words * written, written, corrected=True)
    expressed_paired = share(words * both, both, corrected=True)
    top = round(rated * stars * 0.7)
    marks = (
        Mark(1, round(rated * (1 - stars) * 0.4)),
        Mark(2, round(rated * (1 - stars) * 0.3)),
        Mark(3, round(rated * (1 - stars) * 0.3)),
        Mark(4, round(rated * stars * 0.3)),
        Mark(5, top),
    )
    distance = gap(paired, expressed_paired)
    best = (paired.value or 0) - (expressed_paired.best or 0)
    corrected = Corrected(best, best - 0.05, best + 0.05, "rogan-gladen", 400, True)
    return Satisfaction(
        rated=rated,
        written=written,
        both=both,
        scale=(1.0, 5.0),
        mean=Mean(1 + 4 * stars, 1 + 4 * stars - 0.1, 1 + 4 * stars + 0.1, rated, 1.1),
        rating=Mean(stars, stars - 0.02, stars + 0.02, rated, 0.3),
        marks=marks,
        reported=reported,
        low_box=share((1 - stars) * rated * 0.7, rated),
        top_mark=share(top, rated),
        expressed=expressed,
        complaints=share((1 - words) * written * 0.8, written),
        positive=share(words * written, written),
        negative=share((1 - words) * written * 0.7, written),
        mixed=share((1 - words) * written * 0.1, written),
        no_emotion=share((1 - words) * written * 0.2, written),
        reported_paired=paired,
        expressed_paired=expressed_paired,
        gap=replace(distance, corrected=corrected) if both else None,
        hidden_unhappy=share(max(0.0, stars - words + 0.05) * both * stars, both * stars),
        quiet_fans=share(1 if both > 20 else 0, both * (1 - stars)),
        hollow=share(both * 0.3 * 0.55, both * 0.3),
        nps=None,
    )


def reply_group(name: str, title: str, owner: str, complaints: float, excuse: float) -> ReplyGroup:
    """Return what became of complaints: eight in ten answered."""
    answered = share(complaints * 0.8, complaints)
    read = answered.count
    return ReplyGroup(
        name,
        title,
        owner,
        read < 30,
        answered,
        share(answered.total - answered.count, answered.total),
        share(read * excuse, read),
        share(read * (1 - excuse) * 0.6, read),
        share(read - round(read * excuse) - round(read * (1 - excuse) * 0.6), read),
        Hours(read, 26.0, 90.0) if read else None,
    )


def group(spot: Spot, kind: str = "touchpoint", column: str = "touchpoint", anchor: str = "") -> Group:
    """Return all numbers of a group."""
    numbers = satisfaction(spot.n, spot.stars, spot.words)
    written = numbers.written
    small = spot.n < 30
    profile = tuple(
        Emotion(
            name,
            label.display,  # type: ignore[attr-defined]
            label.valence,  # type: ignore[attr-defined]
            share(written * (0.3 if name in ("satisfaction", "disappointment") else 0.05), written),
            name in spot.intended,
        )
        for name, label in labels("emotions").items()
    )
    evoked = share(written * 0.3, written * 0.8) if spot.intended else None
    promise = None
    broken = share(written * (1 - spot.words) * 0.5, written)
    if spot.promise:
        kept = share(written * 0.1, written)
        promise = Promise(
            spot.promise,
            spot.causes[:2],
            spot.strengths[:1],
            share(broken.count + kept.count, written),
            broken,
            kept,
            share(written - broken.count - kept.count, written),
            share(broken.count, broken.count + kept.count),
            themes(spot.causes, written, 1 - spot.words, rich=False)[:2],
        )
    causes = themes(spot.causes, written, (1 - spot.words) * 0.6, rich=not small)
    complaints = numbers.complaints.count
    return Group(
        kind=kind,  # type: ignore[arg-type]
        column=column,
        name=spot.name,
        title=spot.title,
        anchor=anchor or f"{kind}-{spot.name.replace('_', '-')}",
        stage=spot.stage or None,
        owner=spot.owner,
        records=spot.n,
        too_small=small,
        satisfaction=numbers,
        causes=causes,
        strengths=themes(spot.strengths, written, spot.words * 0.5, rich=False),
        emotions=Emotions(
            profile,
            share(written * 0.8, written),
            share(written * spot.words, written),
            share(written * (1 - spot.words), written),
            evoked,
            1 - (evoked.value or 0) if evoked and evoked.value is not None else None,
        ),
        effort=Effort(
            share(written * (spot.effort + 0.15), written),
            share(written * 0.1, written * (spot.effort + 0.15)),
            share(written * 0.05, written * (spot.effort + 0.15)),
            share(written * spot.effort, written * (spot.effort + 0.15)),
            share(written * spot.effort, written),
            tuple(
                EffortCause(t.name, t.title, t.owner, share(9, 20), share(20, 100), gap(share(9, 20), share(20, 100)))
                for t in causes[:1]
            ),
        ),
        replies=Replies(
            True,
            reply_group(spot.name, spot.title, spot.owner, complaints, spot.excuse),
            tuple(reply_group(t.name, t.title, t.owner, t.share.count, spot.excuse) for t in causes[:3]),
        ),
        promise=promise,
        quotes=(QUOTE, PERSIAN_QUOTE) if not small else (),
    )


def trend(anchor: str, name: str, title: str, metric: str, start: float, end: float, since: int | None) -> Trend:
    """Return sixteen weeks that move from `start` to `end`; the alarm begins `since` weeks before the last."""
    weeks = []
    for index in range(16):
        monday = LAST - timedelta(days=6 + 7 * (15 - index))
        own = start + (end - start) * max(0, index - 8) / 7
        recent = start + (end - start) * max(0, index - 9) / 7
        judged = index >= 6
        weeks.append(
            Week(
                monday.isoformat(),
                True,
                share(30 * own + (index % 3 - 1), 30),
                recent if index >= 3 else None,
                start if judged else None,
                max(0.0, start - 0.09) if judged else None,
                start + 0.09 if judged else None,
                judged and recent > start + 0.09,
            )
        )
    before, now = share(start * 300, 300), share(end * 120, 120)
    day = weeks[-since].week if since else None
    return Trend(
        anchor, name, title, metric, "down" if metric == "reported" else "up", tuple(weeks), 1.1, day, gap(now, before)
    )


def finding(rank: int, kind: str, of: Group, size: Gap, own: Share, against: Share | None, **more: object) -> Finding:
    """Return a finding about a group."""
    return Finding(
        id=f"{kind}/{of.column}/{of.name}",
        rank=rank,
        kind=kind,  # type: ignore[arg-type]
        column=of.column,
        group=of.name,
        title=of.title,
        anchor=of.anchor,
        stage=of.stage,
        owner=of.owner,
        n=own.total,
        size=size,
        share=own,
        against=against,
        score=max(0.0, size.best_interval[0]),
        p_value=0.0001,
        q_value=0.001,
        corrected=False,
        mean=of.satisfaction.mean,
        **{"causes": tuple(t.name for t in of.causes[:2]), **more},  # type: ignore[arg-type]
    )


def lindgard(spots: tuple[Spot, ...] = SPOTS) -> Summary:
    """Return the whole summary."""
    touchpoints = tuple(group(spot) for spot in spots)
    total = sum(spot.n for spot in spots)
    overall = group(
        Spot(
            "overall", "overall", "", total, 0.84, 0.61, 0.14, 0.55, "", ("delivery", "communication", "contact_access")
        ),
        "overall",
        "overall",
        "overall",
    )
    about = ("all", "hidden_unhappy", "quiet_fans", "hollow")
    overall = replace(overall, quotes=tuple(replace(QUOTE, about=what, id=f"LH-{what}") for what in about))
    stages = tuple(
        group(Spot(stage, stage, stage, sum(s.n for s in spots if s.stage == stage), 0.83, 0.65), "stage", "stage")
        for stage in ("before", "during", "after")
    )
    channels = tuple(
        group(Spot(name, name, "", n, 0.8, 0.6, excuse=excuse), "segment", "channel", f"segment-channel-{name}")
        for name, n, excuse in (("e-mail", 400, 0.74), ("chat", 380, 0.12))
    )
    languages = tuple(
        group(Spot(code, code, "", n, 0.82, 0.62), "segment", "language", f"segment-language-{code}")
        for code, n in (("en", 900), ("pl", 400), ("fa", 180), ("vi", 20))
    )
    by_name = {g.name: g for g in touchpoints}
    worst, help_, pay = by_name["receive"], by_name["get_help"], by_name["pay"]
    numbers = worst.satisfaction
    assert numbers.gap is not None
    high_before, high_now = share(26, 145), share(47, 128)
    question_text = "How friendly was our courier?"
    findings = (
        finding(1, "stars_flatter", worst, numbers.gap, numbers.expressed_paired, numbers.reported_paired),
        finding(
            2,
            "early_warning",
            help_,
            gap(high_now, high_before),
            high_now,
            high_before,
            metric="high_effort",
            since="2026-10-05",
            weeks=6,
            order="words_first",
        ),
        finding(
            3,
            "replies_explain",
            channels[0],
            gap(share(71, 96), share(11, 92)),
            share(71, 96),
            share(11, 92),
            causes=(),
        ),
        replace(
            finding(
                4,
                "question_blind",
                worst,
                gap(share(76, 80), share(40, 80)),
                share(40, 80),
                share(190, 200),
                causes=(),
            ),
            column="question",
            group=question_text,
            title=question_text,
            anchor="question-1",
            question=question_text,
        ),
        finding(
            5,
            "promise_broken",
            pay,
            gap(share(40, 94), share(9, 94)),
            share(40, 94),
            share(9, 94),
            promise="Refund within 5 days",
        ),
        finding(6, "words_worst", worst, gap(share(180, 260), share(100, 260)), share(80, 260), share(160, 260)),
        finding(7, "effort_high", help_, gap(share(60, 180), share(40, 500)), share(60, 180), share(40, 500)),
        finding(
            8,
            "cause_rises",
            pay,
            gap(share(30, 60), share(20, 80)),
            share(30, 60),
            share(20, 80),
            cause="billing_refund",
        ),
        finding(
            9, "complaints_unanswered", by_name["buy"], gap(share(30, 60), share(20, 80)), share(30, 60), share(20, 80)
        ),
        finding(10, "hollow_stars", by_name["use"], gap(share(30, 60), share(20, 80)), share(30, 60), share(20, 80)),
        finding(
            11,
            "worsening",
            by_name["choose"],
            gap(share(30, 60), share(20, 80)),
            share(30, 60),
            share(20, 80),
            metric="unhappy_words",
            order="together",
        ),
        replace(
            finding(12, "outcome_in_words", overall, Gap(0.06, 0.02, 0.1, 400, 0.001), share(120, 900), None),
            n=400,
            column="outcome",
            group="overall",
            title="yes",
            anchor="outcome",
        ),
    )
    questions = tuple(
        Question(
            text,
            f"question-{index + 1}",
            n,
            n < 30,
            Mean(mean, mean - 0.1, mean + 0.1, n, 0.8),
            (1.0, 5.0),
            share(top * n, n),
            share(0.9 * n, n),
            share(words * n * 0.4, n * 0.4),
            None,
            Estimate(auc, auc - 0.06, auc + 0.06, round(n * 0.4), None),
            share(n * 0.1, n * 0.2),
            top >= 0.8,
            auc < 0.7,
            top >= 0.8,
        )
        for index, (text, n, mean, top, words, auc) in enumerate(
            ((question_text, 200, 4.9, 0.95, 0.5, 0.55), ("How easy was it to get help?", 300, 3.9, 0.4, 0.58, 0.88))
        )
    )
    trends = (
        trend("overall", "overall", "overall", "unhappy_words", 0.36, 0.4, None),
        trend("overall", "overall", "overall", "reported", 0.84, 0.83, None),
        trend("touchpoint-get-help", "get_help", "Get help", "high_effort", 0.18, 0.37, 6),
        trend("touchpoint-get-help", "get_help", "Get help", "reported", 0.8, 0.78, None),
    )
    warnings = (
        EarlyWarning(
            "touchpoint-get-help",
            "get_help",
            "Get help",
            "contact centre",
            "high_effort",
            "2026-10-05",
            6,
            high_now,
            high_before,
            gap(high_now, high_before),
            "words_first",
            share(90, 115),
            share(240, 300),
            ("contact_access", "wait_time"),
        ),
    )
    coverage = tuple(
        Coverage(
            g.name,
            g.title,
            g.stage or "",
            g.anchor,
            g.records,
            g.satisfaction.rated,
            g.satisfaction.written,
            "too_few" if g.too_small else "covered",
        )
        for g in touchpoints
    )
    unsaid = Coverage("recommend", "Recommend", "after", "touchpoint-recommend", 0, 0, 0, "nobody_asks")
    actions = tuple(
        Action(
            index + 1,
            t.owner,
            t.name,
            t.title,
            g.name,
            g.title,
            g.anchor,
            t.share,
            Estimate(0.31, 0.22, 0.4, g.records, None),
            True,
            0.71,
            t.share.count * 0.31 * 0.71,
            t.information_prevents,
            t.share.count // 3,
            tuple(f.id for f in findings if f.anchor == g.anchor)[:2],
        )
        for index, (g, t) in enumerate((g, t) for g in (worst, help_, pay) for t in g.causes[:3])
    )
    estimate = Estimate(0.78, 0.74, 0.82, 640, None)
    made = Summary(
        version=SUMMARY_VERSION,
        company="Lindgård Home",
        versions=Versions("0.1.0", "default@3f2a9c01b7de", "customer-experience v1", "0a1b2c3d4e5f", "77aa88bb99cc"),
        period=Period("2026-07-27", "2026-11-15", 16, total - 20, 20),
        minimum_group=30,
        records=total,
        replies=500,
        languages=(Count("en", 900), Count("pl", 400), Count("fa", 180), Count("vi", 20), Count("fr", 3)),
        overall=overall,
        stages=stages,
        touchpoints=touchpoints,
        segments=(Segment("language", languages, 0, 12), Segment("channel", channels, 2, 90)),
        findings=findings,
        comparisons=Comparisons(146, 0.04, 0.1, len(findings), 3),
        warnings=warnings,
        trends=trends,
        questions=questions,
        blind_spots=BlindSpots(
            touchpoints=(*coverage, unsaid),
            stages=(),
            wordless=(Wordless("band", "top", share(900, 1500)), Wordless("band", "low", share(100, 400))),
            no_words=share(total * 0.55, total),
            no_stars=share(total * 0.05, total),
            no_date=share(20, total),
            no_touchpoint=share(4, total),
            derived_touchpoint=share(total * 0.06, total),
            no_language=share(12, total),
            unread=share(0, total),
            unsure=share(60, total * 0.45),
            windowed=share(2, total * 0.45),
        ),
        themes=(
            UnknownTheme(
                "a1b2c3",
                "theme-a1b2c3",
                ("plastic", "polystyrene", "returns destroyed", "waste"),
                share(38, 300),
                (Count("en", 20), Count("pl", 18)),
                (Count("receive", 30), Count("use", 8)),
                "2026-09-02",
                "2026-11-14",
                share(20, 100),
                gap(share(20, 100), share(18, 200)),
                True,
                (replace(QUOTE, about="theme"),),
            ),
        ),
        actions=actions,
        outcome=Outcome(
            "yes",
            900,
            120,
            Estimate(0.66, 0.61, 0.71, 400, None),
            Estimate(0.72, 0.67, 0.77, 400, None),
            Estimate(0.74, 0.69, 0.79, 400, None),
            Gap(0.06, 0.02, 0.1, 400, 0.001),
            (OutcomeShare("effort", "high", share(40, 120)), OutcomeShare("emotion", "delight", share(2, 90))),
        ),
        trust=Trust(
            640,
            120,
            False,
            (
                Accuracy("emotions", "all", "customer", "all", "micro_f1", estimate),
                Accuracy("stance", "all", "customer", "real", "accuracy", Estimate(0.84, 0.8, 0.88, 600, None)),
                Accuracy("stance", "fa", "customer", "real", "accuracy", Estimate(0.79, 0.7, 0.86, 110, None)),
            ),
            (
                Correction("expressed", "customer", share(180, 200), share(210, 230), True, ""),
                Correction("causes:safety_privacy", "customer", share(4, 9), share(600, 610), False, "too_few_labels"),
                Correction("causes:delivery", "customer", share(40, 60), share(550, 560), False, "single_label"),
            ),
            (Count("de", 9),),
            (Unsure("all", share(60, 1166)), Unsure("fa", share(14, 81))),
            (("stance", 0.91),),
            (SetAside("stars", "not a number from 1 to 5", 7), SetAside("date", "not a date", 5)),
            (Drift("language", 0.04, 400, 700, "steady"), Drift("length", 0.31, 400, 700, "changed")),
        ),
        changes=Changes(
            "2026-11-08",
            212,
            False,
            False,
            (
                Change("expressed", "overall", "overall", 0.62, 0.61, -0.01, False),
                Change("gap", "overall", "overall", 0.2, 0.23, 0.03, True),
            ),
            (findings[1].id,),
            ("words_worst/touchpoint/pay",),
            ("a1b2c3",),
        ),
    )
    return Summary.from_dict(made.to_dict())  # numbers as precise as summary.json holds them
