"""A made-up company whose truth is known: the world that the simulations draw exports from.

Every customer is in one of 8 touchpoints and, in truth, happy or not; what a perfect reader would say of the words
follows from that, and a reader with known errors says something else. Stars follow the truth too, unless a story says
otherwise. Nothing here is text: a store needs only labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import duckdb
import numpy as np
import pandas as pd

from cxnlp.analysis.settings import GoldRow
from cxnlp.journey import default_journey
from cxnlp.schema import FEEDBACK, PREDICTIONS, REJECTED
from cxnlp.taxonomy import default_taxonomy

MODEL = "world@000000000000"
TOUCHPOINTS = tuple(point.name for point in default_journey().touchpoints)
CAUSES = default_taxonomy().task("causes").label_names
PERFECT = (1.0, 1.0)
QUESTIONS = ("How was it?", "Would you come back?", "Was our staff friendly?")


@dataclass(frozen=True)
class Story:
    """What is planted, and where. `size` is in share points."""

    kind: str = "none"
    size: float = 0.0
    touchpoint: str = "receive"


@dataclass(frozen=True)
class World:
    """Everything an export is drawn from.

    `happy`: true share of satisfied texts. `error`: chance that the reader takes a happy text for an unhappy one, and
    the other way round. `weeks` of feedback; `rows` customers; `labels` gold rows (0: none). `noise`: share of happy
    customers who give low stars, made up for by as many unhappy ones who give high stars.
    """

    rows: int = 2500
    weeks: int = 16
    happy: float = 0.7
    error: float = 0.0
    labels: int = 0
    replies: float = 0.5
    noise: float = 0.06
    stories: tuple[Story, ...] = field(default_factory=tuple)


def _read(truth: np.ndarray, error: float, rng: np.random.Generator) -> np.ndarray:
    return truth ^ (rng.random(len(truth)) < error)


def draw_labels(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the customers: truth, what the reader says, stars, replies; one row each."""
    n = world.rows
    point = rng.integers(0, len(TOUCHPOINTS), n)
    week = rng.integers(0, world.weeks, n)
    happy_share = np.full(n, world.happy)
    high_share = np.full(n, 0.15)
    star_shift, excuse_share = np.zeros(n), np.full(n, 0.4)
    silent_share = np.full(n, 1 - world.replies)
    question = rng.integers(0, len(QUESTIONS), n)
    broken, kept = rng.random(n) < 0.06, rng.random(n) < 0.085
    ceiling = np.zeros(n, bool)
    for story in world.stories:
        here = point == TOUCHPOINTS.index(story.touchpoint)
        if story.kind == "stars_flatter":
            star_shift[here] = story.size
        elif story.kind == "words_worst":
            happy_share[here] -= story.size
        elif story.kind == "effort_rises":
            late = np.clip((week - (world.weeks - 7)) / 6, 0, 1)
            high_share += here * late * story.size
        elif story.kind == "excuses":
            excuse_share[here] += story.size
        elif story.kind == "silence":
            silent_share[here] += story.size
        elif story.kind == "promise":
            broken |= here & (rng.random(n) < story.size)
        elif story.kind == "question":
            ceiling |= (question == 2) & (rng.random(n) < story.size)
    happy = rng.random(n) < happy_share
    high = rng.random(n) < high_share
    generous = (world.noise * happy_share + star_shift) / np.maximum(1e-9, 1 - happy_share)
    top = np.where(happy, rng.random(n) >= world.noise, rng.random(n) < generous)
    stars = np.where(top, rng.integers(4, 6, n), rng.integers(1, 4, n)).astype(float)
    stars[ceiling] = 5.0
    seen_happy, seen_high = _read(happy, world.error, rng), _read(high, world.error / 4, rng)
    replied = ~seen_happy & (rng.random(n) >= silent_share)
    excuse = rng.random(n) < excuse_share
    return pd.DataFrame(
        {
            "point": point,
            "week": week,
            "happy": happy,
            "high": high,
            "stars": stars,
            "seen_happy": seen_happy,
            "seen_high": seen_high,
            "replied": replied,
            "excuse": excuse,
            "remedy": ~excuse & (rng.random(n) < 2 / 3),
            "question": question,
            "broken": broken,
            "kept": kept & ~broken,
            "cause": rng.integers(0, len(CAUSES), n),
        }
    )


