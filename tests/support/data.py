"""Where the development data stands; it never enters the project, and a run without it fails loudly."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def shared_data(name: str) -> Path:
    """Return the folder of one kind of development data; fail the test when it is missing."""
    folder = Path(os.environ.get("TOCSIN_SHARED_DATA", ROOT.parent / "shared" / "data")) / name
    if not folder.is_dir():
        pytest.fail(f"{folder} is missing: set TOCSIN_SHARED_DATA to the folder of the development data")
    return folder
