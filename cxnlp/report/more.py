"""Findings in full, stars that hide something, questions, blind spots, trends, unknown themes, actions."""

from __future__ import annotations

from cxnlp.analysis.summary import Action, Coverage, EarlyWarning, Question, Trend, UnknownTheme
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Findings,
    Fold,
    Heading,
    Paragraph,
    Row,
    Section,
    Table,
    TrendLine,
    TrendPoint,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import count_cell, facts_table, gap_cell, quotes_of, separated, share_cell
from cxnlp.report.text import Aside, Link, Name, Part, Strong, Text, text
from cxnlp.report.words import Words, tame

#: Trend charts on the page at most, early warnings first.
MAXIMUM_CHARTS = 8


def findings_section(teller: Teller) -> Section:
    """Return every finding, worst first, and how they were sifted."""
    words, summary = teller.words, teller.summary
    made = summary.comparisons
    sifted = text(
        words.many(
            "{n} comparison was made.",
            "{n} comparisons were made.",
            made.made,
            n=words.count(made, "made"),
        ),
        " ",
        words.say(
            "What stands here survived the correction for all of them (false discovery rate {alpha}) and is at least "
            "{size} points large, half of that for single causes and promises. Early warnings have a budget of false "
            "alarms of their own. Order: by how large the difference is at the least; the first of each place and kind "
            "before any repetition.",
            alpha=words.percent_of(made, "alpha"),
            size=words.number(made, "minimum_size", str(round(made.minimum_size * 100))),
        ),
        " ",
        words.many(
            "{n} group was too small to be judged.",
            "{n} groups were too small to be judged.",
            made.too_small_groups,
            n=words.count(made, "too_small_groups"),
        ),
    )
    items = tuple(teller.finding(finding) for finding in summary.findings)
    found: list[Block] = [Findings(items)] if items else [Paragraph(nothing_found(words))]
    return Section(
        "findings",
        words.word("Findings"),
        words.word("All findings, worst first"),
        (),
        (*found, Paragraph(sifted, "note")),
    )


def nothing_found(words: Words) -> Text:
    """Say that no finding holds."""
    return words.say("No difference is both sure and large enough to be called a finding.")


def hidden_section(teller: Teller) -> Section:
    """Return the hidden unhappy, the quiet fans and the hollow top marks."""
    words, summary = teller.words, teller.summary
    numbers = summary.overall.satisfaction
    name = text(words.word("All customers"))
    blocks: list[Block | None] = [
        facts_table(
            words,
            words.say("Marks that hide something: {group}", group=name),
            [
                (words.word("Hidden unhappy: happy rating, unhappy words"), numbers.hidden_unhappy, "alarm"),
                (words.word("Quiet fans: unhappy rating, happy words"), numbers.quiet_fans, "words"),
                (words.word("Hollow top marks: praise of the basics only"), numbers.hollow, "stars"),
            ],
        ),
        _hidden_by_touchpoint(teller),
        *_quotes_about(teller),
    ]
    return Section(
        "hidden",
        words.word("Hidden unhappy"),
        words.word("Hidden unhappy, quiet fans, hollow top marks"),
        words.say(
            "Hidden unhappy gave a happy rating, yet their words complain, tell of high effort or show an emotion that "
            "destroys value. Hollow top marks praise only courtesy and smooth service: the basics, not what sets a "
            "company apart."
        ),
        tuple(block for block in blocks if block is not None),
    )


def _hidden_by_touchpoint(teller: Teller) -> Table | None:
    words = teller.words
    rows = []
    for group in teller.summary.touchpoints:
        numbers = group.satisfaction
        if numbers.both and not group.too_small:
            shares = (numbers.hidden_unhappy, numbers.quiet_fans, numbers.hollow)
            cells: list[Cell] = [Cell((Link((words.title(group.title),), f"#{group.anchor}"),))]
            for share in shares:
                cells += [share_cell(words, share), count_cell(words, share, "total")]
            rows.append(Row(tuple(cells)))
    if not rows:
        return None
    base = words.word("Of how many")
    columns = [Column(words.word("Touchpoint"))]
    for title in (words.word("Hidden unhappy"), words.word("Quiet fans"), words.word("Hollow top marks")):
        columns += [Column(title, True), Column(base, True)]
    return Table(words.say("Marks that hide something, by touchpoint"), tuple(columns), tuple(rows), tall=True)


