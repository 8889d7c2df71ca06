"""`Summary`: every number of a report, as frozen dataclasses, and its passage to and from `summary.json`.

The report's pages are made from this alone. Nothing here is formatted: shares run from 0 to 1, dates are ISO strings,
`anchor` is the fragment by which pages link to a group. Customer text stands only in `Quote.text` and `Quote.reply`,
masked. The words a question asks are the company's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from cxnlp.analysis.numbers import Estimate, Gap, Hours, Mean, Share
from cxnlp.analysis.serialize import from_plain, to_plain

#: Raised whenever a field of `summary.json` is taken away or means something else.
SUMMARY_VERSION = 2

GroupKind = Literal["overall", "stage", "touchpoint", "segment"]

#: What a finding says, in the order in which ties are broken. `size` is always in share points, positive is bad.
FindingKind = Literal[
    "stars_flatter",  # reported satisfaction above expressed satisfaction (paired rows)
    "early_warning",  # words or effort worsen before the stars do; `metric` says which, `stars_since` when they did
    "worsening",  # words or effort worsen with the stars, after them, or where nobody rates: `order` says which
    "replies_explain",  # replies to complaints give reasons rather than remedies, more than elsewhere
    "complaints_unanswered",  # complaints without reply, more than elsewhere
    "promise_broken",  # texts blame what would break the promise more often than they praise what keeps it
    "words_worst",  # expressed satisfaction below that of all others
    "effort_high",  # high effort more often than elsewhere
    "cause_rises",  # a cause is blamed more in the last four weeks than before
    "question_blind",  # nearly everybody gives the top mark, whatever they write
    "hollow_stars",  # top marks whose praise is of the basics only, more than elsewhere
    "outcome_in_words",  # what customers write foretells the outcome better than their stars
]
#: Which moved first: words (the stars have not surely fallen, or their alarm began later), both in the same weeks, or
#: the stars (their alarm began earlier); `no_stars` where there are no ratings to compare.
Order = Literal["words_first", "together", "stars_first", "no_stars"]
#: Least number of texts of a language that is counted on its own.
LEAST_OF_LANGUAGE = 10
#: Kinds that are about how the company answers: a channel is where that is decided, not the owner of a cause.
OF_REPLIES: tuple[FindingKind, ...] = ("replies_explain", "complaints_unanswered")


@dataclass(frozen=True, slots=True)
class Versions:
    """What the numbers were made with. `data` changes when any row does.

    `models` says how many records each model read: more than one while a new model re-reads old texts.
    """

    cxnlp: str
    model: str
    taxonomy: str
    taxonomy_fingerprint: str
    data: str
    models: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """First and last date of customer feedback (ISO days; None where nothing is dated), and how many rows lack one.

    `last` is the report's "as of": never today's date.
    """

    first: str | None
    last: str | None
    weeks: int
    dated: int
    undated: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows carry a value (a language, a reason, a mark)."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How many gave this mark, on the export's own scale."""

    mark: float
    count: int


@dataclass(frozen=True, slots=True)
class Nps:
    """Net promoter score of a 0-10 scale, from -100 to 100, with its interval, and its parts."""

    score: Estimate
    promoters: Share
    passives: Share
    detractors: Share


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """What the ratings say against what the words say.

    `rated`, `written`, `both`: rows with stars, with words that were read, with both.
    `reported`: top-box ratings of all rated rows. `expressed`: texts of positive valence that do not complain, of all
    texts. `reported_paired`, `expressed_paired` and `gap` (reported minus expressed) are of the rows that have both.
    `hidden_unhappy`: of top-box ratings with words, those whose words complain, show high effort or a
    value-destroying emotion. `quiet_fans`: of low-box ratings with words, those whose words are positive and do not
    complain. `hollow`: of highest marks whose words praise something, those that praise only the basics (layers
    hospitality and service). `mean` is on the export's own scale (None when scales are mixed or nothing is rated);
    `rating` is the mean rating carried to 0-1.
    """

    rated: int
    written: int
    both: int
    scale: tuple[float, float] | None
    mean: Mean | None
    rating: Mean | None
    marks: tuple[Mark, ...]
    reported: Share
    low_box: Share
    top_mark: Share
    expressed: Share
    complaints: Share
    positive: Share
    negative: Share
    mixed: Share
    no_emotion: Share
    reported_paired: Share
    expressed_paired: Share
    gap: Gap | None
    hidden_unhappy: Share
    quiet_fans: Share
    hollow: Share
    nps: Nps | None