def fill_store(customers: pd.DataFrame, connection: duckdb.DuckDBPyConnection) -> None:
    """Write an export of `customers`, as read, into the tables of a store."""
    for table in (FEEDBACK, PREDICTIONS, REJECTED):
        connection.execute(table)
    frame = customers.assign(
        id=[f"c{index:07d}" for index in range(len(customers))],
        touchpoint=[TOUCHPOINTS[index] for index in customers["point"]],
        question=[QUESTIONS[index] for index in customers["question"]],
        cause=[CAUSES[index] for index in customers["cause"]],
    )
    connection.register("world", frame)
    connection.execute(
        """
        INSERT INTO feedback
        SELECT id, NULL, 'customer', 'words of ' || id, md5(id), stars, 1, 5, touchpoint, 'column',
               TIMESTAMP '2026-01-05' + to_days((week * 7 + line % 7)::INTEGER), question, 'en', 'column', NULL, '{}',
               'export.csv', line, id, 1, 1, 1
        FROM (SELECT *, row_number() OVER (ORDER BY id) AS line FROM world)
        UNION ALL
        SELECT id || '/reply', id, 'company', 'answer to ' || id, md5(id || '/reply'), NULL, NULL, NULL, touchpoint,
               'column', NULL, NULL, 'en', 'column', NULL, '{}', 'export.csv', 1, id, 1, 1, 1
        FROM world WHERE replied
        """
    )
    connection.execute(
        f"""
        INSERT INTO predictions
        SELECT md5(id), 'customer', '{MODEL}',
               CASE WHEN seen_happy THEN ['satisfaction'] ELSE ['disappointment'] END,
               CASE WHEN seen_high THEN 'high' ELSE 'unstated' END,
               CASE WHEN seen_happy THEN 'neither' ELSE 'complaint' END,
               list_distinct(
                   CASE WHEN seen_happy THEN [] ELSE [cause] END || CASE WHEN broken THEN ['delivery'] ELSE [] END),
               CASE WHEN kept THEN ['delivery'] WHEN seen_happy THEN ['staff_attitude'] ELSE [] END,
               '{{}}', MAP {{'stance': 0.9::FLOAT}}, false, 1, NULL
        FROM world
        UNION ALL
        SELECT md5(id || '/reply'), 'company', '{MODEL}', [], 'unstated',
               CASE WHEN excuse THEN 'excuse' WHEN remedy THEN 'resolution' ELSE 'neither' END, [], [],
               '{{}}', MAP {{'stance': 0.9::FLOAT}}, false, 1, NULL
        FROM world WHERE replied
        """
    )
    connection.unregister("world")


def draw_gold(world: World, rng: np.random.Generator) -> tuple[GoldRow, ...]:
    """Draw labelled rows from elsewhere (half of them happy), read with the same errors."""
    if not world.labels:
        return ()
    elsewhere = draw_labels(replace(world, rows=world.labels, happy=0.5, stories=()), rng)
    rows = []
    for index, row in enumerate(elsewhere.itertuples()):
        human, predicted = (
            {
                "emotions": ("satisfaction",) if happy else ("disappointment",),
                "effort": ("high",) if high else ("unstated",),
                "stance": ("neither",) if happy else ("complaint",),
            }
            for happy, high in ((row.happy, row.high), (row.seen_happy, row.seen_high))
        )
        rows.append(GoldRow(f"g{index}", "en", "customer", "real", human, predicted))
    return tuple(rows)


def promised_journey(touchpoint: str = "receive"):
    """Return the default journey with a promise at one touchpoint, broken by `delivery`."""
    journey = default_journey()
    promise = {"promise": "With you in two days.", "broken_by": ("delivery",)}
    points = [p.model_copy(update=promise) if p.name == touchpoint else p for p in journey.touchpoints]
    return journey.model_copy(update={"touchpoints": tuple(points)})
