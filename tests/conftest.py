"""What tests share: where the base model and the real data lie, and the reasons to skip where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real exports that lies beside a development checkout."""
    if not (SHARED / "feedback").is_dir():
        pytest.skip("the real exports (../shared/feedback) are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def base_encoder() -> Path:
    """Return the folder of the pulled base encoder."""
    from cxnlp.model.base import base_folder

    folder = base_folder()
    if not (folder / "model.safetensors").exists():
        pytest.skip("the base encoder is not here: run `cxnlp models pull`")
    return folder
