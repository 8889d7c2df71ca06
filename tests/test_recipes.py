"""The scheduling recipes: systemd takes the units, the DAG parses, every call is a real one, cron lines are whole."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

RECIPES = Path(__file__).resolve().parents[1] / "docs" / "recipes"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = tmp_path / "srv/.venv/bin/cxnlp"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in (RECIPES / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8").replace("/srv/cxnlp", str(tmp_path / "srv"))
        (tmp_path / unit.name).write_text(text.replace("User=cxnlp", "User=root").replace("Group=cxnlp", "Group=root"))
    units = sorted(str(path) for path in tmp_path.glob("cxnlp*"))
    assert len(units) == 3
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "cxnlp" not in done.stderr, done.stderr


def commands() -> list[tuple[str, list[str]]]:
    """Return every call of cxnlp in the recipes: (file, arguments)."""
    found = []
    for path in sorted(RECIPES.rglob("*")):
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                call = re.search(r"\.venv/bin/cxnlp ([^\"'>|&]*)", line)
                if call and not line.lstrip().startswith("#"):
                    found.append((path.name, shlex.split(call[1])))
    return found


def test_every_call_in_the_recipes_is_one_that_the_command_line_knows() -> None:
    from cxnlp.cli import app, register

    register.register_all(app)
    group = typer.main.get_command(app)
    calls = commands()
    assert {name for name, _ in calls} >= {"cron", "cxnlp.service", "cxnlp_nightly.py", "Containerfile"}
    for name, words in calls:
        context = group.make_context("cxnlp", list(words))
        verb, *rest = [word for word in words if word not in ("--log-format", "json", "--quiet")]
        known = group.commands[verb]  # type: ignore[attr-defined]
        while hasattr(known, "commands"):
            known, rest = known.commands[rest[0]], rest[1:]
        known.make_context(f"{name}: {verb}", rest, parent=context)


def test_the_dag_is_python_and_retries_nothing_that_a_gate_stopped() -> None:
    tree = ast.parse((RECIPES / "airflow/cxnlp_nightly.py").read_text(encoding="utf-8"))
    words = {node.arg: node.value for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    assert isinstance(words["skip_on_exit_code"], ast.Constant) and words["skip_on_exit_code"].value == 5
    assert isinstance(words["max_active_runs"], ast.Constant) and words["max_active_runs"].value == 1


def test_the_container_file_copies_what_is_there_and_leaves_it_readable() -> None:
    steps = (RECIPES / "Containerfile").read_text(encoding="utf-8").splitlines()
    copies = [step.split()[1:-1] for step in steps if step.startswith("COPY ") and "--from" not in step]
    assert copies
    for name in (name for sources in copies for name in sources):
        assert (RECIPES.parents[1] / name).exists(), name
    last = [step for step in steps if step.startswith("RUN .venv/bin/cxnlp ")]
    assert len(last) == 1 and last[0].endswith("chmod -R go+rX cxnlp models"), "a run's user is not the build's"


def test_cron_lines_have_five_times_and_a_user() -> None:
    lines = [
        line
        for line in (RECIPES / "cron").read_text(encoding="utf-8").splitlines()
        if line and line[0] != "#" and "=" not in line.split()[0]
    ]
    assert len(lines) == 1
    *times, user, command = lines[0].split(maxsplit=6)
    assert all(re.fullmatch(r"[\d*/,-]+", time) for time in times) and user == "cxnlp"
    assert "%" not in command, "cron turns a percent sign into a line break"
