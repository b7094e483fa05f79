"""What a feed is asked with: its validators, but for once a day, and its credentials, at its own origin alone."""

from base64 import b64encode
from datetime import datetime

from agents.net.fetch import FetchRequest, origin_of
from agents.net.secret import Secret, SecretMissingError
from streams.feeds.after_poll import target
from streams.feeds.feed import Feed, FeedState
from streams.feeds.schedule import needs_full_get


def request_for(feed: Feed, state: FeedState, *, now: datetime) -> FetchRequest:
    """Return the next request of a feed. Raises: SecretMissingError when its credentials can't be read."""
    asked = target(feed, state)
    conditional = asked == state.validators_url and not needs_full_get(state, now=now)
    return FetchRequest(
        url=asked,
        etag=state.etag if conditional else None,
        last_modified=state.last_modified if conditional else None,
        authorization=authorization(feed.secret_ref) if feed.secret_ref and _is_own(feed, asked) else None,
    )


def _is_own(feed: Feed, asked: str) -> bool:
    """Return whether the address is at the origin that the feed was registered with: a redirect may lead elsewhere."""
    return origin_of(asked) == origin_of(feed.url)


def authorization(reference: str) -> str:
    """Return the header for `file:PATH` or `env:NAME`, which holds `user:password` on one line (RFC 7617).

    Raises: SecretMissingError. Anything of another form stays here: a reference comes from a topic.
    """
    kind, _, name = reference.partition(":")
    value = Secret(file=name).read() if kind == "file" else Secret(env=name).read()
    if ":" not in value or not value.isprintable():
        raise SecretMissingError(f"the secret {reference} is no user:password on one line")
    return f"Basic {b64encode(value.encode()).decode('ascii')}"
