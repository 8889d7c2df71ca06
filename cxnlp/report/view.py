"""A summary as a page of sentences, tables and widths: pure, without HTML."""

from __future__ import annotations

from collections.abc import Sequence

from cxnlp.analysis.summary import Change, Summary
from cxnlp.report.audit import blind_section, outcome_section, questions_section
from cxnlp.report.blocks import Answer, First, Page, Section
from cxnlp.report.compare import replies_section, segments_section
from cxnlp.report.found import findings_section, hidden_section, nothing_found
from cxnlp.report.groups import touchpoints_section
from cxnlp.report.journey import causes_section, journey_section
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import dot, percent_ticks, separated
from cxnlp.report.text import Aside, Link, Name, Part, Strong, Text, text
from cxnlp.report.todo import actions_section
from cxnlp.report.trust import trust_section, versions_line
from cxnlp.report.watch import themes_section, warnings_section
from cxnlp.report.words import Words, tame

#: Findings on the first screen.
FIRST_FINDINGS = 3


def build_page(summary: Summary, language: str) -> Page:
    """Return the page of a summary in one language; raise `FileNotFoundError` for a language cxnlp does not have."""
    words = Words(language, summary)
    teller = Teller(words, summary)
    sections: Sequence[Section | None] = (
        journey_section(teller),
        findings_section(teller),
        touchpoints_section(teller),
        causes_section(teller),
        hidden_section(teller),
        replies_section(teller),
        questions_section(teller),
        blind_section(teller),
        warnings_section(teller),
        themes_section(teller),
        outcome_section(teller),
        segments_section(teller),
        actions_section(teller),
        trust_section(teller),
    )
    return Page(
        language=language,
        right_to_left=words.right_to_left,
        company=Name(tame(summary.company) or words.word("Customer feedback")),
        line=_line(words, summary),
        first=first_screen(teller),
        sections=tuple(section for section in sections if section is not None),
        versions=versions_line(words, teller),
    )


def _line(words: Words, summary: Summary) -> Text:
    items: list[Part | Text] = []
    if summary.period.first and summary.period.last:
        first, last = summary.period.first, summary.period.last
        same_year = first[:4] == last[:4]
        items.append(words.say("{first} to {last}", first=words.day(first, year=not same_year), last=words.day(last)))
    items.append(words.many("{n} response", "{n} responses", summary.records, n=words.count(summary, "records")))
    if summary.languages_seen:
        seen = summary.languages_seen
        said = words.many("{n} language", "{n} languages", seen, n=words.count(summary, "languages_seen"))
        if summary.texts_of_others:
            others = summary.texts_of_others
            said = words.many(
                "{languages} and {n} text in others",
                "{languages} and {n} texts in others",
                others,
                languages=said,
                n=words.count(summary, "texts_of_others"),
            )
        items.append(said)
    return separated(items)


def first_screen(teller: Teller) -> First:
    """Return what is seen without scrolling."""
    words, summary = teller.words, teller.summary
    shown = tuple(teller.finding(finding) for finding in summary.findings[:FIRST_FINDINGS])
    return First(
        headline=_headline(teller),
        answers=_answers(teller),
        ticks=percent_ticks(words, (0, 0.5, 1)),
        findings=shown,
        nothing=() if shown else nothing_found(words),
        changed=changes_line(teller),
    )


def _headline(teller: Teller) -> Text:
    words, numbers = teller.words, teller.summary.overall.satisfaction
    gap = numbers.gap
    if gap is None:
        return words.say("What customers say")
    low, high = gap.best_interval
    if low > 0:
        where = _where(teller)
        if not where and gap.best < teller.summary.comparisons.minimum_size:
            return words.say("The stars flatter us a little")
        return text(words.say("The stars flatter us"), where)
    if high < 0:
        return words.say("Words are kinder than the stars")
    return words.say("Stars and words agree")


def _where(teller: Teller) -> Text:
    """Say where stars flatter most, if that is a finding."""
    words = teller.words
    worst = next((f for f in teller.summary.findings if f.kind == "stars_flatter" and f.column == "touchpoint"), None)
    return words.say(", most of all at “{title}”", title=words.title(worst.title)) if worst else ()


def _answers(teller: Teller) -> tuple[Answer, ...]:
    words, numbers = teller.words, teller.summary.overall.satisfaction
    paired = numbers.gap is not None
    stars = numbers.reported_paired if paired else numbers.reported
    said = numbers.expressed_paired if paired else numbers.expressed
    answers = [
        Answer(
            words.word("Ratings say"),
            (words.percent(stars),),
            words.say("are happy") if numbers.rated else words.say("nobody rated"),
            _rated_base(teller) if numbers.rated else (),
            "stars",
            dot(stars),
        ),
        Answer(
            words.word("Words say"),
            (words.percent(said),),
            words.say("are happy"),
            _read_base(teller, paired=paired),
            "words",
            dot(said),
        ),
    ]
    if numbers.gap is not None:
        gap = numbers.gap
        base: list[Part | Text] = [words.points_interval(gap), _correction(teller)]
        if round((stars.best or 0) * 100) - round((said.best or 0) * 100) != round(gap.best * 100):
            base.append(words.word("subtracted before rounding"))
        answers.append(
            Answer(
                words.word("The distance"),
                (words.points(gap),),
                words.many("point", "points", round(abs(gap.best) * 100)),
                separated(base),
                "",
            )
        )
    return tuple(answers)


