"""Pure numbers over records and predictions: no torch, no HTML, no input or output but DuckDB relations in."""

from __future__ import annotations

from cxnlp.analysis.settings import AnalysisSettings, GoldRow
from cxnlp.analysis.summarize import summarize
from cxnlp.analysis.summary import Summary

__all__ = ["AnalysisSettings", "GoldRow", "Summary", "summarize"]
