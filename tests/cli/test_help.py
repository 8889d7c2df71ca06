"""Every command and option says what it is for, and stands in docs/commands.md; help is there at once."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Annotated

import pytest
import typer

from cxnlp.cli.options import DEFAULT_CONFIG, ConfigOption

PROJECT = Path(__file__).resolve().parents[2]
BINDING = {  # the commands that users and their scripts rely on
    "init", "inspect", "run", "classify", "report", "train", "evaluate", "forget", "doctor", "runs",
    "labels sample", "labels check", "labels agree", "labels import", "labels errors",
    "models list", "models show", "models promote", "models rollback", "models pull",
}  # fmt: skip


@pytest.fixture(scope="module")
def documenting() -> ModuleType:
    spec = spec_from_file_location("document_commands", PROJECT / "scripts" / "document_commands.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_promised_commands_are_there(documenting: ModuleType) -> None:
    names = {name.removeprefix("cxnlp ") for name, _ in documenting.all_commands()}
    assert names >= BINDING


def test_every_command_and_option_has_help(documenting: ModuleType) -> None:
    for name, command in documenting.all_commands():
        assert command.help and command.help.strip().endswith((".", ")")), name
        for parameter in command.params:
            assert parameter.name == "help" or getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_the_documentation_is_what_the_commands_say(documenting: ModuleType) -> None:
    written = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == documenting.render(), "run: python scripts/document_commands.py"


def test_the_documentation_tells_what_must_be_given_and_what_holds_otherwise(documenting: ModuleType) -> None:
    app = typer.Typer(add_completion=False)

    @app.command()
    def draw(
        out: Annotated[Path, typer.Option("--out", "-o", help="Where to.")],
        rows: Annotated[int, typer.Option(help="How many.")] = 0,
        suggest: Annotated[bool, typer.Option(help="Show it.")] = False,
        baselines: Annotated[bool, typer.Option(help="Beside it.")] = True,
        save: Annotated[bool, typer.Option("--save", help="Keep it.")] = False,
        name: Annotated[str | None, typer.Option(help="Whose.")] = None,
        config: ConfigOption = DEFAULT_CONFIG,
    ) -> None:
        """Draw."""

    section = documenting.describe("draw", typer.main.get_command(app))
    assert section.splitlines()[-7:] == [
        "| `--out`, `-o` | Where to. Required. |",
        "| `--rows` | How many. Default: `0`. |",
        "| `--suggest` / `--no-suggest` | Show it. Default: `--no-suggest`. |",
        "| `--baselines` / `--no-baselines` | Beside it. Default: `--baselines`. |",
        "| `--save` | Keep it. Default: off. |",
        "| `--name` | Whose. |",
        "| `--config`, `-c` | The configuration file. Default: `cxnlp.toml`. |",
    ]


def test_help_does_not_load_the_model() -> None:
    program = (
        "import sys; from cxnlp.cli import app, register; register.register_all(app); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("words", [["nonsense"], ["run", "--nonsense"], ["forget"], ["runs", "--last", "0"]])
def test_wrong_usage_is_status_2(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cxnlp.cli import main; main()", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "Usage" in done.stderr and done.stdout == ""
