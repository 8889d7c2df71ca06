"""What to do, by owner: causes at touchpoints, ranked by how many × how bad × how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cxnlp.analysis.counts import GroupCounts
from cxnlp.analysis.numbers import Estimate
from cxnlp.analysis.summary import Action, Finding, Group, Theme

#: Least texts that blame a cause at a touchpoint before it becomes an action.
MINIMUM_AFFECTED = 5
MAXIMUM_ACTIONS = 60


def harm_of(local: Theme, overall: Mapping[str, Theme]) -> tuple[Estimate, bool] | None:
    """Return how bad a cause is (loss of expressed satisfaction, positive) and whether it was measured right here."""
    everywhere = overall[local.name].impact_expressed if local.name in overall else None
    impact = local.impact_expressed or everywhere
    if impact is None:
        return None
    return Estimate(-impact.value, -impact.high, -impact.low, impact.n, impact.p_value), (
        local.impact_expressed is not None
    )


def build_actions(
    groups: Sequence[Group], overall: Group, counts: Mapping[str, GroupCounts], findings: Sequence[Finding]
) -> tuple[Action, ...]:
    """Return the actions of the groups that are large enough, worst first.

    `sure` is the cautious end of the harm over the harm: 1 when nothing is in doubt, 0 (no action) when the harm could
    be none. Equal scores stand in order of touchpoint and cause.
    """
    themes = {theme.name: theme for theme in overall.causes}
    actions = []
    for group in groups:
        if group.too_small:
            continue
        for theme in group.causes:
            measured = harm_of(theme, themes)
            if theme.share.count < MINIMUM_AFFECTED or measured is None:
                continue
            harm, is_local = measured
            if harm.value <= 0 or harm.low <= 0:
                continue
            sure = harm.low / harm.value
            numbers = counts[group.name].labels["causes"][theme.name]
            actions.append(
                Action(
                    rank=0,
                    owner=theme.owner,
                    cause=theme.name,
                    title=theme.title,
                    touchpoint=group.name,
                    touchpoint_title=group.title,
                    anchor=group.anchor,
                    affected=theme.share,
                    harm=harm,
                    harm_is_local=is_local,
                    sure=sure,
                    score=theme.share.count * harm.value * sure,
                    prevents=theme.information_prevents,
                    hidden=numbers["hidden"],
                    findings=tuple(
                        f.id for f in findings if f.anchor == group.anchor and theme.name in (*f.causes, f.cause)
                    ),
                )
            )
    actions.sort(key=lambda action: (-action.score, action.touchpoint, action.cause))
    return tuple(replace(action, rank=index + 1) for index, action in enumerate(actions[:MAXIMUM_ACTIONS]))
