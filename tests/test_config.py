"""The configuration file: every key is documented, unknown ones are errors, paths are relative to the file."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from cxnlp.config import Config, default_config_toml, load_config, parse_config
from cxnlp.errors import ConfigError

SMALL = '[export]\npath = "a.csv"\n'


def keys(model: type[BaseModel], section: str = "") -> set[str]:
    """Return every key of a section and those below it, as `export.columns.id`."""
    found = set()
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= keys(kind, f"{section}{name}.")
        elif name != "folder":
            found.add(f"{section}{name}")
    return found


def documented() -> set[str]:
    """Return every key that `cxnlp init` writes, the commented ones too."""
    found, section = set(), ""
    for line in default_config_toml().splitlines():
        if heading := re.match(r"\[([a-z.]+)\]", line):
            section = f"{heading[1]}."
        elif key := re.match(r"(?:# )?([a-z_]+) = ", line):
            found.add(section + key[1])
    return found


def test_every_key_is_in_the_file_that_init_writes_and_no_other() -> None:
    assert documented() == keys(Config)


def test_every_key_has_its_comment() -> None:
    for line in default_config_toml().splitlines():
        if re.match(r"(# )?[a-z_]+ = ", line) and not line.startswith(
            ("id =", "text =", "dir =", "path =", "company =")
        ):
            told = line.count("#") > (1 if line.startswith("#") else 0)
            assert told or line.startswith(("# ", "seed", "fail_on_alert", "memory_limit")), line


def test_every_commented_key_takes_its_example(tmp_path: Path) -> None:
    text = default_config_toml()
    for line in re.findall(r"^# [a-z_]+ = .*$", text, flags=re.MULTILINE):
        section = text[: text.index(line)].rsplit("\n[", 1)[1].split("]")[0]
        if section == "export" and ("database" in line or "query" in line):
            continue
        head = SMALL if section != "export" else ""
        body = f"[{section}]\n" + ('path = "a.csv"\n' if section == "export" else "") + line.removeprefix("# ")
        parse_config(f"{head}{body}\n", "example", tmp_path)


def test_the_file_that_init_writes_is_a_configuration(tmp_path: Path) -> None:
    config = parse_config(default_config_toml(), "cxnlp.toml", tmp_path)
    assert config.export.scale == (1, 5)
    plain = tomllib.loads(default_config_toml())
    for section in ("model", "store", "gates", "run"):
        defaults = getattr(parse_config(SMALL, "x", tmp_path), section).model_dump()
        for key, value in plain.get(section, {}).items():
            assert defaults[key] == value, f"[{section}] {key}: the file shows another default"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cxnlp.toml"
    path.parent.mkdir()
    path.write_text(SMALL + '[store]\npath = "../store.duckdb"\n', encoding="utf-8")
    config = load_config(path)
    assert config.resolve(config.store.path) == tmp_path / "store.duckdb"
    assert config.resolve("/else/where") == Path("/else/where")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[export]\npath = "a"\nfoo = 1\n', r"export\.foo: unknown key; known are path, "),
        ("[export\n", "not valid TOML"),
        ("", "export: Field required"),
        ("[export]\n", "either `path` .* or `database` and `query`"),
        ('[export]\nquery = "select 1"\n', "`query` needs `database`"),
        ('[export]\npath = "a"\nscale = [5, 1]\n', r"scale must rise, found \[5.0, 1.0\]"),
        (SMALL + '[report]\nlanguages = ["xx"]\n', r"report\.languages\[1\]: Input should be 'en'"),
        (SMALL + "[store]\nretention_days = 0\n", r"store\.retention_days"),
        (
            SMALL + '[store]\nmemory_limit = "lots"\n',
            r"store\.memory_limit: .* expected an amount of memory, such as 1GB",
        ),
        (SMALL + '[store]\nmemory_limit = "0GB"\n', r"store\.memory_limit"),
        (SMALL + "[gates]\nmax_rejected_share = 2\n", r"gates\.max_rejected_share"),
        ('folder = "/"\n' + SMALL, "folder: unknown key"),
    ],
)
def test_what_is_wrong_is_named(toml: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told) as error:
        parse_config(toml, "cxnlp.toml", tmp_path)
    assert str(error.value).startswith("cxnlp.toml: ") and error.value.exit_status == 3


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; `cxnlp init` makes one"):
        load_config(tmp_path / "cxnlp.toml")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cxnlp.toml"
    path.write_bytes(b"\xff\xfe[\x00e\x00")
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        load_config(path)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "cxnlp.toml"
    path.write_text("\ufeff" + SMALL, encoding="utf-8")
    assert load_config(path).export.path == "a.csv"


def test_the_command_line_adds_to_the_file(tmp_path: Path) -> None:
    config = parse_config(SMALL + '[model]\nbudget = "1h"\n', "x", tmp_path)
    assert config.with_options().model.budget == "1h"
    assert config.with_options(budget="2h").model.budget == "2h"
    assert config.with_options(fail_on_alert=True).gates.fail_on_alert


def test_a_reference_date_is_a_day_or_modified(tmp_path: Path) -> None:
    dated = parse_config('[export]\npath = "a"\nreference_date = 2026-11-22\n', "x", tmp_path)
    assert dated.export.reference_date == date(2026, 11, 22)
    with pytest.raises(ConfigError, match="reference_date"):
        parse_config('[export]\npath = "a"\nreference_date = "yesterday"\n', "x", tmp_path)
