"""Any order of flashes and acknowledgements: a step up is sent if and only if none covers it when it is due."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.kafka import outgoing
from streams.controls import Control
from streams.ids import ControlId, UserId
from streams.routing.notification import Delivery, UnlessAcked
from streams.topics import CONTROLS
from tests.support.alerting import written
from tests.support.delivery_world import EPOCH, MemoryReceiver, on_a_jumping_clock, until
from tests.support.notices import delivery
from tests.support.sender_world import World

EVERY_S = 4
WITHIN_S = 41  # so that nothing happens in the second or two in which a step up is due and goes out
STORY = "5t0ry00000000001"


@dataclass(frozen=True)
class Flash:
    """A flash that is routed so many seconds after the beginning."""

    at_s: int
    number: int = 0


@dataclass(frozen=True)
class Ack:
    """An acknowledgement of what was shown up to `behind_s` seconds before it was made."""

    at_s: int
    behind_s: int


SECONDS = st.integers(0, 24)
EVENTS = st.lists(st.builds(Flash, SECONDS) | st.builds(Ack, SECONDS, st.integers(0, 60)), min_size=1, max_size=8)


def numbered(events: list[Flash | Ack]) -> list[Flash | Ack]:
    """Return the events in the order of their times, four seconds apart, each flash with a number of its own."""
    ordered = sorted(events, key=lambda event: event.at_s)
    found: list[Flash | Ack] = []
    for number, event in enumerate(ordered):
        at_s = max(event.at_s * EVERY_S, found[-1].at_s + EVERY_S if found else 0)
        found.append(Flash(at_s, number) if isinstance(event, Flash) else Ack(at_s, event.behind_s))
    return found


def step_up(flash: Flash) -> Delivery:
    due_at = EPOCH + timedelta(seconds=flash.at_s + WITHIN_S)
    return delivery(
        "pd", number=flash.number, story=STORY, urgency="flash", purpose="escalation/1", not_before=due_at,
        expires_at=due_at + timedelta(hours=1), unless_acked=UnlessAcked(desk="fx-desk", story_id=STORY),
    )  # fmt: skip


def expected(events: list[Flash | Ack]) -> set[str]:
    """Return, by looking at every pair, the flashes of which none of the acknowledgements speaks in time."""
    acks = [event for event in events if isinstance(event, Ack)]
    flashes = [event for event in events if isinstance(event, Flash)]
    return {
        step_up(flash).delivery_id
        for flash in flashes
        # A second for the way to the log: what was shown at a time had been routed a moment after it.
        if not any(ack.at_s - ack.behind_s >= flash.at_s + 1 and ack.at_s < flash.at_s + WITHIN_S for ack in acks)
    }


async def sent(events: list[Flash | Ack]) -> set[str]:
    world = World(pd=MemoryReceiver())
    process = await world.process().start()
    for event in events:
        await until(lambda at_s=event.at_s: (world.log.now - EPOCH).total_seconds() >= at_s, step_s=0.01, most_s=0.05)
        if isinstance(event, Flash):
            world.log.publish(step_up(event))
            continue
        at = EPOCH + timedelta(seconds=event.at_s)
        control = Control(
            kind="ack", id=ControlId(f"fx-desk/{STORY}"), starts_at=at, user=UserId("kim"),
            up_to_at=at - timedelta(seconds=event.behind_s),
        )  # fmt: skip
        process.receivers.apply(
            written(outgoing(CONTROLS, control, key=control.key, ce_id="a", stage="t", at=at), at=at)
        )
    await world.settled(sum(isinstance(event, Flash) for event in events))
    await process.stop()
    return set(world.channels["pd"].received)


@settings(max_examples=30)
@given(EVENTS)
def test_a_step_up_is_sent_exactly_if_no_acknowledgement_covers_it_when_it_is_due(events: list[Flash | Ack]) -> None:
    ordered = numbered(events)
    assert on_a_jumping_clock(sent(ordered)) == expected(ordered)