def _quotes_about(teller: Teller) -> list[Block | None]:
    words = teller.words
    quotes = teller.summary.overall.quotes
    titles = {
        "hidden_unhappy": words.word("Hidden unhappy, in their own words"),
        "quiet_fans": words.word("Quiet fans, in their own words"),
        "hollow": words.word("Hollow top marks, in their own words"),
    }
    return [quotes_of(teller, [q for q in quotes if q.about == about], title) for about, title in titles.items()]


def questions_section(teller: Teller) -> Section | None:
    """Return the audit of each survey question."""
    words, summary = teller.words, teller.summary
    if not summary.questions:
        return None
    columns = (
        Column(words.word("Question")),
        Column(words.word("Comments"), True),
        Column(words.word("Mean"), True),
        Column(words.word("Top mark"), True),
        Column(words.word("Words say"), True),
        Column(words.word("Tells happy from unhappy"), True),
        Column(words.word("Praise of the basics only"), True),
        Column(words.word("Verdict")),
    )
    rows = tuple(_question_row(teller, question) for question in summary.questions)
    return Section(
        "questions",
        words.word("Questions"),
        words.word("The question decides the answer"),
        words.say(
            "“Tells happy from unhappy” is the area under the curve: one half means that the ratings know nothing of "
            "the words, one that they tell them apart perfectly."
        ),
        (Table(words.say("The survey's questions"), columns, rows, tall=True),),
    )


def _question_row(teller: Teller, question: Question) -> Row:
    words = teller.words
    auc, mean = question.auc, question.mean
    return Row(
        (
            Cell((Name(tame(question.question, 200)),)),
            count_cell(words, question, "records"),
            Cell((words.decimal(mean, "value", 1),), mean.value) if mean else Cell(("–",)),
            share_cell(words, question.top_mark, "stars"),
            share_cell(words, question.expressed, "words"),
            Cell(
                text(words.decimal(auc, "value", 2), " ", Aside(words.decimal_interval(auc, 2))),
                auc.value,
                tone="alarm" if question.blind else "",
            )
            if auc
            else Cell(("–",)),
            share_cell(words, question.basics_only),
            Cell(_verdict(words, question)),
        ),
        question.anchor if not question.anchor.startswith("segment") else "",
    )


def _verdict(words: Words, question: Question) -> Text:
    if question.too_small:
        return words.say("too few to judge")
    said: list[Part | Text] = []
    if question.ceiling:
        said.append(words.word("nearly all give the top mark"))
    if question.blind:
        said.append(words.word("does not tell happy from unhappy"))
    if question.asks_basics:
        said.append(words.word("asks for the basics"))
    return words.join(said) if said else words.say("useful")


def blind_section(teller: Teller) -> Section:
    """Return what the report cannot see."""
    words, spots = teller.words, teller.summary.blind_spots
    missing = facts_table(
        words,
        words.say("What the rows lack"),
        [
            (words.word("No words"), spots.no_words, ""),
            (words.word("No rating"), spots.no_stars, ""),
            (words.word("No date"), spots.no_date, ""),
            (words.word("No touchpoint"), spots.no_touchpoint, ""),
            (words.word("Touchpoint placed by rule"), spots.derived_touchpoint, ""),
            (words.word("Language not recognised"), spots.no_language, ""),
            (words.word("Words not read yet"), spots.unread, ""),
            (words.word("The model was unsure"), spots.unsure, ""),
            (words.word("Too long for one reading, read in parts"), spots.windowed, ""),
        ],
    )
    columns = (
        Column(words.word("Touchpoint")),
        Column(words.word("Stage")),
        Column(words.word("Comments"), True),
        Column(words.word("Rated"), True),
        Column(words.word("With words"), True),
        Column(words.word("Coverage")),
    )
    covered = Table(
        words.say("How much is known of each touchpoint"),
        columns,
        tuple(_coverage_row(words, spot) for spot in spots.touchpoints),
    )
    blocks: list[Block] = [covered, missing]
    bands = {
        "low": words.word("Unhappy rating"),
        "middle": words.word("Middle rating"),
        "top": words.word("Happy rating"),
    }
    silent = [
        (bands.get(spot.name) or words.title(spot.name.replace("_", " ")), spot.without_words, "")
        for spot in spots.wordless
    ]
    if silent:
        blocks.append(facts_table(words, words.say("Who leaves no words"), silent))  # type: ignore[arg-type]
    dark = [spot for spot in spots.touchpoints if spot.status == "nobody_asks"]
    lead = (
        words.say("Nobody asks about: {touchpoints}.", touchpoints=words.join([words.title(s.title) for s in dark]))
        if dark
        else words.say("Every touchpoint of the journey has at least one comment.")
    )
    return Section("blind", words.word("Blind spots"), words.word("What this report cannot see"), lead, tuple(blocks))


