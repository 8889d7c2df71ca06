"""The journey file: touchpoints with stages, promises and rules; what contradicts itself is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxnlp.errors import ConfigError
from cxnlp.journey import STAGES, default_journey, load_journey, parse_journey

BUY = '[[touchpoints]]\nname = "buy"\nstage = "during"\n'


def test_the_default_journey_is_the_one_of_the_guideline() -> None:
    stages = {point.name: point.stage for point in default_journey().touchpoints}
    assert stages == {
        "discover": "before",
        "choose": "before",
        "buy": "during",
        "receive": "during",
        "use": "after",
        "pay": "after",
        "get_help": "after",
        "leave_or_renew": "after",
    }
    assert [s for s in STAGES if s in stages.values()] == list(dict.fromkeys(stages.values()))


def test_a_name_is_shown_as_words_unless_it_has_a_title() -> None:
    journey = parse_journey(BUY + BUY.replace("buy", "get_help") + 'title = "Help!"\n', "j")
    assert [point.display for point in journey.touchpoints] == ["buy", "Help!"]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("", "touchpoints: Field required"),
        ("[[touchpoints]", "not valid TOML"),
        (BUY + BUY, "named more than once: buy"),
        ('[[touchpoints]]\nname = "buy"\nstage = "later"\n', r"touchpoints\[buy\]\.stage: Input should be 'before'"),
        (BUY + 'colour = "red"\n', r"touchpoints\[buy\]\.colour: unknown key; known are name, title, "),
        (BUY + '[[rules]]\ntouchpoint = "sell"\ncolumn = "c"\nmatches = "x"\n', "not in the journey: sell"),
        (BUY + '[[rules]]\ntouchpoint = "buy"\ncolumn = "c"\nmatches = "("\n', "is not a regular expression"),
    ],
)
def test_what_is_wrong_is_named(toml: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        parse_journey(toml, "journey.toml")
    assert str(error.value).startswith("journey.toml: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        load_journey(tmp_path / "none.toml")
    assert load_journey() is default_journey()
