"""Export file → valid records and rows set aside."""

from __future__ import annotations

from cxnlp.ingest.build import FRAME_COLUMNS, Batch
from cxnlp.ingest.export import read_export
from cxnlp.ingest.languages import release as release_languages
from cxnlp.ingest.rejected import write_rejected
from cxnlp.ingest.sources import find_files, fingerprint

__all__ = ["FRAME_COLUMNS", "Batch", "find_files", "fingerprint", "read_export", "release_languages", "write_rejected"]
