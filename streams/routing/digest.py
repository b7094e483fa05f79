"""A digest: many alerts in one message, with their count and the headlines that matter most."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from streams.alerts.alert import Relation
from streams.ids import DeliveryId, DeskId, EventId, ReceiverId, RuleId, StoryId
from streams.latency import Ledger
from streams.matching.rule import Urgency
from streams.record import Part, Record, Utc
from streams.routing.notification import Delivery
from streams.routing.render import notice
from streams.routing.render_text import shortened
from streams.routing.sending import digest_id

EXPIRED = "expired"
MOST_ITEMS, MOST_RULES, TITLE_CHARS, PUBLISHER_CHARS = 20, 3, 160, 40


class DigestItem(Part):
    """One alert of a digest, in words that are safe on a screen; `tag` is such as `FLASH UPDATE`, `at` its fetch."""

    delivery_id: DeliveryId
    event_id: EventId
    story_id: StoryId
    urgency: Urgency
    told_as: Relation
    tag: str
    title: str
    publisher: str
    url: str | None
    rules: tuple[RuleId, ...]
    at: Utc


class Digest(Record):
    """Many alerts in one message: how many of each urgency, the first of them, and the ids of all."""

    schema_name: ClassVar[str] = "digest"

    digest_id: DeliveryId
    receiver: ReceiverId
    desk: DeskId
    cause: str
    counts: Mapping[Urgency, int]
    since: Utc
    until: Utc
    items: tuple[DigestItem, ...]
    members: tuple[DeliveryId, ...]

    @property
    def more(self) -> int:
        """Return how many alerts are only counted."""
        return len(self.members) - len(self.items)


def digest_of(members: Sequence[Delivery], *, most_items: int = MOST_ITEMS) -> Digest:
    """Return the digest of these deliveries, at least one, all of one receiver, desk and purpose.

    The same members give the same digest, in whatever order they come: flash first, the newest of each first.
    """
    found = sorted(map(_item, members), key=lambda item: (-item.urgency.rank, -item.at.timestamp(), item.delivery_id))
    counts = Counter(item.urgency for item in found)
    return Digest(
        digest_id=digest_id(item.delivery_id for item in found),
        receiver=members[0].receiver,
        desk=members[0].desk,
        cause=members[0].purpose.partition("/")[2] or EXPIRED,
        counts={urgency: counts[urgency] for urgency in Urgency if counts[urgency]},
        since=min(item.at for item in found),
        until=max(item.at for item in found),
        items=tuple(found[:most_items]),
        members=tuple(sorted(item.delivery_id for item in found)),
    )


def _item(member: Delivery) -> DigestItem:
    alert = member.alert
    said = notice(alert, Ledger())
    return DigestItem(
        delivery_id=member.delivery_id,
        event_id=alert.event_id,
        story_id=alert.story_id,
        urgency=said.urgency,
        told_as=alert.told_as,
        tag=said.tag,
        title=shortened(said.headline, TITLE_CHARS),
        publisher=shortened(said.publisher, PUBLISHER_CHARS),
        url=said.link,
        rules=tuple(rule.rule_id for rule in alert.rules[:MOST_RULES]),
        at=alert.head.fetched_at,
    )
