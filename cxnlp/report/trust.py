"""How far to trust the report: accuracy, corrections, doubt, drift, what was set aside; what it was made with."""

from __future__ import annotations

from cxnlp.analysis.summary import Accuracy, Drift
from cxnlp.report.blocks import Block, Cell, Column, Paragraph, Row, Section, Table
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import count_cell, facts_table, share_cell
from cxnlp.report.text import Aside, Name, Part, Text, text
from cxnlp.report.words import Words, tame


def trust_section(teller: Teller) -> Section:
    """Return everything a reader needs in order to doubt the report."""
    words, trust = teller.words, teller.summary.trust
    blocks: list[Block | None] = [
        _accuracy(words, trust.accuracy),
        _corrections(words, teller),
        _uncovered(words, teller),
        _unsure(words, teller),
        _drift(words, trust.drift),
        _set_aside(words, teller),
    ]
    if trust.labels_are_random:
        lead = words.many(
            "The model was checked on {n} text that people labelled, drawn at random from this very feedback.",
            "The model was checked on {n} texts that people labelled, drawn at random from this very feedback.",
            trust.real,
            n=words.count(trust, "real"),
        )
    elif trust.real or trust.written:
        lead = words.say(
            "The model was checked on labelled texts that it was not trained on: {real} real, {written} written for "
            "the purpose; who labelled them stands in the model's card. Only the real ones correct shares. They come "
            "from elsewhere; that its errors are the same here is an assumption.",
            real=words.count(trust, "real"),
            written=words.count(trust, "written"),
        )
    else:
        lead = words.say("No labelled rows came with the model: shares are as read, not corrected for reading errors.")
    return Section(
        "trust",
        words.word("How far to trust this"),
        words.word("How far to trust this"),
        lead,
        tuple(block for block in blocks if block is not None),
    )


def task_name(words: Words, task: str) -> Part:
    """Return what a task is called."""
    own = {
        "emotions": words.word("Emotions"),
        "effort": words.word("Customer effort"),
        "stance": words.word("Complaint or excuse"),
        "causes": words.word("Causes"),
        "strengths": words.word("Strengths"),
        "valence": words.word("Happy or unhappy"),
    }
    return own.get(task) or Name(tame(task.replace("_", " ")))


def _language(words: Words, code: str) -> Part:
    return words.word("all languages") if code == "all" else words.language_name(code)


def _accuracy(words: Words, scores: tuple[Accuracy, ...]) -> Table | None:
    if not scores:
        return None
    metrics = {
        "accuracy": words.word("accuracy"),
        "micro_f1": words.word("micro F1"),
        "macro_f1": words.word("macro F1"),
    }
    authors = {"customer": words.word("customers"), "company": words.word("replies"), "all": words.word("both")}
    origins = {"real": words.word("real"), "written": words.word("written for the purpose"), "all": words.word("both")}
    columns = (
        Column(words.word("Task")),
        Column(words.word("Language")),
        Column(words.word("Author")),
        Column(words.word("Texts")),
        Column(words.word("Measure")),
        Column(words.word("Score"), True),
        Column(words.word("Of how many"), True),
    )
    rows = tuple(
        Row(
            (
                Cell((task_name(words, score.task),)),
                Cell((_language(words, score.language),)),
                Cell((authors.get(score.author, score.author),)),
                Cell((origins.get(score.origin, score.origin),)),
                Cell((metrics.get(score.metric, score.metric.replace("_", " ")),)),
                Cell(
                    text(
                        words.decimal(score.estimate, "value", 2),
                        " ",
                        Aside(words.decimal_interval(score.estimate, 2)),
                    ),
                    score.estimate.value,
                ),
                count_cell(words, score.estimate, "n"),
            )
        )
        for score in scores
    )
    return Table(words.say("How well the model reads"), columns, rows, tall=True)


def event_name(words: Words, teller: Teller, event: str) -> Part | Text:
    """Return what an event that is read from words is called."""
    own = {
        "expressed": words.word("Words that are happy"),
        "complaint": words.word("Complaint"),
        "positive": words.word("Value-building emotions only"),
        "negative": words.word("Value-destroying emotions only"),
        "unhappy": words.word("Unhappy: complaint, high effort or a value-destroying emotion"),
        "high_effort": words.word("High effort"),
        "stated": words.word("Words that state effort"),
        "excuse": words.word("Excuse"),
        "resolution": words.word("Resolution"),
    }
    if event in own:
        return own[event]
    kind, _, name = event.partition(":")
    return text(task_name(words, kind), ": ", teller.name_of(name)) if name else teller.name_of(event)


