"""From an HTTP answer to how the poll ended."""

from agents.net.fetch import Fetched, FetchTrouble
from streams.feeds.after_poll import Outcome
from streams.feeds.schedule import Wishes

TROUBLES = {
    FetchTrouble.TIMEOUT: Outcome.TIMEOUT,
    FetchTrouble.CONNECT_ERROR: Outcome.CONNECT_ERROR,
    FetchTrouble.REFUSED_ADDRESS: Outcome.REFUSED_ADDRESS,
    FetchTrouble.TOO_LARGE: Outcome.TOO_LARGE,
    FetchTrouble.BAD_ANSWER: Outcome.HTTP_ERROR,
    FetchTrouble.TOO_MANY_REDIRECTS: Outcome.HTTP_ERROR,
}
UNREACHED = frozenset({Outcome.TIMEOUT, Outcome.CONNECT_ERROR})
OK, IM_USED, NOT_MODIFIED = 200, 226, 304  # 226: the answer to A-IM, with the newer items only (RFC 3229)
_STATUSES = {
    401: Outcome.DENIED,
    403: Outcome.DENIED,
    410: Outcome.GONE,
    429: Outcome.THROTTLED,
    503: Outcome.THROTTLED,
}


def failure_of(answer: Fetched, *, conditional: bool) -> Outcome | None:
    """Return how a poll failed by its status, or None for an answer that is good."""
    if answer.status in {OK, IM_USED} or (answer.status == NOT_MODIFIED and conditional):
        return None
    return _STATUSES.get(answer.status, Outcome.HTTP_ERROR)


def wishes_of(answer: Fetched, *, ttl_s: float | None) -> Wishes:
    """Return what the publisher asks for; `ttl_s` is what its last document said."""
    return Wishes(max_age_s=answer.max_age_s, retry_after_s=answer.retry_after_s, ttl_s=ttl_s)