@dataclass(frozen=True, slots=True)
class Theme:
    """A cause or a strength in one group.

    `share` is of the group's texts. Impacts (causes and strengths of groups large enough; else None) say what the
    theme's presence does, other themes held fixed: to the rating carried to 0-1, and to the chance of expressed
    satisfaction, both in points from -1 to 1. `rating_points` is the former on the export's own scale.
    `recent` is the share in the last four complete weeks, `change` that minus the share before.
    """

    name: str
    title: str
    layer: str | None
    owner: str
    information_prevents: bool
    share: Share
    impact_rating: Estimate | None = None
    rating_points: float | None = None
    impact_expressed: Estimate | None = None
    recent: Share | None = None
    change: Gap | None = None


@dataclass(frozen=True, slots=True)
class Emotion:
    """One emotion in one group: the share of its texts that express it; whether the company means to evoke it."""

    name: str
    title: str
    valence: str | None
    share: Share
    intended: bool = False


@dataclass(frozen=True, slots=True)
class Emotions:
    """The emotional profile of a group.

    `building` and `destroying`: texts with at least one value-building or value-destroying emotion. `evoked`: of the
    texts that express any emotion, those that express one the company means to evoke (None where none is intended);
    `distance` is 1 minus that share.
    """

    profile: tuple[Emotion, ...]
    any: Share
    building: Share
    destroying: Share
    evoked: Share | None
    distance: float | None


@dataclass(frozen=True, slots=True)
class EffortCause:
    """A cause of high effort: its share in texts of high effort, in all others, and the difference."""

    name: str
    title: str
    owner: str
    among_high: Share
    among_others: Share
    difference: Gap


@dataclass(frozen=True, slots=True)
class Effort:
    """`stated` is of all texts; `low`, `moderate`, `high` are of the texts that state effort.

    `high_of_all` is of all texts.
    """

    stated: Share
    low: Share
    moderate: Share
    high: Share
    high_of_all: Share
    causes: tuple[EffortCause, ...]


