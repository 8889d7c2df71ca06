"""Worsening words or effort as a sentence: which moved first, words or stars, and since when."""

from __future__ import annotations

from cxnlp.analysis.summary import EarlyWarning, Finding, Order
from cxnlp.report.text import Part, Text, text
from cxnlp.report.words import Words


def worsening(words: Words, told: Finding | EarlyWarning, order: Order, before: Part, now: Part) -> Text:
    """Return what a worsening series says; "since" only of alarms that hold."""
    if told.metric == "high_effort":
        head = _harder(words, order, told.stars_since)
        change = words.say("High effort went from {before} to {now}", before=before, now=now)
    else:
        head = _sour(words, order, told.stars_since)
        change = words.say("Unhappy words went from {before} to {now}", before=before, now=now)
    since: Text = ()
    if told.since:
        since = words.say("; the alarm holds since {day}", day=words.day(told.since, year=False))
    later: Text = ()
    if order == "words_first" and told.stars_since:
        later = words.say("; the stars fell later, from {day}", day=words.day(told.stars_since, year=False))
    return text(head, " ", change, since, later, ".")


def _sour(words: Words, order: Order, stars_since: str | None) -> Text:
    match order:
        case "words_first" if stars_since:
            return words.say("Words sour before the stars do.")
        case "words_first":
            return words.say("Words sour; the stars show no sure fall yet.")
        case "together":
            return words.say("Words sour, and the stars fall with them.")
        case "stars_first" if stars_since:
            day = words.day(stars_since, year=False)
            return words.say("Words sour; the stars had fallen already, from {day}.", day=day)
    return words.say("Words sour; there are no ratings to compare.")


def _harder(words: Words, order: Order, stars_since: str | None) -> Text:
    match order:
        case "words_first" if stars_since:
            return words.say("It gets harder before the stars notice.")
        case "words_first":
            return words.say("It gets harder; the stars show no sure fall yet.")
        case "together":
            return words.say("It gets harder, and the stars fall at the same time.")
        case "stars_first" if stars_since:
            day = words.day(stars_since, year=False)
            return words.say("It gets harder; the stars had fallen already, from {day}.", day=day)
    return words.say("It gets harder; there are no ratings to compare.")