def _coverage_row(words: Words, spot: Coverage) -> Row:
    said = {
        "nobody_asks": words.word("nobody asks"),
        "too_few": words.word("too few to judge"),
        "no_words": words.word("hardly any words"),
        "no_stars": words.word("hardly any ratings"),
        "covered": words.word("covered"),
    }[spot.status]
    return Row(
        (
            Cell((words.title(spot.title),)),
            Cell((words.word(spot.stage) or "–",)),
            count_cell(words, spot, "records"),
            count_cell(words, spot, "rated"),
            count_cell(words, spot, "written"),
            Cell((said,), tone="" if spot.status == "covered" else "alarm"),
        )
    )


def metric_name(words: Words, metric: str) -> str:
    """Return what a weekly series is called."""
    return {
        "unhappy_words": words.word("Unhappy words"),
        "high_effort": words.word("High effort"),
        "reported": words.word("Happy ratings"),
        "complaints": words.word("Complaints"),
        "replies_excuse": words.word("Answers that only explain"),
    }.get(metric, metric.replace("_", " "))


def warnings_section(teller: Teller) -> Section:
    """Return early warnings, and the trends behind them."""
    words, summary = teller.words, teller.summary
    warned = [(warning.anchor, warning.metric) for warning in summary.warnings]
    charted = [t for key in warned for t in summary.trends if (t.anchor, t.metric) == key]
    charted += [
        t for t in summary.trends if t.anchor == "overall" and t.metric in ("unhappy_words", "high_effort", "reported")
    ]
    charted += [t for t in summary.trends if t.alarm_since]
    unique = list(dict.fromkeys(id(trend) for trend in charted))
    by_id = {id(trend): trend for trend in charted}
    blocks: list[Block] = [_warning_line(teller, warning) for warning in summary.warnings]
    for index, key in enumerate(unique[:MAXIMUM_CHARTS]):
        figure = trend_figure(teller, by_id[key], index)
        if figure:
            blocks.append(figure)
    rest = [trend for trend in summary.trends if trend.change is not None]
    if rest:
        blocks.append(_trend_table(teller, rest))
    lead = (
        words.say("No early warning: words and effort stay within their limits.")
        if not summary.warnings
        else words.say("Words move before stars do. Here they left their limits.")
    )
    return Section(
        "warnings",
        words.word("Early warnings"),
        words.word("Early warnings and trends"),
        lead,
        tuple(blocks),
    )


def _warning_line(teller: Teller, warning: EarlyWarning) -> Paragraph:
    words = teller.words
    owner = words.say("Owner: {owner}", owner=words.title(warning.owner)) if warning.owner else ()
    causes = words.say("Blamed more: {causes}.", causes=teller.names(warning.causes)) if warning.causes else ()
    return Paragraph(
        text(
            Strong((Link((words.title(warning.title),), f"#{warning.anchor}"),)),
            ": ",
            teller.warning(warning),
            " ",
            Aside(teller.evidence(warning.change, warning)),
            ". ",
            words.say(
                "Happy ratings: {before} before, {now} now.",
                before=words.percent(warning.reported_baseline),
                now=words.percent(warning.reported_recent),
            ),
            " ",
            causes,
            " ",
            owner,
        )
    )


