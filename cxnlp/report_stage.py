"""The last stage of a night: count, derive, publish. Where nothing changed, the last numbers are published anew."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cxnlp.analysis import AnalysisSettings, GoldRow, Summary, summarize
from cxnlp.analysis.changes import compare
from cxnlp.config import Config
from cxnlp.ingest import write_rejected
from cxnlp.journey import Journey
from cxnlp.labelling.rows import random_rows, read_labelled
from cxnlp.nightly import RunRecord, StopSwitch
from cxnlp.records import RejectedRow, text_hash
from cxnlp.report.publish import ReportError, newest_summary, publish
from cxnlp.store import Store
from cxnlp.taxonomy import Taxonomy, parse_taxonomy


@dataclass(frozen=True, slots=True)
class ReportModel:
    """What the report needs of a model, without loading it: version, taxonomy, and the gold rows it was scored on."""

    version: str
    taxonomy: Taxonomy
    gold: tuple[GoldRow, ...]
    earlier: tuple[str, ...]


def report_stage(
    store: Store, config: Config, journey: Journey, record: RunRecord, day: date, stop: StopSwitch
) -> Summary:
    """Make the summary and publish the report of `day`; the folder that holds it goes into the record.

    Raise `StoreError` before the first texts were classified, `ReportError` when the folder cannot be written.
    """
    reports = config.resolve(config.report.dir)
    settings = analysis_settings(store, config, journey, cxnlp=record.cxnlp)
    summary = _summary(store, settings, record, stop)
    previous = newest_summary(reports, before=day)
    if previous is not None:
        summary = replace(summary, changes=compare(previous, summary))
    stop.check()
    folder, record.report_stood = _publish(store, summary, config, reports, day)
    record.report = str(folder)
    record.data = summary.versions.data
    record.early_warnings = len(summary.warnings)
    record.unsure_share = summary.blind_spots.unsure.value
    return summary


def _publish(store: Store, summary: Summary, config: Config, reports: Path, day: date) -> tuple[Path, bool]:
    """Publish the report of `day`, unless this very report stands there, whole; return its folder and whether so."""
    folder = reports / day.isoformat()
    languages = config.report.languages
    content = json.dumps([day.isoformat(), languages, summary.to_dict(), code_hash()], sort_keys=True)
    mark = hashlib.sha256(content.encode()).hexdigest()
    latest = reports / "latest"
    if latest.is_symlink() and latest.exists() and store.meta("published") == f"{mark} {_folder_hash(folder)}":
        return folder, True
    publish(summary, reports, day, languages)
    rows = store.rejected_rows().itertuples(index=False)
    try:
        write_rejected((RejectedRow(*row) for row in rows), folder / "rejected.csv")
    except OSError as error:
        raise ReportError(f"{folder}: rejected.csv cannot be written: {error.strerror}") from error
    store.set_meta("published", f"{mark} {_folder_hash(folder)}")
    return folder, False


def _folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def analysis_settings(store: Store, config: Config, journey: Journey, *, cxnlp: str) -> AnalysisSettings:
    """Return what the analysis is told; `previous` is left out, since the numbers do not depend on it."""
    model = report_model(store)
    own = own_gold(store, config, model)
    # while a new model re-reads, its error rates are not those of all rows: no correction until it is through
    mixed = is_mixed(store, model)
    gold = own or (() if mixed else model.gold)
    return AnalysisSettings(
        model=model.version,
        earlier_models=model.earlier if mixed else (),
        journey=journey,
        taxonomy=model.taxonomy,
        gold=gold,
        gold_is_random=bool(own),
        company=config.report.company,
        cxnlp_version=cxnlp,
        minimum_group=config.report.minimum_group,
        week_starts=config.report.week_starts,
        quotes=config.report.quotes,
        segments=config.report.segments,
        seed=config.report.seed,
    )


def _summary(store: Store, settings: AnalysisSettings, record: RunRecord, stop: StopSwitch) -> Summary:
    """Return the summary: the one in the store where it was made from the same state, settings and code."""
    mark = hashlib.sha256(
        json.dumps([store.mark(), settings_hash(settings), code_hash()], sort_keys=True).encode()
    ).hexdigest()
    kept = store.meta("summary")
    if kept is not None:
        found, _, plain = kept.partition("\n")
        if found == mark:
            record.summary_reused = True
            return Summary.from_dict(json.loads(plain))
    with stop.at_once():
        summary = summarize(store.connection, settings)
    store.set_meta("summary", f"{mark}\n{json.dumps(summary.to_dict(), ensure_ascii=False)}")
    return summary


def settings_hash(settings: AnalysisSettings) -> str:
    """Return a hash of everything the analysis is told."""
    plain = asdict(replace(settings, journey=None, taxonomy=None))  # type: ignore[arg-type]
    plain |= {
        "journey": settings.journey.model_dump(mode="json"),
        "taxonomy": settings.taxonomy.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


@cache
def code_hash() -> str:
    """Return a hash of what counts and renders, so that an upgrade never shows the numbers of the version before."""
    digest = hashlib.sha256()
    for package in ("analysis", "report"):
        for path in sorted(Path(str(files(f"cxnlp.{package}"))).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.hexdigest()


def report_model(store: Store) -> ReportModel:
    """Return what the report needs of the model that read last, from the store: its folder may have changed since."""
    noted, *earlier = store.noted_models()
    return ReportModel(
        noted.version,
        parse_taxonomy(noted.taxonomy, f"taxonomy of {noted.version}"),
        tuple(gold_row(json.loads(line)) for line in noted.gold.splitlines() if line.strip()),
        tuple(model.version for model in earlier),
    )


def is_mixed(store: Store, model: ReportModel) -> bool:
    """Tell whether some texts were read by an earlier model alone."""
    return bool(model.earlier) and store.list_pending(model.version).read_before > 0


def gold_row(plain: dict[str, Any]) -> GoldRow:
    """Read one line of a model's `gold.jsonl`."""

    def by_task(labels: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
        return {task: tuple(names) for task, names in labels.items()}

    return GoldRow(
        id=plain["id"],
        language=plain["language"],
        author=plain["author"],
        origin=plain["origin"],
        human=by_task(plain["human"]),
        predicted=by_task(plain["predicted"]),
    )


def own_gold(store: Store, config: Config, model: ReportModel) -> tuple[GoldRow, ...]:
    """Return the rows of `[report] gold`, labelled by people, with what the model said of the same texts."""
    if not config.report.gold:
        return ()
    frame = random_rows(read_labelled([config.resolve(config.report.gold)], model.taxonomy, known_only=True))
    # by id first: a spreadsheet may have changed a text's line breaks, and with them its hash
    known = store.text_hashes_of(list(frame["id"]))
    frame = frame.assign(
        text_hash=[known.get(i) or text_hash(t) for i, t in zip(frame["id"], frame["text"], strict=True)]
    )
    predicted = store.predictions_of(list(frame["text_hash"]), model.version)
    rows = []
    for row in frame.to_dict("records"):
        labels = predicted.get((row["text_hash"], row["author"]))
        human = {task: row[task] for task in model.taxonomy.task_names if row[task] is not None}
        if labels is not None and human:
            rows.append(GoldRow(row["id"], row["language"] or None, row["author"], row["origin"], human, labels))
    return tuple(rows)


def quoted_ids(plain: Any) -> set[str]:
    """Return the ids of all records that a summary (as in `summary.json`) quotes."""
    if isinstance(plain, dict):
        own = {str(plain["id"])} if "id" in plain and "text" in plain else set()
        return own.union(*map(quoted_ids, plain.values()))
    if isinstance(plain, list):
        return set().union(*map(quoted_ids, plain))
    return set()


def drop_quoting_reports(reports: Path, ids: Sequence[str]) -> list[Path]:
    """Remove the published reports that quote one of `ids`, or cannot be read; return their folders."""
    wanted = set(ids) | {f"{name}/reply" for name in ids}
    dropped = []
    for path in sorted(reports.glob("*/summary.json")):
        if path.parent.is_symlink():
            continue
        try:
            quotes = quoted_ids(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            quotes = wanted
        if quotes & wanted:
            shutil.rmtree(path.parent)
            dropped.append(path.parent)
    return dropped
