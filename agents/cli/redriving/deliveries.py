"""Deliveries that ended without arriving, sent anew: which can be, as what, and why another can't."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from agents.apply import live_routes
from agents.audit import acted
from agents.cli.acting import act
from agents.cli.reading import Found
from agents.cli.states import present
from agents.deliver.effects import named_in
from agents.kafka import Incoming, Outgoing, outgoing, partition
from agents.loops.follower import Reader
from config.problems import did_you_mean
from config.settings import Settings
from streams.errors import ConfigurationError, PoisonError
from streams.ids import DeliveryId, ReceiverId
from streams.routing.notification import DIGEST, Delivery, DeliveryState, DeliveryStatus
from streams.routing.redrive import id_of, redriven
from streams.routing.route import Receiver
from streams.topics import DELIVERIES, Names

STAGE = "redrive"
PAGE = 1_000  # deliveries whose records are held at a time, some 10 MB
FAILED = (DeliveryStatus.DEAD, DeliveryStatus.EXPIRED)
States = Mapping[DeliveryId, DeliveryState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """One delivery that somebody wants to be sent anew: `delivery` if that can be, else `why` it can't."""

    state: DeliveryState
    why: str = ""
    delivery: Delivery | None = None
    record: Incoming | None = None

    def row(self) -> dict[str, object]:
        """Return what is shown of it."""
        return {
            "delivery": self.state.delivery_id,
            "receiver": self.state.receiver,
            "state": self.state.state.value,
            "outcome": self.state.outcome,
            "redriven_as": self.delivery.delivery_id if self.delivery else None,
            "why": self.why,
        }


@dataclass(slots=True)
class Records:
    """What stands on `deliveries.*`: every id, and the record of each delivery that is wanted."""

    wanted: Collection[DeliveryId]
    ids: set[DeliveryId] = field(default_factory=set)
    found: dict[DeliveryId, Incoming] = field(default_factory=dict)

    def take(self, record: Incoming) -> None:
        """Take one record, its value unread."""
        if (named := named_in(record)) is not None:
            self.ids.add(named[0])
            if named[0] in self.wanted:
                self.found.setdefault(named[0], record)


async def redrive(
    settings: Settings, states: States, failed: Iterable[DeliveryState], *, dry_run: bool
) -> list[dict[str, object]]:
    """Send anew what can be, page by page, so that one page's records are held at a time; return what is shown."""
    rows: list[dict[str, object]] = []
    waiting = iter(failed)
    while page := list(islice(waiting, PAGE)):
        planned = await plan(settings, states, page)
        if not dry_run:
            await perform(settings, planned)
        rows += [each.row() for each in planned]
    return rows


def named(states: States, given: str) -> DeliveryState:
    """Return the delivery that an id, or its beginning, names; of a redrive the first one.

    Raises: ConfigurationError for none, for several, and for one that did not fail.
    """
    found = [state for name, state in states.items() if name.startswith(given)]
    if not found:
        raise ConfigurationError(f"no delivery {given}: `tocsin deliveries list --state dead` shows those of 8 days")
    if len(found) > 1:
        raise ConfigurationError(f"{len(found)} deliveries begin with {given}: give more of the id")
    if found[0].state not in FAILED:
        raise ConfigurationError(
            f"delivery {found[0].delivery_id} is {found[0].state}: only what is dead or expired is sent anew"
        )
    first = states.get(found[0].redrive_of) if found[0].redrive_of else None
    return first or found[0]


def failed_of(
    states: States, receiver: str, *, state: DeliveryStatus | None, since: datetime
) -> Iterator[DeliveryState]:
    """Yield the deliveries of a receiver that failed since then (UTC), each once however often it was redriven.

    Raises: ConfigurationError for a receiver that nothing was sent to.
    """
    known = sorted({each.receiver for each in states.values()})
    if receiver not in known:
        raise ConfigurationError(f'nothing was sent to a receiver "{receiver}"{did_you_mean(receiver, known)}')
    ends = (state,) if state else FAILED
    for each in states.values():
        if each.receiver == receiver and each.state in ends and each.redrive_of is None and each.changed_at >= since:
            yield each


