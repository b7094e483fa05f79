"""Durations as people write them: 250ms, 15s, 15m, 24h, 7d, 1h30m."""

import re

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PIECE.pattern})+")


def duration_s(text: str) -> float:
    """Return the seconds of a duration. Raises: ValueError that says how it is written."""
    if not _DURATION.fullmatch(text):
        cure = f"write {text}s for seconds" if text.isdigit() else "write 250ms, 15s, 15m, 24h, 7d or 1h30m"
        raise ValueError(f'"{text}" is no duration: {cure}')
    return sum(float(number) * UNITS_S[unit] for number, unit in _PIECE.findall(text))
