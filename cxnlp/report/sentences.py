"""Findings, early warnings and changes as sentences."""

from __future__ import annotations

from cxnlp.analysis.numbers import Gap
from cxnlp.analysis.summary import OF_REPLIES, EarlyWarning, Finding, Group, Summary
from cxnlp.report.blocks import FindingView
from cxnlp.report.text import Name, Part, Strong, Text, text
from cxnlp.report.words import Words, tame

#: Columns whose groups need no naming of the column.
_PLAIN_COLUMNS = frozenset({"touchpoint", "question"})


class Teller:
    """Tells the findings of one summary; knows the titles of themes and the owners of causes."""

    def __init__(self, words: Words, summary: Summary) -> None:
        """Index titles, owners and anchors."""
        self.words = words
        self.summary = summary
        themes = [*summary.overall.causes, *summary.overall.strengths]
        for group in all_groups(summary):
            themes += [*group.causes, *group.strengths]
        self._titles = {theme.name: theme.title for theme in themes}
        self._titles |= {emotion.name: emotion.title for emotion in summary.overall.emotions.profile}
        self._owners = {theme.name: theme.owner for theme in themes}
        self._findings = {finding.id: finding for finding in summary.findings}
        self._touchpoints = {spot.name: spot.title for spot in summary.blind_spots.touchpoints}
        self._touchpoints |= {group.name: group.title for group in summary.touchpoints}

    def name_of(self, name: str) -> Name:
        """Return the friendly name of a theme or emotion."""
        return self.words.title(self._titles.get(name, name.replace("_", " ")))

    def touchpoint(self, name: str) -> Name:
        """Return the friendly name of a touchpoint."""
        return self.words.title(self._touchpoints.get(name, name.replace("_", " ")))

    def names(self, names: tuple[str, ...]) -> Text:
        """Return a list of themes."""
        return self.words.series([self.name_of(name) for name in names])

    def place(self, column: str, title: str) -> Text:
        """Return what a group is called in a sentence."""
        words = self.words
        if column == "overall":
            return (words.word("All customers"),)
        if column == "stage":
            return (words.word(title),)
        if column == "outcome":
            return words.say("Outcome “{event}”", event=Name(tame(title)))
        if column == "language":
            return text(words.language_name(title))
        if column in _PLAIN_COLUMNS:
            return (words.title(title),)
        return words.say("{column}: {value}", column=self.column(column), value=Name(tame(title)))

    def column(self, column: str) -> Part:
        """Return what a column to compare by is called."""
        words = self.words
        own = {"language": words.word("Language"), "question": words.word("Question")}
        return own.get(column) or Name(tame(column.replace("_", " ")))

    def owner(self, finding: Finding) -> str:
        """Return whose a finding is: its touchpoint's owner, else (replies excepted) that of the cause most blamed."""
        if finding.kind in OF_REPLIES:
            return finding.owner
        causes = (finding.cause, *finding.causes)
        return finding.owner or next((self._owners[name] for name in causes if self._owners.get(name)), "")

    def finding(self, finding: Finding) -> FindingView:
        """Return a finding as a sentence with its evidence."""
        words = self.words
        owner = self.owner(finding)
        return FindingView(
            rank=finding.rank,
            anchor=f"finding-{finding.rank}",
            head=self.place(finding.column, finding.title),
            text=self.sentence(finding),
            evidence=self.evidence(finding.size, finding),
            causes=words.say("Blamed most: {causes}.", causes=self.names(finding.causes)) if finding.causes else (),
            owner=words.say("Owner: {owner}", owner=words.title(owner)) if owner else (),
            href=f"#{finding.anchor}",
        )

    def evidence(self, size: Gap, source: Finding | EarlyWarning) -> Text:
        """Return size, interval and base: "47 points (41 to 52), n 312"."""
        words = self.words
        n = words.count(source, "n") if isinstance(source, Finding) else words.count(source.recent, "total")
        if isinstance(source, Finding) and source.kind == "outcome_in_words":
            return words.say(
                "area under the curve larger by {size} points ({interval}), n {n}",
                size=words.points(size),
                interval=words.points_interval(size),
                n=n,
            )
        return words.many(
            "{size} point ({interval}), n {n}",
            "{size} points ({interval}), n {n}",
            round(abs(size.best) * 100),
            size=words.points(size),
            interval=words.points_interval(size),
            n=n,
        )

    def sentence(self, finding: Finding) -> Text:
        """Return what a finding says."""
        words = self.words
        share: Part = Strong((words.percent(finding.share),), "alarm")
        against: Part = words.percent(finding.against) if finding.against is not None else "–"
        match finding.kind:
            case "stars_flatter":
                return words.say(
                    "Stars flatter. {stars} of the ratings are happy, but only {words} of the words.",
                    stars=against,
                    words=Strong((words.percent(finding.share),), "words"),
                )
            case "early_warning" | "worsening":
                return self._worse(finding.kind == "early_warning", finding.metric, against, share, finding)
            case "replies_explain" if finding.column == "overall":
                return words.say(
                    "We explain, we do not fix. Of the answered complaints {share} got a reason or an apology only, "
                    "{against} a remedy.",
                    share=share,
                    against=against,
                )
            case "replies_explain":
                return words.say(
                    "We explain, we do not fix. {share} of the answered complaints got a reason or an apology only, "
                    "elsewhere {against}.",
                    share=share,
                    against=against,
                )
            case "complaints_unanswered":
                return words.say(
                    "Complaints meet silence. {share} got no answer, elsewhere {against}.", share=share, against=against
                )
            case "promise_broken":
                return words.say(
                    "A promise breaks: “{promise}”. {share} of the texts say it was broken, "
                    "{against} that it was kept.",
                    promise=Name(tame(finding.promise)),
                    share=share,
                    against=against,
                )
            case "words_worst":
                return words.say(
                    "The unhappiest words. Only {share} are happy, elsewhere {against}.", share=share, against=against
                )
            case "effort_high":
                return words.say(
                    "Hard work for customers. {share} tell of high effort, elsewhere {against}.",
                    share=share,
                    against=against,
                )
            case "cause_rises":
                return words.say(
                    "“{cause}” is blamed more and more: by {share} in the last four weeks, {against} before.",
                    cause=self.name_of(finding.cause),
                    share=share,
                    against=against,
                )
            case "question_blind":
                return words.say(
                    "A question that cannot tell. {share} give it the top mark, whatever they write; "
                    "other questions {against}.",
                    share=share,
                    against=against,
                )
            case "hollow_stars":
                return words.say(
                    "Hollow top marks. {share} of those that praise anything praise the basics only, "
                    "elsewhere {against}.",
                    share=share,
                    against=against,
                )
            case "outcome_in_words":
                return words.say(
                    "Words foretell the outcome better than stars do. It happened to {share} of the customers.",
                    share=share,
                )

    def _worse(self, early: bool, metric: str, before: Part, now: Part, when: Finding | EarlyWarning) -> Text:
        words = self.words
        if metric == "high_effort":
            head = (
                words.say("It gets harder before the stars notice.")
                if early
                else words.say("It gets harder, and the stars follow.")
            )
            tail = words.say("High effort went from {before} to {now}", before=before, now=now)
        else:
            head = (
                words.say("Words sour before the stars do.")
                if early
                else words.say("Words sour, and the stars follow.")
            )
            tail = words.say("Unhappy words went from {before} to {now}", before=before, now=now)
        since: Part | Text = (
            words.say("; the alarm holds since {day}", day=words.day(when.since, year=False)) if when.since else ""
        )
        stars: Part | Text = ""
        if early and when.stars_since:
            stars = words.say("; the stars fell later, from {day}", day=words.day(when.stars_since, year=False))
        return text(head, " ", tail, since, stars, ".")

    def warning(self, warning: EarlyWarning) -> Text:
        """Return an early warning as a sentence."""
        words = self.words
        now: Part = Strong((words.percent(warning.recent),), "alarm")
        before = words.percent(warning.baseline)
        return self._worse(warning.before_stars, warning.metric, before, now, warning)

    def finding_link(self, finding_id: str) -> Finding | None:
        """Return the finding of an id, if it is in this summary."""
        return self._findings.get(finding_id)


def all_groups(summary: Summary) -> tuple[Group, ...]:
    """Return every group of a summary."""
    segments = tuple(group for segment in summary.segments for group in segment.groups)
    return (summary.overall, *summary.stages, *summary.touchpoints, *segments)
