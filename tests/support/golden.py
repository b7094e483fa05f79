"""Golden texts: what a user sees, kept in tests/data; `TOCSIN_WRITE_GOLDEN=1` writes them anew, and fails the test."""

import os
from difflib import unified_diff
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


def differences(name: str, text: str) -> list[str]:
    """Return the lines in which the text differs from the golden file; a missing file differs in all of them."""
    path = DATA / name
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return ["written anew: look at it, then run without TOCSIN_WRITE_GOLDEN"]
    return list(unified_diff(kept.splitlines(), text.splitlines(), "golden", "now", lineterm=""))