def trend_figure(teller: Teller, trend: Trend, index: int) -> Figure | None:
    """Return a weekly series with its limits, titled by what it shows; None where there is too little."""
    words = teller.words
    weeks = [week for week in trend.weeks if week.complete and week.share.total]
    if len(weeks) < 3:
        return None
    name = text(teller.place(trend.anchor if trend.anchor == "overall" else "touchpoint", trend.title))
    metric = metric_name(words, trend.metric)
    if trend.alarm_since:
        title = words.say(
            "{group}, {metric}: beyond the limit since {day}",
            group=name,
            metric=metric,
            day=words.day(trend.alarm_since, year=False),
        )
    else:
        title = words.say("{group}, {metric}: within the limits", group=name, metric=metric)
    columns = (
        Column(words.word("Week of")),
        Column(words.word("Share"), True),
        Column(words.word("Of how many"), True),
        Column(words.word("Four weeks"), True),
        Column(words.word("Lower limit"), True),
        Column(words.word("Upper limit"), True),
    )
    rows = tuple(
        Row(
            (
                Cell((words.day(week.week),)),
                Cell((words.percent(week.share),), week.share.best),
                count_cell(words, week.share, "total"),
                *(
                    Cell((words.percent_of(week, field),)) if getattr(week, field) is not None else Cell(("–",))
                    for field in ("recent", "low", "high")
                ),
            )
        )
        for week in weeks
    )
    points = tuple(
        TrendPoint(
            week.week,
            str(words.day(week.week, year=False)),
            week.share.best,
            week.recent,
            week.low,
            week.high,
            week.alarm,
        )
        for week in weeks
    )
    tone = "stars" if trend.metric == "reported" else "words"
    return Figure(
        f"trend-{index}",
        title,
        words.say(
            "Dots are single weeks, the line is the share of the last four weeks, the band its limits. "
            "The table has the numbers."
        ),
        TrendLine(points, tone, words.word("four weeks"), words.word("limits")),  # type: ignore[arg-type]
        Table(words.say("{group}, {metric}, by week", group=name, metric=metric), columns, rows),
    )


def _trend_table(teller: Teller, trends: list[Trend]) -> Table:
    words = teller.words
    columns = (
        Column(words.word("Touchpoint")),
        Column(words.word("What")),
        Column(words.word("Change in four weeks"), True),
        Column(words.word("Alarm since")),
    )
    rows = tuple(
        Row(
            (
                Cell(teller.place("overall" if trend.anchor == "overall" else "touchpoint", trend.title)),
                Cell((metric_name(words, trend.metric),)),
                Cell(gap_cell(words, trend.change).text, trend.change.best if trend.change else None),
                Cell((words.day(trend.alarm_since),), tone="alarm") if trend.alarm_since else Cell(("–",)),
            )
        )
        for trend in trends
    )
    return Table(words.say("The last four weeks against the weeks before"), columns, rows, tall=True)


def themes_section(teller: Teller) -> Section:
    """Return themes that the taxonomy does not know."""
    words, summary = teller.words, teller.summary
    folds = tuple(_theme_fold(teller, theme) for theme in summary.themes)
    return Section(
        "themes",
        words.word("Unknown themes"),
        words.word("What the taxonomy does not know yet"),
        words.say(
            "Words that object or are hard to read and name no known cause, gathered by likeness: an aid for the "
            "analyst, not a label."
        )
        if folds
        else words.say("No group of unknown words is large enough to be shown."),
        folds,
    )


def _theme_fold(teller: Teller, theme: UnknownTheme) -> Fold:
    words = teller.words
    said = [Name(tame(word, 40)) for word in theme.words[:6]]
    line = words.many("{n} text", "{n} texts", theme.share.count, n=words.count(theme.share, "count"))
    if theme.new:
        line = text(line, " ", Strong((words.word("new"),), "alarm"))
    facts: list[Part | Text] = []
    if theme.first and theme.last:
        facts.append(words.say("{first} to {last}", first=words.day(theme.first), last=words.day(theme.last)))
    for counts, title in ((theme.touchpoints, words.title), (theme.languages, lambda code: language_name(words, code))):
        facts.append(
            words.join(
                [text(title(item.name.replace("_", " ")), " ", words.count(item, "count")) for item in counts[:4]]
            )
        )
    if theme.change is not None:
        facts.append(
            words.say(
                "last four weeks: {change} points ({interval})",
                change=words.signed_points(theme.change),
                interval=words.points_interval(theme.change),
            )
        )
    quotes = quotes_of(teller, theme.quotes, words.word("In their own words"))
    blocks: tuple[Block, ...] = (Paragraph(separated([fact for fact in facts if fact])),)
    return Fold(theme.anchor, words.join(said), line, blocks + ((quotes,) if quotes else ()))


def language_name(words: Words, code: str) -> Part:
    """Return the name of a language in the page's language."""
    name = words.locale.languages.get(code)
    return str(name) if name else Name(tame(code, 20))


