"""Export file → valid records and rejected rows."""
