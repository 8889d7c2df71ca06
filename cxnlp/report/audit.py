"""The audit of the survey's questions, what the report cannot see, and what foretells the outcome."""

from __future__ import annotations

from cxnlp.analysis.numbers import Share
from cxnlp.analysis.summary import Coverage, OutcomeShare, Question
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Row,
    Section,
    Table,
    Tone,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import count_cell, facts_table, share_cell
from cxnlp.report.text import Aside, Name, Part, Text, text
from cxnlp.report.words import Words, tame


def questions_section(teller: Teller) -> Section | None:
    """Return the audit of each survey question."""
    words, summary = teller.words, teller.summary
    if not summary.questions:
        return None
    columns = (
        Column(words.word("Question")),
        Column(words.word("Responses"), True),
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
            "the words, one that they tell them apart perfectly; it is corrected for reading errors where that is "
            "safe. A question asks for the basics where most praise under it is of courtesy and smooth service only."
        ),
        (Table(words.say("The survey's questions"), columns, rows, tall=True),),
    )


def _question_row(teller: Teller, question: Question) -> Row:
    words, least = teller.words, teller.summary.minimum_group
    auc, mean = question.auc, question.mean
    return Row(
        (
            Cell((Name(tame(question.question, 200)),)),
            count_cell(words, question, "records"),
            Cell((words.decimal(mean, "value", 1),), mean.value) if mean else Cell(("–",)),
            share_cell(words, question.top_mark, "stars", least=least),
            share_cell(words, question.expressed, "words", least=least),
            Cell(
                text(words.decimal(auc, "value", 2), " ", Aside(words.decimal_interval(auc, 2))),
                auc.value,
                tone="alarm" if question.blind else "",
            )
            if auc
            else Cell(("–",)),
            share_cell(words, question.basics_only, least=least),
            Cell(_verdict(words, question)),
        ),
        question.anchor,
    )


def _verdict(words: Words, question: Question) -> Text:
    if question.too_small:
        return words.say("too few to judge")
    said: list[Part | Text] = []
    if question.ceiling:
        said.append(words.word("gets the top mark from nearly all"))
    if question.blind:
        said.append(words.word("does not tell happy from unhappy"))
    if question.asks_basics:
        said.append(words.word("asks for the basics"))
    return words.join(said) if said else words.say("useful")


def rating_bands(words: Words) -> dict[str, str]:
    """Return what the bands of ratings are called."""
    return {
        "low": words.word("Unhappy rating"),
        "middle": words.word("Middle rating"),
        "top": words.word("Happy rating"),
    }


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
        Column(words.word("Responses"), True),
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
    bands = rating_bands(words)
    silent: list[tuple[Part | Text, Share, Tone]] = [
        (bands[spot.name] if spot.column == "rating" else teller.touchpoint(spot.name), spot.without_words, "")
        for spot in spots.wordless
    ]
    if silent:
        blocks.append(facts_table(words, words.say("Who leaves no words"), silent))
    dark = [spot for spot in spots.touchpoints if spot.status == "nobody_asks"]
    lead = (
        words.say("Nobody asks about: {touchpoints}.", touchpoints=words.join([words.title(s.title) for s in dark]))
        if dark
        else words.say("Every touchpoint of the journey has at least one response.")
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


def outcome_section(teller: Teller) -> Section | None:
    """Return what foretells the outcome."""
    words, outcome, least = teller.words, teller.summary.outcome, teller.summary.minimum_group
    if outcome is None:
        return None
    columns = (
        Column(words.word("Foretold by")),
        Column(words.word("Area under the curve"), True),
        Column(words.word("Of how many"), True),
    )
    rows = tuple(
        Row(
            (
                Cell((label,)),
                Cell(text(words.decimal(e, "value", 2), " ", Aside(words.decimal_interval(e, 2))), e.value),
                count_cell(words, e, "n"),
            )
        )
        for label, e in (
            (words.word("stars"), outcome.stars),
            (words.word("words"), outcome.text),
            (words.word("both"), outcome.both),
        )
        if e is not None
    )
    blocks: list[Block] = [Table(words.say("What foretells the outcome"), columns, rows)] if rows else []
    by: list[tuple[Part | Text, Share, Tone]] = [(_outcome_group(words, item), item.share, "") for item in outcome.by]
    if by:
        blocks.append(facts_table(words, words.say("How often it came to that"), by, least=least))
    return Section(
        "outcome",
        words.word("Outcome"),
        words.word("What foretells the outcome"),
        words.say(
            "Outcome “{event}”: {events} of {n} customers.",
            event=Name(tame(outcome.event)),
            events=words.count(outcome, "events"),
            n=words.count(outcome, "n"),
        ),
        tuple(blocks),
    )


def _outcome_group(words: Words, item: OutcomeShare) -> Part:
    known = {
        "effort": {
            "high": words.word("High effort"),
            "moderate": words.word("Moderate effort"),
            "low": words.word("Low effort"),
            "unstated": words.word("Effort not stated"),
        },
        "delight": {"delight": words.word("Delight"), "no delight": words.word("No delight")},
        "stance": {
            "complaint": words.word("Complaint"),
            "excuse": words.word("Excuse"),
            "resolution": words.word("Resolution"),
            "neither": words.word("Neither"),
        },
        "rating": rating_bands(words),
    }
    return known.get(item.column, {}).get(item.name) or Name(tame(f"{item.column}: {item.name}".replace("_", " ")))