async def plan(settings: Settings, states: States, failed: Iterable[DeliveryState]) -> list[Redrive]:
    """Return what becomes of each, if it is sent anew now."""
    wanted = list(failed)
    records = await _records(settings, {each.receiver for each in wanted}, {each.delivery_id for each in wanted})
    version = await live_routes(settings)
    receivers = version.body.receivers if version else {}
    now = datetime.now(UTC)
    return [_planned(each, states, records, receivers, now) for each in wanted]


async def perform(settings: Settings, redrives: Sequence[Redrive]) -> None:
    """Write the new deliveries, audited; one that another wrote meanwhile has the same id, and is sent once."""
    actions, outputs = [], list[Outgoing]()
    for each in redrives:
        if each.delivery is None or each.record is None:
            continue
        after = {"delivery_id": str(each.delivery.delivery_id), "purpose": each.delivery.purpose}
        before = {"state": each.state.state.value}
        actions.append(acted(settings, "redriven", each.state.delivery_id, before={**before}, after={**after}))
        outputs.append(_output(each.delivery, each.record))
    await act(settings, actions, outputs)


async def _records(settings: Settings, receivers: Collection[ReceiverId], wanted: Collection[DeliveryId]) -> Records:
    names, records = Names(settings.topic_prefix), Records(wanted)
    places = {
        partition(names.of(topic), topic.partition(receiver)) for topic in DELIVERIES.values() for receiver in receivers
    }
    if places:
        async with Reader(settings, sorted(places)) as reader:
            await reader.read_to(await reader.ends(), records.take)
    return records


def _planned(
    state: DeliveryState,
    states: States,
    records: Records,
    receivers: Mapping[ReceiverId, Receiver],
    now: datetime,
) -> Redrive:
    record = records.found.get(state.delivery_id)
    if record is None:
        return Redrive(state=state, why="its record is gone: deliveries are kept for 8 days")
    try:
        original = Delivery.from_json(record.value, schema=record.schema)
    except PoisonError as err:
        return Redrive(state=state, why=f"its record can't be read: {err}")
    if original.purpose == DIGEST:
        return Redrive(state=state, why="it tells in a digest that another expired: redrive that one")
    number, why = _next_number(original, states, records)
    if original.receiver not in receivers:
        why = "the routes name its receiver no more"
    if why:
        return Redrive(state=state, why=why)
    new = redriven(original, number, receivers[original.receiver], at=now)
    return Redrive(state=state, delivery=new, record=record)


def _next_number(original: Delivery, states: States, records: Records) -> tuple[int, str]:
    """Return the number of the next redrive, and why there is to be none: the last one did not fail."""
    number = 1
    while (name := id_of(original, number)) in records.ids or name in states:
        last = states.get(name)
        if last is None or not last.state.final:
            return number, f"it is on its way already, as {name}"
        if last.state not in FAILED:
            return number, f"it was redriven before: {name} is {last.state}"
        number += 1
    return number, ""


def _output(delivery: Delivery, record: Incoming) -> Outgoing:
    now = datetime.now(UTC)
    # What was routed until then is acknowledged: a step up keeps its time, or it would go to whom nobody needs to wake.
    ledger = record.ledger if delivery.unless_acked else record.ledger.stamped(routed=now)
    return outgoing(
        DELIVERIES[delivery.urgency], delivery, key=delivery.receiver, by=delivery.receiver,
        ce_id=delivery.delivery_id, stage=STAGE, at=now, ledger=ledger, traceparent=record.traceparent,
    )  # fmt: skip


def redrives_of(states: Iterable[Found[DeliveryState]], name: DeliveryId) -> list[DeliveryState]:
    """Return the redrives of a delivery that have a state, the first one first."""
    return [found.record for found in present(states) if found.record.redrive_of == name]
