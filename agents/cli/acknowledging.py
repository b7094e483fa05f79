"""Acknowledgements: `tocsin alerts ack`, and who acknowledged what a desk was told, for the commands that show it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from agents.audit import acted
from agents.cli.acting import act
from agents.cli.desks import live_desks
from agents.cli.explaining.journey import Topics
from agents.cli.options import Json, with_broker
from agents.cli.output import print_fields
from agents.cli.reading import Found, beginning, newest_by_key
from agents.kafka import Incoming, outgoing, tombstone
from config.settings import Settings, author
from streams.alerts.alert import DeskAlert
from streams.controls import ENDED_KEPT, Control, acknowledged_in, acknowledgement_of
from streams.errors import ConfigurationError
from streams.ids import ControlId, DeskId, StoryId
from streams.latency import Hop
from streams.routing.told import Acknowledgement
from streams.topics import CONTROLS, desk_topic

STAGE = "acknowledge"
Acknowledgements = Mapping[tuple[DeskId, StoryId], Acknowledgement]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a desk was shown of one story: the first and the newest of its alerts, by when fan out routed them."""

    first: Found[DeskAlert]
    newest: Found[DeskAlert]


@with_broker
def ack(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="STORY|ALERT|EVENT", help="An id, or the beginning of one.")],
    desk: Annotated[str, typer.Option(help="The desk for which you acknowledge.")],
    user: Annotated[str | None, typer.Option(help="Who acknowledges; you by default.")] = None,
    *,
    json: Json = False,
) -> None:
    """Say that you have seen a story.

    Everything that the desk was shown of it until now is acknowledged: nobody else is told of that, and whoever
    acknowledged it first stays named. What is told later opens the story again.
    """
    who = settings.model_copy(update={"user": user}) if user else settings
    print_fields(asyncio.run(_ack(who, beginning(name), DeskId(desk))), as_json=json)


async def acknowledgements(settings: Settings) -> Acknowledgements:
    """Return what is acknowledged, by desk and story."""
    return {about: acknowledgement_of(one.record) for about, one in (await _found(settings)).items()}


def seen_by(made: Acknowledgement | None, record: Incoming) -> dict[str, object]:
    """Return who acknowledged what stands in a record, and the seconds since it was routed; None while nobody did."""
    covers = made is not None and made.covers(routed_at(record))
    return {
        "acknowledged_by": made.user if made is not None and covers else None,
        "acknowledged_after_s": _after_s(made, record) if made is not None and covers else None,
    }


def routed_at(record: Incoming) -> datetime:
    """Return when fan out decided what stands in a record (UTC): the same for the delivery and for the desk's alert."""
    return record.ledger.at(Hop.ROUTED) or record.appended_at


async def _ack(settings: Settings, name: str, desk: DeskId) -> dict[str, object]:
    await live_desks(settings, desk)
    shown = await _shown(settings, name, desk)
    newest = shown.newest.record
    before = (await _found(settings)).get((desk, newest.story_id))
    if before is None or not _covers(before, shown.newest.incoming):
        await _write(settings, shown, desk)
    made = (await acknowledgements(settings))[desk, newest.story_id]
    return {
        "desk": desk,
        "story": newest.story_id,
        "title": newest.head.title,
        "up_to": made.up_to_event,
        "acknowledged_by": made.user,
        "acknowledged_at": made.at,
        "after_s": _after_s(made, shown.first.incoming),
    }


async def _found(settings: Settings) -> Mapping[tuple[DeskId, StoryId], Found[Control]]:
    found = await newest_by_key(settings, CONTROLS, Control)
    return {about: one for one in found if (about := acknowledged_in(one.incoming.key)) is not None}


def _covers(before: Found[Control], record: Incoming) -> bool:
    """Return whether what stands in a record was acknowledged: by fan out's clock, and by the broker's."""
    made = acknowledgement_of(before.record)
    return made.covers(routed_at(record)) and before.incoming.appended_at >= record.appended_at


async def _shown(settings: Settings, name: str, desk: DeskId) -> Shown:
    topics, topic = Topics(settings), desk_topic(desk)
    found = await topics.mentioning(topic, DeskAlert, [name], lambda alert: _is_named(alert, name))
    stories = {one.record.story_id for one in found}
    if len(stories) != 1:
        cure = f"`tocsin alerts list --desk {desk}` shows what there is"
        why = f"{len(stories)} stories that the desk {desk} was told have ids that begin so: give more of the id"
        if not stories:
            why = f"the desk {desk} was told nothing of it: looked at {topics.said(topic)}; {cure}"
        raise ConfigurationError(f"{name}: {why}")
    [story] = stories
    told = await topics.mentioning(topic, DeskAlert, [story], lambda alert: alert.story_id == story)
    told.sort(key=lambda one: routed_at(one.incoming))
    return Shown(told[0], told[-1])


def _is_named(alert: DeskAlert, name: str) -> bool:
    ids = (alert.story_id, alert.event_id, *(rule.alert_id for rule in alert.rules))
    return any(one.startswith(name) for one in ids)


async def _write(settings: Settings, shown: Shown, desk: DeskId) -> None:
    """Write the acknowledgement, and the end of those that are over: their stories have ended, and nobody asks."""
    newest, now = shown.newest, datetime.now(UTC)
    story, event = newest.record.story_id, newest.record.event_id
    control = Control(
        kind="ack", id=ControlId(f"{desk}/{story}"), target={"desk": desk, "story": story, "event": event},
        starts_at=now, ends_at=now + ENDED_KEPT, up_to_at=routed_at(newest.incoming), user=author(settings),
    )  # fmt: skip
    over = [
        one.record.key for one in await newest_by_key(settings, CONTROLS, Control)
        if one.record.kind == "ack" and one.record.ends_at is not None and one.record.ends_at <= now
    ]  # fmt: skip
    out = outgoing(CONTROLS, control, key=control.key, ce_id=control.id, stage=STAGE, at=now)
    ended = [tombstone(CONTROLS, key=key) for key in over if key != control.key]
    await act(settings, [acted(settings, "acknowledged", control.key, after=event)], [out, *ended])


def _after_s(made: Acknowledgement, record: Incoming) -> float:
    return round((made.at - routed_at(record)).total_seconds(), 3)