def _rated_base(teller: Teller) -> Text:
    words, numbers = teller.words, teller.summary.overall.satisfaction
    if numbers.gap is None:
        return words.many("{n} rated", "{n} rated", numbers.rated, n=words.count(numbers, "rated"))
    return words.say(
        "{n} rated and wrote; all {rated} ratings: {share}",
        n=words.count(numbers, "both"),
        rated=words.count(numbers, "rated"),
        share=words.percent(numbers.reported),
    )


def _read_base(teller: Teller, *, paired: bool) -> Text:
    words, numbers = teller.words, teller.summary.overall.satisfaction
    share = numbers.expressed_paired if paired else numbers.expressed
    if paired:
        return words.say("the same customers; {interval}", interval=words.interval(share))
    return words.many("{n} wrote", "{n} wrote", numbers.written, n=words.count(numbers, "written"))


def _correction(teller: Teller) -> Text:
    words, gap = teller.words, teller.summary.overall.satisfaction.gap
    if gap is not None and gap.corrected is not None and gap.corrected.safe:
        said = words.say("corrected for reading errors")
    else:
        said = words.say("as read, not corrected")
    return (Link(said, "#trust"),)


#: Numbers whose change is told, in this order.
TOLD_METRICS = ("gap", "expressed", "reported")


def changes_line(teller: Teller) -> Text:
    """Say what changed since the report before this one."""
    words, changes = teller.words, teller.summary.changes
    if changes is None:
        return words.say("This is the first report: there is nothing yet to compare with.")
    said: list[Part | Text] = [
        words.many("{n} new response", "{n} new responses", changes.new_records, n=words.count(changes, "new_records"))
    ]
    number = _told_change(changes.numbers)
    if number is not None:
        said.append(_change(words, teller, number))
    new = [finding for finding in map(teller.finding_link, changes.new_findings) if finding is not None]
    if new:
        links = [Link(teller.place(finding.column, finding.title), f"#finding-{finding.rank}") for finding in new[:3]]
        said.append(words.say("new findings: {places}", places=words.join(links)))
    if changes.gone_findings:
        said.append(
            words.many(
                "{n} finding no longer holds",
                "{n} findings no longer hold",
                len(changes.gone_findings),
                n=words.length(changes, "gone_findings"),
            )
        )
    if changes.new_themes:
        said.append(
            words.many(
                "{n} new unknown theme",
                "{n} new unknown themes",
                len(changes.new_themes),
                n=words.length(changes, "new_themes"),
            )
        )
    if len(teller.summary.versions.models) > 1:
        said.append(words.say("a new model is still reading earlier texts again, so differences may be its own"))
    elif changes.model_changed:
        said.append(words.say("another model reads now, so differences may be its own"))
    head: Text = ()
    if changes.previous_last:
        head = text(words.say("Since {day}:", day=words.day(changes.previous_last, year=False)), " ")
    return text(head, separated(said))


def _told_change(numbers: Sequence[Change]) -> Change | None:
    overall = [change for change in numbers if change.anchor == "overall"]
    loud = [change for change in numbers if change.beyond_noise]
    by_metric = {change.metric: change for change in overall}
    usual = next((by_metric[metric] for metric in TOLD_METRICS if metric in by_metric), None)
    if usual is not None and usual.beyond_noise:
        return usual
    return max(loud, key=lambda change: abs(change.difference)) if loud else usual


def _change(words: Words, teller: Teller, change: Change) -> Text:
    names = {
        "gap": words.word("Distance"),
        "expressed": words.word("Happy words"),
        "reported": words.word("Happy ratings"),
        "high_effort": words.word("High effort"),
        "hidden_unhappy": words.word("Hidden unhappy"),
        "excused": words.word("Answers that only explain"),
        "silent": words.word("Complaints without answer"),
    }
    name = names.get(change.metric) or teller.name_of(change.metric)
    where: Text = ()
    if change.anchor != "overall":
        where = text(words.title(change.title), ", ")
    figure = Strong((words.signed_points(change, "difference"),), "alarm" if change.beyond_noise else "")
    certainty = words.say("beyond noise") if change.beyond_noise else words.say("within noise")
    return text(where, words.say("{metric} {change} points", metric=text(name), change=figure), " ", Aside(certainty))
