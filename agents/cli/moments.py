"""Moments as people write them on the command line."""

from contextlib import suppress
from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """Return the moment in UTC. Raises: ValueError that says how one is written."""
    with suppress(ValueError):
        if (found := datetime.fromisoformat(text)).tzinfo is not None:
            return found.astimezone(UTC)
    raise ValueError(f'"{text}" is no moment with its zone: write 2026-03-02T22:00Z or 2026-03-02T22:00+08:00')
