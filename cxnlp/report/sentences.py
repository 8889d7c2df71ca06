"""Findings, early warnings and changes as sentences."""

from __future__ import annotations

from cxnlp.analysis.numbers import Gap, Share
from cxnlp.analysis.summary import OF_REPLIES, EarlyWarning, Finding, Group, Summary
from cxnlp.report.blocks import FindingView
from cxnlp.report.text import Name, Part, Strong, Text, text
from cxnlp.report.words import Words, tame
from cxnlp.report.worse import worsening

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
        self._corrects = any(correction.safe for correction in summary.trust.corrections)
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
        owned: Text = words.say("Owner: {owner}", owner=words.title(owner)) if owner else ()
        if not owner and finding.column == "touchpoint":
            owned = words.say("Owner: none named in journey.toml")
        return FindingView(
            rank=finding.rank,
            anchor=f"finding-{finding.rank}",
            head=self.place(finding.column, finding.title),
            text=self.sentence(finding),
            evidence=self.evidence(finding),
            causes=self._causes(finding),
            owner=owned,
            href=f"#{finding.anchor}",
        )

    def _causes(self, finding: Finding) -> Text:
        if not finding.causes or finding.kind == "hollow_stars":  # that one is about praise
            return ()
        if finding.order is not None:
            return self.words.say("Blamed more: {causes}.", causes=self.names(finding.causes))
        return self.words.say("Blamed most: {causes}.", causes=self.names(finding.causes))

    def evidence(self, finding: Finding) -> Text:
        """Return size, interval and base: "47 points (41 to 52), 312 customers"."""
        words, size = self.words, finding.size
        if finding.kind == "outcome_in_words":
            said = words.say(
                "area under the curve larger by {size} points ({interval})",
                size=words.points(size),
                interval=words.points_interval(size),
            )
        else:
            said = self._size(size)
        items: list[Part | Text] = [said, self._base(finding)]
        if _as_read(size) and (self._is_trend(finding) or any(_is_corrected(s) for s in _shares(finding))):
            items.append(words.word("as read"))
        return words.series(items)

    def evidence_of_warning(self, warning: EarlyWarning) -> Text:
        """Return the evidence of an early warning."""
        words, share = self.words, warning.recent
        items: list[Part | Text] = [
            self._size(warning.change),
            self._recent_texts(share.total, words.count(share, "total")),
        ]
        if self._corrects:
            items.append(words.word("as read"))
        return words.series(items)

    def _is_trend(self, finding: Finding) -> bool:
        """Return whether a finding's shares are weekly ones, which are never corrected, beside others that are."""
        return finding.order is not None and self._corrects

    def _size(self, size: Gap) -> Text:
        words = self.words
        return words.many(
            "{size} point ({interval})",
            "{size} points ({interval})",
            round(abs(size.best) * 100),
            size=words.points(size),
            interval=words.points_interval(size),
        )

    def _base(self, finding: Finding) -> Text:
        """Return how many of what a finding rests on."""
        words, n = self.words, finding.n
        shown = words.count(finding, "n")
        match finding.kind:
            case "stars_flatter" | "question_blind" | "outcome_in_words":
                return words.many("{n} customer", "{n} customers", n, n=shown)
            case "early_warning" | "worsening" | "cause_rises":
                return self._recent_texts(n, shown)
            case "replies_explain":
                return words.many("{n} answer", "{n} answers", n, n=shown)
            case "complaints_unanswered":
                return words.many("{n} complaint", "{n} complaints", n, n=shown)
            case "hollow_stars":
                return words.many("{n} top mark with praise", "{n} top marks with praise", n, n=shown)
            case "promise_broken" | "words_worst" | "effort_high":
                return words.many("{n} text", "{n} texts", n, n=shown)

    def _recent_texts(self, n: int, shown: Part) -> Text:
        return self.words.many("{n} text in the last four weeks", "{n} texts in the last four weeks", n, n=shown)

    def sentence(self, finding: Finding) -> Text:
        """Return what a finding says."""
        words = self.words
        own, other = finding.share, finding.against
        as_read = _as_read(finding.size)
        share: Part = Strong((words.percent(own, as_read=as_read),), "alarm")
        against: Part = words.percent(other, as_read=as_read) if other is not None else "–"
        match finding.kind:
            case "stars_flatter":
                return words.say(
                    "Stars flatter. {stars} of the ratings are happy, but only {words} of the words.",
                    stars=against,
                    words=Strong((words.percent(own, as_read=as_read),), "words"),
                )
            case "early_warning" | "worsening":
                return worsening(words, finding, finding.order or "no_stars", against, share)
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
                    "A promise at risk: “{promise}”. {share} of the texts blame what would break it, "
                    "{against} praise what keeps it.",
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
                    "A question that cannot tell. {top} give it the top mark; {words} of the words are happy.",
                    top=against,
                    words=Strong((words.percent(own, as_read=as_read),), "words"),
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

    def warning(self, warning: EarlyWarning) -> Text:
        """Return an early warning as a sentence."""
        now: Part = Strong((self.words.percent(warning.recent),), "alarm")
        return worsening(self.words, warning, warning.order, self.words.percent(warning.baseline), now)

    def finding_link(self, finding_id: str) -> Finding | None:
        """Return the finding of an id, if it is in this summary."""
        return self._findings.get(finding_id)


def _as_read(size: Gap) -> bool:
    """Return whether a size is as read; the shares that it is made of are then told as read, too."""
    return size.corrected is None or not size.corrected.safe


def _is_corrected(share: Share) -> bool:
    """Return whether other places of the page show this share corrected."""
    return share.corrected is not None and share.corrected.safe


def _shares(finding: Finding) -> tuple[Share, ...]:
    return (finding.share,) if finding.against is None else (finding.share, finding.against)


def all_groups(summary: Summary) -> tuple[Group, ...]:
    """Return every group of a summary."""
    segments = tuple(group for segment in summary.segments for group in segment.groups)
    return (summary.overall, *summary.stages, *summary.touchpoints, *segments)
