"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxnlp.errors import WrongUsageError

if TYPE_CHECKING:
    from cxnlp.config import Config, ExportConfig
    from cxnlp.taxonomy import Taxonomy

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT_CONFIG = Path("cxnlp.toml")
TaxonomyOption = Annotated[
    Path | None,
    typer.Option(
        "--taxonomy", help="Taxonomy file; taxonomy.toml of this folder, else the default one.", show_default=False
    ),
]


def find_taxonomy(path: Path | None) -> tuple[Taxonomy, str]:
    """Return the taxonomy that is meant, and its text: the file given, else `taxonomy.toml` here, else the default."""
    from cxnlp.taxonomy import default_taxonomy, default_taxonomy_toml, load_taxonomy

    here = Path("taxonomy.toml")
    meant = path if path is not None else here if here.exists() else None
    if meant is None:
        return default_taxonomy(), default_taxonomy_toml()
    return load_taxonomy(meant), meant.read_text(encoding="utf-8")


def export_config(path: Path, config: Config | None, columns: Sequence[str]) -> ExportConfig:
    """Return how to read `path`: the configuration's way, or `id` and `text` and what `columns` say.

    Without a configuration, `author`, `reply` and `language` are used where the file has them.
    Raise `WrongUsageError` for a column that is not `canonical=own`.
    """
    from cxnlp.config import ColumnsConfig, ExportConfig
    from cxnlp.ingest.export import column_names, open_export

    own: dict[str, str] = {}
    for column in columns:
        canonical, equals, name = column.partition("=")
        if not equals or canonical not in ColumnsConfig.model_fields:
            known = ", ".join(ColumnsConfig.model_fields)
            raise WrongUsageError(f"--column {column!r}: expected canonical=own, canonical one of {known}")
        own[canonical] = name
    if config is not None:
        mapping = config.export.columns.model_copy(update=own)
        return config.export.model_copy(update={"path": str(path), "query": "", "database": "", "columns": mapping})
    present = column_names(open_export(path, ExportConfig(path=str(path))))
    found = {name: name for name in ("author", "reply", "language") if name in present}
    return ExportConfig(path=str(path), columns=ColumnsConfig.model_validate(found | own))