def outcome_section(teller: Teller) -> Section | None:
    """Return what foretells the outcome."""
    words, outcome = teller.words, teller.summary.outcome
    if outcome is None:
        return None
    columns = (Column(words.word("Foretold by")), Column(words.word("Area under the curve"), True))
    rows = tuple(
        Row(
            (
                Cell((label,)),
                Cell(text(words.decimal(e, "value", 2), " ", Aside(words.decimal_interval(e, 2))), e.value),
            )
        )
        for label, e in (
            (words.word("stars"), outcome.stars),
            (words.word("words"), outcome.text),
            (words.word("both"), outcome.both),
        )
        if e is not None
    )
    labels = {
        ("effort", "high"): words.word("High effort"),
        ("effort", "moderate"): words.word("Moderate effort"),
        ("effort", "low"): words.word("Low effort"),
        ("effort", "unstated"): words.word("Effort not stated"),
        ("band", "low"): words.word("Unhappy rating"),
        ("band", "middle"): words.word("Middle rating"),
        ("band", "top"): words.word("Happy rating"),
    }
    by = [
        (labels.get((item.column, item.name)) or f"{teller.name_of(item.column)}: {tame(item.name)}", item.share, "")
        for item in outcome.by
    ]
    blocks: list[Block] = [Table(words.say("What foretells the outcome"), columns, rows)]
    if by:
        blocks.append(facts_table(words, words.say("How often it came to that"), by))  # type: ignore[arg-type]
    return Section(
        "outcome",
        words.word("Outcome"),
        words.word("What foretells the outcome"),
        words.say(
            "“{event}” came true for {events} of {n} customers.",
            event=Name(tame(outcome.event)),
            events=words.count(outcome, "events"),
            n=words.count(outcome, "n"),
        ),
        tuple(blocks),
    )


def actions_section(teller: Teller) -> Section:
    """Return what there is to do, by owner."""
    words, summary = teller.words, teller.summary
    owners = list(dict.fromkeys(action.owner for action in summary.actions))
    blocks: list[Block] = []
    for owner in owners:
        mine = [action for action in summary.actions if action.owner == owner]
        blocks.append(Heading((words.title(owner) if owner else words.word("No owner named"),)))
        blocks.append(_action_table(teller, owner, mine))
    return Section(
        "actions",
        words.word("Actions"),
        words.word("Who can do what: actions by owner"),
        words.say(
            "Ordered by how many × how bad × how sure. “Effect” is what the cause takes from the share of happy words, in "
            "points. The file actions.csv beside this page holds the same list."
        )
        if summary.actions
        else words.say("No cause does measurable harm."),
        tuple(blocks),
    )


def _action_table(teller: Teller, owner: str, actions: list[Action]) -> Table:
    words = teller.words
    columns = (
        Column(words.word("Cause")),
        Column(words.word("Touchpoint")),
        Column(words.word("Texts that blame it"), True),
        Column(words.word("Share"), True),
        Column(words.word("Effect"), True),
        Column(words.word("How sure"), True),
        Column(words.word("Of them with a happy rating"), True),
        Column(words.word("Note")),
    )
    name: Part = words.title(owner) if owner else words.word("No owner named")
    return Table(
        words.say("Actions: {owner}", owner=name), columns, tuple(_action_row(teller, a) for a in actions), True
    )


def _action_row(teller: Teller, action: Action) -> Row:
    words = teller.words
    notes: list[Part | Text] = []
    if action.prevents:
        notes.append(words.word("information or a guide would prevent it"))
    for finding_id in action.findings:
        finding = teller.finding_link(finding_id)
        if finding is not None:
            label = words.say("finding {rank}", rank=words.count(finding, "rank"))
            notes.append(Link(label, f"#finding-{finding.rank}"))
    harm = action.harm
    return Row(
        (
            Cell((words.title(action.title),)),
            Cell((Link((words.title(action.touchpoint_title),), f"#{action.anchor}"),)),
            count_cell(words, action.affected, "count"),
            share_cell(words, action.affected),
            Cell(
                text(
                    words.number(harm, "value", words.signed(harm.value).lstrip("+")),
                    " ",
                    Aside(words.range_of(harm, harm.low, harm.high, signed=True)),
                ),
                harm.value,
            ),
            Cell((words.percent_of(action, "sure"),), action.sure),
            count_cell(words, action, "hidden"),
            Cell(separated(notes) if notes else ("–",)),
        )
    )
