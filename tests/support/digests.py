"""Members of digests, as the sender writes them when an alert expires, and how they end."""

from collections import Counter
from datetime import timedelta

from streams.ids import EventId, StoryId
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery, DeliveryState, DeliveryStatus
from streams.routing.sending import digest_member
from tests.support.notices import AT, alert, delivery, head
from tests.support.sender_world import World

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


def final_states(world: World) -> dict[str, DeliveryState]:
    """Return the states of what has ended, by delivery id."""
    return {name: state for name, state in world.log.states().items() if state.state.final}


def all_ended(world: World, count: int) -> bool:
    """Return whether so many alerts have ended, and what tells of each that expired."""
    states = Counter(state.state for state in final_states(world).values())
    ended = sum(states.values())
    return ended == count + states[DeliveryStatus.EXPIRED] and len(world.log.states()) == ended
