"""Pure numbers over records and predictions: no torch, no HTML, no input or output but DuckDB relations in."""
