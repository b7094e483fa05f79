"""What desks were not told, with the sentence why: `tocsin alerts list --suppressed`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import typer

from agents.cli.explaining.journey import Topics, first_of_each
from agents.cli.explaining.reasons import reasons
from agents.cli.explaining.sheet import heading, lines, width
from agents.cli.output import coloured, print_json
from agents.cli.reading import Found
from config.durations import duration_s
from config.settings import Settings
from streams.alerts.alert import Alert
from streams.routing.told import Routing, RoutingDecision
from streams.topics import ALERTS, ROUTINGS

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which decisions are asked for: of a desk, on a rule, made since a moment (UTC), the newest so many."""

    desk: str | None
    rule: str | None
    since: datetime
    limit: int

    def wants(self, routing: Routing) -> bool:
        """Return whether the desk was not told of the alert, or not by this rule."""
        if self.desk not in {None, routing.desk}:
            return False
        if self.rule is None:
            return routing.decision is not RoutingDecision.TOLD
        return any(
            rule == self.rule and decision is not RoutingDecision.TOLD for rule, decision in routing.rules.items()
        )


def since_of(text: str | None) -> datetime:
    """Return the moment (UTC) that lies so long ago, or the beginning. Raises: typer.BadParameter."""
    if text is None:
        return BEGINNING
    try:
        return datetime.now(UTC) - timedelta(seconds=duration_s(text))
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None


def show(settings: Settings, asked: Asked, *, as_json: bool) -> None:
    """Print each decision with its alert's headline, or a JSON object a line; oldest first."""
    topics = Topics(settings)
    found, alerts = asyncio.run(_read(topics, asked))
    if as_json:
        for one in found:
            print_json(_row(one, alerts.get(one.record.event_id)))
        return
    if not found:
        print(f"none; looked at {topics.said(ROUTINGS)}")
    room, styled = width(), coloured()
    for number, one in enumerate(found):
        print(
            *[""] * (number > 0),
            *_entry(one, alerts.get(one.record.event_id), asked.rule, room, styled=styled),
            sep="\n",
        )


async def _read(topics: Topics, asked: Asked) -> tuple[list[Found[Routing]], dict[str, Alert]]:
    marks = [f'"{asked.desk}"' if asked.desk else ""]
    held_back = await topics.mentioning(ROUTINGS, Routing, marks, asked.wants)
    found = [one for one in first_of_each(held_back) if one.incoming.appended_at >= asked.since][-asked.limit :]
    events = {one.record.event_id for one in found}
    alerts = await topics.mentioning(ALERTS, Alert, events, lambda alert: alert.event_id in events)
    return found, {one.record.event_id: one.record for one in alerts}


def _entry(
    found: Found[Routing], alert: Alert | None, rule: str | None, room: int | None, *, styled: bool
) -> Iterator[str]:
    routing = found.record
    decision = next((said for name, said in routing.rules.items() if name == rule), routing.decision)
    of_rule = f" for {rule}" if rule else ""
    yield heading(f"{found.incoming.appended_at:%Y-%m-%d %H:%M:%S} UTC, {routing.desk}: {decision.value}{of_rule}")
    title = f"{alert.head.publisher}: {alert.head.title}" if alert else "(the alert is not on the topic any more)"
    yield from lines("what", title, room=room, styled=styled)
    for number, why in enumerate(reasons(routing, rule=rule)):
        yield from lines("" if number else "why", why, room=room, styled=styled)
    yield from lines("alert", routing.event_id, room=room, styled=styled)


def _row(found: Found[Routing], alert: Alert | None) -> dict[str, object]:
    routing = found.record
    return {
        "at": found.incoming.appended_at,
        "desk": routing.desk,
        "decision": routing.decision.value,
        "rules": {rule: decision.value for rule, decision in routing.rules.items()},
        "reason": routing.reason,
        "controls": tuple(routing.controls),
        "source": alert.head.publisher if alert else None,
        "title": alert.head.title if alert else None,
        "event": routing.event_id,
    }
