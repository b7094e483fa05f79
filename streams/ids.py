"""Ids: each depends on content only, so that a replay gives the same ones."""

from hashlib import sha256
from typing import NewType

FeedId = NewType("FeedId", str)
ArticleId = NewType("ArticleId", str)
RevisionKey = NewType("RevisionKey", str)
RuleId = NewType("RuleId", str)
EntityId = NewType("EntityId", str)
ListId = NewType("ListId", str)
ChangeId = NewType("ChangeId", str)
StoryId = NewType("StoryId", str)
EventId = NewType("EventId", str)
AlertId = NewType("AlertId", str)
DeskId = NewType("DeskId", str)
ReceiverId = NewType("ReceiverId", str)
DeliveryId = NewType("DeliveryId", str)
RoutingId = NewType("RoutingId", str)
UserId = NewType("UserId", str)
ControlId = NewType("ControlId", str)

SEPARATOR = "\x1f"  # no part of an id holds the ASCII unit separator: parse replaces control characters


def content_id(*parts: str, length: int = 16) -> str:
    """Return the first `length` hex characters of sha256 over the parts, joined by the unit separator."""
    return sha256(SEPARATOR.join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]


def story_id(article_id: ArticleId, revision: RevisionKey) -> StoryId:
    """Return the id of the story that this revision of an article opens."""
    return StoryId(content_id("story", article_id, revision))


def event_id(story: StoryId, article_id: ArticleId, revision: RevisionKey, part: int) -> EventId:
    """Return the id of the alert for one part of a revision's match in a story."""
    return EventId(f"{story}-{article_id}-{revision}-{part}")


def alert_id(story: StoryId, rule_id: RuleId) -> AlertId:
    """Return the id under which a rule's alerts in one story are revisions of each other."""
    return AlertId(content_id("alert", story, rule_id))


def routing_id(event: EventId, desk: DeskId) -> RoutingId:
    """Return the id of the decision for one alert and one desk."""
    return RoutingId(f"{event}@{desk}")


def delivery_id(receiver: ReceiverId, desk: DeskId, event: EventId, purpose: str) -> DeliveryId:
    """Return the id of the sending of one event to one receiver of a desk: 26 hex characters.

    Made from receiver, desk, story, article, revision, part and purpose: equal after any crash.
    """
    story, article, rest = event.split("-", 2)
    revision, _, part = rest.rpartition("-")
    return DeliveryId(content_id(receiver, desk, story, article, revision, part, purpose, length=26))
