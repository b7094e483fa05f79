"""`tocsin receivers`: what is known of each, and pauses."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import JsonValue

from agents.apply import live_routes
from agents.audit import acted
from agents.cli.acting import act
from agents.cli.options import Json, with_broker
from agents.cli.output import print_fields, print_rows
from agents.cli.reading import collect, newest_by_key
from agents.cli.states import present
from agents.kafka import outgoing, tombstone
from config.durations import duration_s
from config.problems import did_you_mean
from config.settings import Settings, author
from streams.controls import Control, paused_in
from streams.errors import ConfigurationError
from streams.ids import ControlId, ReceiverId
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.route import Receiver
from streams.topics import CONTROLS, DELIVERY_STATES

STAGE = "receivers"
A_DAY = timedelta(days=1)
SAYS_OFF = ("http_410", "receiver_is_off")
Name = Annotated[str, typer.Argument(metavar="RECEIVER")]


@dataclass(slots=True)
class Lately:
    """How the deliveries of one receiver went within a day; `refused`: the outcome, if none arrived after it."""

    counts: Counter[DeliveryStatus] = field(default_factory=Counter)
    refused: str | None = None


@with_broker
def list_(settings: Settings, *, json: Json = False) -> None:
    """List the receivers: their pauses, whether one needs attention, how the deliveries of a day went."""
    print_rows(asyncio.run(_rows(settings)), as_json=json, empty="no receiver is live")


@with_broker
def pause(
    settings: Settings,
    receiver: Name,
    comment: Annotated[str, typer.Option(help="Why, for those who wonder at the quiet.")],
    *,
    for_: Annotated[str | None, typer.Option("--for", help="How long: 30m, 8h, 2d; until resumed by default.")] = None,
    json: Json = False,
) -> None:
    """Send nothing to a receiver for a time.

    Its deliveries wait in the retry tiers, and expire there if that lasts longer than their time to live. Nobody else
    is told instead.
    """
    now = datetime.now(UTC)
    try:
        ends_at = now + timedelta(seconds=duration_s(for_)) if for_ else None
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None
    known = asyncio.run(_known(settings, receiver))
    control = Control(
        kind="pause", id=ControlId(receiver), target={"receiver": receiver}, starts_at=now, ends_at=ends_at,
        user=author(settings), comment=comment,
    )  # fmt: skip
    out = outgoing(CONTROLS, control, key=control.key, ce_id=control.id, stage=STAGE, at=now)
    until = ends_at.isoformat() if ends_at else None
    asyncio.run(act(settings, [acted(settings, "paused", control.key, after={"until": until})], [out]))
    print_fields({"receiver": known.receiver_id, **_paused(control)}, as_json=json)


@with_broker
def resume(settings: Settings, receiver: Name) -> None:
    """End a pause now; what waits is sent within five minutes or so."""
    control = asyncio.run(_pauses(settings)).get(ReceiverId(receiver))
    if control is None:
        asyncio.run(_known(settings, receiver))
        raise ConfigurationError(f"{receiver} is not paused: `tocsin receivers list` shows those that are")
    before: JsonValue = {"until": control.ends_at.isoformat() if control.ends_at else None, "by": control.user}
    action = acted(settings, "resumed", control.key, before=before)
    asyncio.run(act(settings, [action], [tombstone(CONTROLS, key=control.key)]))
    print(f"{receiver} is resumed")


async def _known(settings: Settings, name: str) -> Receiver:
    version = await live_routes(settings)
    receivers = version.body.receivers if version else {}
    if name not in receivers:
        there = ", ".join(sorted(receivers)) or "none"
        raise ConfigurationError(f'no receiver "{name}" is live{did_you_mean(name, receivers)}: there are {there}')
    return receivers[ReceiverId(name)]


async def _pauses(settings: Settings) -> Mapping[ReceiverId, Control]:
    """Return the pauses that are in force."""
    now = datetime.now(UTC)
    found = await newest_by_key(settings, CONTROLS, Control)
    named = ((paused_in(one.record.key), one.record) for one in found)
    return {name: one for name, one in named if name and (one.ends_at is None or one.ends_at > now)}


async def _rows(settings: Settings) -> list[dict[str, object]]:
    version = await live_routes(settings)
    pauses, records = await _pauses(settings), await _records(settings)
    receivers = sorted(version.body.receivers.items()) if version else []
    return [dict(_row(one, pauses.get(name), records.get(name, Lately()))) for name, one in receivers]


async def _records(settings: Settings) -> Mapping[ReceiverId, Lately]:
    since = datetime.now(UTC) - A_DAY
    found: dict[ReceiverId, Lately] = defaultdict(Lately)
    for one in present(await collect(settings, DELIVERY_STATES, DeliveryState)):
        state, record = one.record, found[one.record.receiver]
        if state.state is DeliveryStatus.HANDED_OFF or state.changed_at >= since:
            record.counts[state.state] += 1
        if state.state is DeliveryStatus.DELIVERED:
            record.refused = None
        elif state.state is DeliveryStatus.DEAD:
            record.refused = state.outcome
    return found


def _row(receiver: Receiver, paused: Control | None, record: Lately) -> Iterator[tuple[str, object]]:
    yield "receiver", receiver.receiver_id
    yield "type", receiver.type
    yield "per_second", round(receiver.rate.per_second, 3)
    yield "burst", receiver.rate.burst
    yield "fallback", receiver.fallback
    yield from _paused(paused).items()
    yield "off", record.refused in SAYS_OFF
    yield "needs_attention", record.refused
    yield "waiting", record.counts[DeliveryStatus.HANDED_OFF]
    yield from ((status.value, record.counts[status]) for status in DeliveryStatus if status.final)


def _paused(control: Control | None) -> dict[str, object]:
    return {
        "paused": control is not None,
        "paused_by": control.user if control else None,
        "paused_until": control.ends_at if control else None,
    }


COMMANDS = {"list": list_, "pause": pause, "resume": resume}
