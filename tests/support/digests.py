"""Members of digests, as the sender writes them when an alert expires."""

from datetime import timedelta

from streams.ids import EventId, StoryId
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.sending import digest_member
from tests.support.notices import AT, alert, delivery, head

HOSTILE = "<!channel> *gold* & \u202e<https://x.test|free> `50%`\r\n\x00up"


def member(number: int, *, receiver: str = "hook", urgency: Urgency = Urgency.URGENT, **given: object) -> Delivery:
    """Return the member that tells of the `number`th alert, whose article was fetched `number` minutes after 14:55."""
    fields: dict[str, object] = {"title": f"Headline {number}", "fetched_at": AT + timedelta(minutes=number)}
    event = EventId(f"5t0ry{number:011d}-a1b2c3d4e5f60718-1-{number:08x}-0")
    told = alert(event_id=event, story_id=StoryId(f"5t0ry{number:011d}"), head=head(**fields | given), spans=())
    rules = tuple(rule.model_copy(update={"urgency": urgency, "spans": ()}) for rule in told.rules)
    late = delivery(receiver, number=number, urgency=urgency, alert=told.model_copy(update={"rules": rules}))
    found = digest_member(late, at=AT + timedelta(hours=1))
    assert found is not None
    return found


def members(count: int, **given: object) -> list[Delivery]:
    """Return so many members, of each urgency in turn."""
    return [member(number, urgency=tuple(Urgency)[number % 3], **given) for number in range(count)]  # type: ignore[arg-type]  # a head's fields
