"""Make the nightly job's sample export: 16 weeks of feedback to the invented retailer Lindgård Home.

The texts are written ones (`data/exports/source/texts.csv`, each used once); who says what when, at which touchpoint
and with how many stars follows the stories that `data/exports/STORIES.md` tells. The same seed gives the same files.

    python scripts/make_sample_export.py
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

EXPORTS = Path(__file__).resolve().parents[1] / "data" / "exports"
FIRST_DAY = datetime(2026, 7, 27)
WEEKS = 16
STAR_ONLY_PER_TOUCHPOINT = 195
WITHOUT_TOUCHPOINT = 0.06

COLUMNS = (
    *("feedback_id", "submitted_at", "country", "channel", "touchpoint", "page", "question", "rating", "comment"),
    *("reply", "replied_at", "customer_type", "churned"),
)
TOUCHPOINT_NAMES = {
    "discover": "Advert & newsletter",
    "choose": "Product page",
    "buy": "Checkout",
    "receive": "Delivery",
    "use": "Product at home",
    "pay": "Invoice & refund",
    "get_help": "Customer service",
    "leave_or_renew": "Membership",
}
PAGES = {
    "discover": "/news/autumn",
    "choose": "/shop/lamps/item",
    "buy": "/checkout/done",
    "receive": "/orders/tracking",
    "use": "/my/products",
    "pay": "/my/invoices",
    "get_help": "/help/contact",
    "leave_or_renew": "/plus/membership",
}
QUESTIONS = {
    "discover": "How do you like our newsletter and adverts?",
    "choose": "Did you find what you were looking for?",
    "buy": "How easy was it to order?",
    "receive": "How satisfied are you with your delivery?",
    "use": "How satisfied are you with the product?",
    "pay": "How satisfied are you with payment and refunds?",
    "get_help": "How satisfied are you with the help you received?",
    "leave_or_renew": "How likely are you to stay with Lindgård Plus?",
}
COURIER_QUESTION = "How friendly was our courier?"
COUNTRIES = {"en": ("UK", "Ireland"), "de": ("Germany",), "ro": ("Romania",), "pl": ("Poland",), "vi": ("Vietnam",)}
PERSIAN_READERS = ("Sweden", "Germany", "UK")

#: Weeks (from 0) in which a pool's texts are written; pools not named here run through all weeks.
POOL_WEEKS = {
    "effort_low": (0, 9),
    "effort_mid": (3, 11),
    "effort_high_kind": (8, 13),
    "effort_high_angry": (14, 16),
    "refund_kept": (0, 10),
    "refund_late": (9, 16),
    "ethics": (5, 16),
}
#: Ratings without words: chances of 1 to 5 stars.
STAR_CHANCES = (2, 3, 9, 36, 50)
STAR_CHANCES_AT = {"receive": (1, 1, 6, 40, 52), "get_help_late": (16, 20, 26, 24, 14)}


@dataclass
class Row:
    touchpoint: str
    pool: str
    language: str
    when: datetime
    rating: str
    comment: str = ""
    channel: str = "app"
    reply: str = ""
    replied_at: str = ""
    question: str = ""
    customer_type: str = "guest"
    churned: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def moment(generator: random.Random, first_week: int, end_week: int) -> datetime:
    week = generator.randrange(first_week, end_week)
    minutes = generator.randrange(7 * 24 * 60)
    return FIRST_DAY + timedelta(weeks=week, minutes=minutes)


def written_rows(generator: random.Random) -> list[Row]:
    rows = []
    with (EXPORTS / "source" / "texts.csv").open(encoding="utf-8", newline="") as file:
        for text in csv.DictReader(file):
            first, end = POOL_WEEKS.get(text["pool"], (0, WEEKS))
            when = moment(generator, first, end)
            row = Row(
                text["touchpoint"], text["pool"], text["language"], when, text["stars"], text["text"], text["channel"]
            )
            row.question = COURIER_QUESTION if text["pool"] == "courier_q" else QUESTIONS[row.touchpoint]
            if text["pool"] in ("effort_high_kind", "flatter") and row.rating in ("1", "2", "3"):
                row.rating = "4"
            if not text["reply"]:
                row.channel = generator.choice(("email", "chat"))
            else:
                row.reply = text["reply"]
                hours = generator.uniform(0.2, 20) if row.channel == "chat" else generator.uniform(40, 150)
                row.replied_at = (when + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M")
            rows.append(row)
    return rows


def star_only_rows(generator: random.Random) -> list[Row]:
    rows = []
    for touchpoint, question in QUESTIONS.items():
        for _ in range(STAR_ONLY_PER_TOUCHPOINT):
            when = moment(generator, 0, WEEKS)
            is_late_help = touchpoint == "get_help" and when >= FIRST_DAY + timedelta(weeks=14)
            chances = STAR_CHANCES_AT.get("get_help_late" if is_late_help else touchpoint, STAR_CHANCES)
            rating = str(generator.choices(range(1, 6), chances)[0])
            language = generator.choices(("en", "pl", "ro", "vi", "fa", "de"), (30, 22, 16, 15, 10, 7))[0]
            row = Row(touchpoint, "stars_only", language, when, rating)
            row.question = question
            if touchpoint == "receive" and generator.random() < 0.35:
                row.question, row.rating = COURIER_QUESTION, "5"
            row.channel = generator.choice(("app", "email", "chat", "store"))
            rows.append(row)
    return rows


UNHAPPY_POOLS = frozenset({"gripe", "flatter", "effort_high_kind", "effort_high_angry", "refund_late", "ethics"})


def finish(row: Row, number: int, generator: random.Random) -> dict[str, str]:
    if generator.random() < 0.45:
        row.customer_type = "member"
        risk = 0.42 if row.pool in UNHAPPY_POOLS else 0.16 if row.rating in ("1", "2", "3") else 0.07
        row.churned = "yes" if generator.random() < risk else "no"
    country = generator.choice(COUNTRIES.get(row.language, PERSIAN_READERS))
    named = generator.random() >= WITHOUT_TOUCHPOINT
    return {
        "feedback_id": f"LH-{number:05d}",
        "submitted_at": row.when.strftime("%Y-%m-%d %H:%M"),
        "country": country,
        "channel": row.channel,
        "touchpoint": TOUCHPOINT_NAMES[row.touchpoint] if named else "",
        "page": PAGES[row.touchpoint],
        "question": row.question,
        "rating": row.rating,
        "comment": row.comment,
        "reply": row.reply,
        "replied_at": row.replied_at,
        "customer_type": row.customer_type,
        "churned": row.churned,
    }


def wrong_rows(good: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows as a real export has them now and then: each is to be set aside with its reason."""
    faults: list[dict[str, str]] = [
        {"rating": "11"},
        {"rating": "0"},
        {"rating": "five-ish"},
        {"submitted_at": "2026-02-31 10:00"},
        {"submitted_at": "yesterday-ish"},
        {"feedback_id": ""},
        {"feedback_id": "", "comment": ""},
        {"comment": "", "rating": ""},
        {"feedback_id": good[40]["feedback_id"]},
        {"feedback_id": good[41]["feedback_id"]},
        {"rating": "6"},
        {"comment": "   ", "rating": ""},
    ]
    return [
        {**good[number * 7], "feedback_id": f"LH-9{number:04d}", "reply": "", "replied_at": "", **fault}
        for number, fault in enumerate(faults)
    ]


def main(seed: int = 2026) -> None:
    generator = random.Random(seed)
    rows = written_rows(generator) + star_only_rows(generator)
    rows.sort(key=lambda row: (row.when, row.touchpoint, row.comment))
    lines = [finish(row, number, generator) for number, row in enumerate(rows, 1)]
    for wrong in wrong_rows(lines):
        lines.insert(generator.randrange(100, len(lines)), wrong)
    by_month: dict[str, list[dict[str, str]]] = {}
    month = ""
    for line in lines:
        month = (
            line["submitted_at"][:7]
            if line["submitted_at"][:4] == "2026" and line["feedback_id"][:4] != "LH-9"
            else month
        )
        by_month.setdefault(month, []).append(line)
    for old in EXPORTS.glob("feedback-*.csv"):
        old.unlink()
    for month, month_lines in by_month.items():
        with (EXPORTS / f"feedback-{month}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(month_lines)
    worded = sum(bool(line["comment"].strip()) for line in lines)
    print(f"{len(lines):,} rows in {len(by_month)} files, {worded:,} with words")


if __name__ == "__main__":
    main()