def _corrections(words: Words, teller: Teller) -> Table | None:
    corrections = teller.summary.trust.corrections
    if not corrections:
        return None
    reasons = {
        "too_few_labels": words.word("as read: too few labelled rows"),
        "weak_reading": words.word("as read: hardly told apart"),
        "shift": words.word("as read: this feedback is unlike the labelled rows"),
        "single_label": words.word("as read: error rates of single themes differ between feedbacks"),
    }
    columns = (
        Column(words.word("What is read")),
        Column(words.word("Found when there"), True),
        Column(words.word("Not found when absent"), True),
        Column(words.word("Labelled rows"), True),
        Column(words.word("Shares are")),
    )
    rows = tuple(
        Row(
            (
                Cell(text(event_name(words, teller, item.event))),
                share_cell(words, item.sensitivity),
                share_cell(words, item.specificity),
                Cell(
                    text(
                        words.count(item.sensitivity, "total"),
                        " / ",
                        words.count(item.specificity, "total"),
                    ),
                    float(item.sensitivity.total),
                ),
                Cell((words.word("corrected") if item.safe else reasons.get(item.reason) or words.word("as read"),)),
            )
        )
        for item in corrections
    )
    return Table(words.say("Corrected for reading errors, or not"), columns, rows, tall=True)


def _uncovered(words: Words, teller: Teller) -> Paragraph | None:
    uncovered = teller.summary.trust.uncovered_languages
    if not uncovered:
        return None
    named = [text(_language(words, item.name), " ", words.count(item, "count")) for item in uncovered]
    return Paragraph(
        words.say(
            "Languages without labelled real texts, or with hardly any, and how many texts are in them: {languages}.",
            languages=words.join(named),
        )
    )


def _unsure(words: Words, teller: Teller) -> Table | None:
    shares = teller.summary.trust.unsure
    if not shares:
        return None
    facts = [(_language(words, item.language), item.share, "") for item in shares]
    return facts_table(words, words.say("Texts about which the model was unsure"), facts)  # type: ignore[arg-type]


def _drift(words: Words, drift: tuple[Drift, ...]) -> Table | None:
    if not drift:
        return None
    levels = {
        "steady": words.word("steady"),
        "moving": words.word("moving"),
        "changed": words.word("another population"),
    }
    names = {
        "languages": words.word("Languages"),
        "text_length": words.word("Length of the texts"),
        "stars": words.word("Ratings"),
    }
    columns = (
        Column(words.word("What")),
        Column(words.word("Stability index"), True),
        Column(words.word("Rows, four weeks"), True),
        Column(words.word("Rows before"), True),
        Column(words.word("Verdict")),
    )
    rows = tuple(
        Row(
            (
                Cell((names.get(item.name) or task_name(words, item.name),)),
                Cell((words.decimal(item, "index", 2),), item.index),
                count_cell(words, item, "recent"),
                count_cell(words, item, "before"),
                Cell((levels[item.level],), tone="alarm" if item.level == "changed" else ""),
            )
        )
        for item in drift
    )
    return Table(words.say("Drift: the last four weeks against the weeks before"), columns, rows)


def _set_aside(words: Words, teller: Teller) -> Table | None:
    items = teller.summary.trust.set_aside
    if not items:
        return None
    columns = (Column(words.word("Column")), Column(words.word("Reason")), Column(words.word("Rows"), True))
    rows = tuple(
        Row(
            (
                Cell((Name(tame(item.column)),)),
                Cell((Name(tame(item.reason.replace("_", " "))),)),
                count_cell(words, item, "count"),
            )
        )
        for item in items
    )
    return Table(words.say("Rows of the export that were set aside"), columns, rows)


def versions_line(words: Words, teller: Teller) -> Text:
    """Return what the numbers were made with."""
    made = teller.summary.versions
    line = words.say(
        "Made with cxnlp {cxnlp}, model {model}, taxonomy {taxonomy} ({fingerprint}), data {data}.",
        cxnlp=Name(tame(made.cxnlp)),
        model=Name(tame(made.model)),
        taxonomy=Name(tame(made.taxonomy)),
        fingerprint=Name(tame(made.taxonomy_fingerprint)),
        data=Name(tame(made.data)),
    )
    if len(made.models) > 1:
        still = words.say("a new model is still reading earlier texts again, so differences may be its own")
        return text(line, " (", still, ")")
    return line
