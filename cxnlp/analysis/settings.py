"""What `summarize` needs to know besides the rows: the model version, the journey, the taxonomy, the labelled rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cxnlp.journey import Journey, default_journey
from cxnlp.taxonomy import Taxonomy, default_taxonomy

if TYPE_CHECKING:
    from cxnlp.analysis.summary import Summary

WeekStart = Literal["monday", "saturday", "sunday"]


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One labelled row that the model read: task → labels on either side; a task not labelled is absent."""

    id: str
    language: str | None
    author: str
    origin: str
    human: Mapping[str, tuple[str, ...]]
    predicted: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Everything `summarize` is told.

    `gold` corrects shares for reading errors. `gold_is_random` says that its rows were drawn at random from this
    very feedback (prediction-powered inference); otherwise only the model's error rates are carried over (Rogan-
    Gladen). `earlier_models`, newest first, stand in for texts that `model` has not read yet (a new model re-reads
    over several nights); while they do, no worsening of words is judged, since a step may be the model's.
    `segments` names further columns to compare by; language and question are always compared. `minimum_group` is
    the least number of rows a group, or a share in a comparison, may rest on. `alpha` is the chance of any false
    finding when there is nothing to find (Benjamini-Hochberg); `warning_alpha` that of any false early warning
    within a year. `previous` is the summary of the report before this one.
    """

    model: str
    earlier_models: tuple[str, ...] = ()
    journey: Journey = field(default_factory=default_journey)
    taxonomy: Taxonomy = field(default_factory=default_taxonomy)
    gold: tuple[GoldRow, ...] = ()
    gold_is_random: bool = False
    company: str = ""
    cxnlp_version: str = ""
    minimum_group: int = 30
    minimum_gap: float = 0.10
    alpha: float = 0.04
    warning_alpha: float = 0.10
    week_starts: WeekStart = "monday"
    quotes: int = 3
    segments: tuple[str, ...] = ()
    maximum_segment_values: int = 20
    seed: int = 0
    previous: Summary | None = None
