"""Sources of a story as they raced, for tests of who was first."""

from datetime import datetime, timedelta

from streams.alerts.alert import AlertSource
from tests.support.alerting import NOW


def source(
    publisher: str = "Reuters",
    lag_s: float = 0,
    *,
    permission: str = "public",
    looked_s: float | None = 30,
    claimed: datetime | None = None,
    quality: str = "exact",
) -> AlertSource:
    """Return a source that was looked at `looked_s` before its first sight; None if it was never looked at before."""
    seen = NOW + timedelta(seconds=lag_s)
    return AlertSource.model_validate(
        {
            "publisher": publisher,
            "permission": permission,
            "lag_s": lag_s,
            "first_seen_at": seen,
            "absent_at": None if looked_s is None else seen - timedelta(seconds=looked_s),
            "claimed_at": claimed,
            "date_quality": quality,
        }
    )
