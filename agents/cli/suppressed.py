"""What desks were not told, with the sentence why: `tocsin alerts list --suppressed`."""

import asyncio
from collections import Counter
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
from streams.ids import DeskId, RuleId
from streams.routing.told import Routing, RoutingDecision
from streams.topics import ALERTS, ROUTINGS

SHOWN_BY = f"--reason {RoutingDecision.NO_ROUTE.value}"
BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which decisions are asked for: of a desk, on a rule, for one reason, since a moment (UTC), the newest so many."""

    desk: str | None
    rule: str | None
    decision: RoutingDecision | None
    since: datetime
    limit: int

    def wants(self, routing: Routing) -> bool:
        """Return whether the desk was not told of the alert, or not by this rule."""
        if self.desk not in {None, routing.desk} or (self.rule is not None and self.rule not in routing.rules):
            return False
        made = self.made(routing)
        return made is not RoutingDecision.TOLD and self.decision in {None, made}

    def made(self, routing: Routing) -> RoutingDecision:
        """Return what was decided on the rule that is asked for, or on the alert."""
        return routing.decision if self.rule is None else routing.rules.get(RuleId(self.rule), routing.decision)

    def counts(self, routing: Routing) -> bool:
        """Return whether it is only counted: most desks get most alerts by no route, which would hide all else."""
        return self.decision is None and self.made(routing) is RoutingDecision.NO_ROUTE


def since_of(text: str | None) -> datetime:
    """Return the moment (UTC) that lies so long ago, or the beginning. Raises: typer.BadParameter."""
    if text is None:
        return BEGINNING
    try:
        return datetime.now(UTC) - timedelta(seconds=duration_s(text))
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None


def show(settings: Settings, asked: Asked, *, as_json: bool) -> None:
    """Print each decision with its alert's headline, and how many are only counted; oldest first.

    Or a JSON object a line, which leaves nothing to a count.
    """
    topics = Topics(settings)
    found, counted, alerts = asyncio.run(_read(topics, asked, all_of_them=as_json))
    if as_json:
        for one in found:
            print_json(_row(one, alerts.get(one.record.event_id)))
        return
    if not found:
        print(f"none{' that a route led to its desk' if counted else ''}; looked at {topics.said(ROUTINGS)}")
    room, styled = width(), coloured()
    for number, one in enumerate(found):
        print(
            *[""] * (number > 0),
            *_entry(one, alerts.get(one.record.event_id), asked, room, styled=styled),
            sep="\n",
        )
    if counted:
        text = f"{', '.join(f'{count:,} for {desk}' for desk, count in sorted(counted.items()))}: {SHOWN_BY} lists them"
        print(*[""] * bool(found), *lines(RoutingDecision.NO_ROUTE.value, text, room=room, styled=styled), sep="\n")


async def _read(
    topics: Topics, asked: Asked, *, all_of_them: bool
) -> tuple[list[Found[Routing]], Counter[DeskId], dict[str, Alert]]:
    """Return the decisions, how many more of each desk are only counted, and the alerts that were decided on, by id."""
    marks = [f'"{asked.desk}"' if asked.desk else ""]
    held_back = await topics.mentioning(ROUTINGS, Routing, marks, asked.wants)
    since = [one for one in first_of_each(held_back) if one.incoming.appended_at >= asked.since]
    counted = Counter(one.record.desk for one in since if asked.counts(one.record) and not all_of_them)
    found = [one for one in since if all_of_them or not asked.counts(one.record)][-asked.limit :]
    events = {one.record.event_id for one in found}
    alerts = await topics.mentioning(ALERTS, Alert, events, lambda alert: alert.event_id in events)
    return found, counted, {one.record.event_id: one.record for one in alerts}


def _entry(
    found: Found[Routing], alert: Alert | None, asked: Asked, room: int | None, *, styled: bool
) -> Iterator[str]:
    routing, rule = found.record, asked.rule
    made = f"{asked.made(routing).value}{f' for {rule}' if rule else ''}"
    yield heading(f"{found.incoming.appended_at:%Y-%m-%d %H:%M:%S} UTC, {routing.desk}: {made}")
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
