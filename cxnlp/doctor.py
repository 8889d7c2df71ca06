"""`cxnlp doctor`: what is missing or slow on this machine, and what to do."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import psutil

from cxnlp.checks import check_places, nearest
from cxnlp.config import Config, load_config
from cxnlp.errors import CxnlpError
from cxnlp.keeping import beside

State = Literal["ok", "slow", "odd", "missing"]
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    subject: str
    state: State
    finding: str
    advice: str = ""


def examine(config_path: Path | None = None) -> list[Check]:
    """Look at Python, memory, disk, processor, base model, and the configuration when one is given."""
    checks = [_python(), _memory(), _processor(), _base()]
    if config_path is None:
        return [*checks, _disk(Path())]
    try:
        config = load_config(config_path)
    except CxnlpError as error:
        return [*checks, Check("configuration", "missing", str(error), "mend the file; `cxnlp init` makes a fresh one")]
    return [*checks, *_configuration(config)]


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("Python", "ok", found)


def _memory() -> Check:
    free = psutil.virtual_memory().available
    found = f"{free / GIB:.1f} GiB free, {psutil.cpu_count(logical=False) or 1} cores"
    if free < 3 * GIB:
        return Check(
            "memory", "slow", found, "classifying wants 3 GiB; lower [model] batch_tokens and [store] memory_limit"
        )
    return Check("memory", "ok", found)


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.1f} GiB free at {folder.resolve()}"
    if free < 2 * GIB:
        return Check("disk", "slow", found, "a million comments want about 2 GiB for store and backup")
    return Check("disk", "ok", found)


def _processor() -> Check:
    from cxnlp.model.precision import resolve  # noqa: PLC0415  (brings torch)

    precision = resolve("auto")
    if precision == "fp32":
        return Check(
            "processor",
            "slow",
            "no fast bf16: texts are read in fp32",
            "about a third of the speed; labels are the same",
        )
    return Check("processor", "ok", f"texts are read in {precision}")


def _base() -> Check:
    from cxnlp.model.base import base_folder  # noqa: PLC0415

    folder = base_folder()
    if not (folder / "model.safetensors").exists():
        return Check("base model", "missing", f"not at {folder}", "cxnlp models pull")
    return Check("base model", "ok", str(folder))


def _configuration(config: Config) -> list[Check]:
    looks: tuple[tuple[str, Callable[[Config], str], str], ...] = (
        ("export", _look_at_export, "set [export] path"),
        ("places", _look_at_places, "set [store] path and [report] dir; give the job's user write access"),
        ("journey", _look_at_journey, "mend the file that [journey] path names"),
        ("model", _look_at_model, "set [model] path; cxnlp models list"),
    )
    checks = []
    for subject, look, advice in looks:
        try:
            checks.append(Check(subject, "ok", look(config)))
        except CxnlpError as error:
            checks.append(Check(subject, "missing", str(error), advice))
    if config.notify.urls and find_spec("apprise") is None:
        checks.append(Check("notify", "missing", "Apprise is not installed", 'pip install "cxnlp[notify]"'))
    store = config.resolve(config.store.path)
    checks += _reports(config.resolve(config.report.dir), date.today())
    if store.exists():
        checks.append(_copy_of(store))
    return [*checks, _disk(nearest(store.parent))]


def _look_at_export(config: Config) -> str:
    from cxnlp.ingest import find_files  # noqa: PLC0415

    count = len(find_files(config.export, config.folder))
    return f"{count} file{'' if count == 1 else 's'}"


def _look_at_places(config: Config) -> str:
    check_places(config)
    return f"{config.resolve(config.store.path)}, {config.resolve(config.report.dir)}"


def _look_at_journey(config: Config) -> str:
    from cxnlp.journey import load_journey  # noqa: PLC0415

    return f"{len(load_journey(config.journey_path()).touchpoints)} touchpoints"


def _look_at_model(config: Config) -> str:
    from cxnlp.pipeline import find_model  # noqa: PLC0415

    return find_model(config).version


def _reports(reports: Path, today: date) -> list[Check]:
    """Say what is odd about the published reports."""
    from cxnlp.report.publish import future_nights  # noqa: PLC0415  (brings the templates)

    checks, latest = [], reports / "latest"
    if ahead := future_nights(reports, today):
        found = f"{reports}: reports of days to come ({', '.join(ahead)})"
        checks.append(Check("reports", "odd", found, "set the machine's clock if it is wrong; remove these folders"))
    if latest.exists() and not latest.is_symlink():
        found = f"{latest} is no link, so that it stays as it is"
        checks.append(Check("reports", "odd", found, "the next report moves it aside and puts the link in its place"))
    return checks


def _copy_of(store: Path) -> Check:
    """Say how old the copy of the store is: it is renewed by each good night that changed something."""
    copy = beside(store, ".backup")
    if not copy.exists():
        return Check("copy of the store", "missing", f"no {copy}", "it is made by the next good night")
    made = datetime.fromtimestamp(copy.stat().st_mtime).astimezone()
    return Check("copy of the store", "ok", f"{copy}, of {made:%Y-%m-%d %H:%M}")
