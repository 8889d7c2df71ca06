"""What the report's tests share: one full summary of an invented retailer."""

from __future__ import annotations

import pytest

from cxnlp.analysis.summary import Summary
from report.build import lindgard


@pytest.fixture(scope="session")
def summary() -> Summary:
    """Return the summary of Lindgård Home, with all its planted stories."""
    return lindgard()
