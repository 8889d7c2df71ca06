"""Write a large export of invented feedback: the same seed gives the same bytes.

    python scripts/make_big_export.py 1000000 big.csv --seed 1

Columns: id, comment, rating, channel, created_at, owner_response (every tenth row), language, country. Of the comments
3 in 4 are distinct, one in twenty is empty, one in two thousand rows has a rating that cannot be read. With `--detect`
the column `language` is left out, so that the job has to tell the language of each text.
"""

from __future__ import annotations

import argparse
import csv
import random
from datetime import date, timedelta
from pathlib import Path

START = date(2026, 1, 1)
CHANNELS = ("discover", "choose", "buy", "receive", "use", "pay", "get_help", "leave_or_renew")
COUNTRIES = ("PL", "RO", "VN", "IR", "GB")
WORDS = {
    "en": ("the parcel came late", "staff were kind", "the app crashed again", "I waited on hold", "great value"),
    "pl": ("paczka przyszła późno", "obsługa była miła", "aplikacja znów się zawiesiła", "czekałem na infolinii"),
    "ro": ("coletul a venit târziu", "personal amabil", "aplicația s-a blocat iar", "am așteptat la telefon"),
    "vi": ("hàng đến muộn", "nhân viên rất tốt", "ứng dụng lại bị lỗi", "tôi chờ máy rất lâu", "giá hợp lý"),
    "fa": ("بسته دیر رسید", "کارکنان مهربان بودند", "برنامه باز هم بسته شد", "مدت زیادی منتظر ماندم"),
}


def comment(dice: random.Random, language: str, number: int) -> str:
    """Return one to four phrases; three in four carry a number of their own."""
    phrases = dice.choices(WORDS[language], k=dice.randint(1, 4))
    if dice.random() < 0.75:
        phrases.insert(dice.randrange(len(phrases) + 1), f"({number})")
    return ", ".join(phrases)


def write(path: Path, count: int, *, seed: int = 1, start: int = 0, detect: bool = False) -> None:
    """Write `count` rows with ids from `start` on."""
    dice = random.Random(seed * 1_000_003 + start)
    columns = ["id", "comment", "rating", "channel", "created_at", "owner_response", "country"]
    columns += [] if detect else ["language"]
    languages = tuple(WORDS)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for number in range(start, start + count):
            language = dice.choice(languages)
            words = "" if dice.random() < 0.05 else comment(dice, language, number)
            stars = "many" if dice.random() < 0.0005 else str(dice.choice((1, 2, 3, 4, 4, 5, 5, 5)))
            day = START + timedelta(days=dice.randrange(320))
            answer = f"{comment(dice, language, number)}." if number % 10 == 0 else ""
            row = [f"r{number:08d}", words, stars, dice.choice(CHANNELS), day.isoformat(), answer]
            writer.writerow([*row, dice.choice(COUNTRIES), *([] if detect else [language])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--detect", action="store_true", help="leave the column `language` out")
    options = parser.parse_args()
    write(options.path, options.rows, seed=options.seed, detect=options.detect)


if __name__ == "__main__":
    main()