@dataclass(frozen=True, slots=True)
class ReplyGroup:
    """What became of the complaints of one group (`name`: a touchpoint, a cause …).

    `answered` and `silent` are of all complaints; `excused`, `remedied` and `otherwise` of those whose reply was read.
    """

    name: str
    title: str
    owner: str
    too_small: bool
    answered: Share
    silent: Share
    excused: Share
    remedied: Share
    otherwise: Share
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Replies:
    """Replies of a group, and the same by cause of the complaint. `available` is false where no reply is known at all:
    the export then has no reply column, and silence says nothing."""

    available: bool
    all: ReplyGroup
    by_cause: tuple[ReplyGroup, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """What became of a touchpoint's promise, as far as causes and strengths tell.

    `broken`: texts that blame a cause that would break it; `kept`: those that praise what keeps it and blame no such
    cause. Shares are of the group's texts, `broken_of_mentioned` of those that do either (`mentioned`).
    """

    text: str
    broken_by: tuple[str, ...]
    kept_by: tuple[str, ...]
    mentioned: Share
    broken: Share
    kept: Share
    unmentioned: Share
    broken_of_mentioned: Share
    breaking: tuple[Theme, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a customer, personal data masked, cut to a readable length.

    `rule` says why this one stands here: `centre` (nearest to the middle of its group), `edge` (farthest from it) or
    `random` (drawn by seed). `about` says of what: `all`, `hidden_unhappy`, `quiet_fans`, `hollow`, `early_warning`,
    `theme` or `cause:NAME`.
    """

    id: str
    about: str
    rule: str
    text: str
    cut: bool
    masked: bool
    language: str | None
    right_to_left: bool
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


@dataclass(frozen=True, slots=True)
class Group:
    """All numbers of one group of customer records.

    `column` is `touchpoint`, `stage`, `language`, `question` or a segment's own column. `too_small`: fewer rows than
    the minimum group size, so it is shown but never ranked, compared or quoted in a finding.
    """

    kind: GroupKind
    column: str
    name: str
    title: str
    anchor: str
    stage: str | None
    owner: str
    records: int
    too_small: bool
    satisfaction: Satisfaction
    causes: tuple[Theme, ...]
    strengths: tuple[Theme, ...]
    emotions: Emotions
    effort: Effort
    replies: Replies
    promise: Promise | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One column to compare by. `omitted` values were too many to show; `unstated` rows carry no value."""

    column: str
    groups: tuple[Group, ...]
    omitted: int
    unstated: int


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a series. `week` is its first day; `complete` weeks only are judged.

    `share` is the week's own. `recent` is the share of the four weeks that end here, `baseline` that of the up to 26
    weeks before those; `low` and `high` are the control limits for `recent` (None before there is a baseline).
    `alarm` says that `recent` lies beyond the limit on the bad side.
    """

    week: str
    complete: bool
    share: Share
    recent: float | None
    baseline: float | None
    low: float | None
    high: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A weekly series of one group.

    `metric`: `unhappy_words` (texts that do not express satisfaction), `high_effort` (of all texts), `reported`
    (top-box ratings), `complaints`, `replies_excuse`. `worse` is the bad direction. `alarm_since` is the first day of
    the first week of the alarm that still holds. `dispersion` is the weekly variance over the binomial one (1 or
    more), by which limits are widened (and by Student's law, since it is itself an estimate).
    """

    anchor: str
    group: str
    title: str
    metric: str
    worse: Literal["up", "down"]
    weeks: tuple[Week, ...]
    dispersion: float
    alarm_since: str | None
    change: Gap | None


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """Words or effort worsened: the last four complete weeks against those before.

    `since` and `weeks` belong to an alarm that holds (None without one), `stars_since` to that of the ratings. `order`
    says which moved first. `causes` are those whose share grew most.
    """

    anchor: str
    group: str
    title: str
    owner: str
    metric: str
    since: str | None
    weeks: int | None
    recent: Share
    baseline: Share
    change: Gap
    order: Order
    reported_recent: Share
    reported_baseline: Share
    causes: tuple[str, ...]
    stars_since: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that holds: it survived the correction for all comparisons made and is large enough to matter.

    `rank` 1 is the worst. `size` is the difference in share points (positive is bad); `share` is the group's own
    number, `against` the one it is compared with (all other groups, the weeks before, the ratings …). `score` is by
    what findings are ordered: how bad it is at the least, for what share of the group, times the weight of its kind.
    `causes` are the most blamed in the group, worst first, in trends those blamed more than before. `corrected`: the
    size is corrected for reading errors. `metric`, `since` and `order` belong to trends, `cause` to `cause_rises`,
    `question` to `question_blind`. `n` is what the size rests on.
    """

    id: str
    rank: int
    kind: FindingKind
    column: str
    group: str
    title: str
    anchor: str
    stage: str | None
    owner: str
    n: int
    size: Gap
    share: Share
    against: Share | None
    score: float
    p_value: float
    q_value: float
    corrected: bool
    causes: tuple[str, ...] = ()
    mean: Mean | None = None
    metric: str = ""
    since: str | None = None
    weeks: int | None = None
    stars_since: str | None = None
    order: Order | None = None
    cause: str = ""
    question: str = ""
    promise: str = ""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """How findings were sifted: comparisons made, the level of false findings, the least size that matters."""

    made: int
    alpha: float
    minimum_size: float
    found: int
    too_small_groups: int


@dataclass(frozen=True, slots=True)
class Question:
    """The audit of one survey question.

    `auc`: how well its ratings tell happy from unhappy texts (0.5 not at all, 1 perfectly), corrected for reading
    errors where that is safe; `auc_as_read` is the same as read. `basics_only`: of the texts under it that praise
    something, those that praise only the basics. `ceiling`: 80 % or more give the top mark. `blind`: the interval of
    `auc` stays below 0.75. `asks_basics`: most praise under it is of the basics only.
    """

    question: str
    anchor: str
    records: int
    too_small: bool
    mean: Mean | None
    scale: tuple[float, float] | None
    top_mark: Share
    reported: Share
    expressed: Share
    gap: Gap | None
    auc: Estimate | None
    basics_only: Share
    ceiling: bool
    blind: bool
    asks_basics: bool
    auc_as_read: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known of a touchpoint or stage.

    `status`: `nobody_asks` (no record), `too_few`, `no_words`, `no_stars` (shares below one in twenty), `covered`.
    """

    name: str
    title: str
    stage: str
    anchor: str
    records: int
    rated: int
    written: int
    status: Literal["nobody_asks", "too_few", "no_words", "no_stars", "covered"]


@dataclass(frozen=True, slots=True)
class Wordless:
    """Who leaves no words: of those who rate in this band (`low`, `middle`, `top`) or group, the share without text."""

    column: str
    name: str
    without_words: Share


@dataclass(frozen=True, slots=True)
class BlindSpots:
    """What the report cannot see. Shares are of customer records unless said otherwise."""

    touchpoints: tuple[Coverage, ...]
    stages: tuple[Coverage, ...]
    wordless: tuple[Wordless, ...]
    no_words: Share
    no_stars: Share
    no_date: Share
    no_touchpoint: Share
    derived_touchpoint: Share
    no_language: Share
    unread: Share
    unsure: Share
    windowed: Share


@dataclass(frozen=True, slots=True)
class UnknownTheme:
    """Words that object or are unsure and name no known cause, gathered: an aid for the analyst, never a label.

    `key` stays the same from night to night while the theme does. `share` is of the texts that were searched.
    `recent` and `change` as in `Theme`.
    """

    key: str
    anchor: str
    words: tuple[str, ...]
    share: Share
    languages: tuple[Count, ...]
    touchpoints: tuple[Count, ...]
    first: str | None
    last: str | None
    recent: Share | None
    change: Gap | None
    new: bool
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """Something for its owner to do: a cause at a touchpoint.

    `affected`: texts at the touchpoint that blame it (how many). `harm`: what it does to expressed satisfaction, a
    positive number (how bad). `sure`: from 0 to 1, the cautious end of the harm over the harm itself (how sure).
    `score` = count × harm × sure, by which actions are ranked. `hidden`: those among the affected who gave a top-box
    rating. `prevents`: information or a guide would have prevented it.
    """

    rank: int
    owner: str
    cause: str
    title: str
    touchpoint: str
    touchpoint_title: str
    anchor: str
    affected: Share
    harm: Estimate
    harm_is_local: bool
    sure: float
    score: float
    prevents: bool
    hidden: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutcomeShare:
    """Of the records in a group (`column` effort, delight, band …) that carry an outcome, those with the event."""

    column: str
    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class Outcome:
    """What foretells the outcome: areas under the curve, cross-validated on the same rows, and their difference.

    `event` is the value of the outcome column that counts as the event (the rarer one of two): `events` of the `n`
    records that carry an outcome. The areas rest on those of them that have stars and words, too. `by` sets effort and
    delight side by side against it.
    """

    event: str
    n: int
    events: int
    stars: Estimate | None
    text: Estimate | None
    both: Estimate | None
    text_minus_stars: Gap | None
    by: tuple[OutcomeShare, ...]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How well the model reads, on labelled rows.

    `metric`: `accuracy` (single tasks, valence), `micro_f1` (tasks of several labels), `macro_f1` (ordinal tasks).
    `language` is `all` or a code. `origin`: `real`, `written` or `all`.
    """

    task: str
    language: str
    author: str
    origin: str
    metric: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Correction:
    """How one event is read: sensitivity and specificity on the labelled rows, and whether correcting by it is safe."""

    event: str
    author: str
    sensitivity: Share
    specificity: Share
    safe: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """Share of texts about which the model is unsure, in one language (or `all`)."""

    language: str
    share: Share


@dataclass(frozen=True, slots=True)
class Drift:
    """Population stability index of a distribution in the last four weeks against the weeks before.

    Below 0.1 steady, 0.1-0.25 moving, above 0.25 another population (the usual rule of thumb). Up to `chance`, which
    two draws from one distribution exceed once in a hundred times, steady all the same.
    """

    name: str
    index: float
    recent: int
    before: int
    level: Literal["steady", "moving", "changed"]
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of the export that could not be used, by column and reason."""

    column: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Trust:
    """How far to trust the report.

    `real` and `written`: labelled rows on which the model was checked, by origin; only real ones correct shares.
    `labels_are_random`: they were drawn from this very feedback and labelled by people (`[report] gold`).
    """

    real: int
    written: int
    labels_are_random: bool
    accuracy: tuple[Accuracy, ...]
    corrections: tuple[Correction, ...]
    uncovered_languages: tuple[Count, ...]
    unsure: tuple[Unsure, ...]
    confidence: tuple[tuple[str, float], ...]
    set_aside: tuple[SetAside, ...]
    drift: tuple[Drift, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One number before and now. `beyond_noise`: it left the interval it had."""

    metric: str
    anchor: str
    title: str
    before: float
    now: float
    difference: float
    beyond_noise: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the previous report. When `model_changed`, differences may be the reader's, not the
    customers'."""

    previous_last: str | None
    new_records: int
    model_changed: bool
    taxonomy_changed: bool
    numbers: tuple[Change, ...]
    new_findings: tuple[str, ...]
    gone_findings: tuple[str, ...]
    new_themes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Every number of a report. `records` counts customer records, `replies` company ones.

    `touchpoints` are in the order of the journey (those of the journey with at least one record, then any other value
    by size); `findings` worst first; `actions` by rank. `groups` of any kind can be found by `anchor`.
    `languages_seen` counts the languages of at least `LEAST_OF_LANGUAGE` texts, `texts_of_others` the texts of all
    others.
    """

    DERIVED: ClassVar[tuple[str, ...]] = ("languages_seen", "texts_of_others")

    version: int
    company: str
    versions: Versions
    period: Period
    minimum_group: int
    records: int
    replies: int
    languages: tuple[Count, ...]
    overall: Group
    stages: tuple[Group, ...]
    touchpoints: tuple[Group, ...]
    segments: tuple[Segment, ...]
    findings: tuple[Finding, ...]
    comparisons: Comparisons
    warnings: tuple[EarlyWarning, ...]
    trends: tuple[Trend, ...]
    questions: tuple[Question, ...]
    blind_spots: BlindSpots
    themes: tuple[UnknownTheme, ...]
    actions: tuple[Action, ...]
    outcome: Outcome | None
    trust: Trust
    changes: Changes | None

    @property
    def languages_seen(self) -> int:
        """How many languages have texts enough to count on their own."""
        return sum(language.count >= LEAST_OF_LANGUAGE for language in self.languages)

    @property
    def texts_of_others(self) -> int:
        """The texts of all other languages."""
        return sum(language.count for language in self.languages if language.count < LEAST_OF_LANGUAGE)

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `summary.json`: dicts, lists, strings, numbers, None; derived ratios included."""
        plain = to_plain(self)
        assert isinstance(plain, dict)
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Summary:
        """Read `to_dict`'s result back; raise `ValueError` naming the place that does not fit this version."""
        if plain.get("version") != SUMMARY_VERSION:
            raise ValueError(f"version: found {plain.get('version')!r}, expected {SUMMARY_VERSION}")
        return from_plain(cls, plain)
