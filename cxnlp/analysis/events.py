"""What a text says, as yes-or-no events over its labels: once as SQL for counting, once as Python for labelled rows.

A test holds the two together. Definitions: design of the product, §5. Valence: an emotion's own in the taxonomy; a text
is positive or negative when it has emotions of one side only, mixed with both. Expressed satisfaction: positive and no
complaint. Unhappy (for the hidden unhappy): a complaint, high effort or any value-destroying emotion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cxnlp.taxonomy import Taxonomy

BASIC_LAYERS = ("hospitality", "service")
Labels = Mapping[str, tuple[str, ...]]


def sql_string(value: str) -> str:
    """Return `value` as an SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def sql_list(values: Iterable[str]) -> str:
    """Return `values` as an SQL list of strings."""
    return "[" + ", ".join(sql_string(value) for value in values) + "]::VARCHAR[]"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The parts of a taxonomy that events are made of."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    basics: tuple[str, ...]
    emotions: tuple[str, ...]
    causes: tuple[str, ...]
    strengths: tuple[str, ...]
    unstated: str

    @classmethod
    def of(cls, taxonomy: Taxonomy) -> Vocabulary:
        """Read them from a taxonomy that has the report's five tasks."""
        emotions, strengths = taxonomy.task("emotions"), taxonomy.task("strengths")
        return cls(
            positive=tuple(label.name for label in emotions.labels if label.valence == "positive"),
            negative=tuple(label.name for label in emotions.labels if label.valence == "negative"),
            basics=tuple(label.name for label in strengths.labels if label.layer in BASIC_LAYERS),
            emotions=emotions.label_names,
            causes=taxonomy.task("causes").label_names,
            strengths=strengths.label_names,
            unstated=taxonomy.task("effort").none or "unstated",
        )


#: event → the tasks that must be labelled to tell it. Labels have events of their own: `causes:NAME` and so on.
EVENT_TASKS: dict[str, tuple[str, ...]] = {
    "any_emotion": ("emotions",),
    "building": ("emotions",),
    "destroying": ("emotions",),
    "positive": ("emotions",),
    "negative": ("emotions",),
    "mixed": ("emotions",),
    "complaint": ("stance",),
    "excuse": ("stance",),
    "resolution": ("stance",),
    "expressed": ("emotions", "stance"),
    "stated": ("effort",),
    "low_effort": ("effort",),
    "moderate_effort": ("effort",),
    "high_effort": ("effort",),
    "unhappy": ("emotions", "effort", "stance"),
    "praises": ("strengths",),
    "basics_only": ("strengths",),
}


def event_sql(vocabulary: Vocabulary) -> dict[str, str]:
    """Return event → SQL condition over columns emotions, effort, stance, causes, strengths of one text."""
    building = f"list_has_any(emotions, {sql_list(vocabulary.positive)})"
    destroying = f"list_has_any(emotions, {sql_list(vocabulary.negative)})"
    return {
        "any_emotion": "len(emotions) > 0",
        "building": building,
        "destroying": destroying,
        "positive": f"({building} AND NOT {destroying})",
        "negative": f"({destroying} AND NOT {building})",
        "mixed": f"({building} AND {destroying})",
        "complaint": "stance = 'complaint'",
        "excuse": "stance = 'excuse'",
        "resolution": "stance = 'resolution'",
        "expressed": f"({building} AND NOT {destroying} AND stance <> 'complaint')",
        "stated": f"effort <> {sql_string(vocabulary.unstated)}",
        "low_effort": "effort = 'low'",
        "moderate_effort": "effort = 'moderate'",
        "high_effort": "effort = 'high'",
        "unhappy": f"(stance = 'complaint' OR effort = 'high' OR {destroying})",
        "praises": "len(strengths) > 0",
        "basics_only": f"(len(strengths) > 0 AND list_has_all({sql_list(vocabulary.basics)}, strengths))",
    }


def events_of(labels: Labels, vocabulary: Vocabulary) -> dict[str, bool]:
    """Return which events hold for a text with these labels; events whose tasks are not labelled are absent."""
    emotions = set(labels.get("emotions", ()))
    effort, stance = labels.get("effort", ("",)), labels.get("stance", ("",))
    strengths = set(labels.get("strengths", ()))
    building = bool(emotions & set(vocabulary.positive))
    destroying = bool(emotions & set(vocabulary.negative))
    complaint, high = "complaint" in stance, "high" in effort
    every = {
        "any_emotion": bool(emotions),
        "building": building,
        "destroying": destroying,
        "positive": building and not destroying,
        "negative": destroying and not building,
        "mixed": building and destroying,
        "complaint": complaint,
        "excuse": "excuse" in stance,
        "resolution": "resolution" in stance,
        "expressed": building and not destroying and not complaint,
        "stated": vocabulary.unstated not in effort,
        "low_effort": "low" in effort,
        "moderate_effort": "moderate" in effort,
        "high_effort": high,
        "unhappy": complaint or high or destroying,
        "praises": bool(strengths),
        "basics_only": bool(strengths) and strengths <= set(vocabulary.basics),
    }
    known = {name: held for name, held in every.items() if all(task in labels for task in EVENT_TASKS[name])}
    for task, names in (
        ("emotions", vocabulary.emotions),
        ("causes", vocabulary.causes),
        ("strengths", vocabulary.strengths),
    ):
        if task in labels:
            known |= {f"{task}:{name}": name in labels[task] for name in names}
    return known
