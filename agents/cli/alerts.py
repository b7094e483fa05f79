"""`tocsin alerts`: follow a desk's alerts, list them or those that were not told, show one, acknowledge."""

import asyncio
import sys
from collections.abc import Iterable
from contextlib import suppress
from shutil import get_terminal_size
from typing import Annotated

import typer

from agents import log
from agents.apply import read_heads
from agents.cli.acknowledging import Acknowledgements, ack, acknowledgements, seen_by
from agents.cli.desks import desk_topics
from agents.cli.explaining.journey import Topics, first_of_each
from agents.cli.explaining.reasons import reasons
from agents.cli.league import show_league
from agents.cli.options import Json, Limit, with_broker
from agents.cli.output import coloured, print_json, print_rows
from agents.cli.reading import Found, beginning, collect
from agents.cli.suppressed import Asked, since_of
from agents.cli.suppressed import show as show_suppressed
from agents.kafka import Incoming
from agents.loops.follower import Follower
from config.problems import did_you_mean
from config.settings import Settings
from streams.alerts.alert import Alert, DeskAlert
from streams.articles.article import ArticleKind
from streams.errors import ConfigurationError
from streams.routing.render_console import console_lines
from streams.routing.told import Routing, RoutingDecision
from streams.topics import ALERTS, ROUTINGS

SHOWN_EVERY_S = 0.05
SEEN = ("acknowledged_by", "acknowledged_after_s")
Desk = Annotated[str | None, typer.Option(help="This desk alone; all of them by default.")]
RuleId = Annotated[str | None, typer.Option("--rule", help="This rule alone.")]


@with_broker
def tail(settings: Settings, desk: Desk = None, limit: Limit = 10, *, json: Json = False) -> None:
    """Show the newest alerts, then each as it comes, until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_tail(settings, desk, limit, as_json=json))


@with_broker
def list_(
    settings: Settings,
    desk: Desk = None,
    rule: RuleId = None,
    since: Annotated[str | None, typer.Option(help="Of the last so long alone: 30m, 8h, 2d.")] = None,
    limit: Limit = 50,
    *,
    suppressed: Annotated[bool, typer.Option("--suppressed", help="Those that a desk was not told, and why.")] = False,
    reason: Annotated[
        RoutingDecision | None, typer.Option(help="Those alone that a desk was not told for this reason.")
    ] = None,
    json: Json = False,
) -> None:
    """List the newest alerts of the desks, or what they were not told."""
    began = since_of(since)
    if reason is RoutingDecision.TOLD:
        raise typer.BadParameter("told is no reason not to be told: leave --reason out")
    if suppressed or reason is not None:
        asyncio.run(desk_topics(settings, desk))
        show_suppressed(settings, Asked(desk, rule, reason, began, limit), as_json=json)
        return
    told = [found for found in asyncio.run(_told(settings, desk, rule)) if found.incoming.appended_at >= began]
    made = asyncio.run(acknowledgements(settings))
    rows = [_row(found, made) for found in told[-limit:]]
    unknown = "" if told or rule is None else asyncio.run(_not_live(settings, rule))
    which = "".join(f" {word} {given}" for word, given in (("of", rule), ("in", since), ("at", desk)) if given)
    print_rows(_with_seen(rows, as_json=json), as_json=json, empty=f"no alert{which}{unknown}")


@with_broker
def show(settings: Settings, event: str, *, json: Json = False) -> None:
    """Show one alert as it was raised, and what each desk was told. EVENT may be the beginning of an id."""
    alert, routings = asyncio.run(_alert(settings, event))
    made = asyncio.run(acknowledgements(settings))
    rows = [_routing_row(found, made) for found in routings]
    if json:
        seen = {row["desk"]: {name: row[name] for name in SEEN} for row in rows}
        print_json({"alert": alert.record, "routings": [found.record for found in routings], "acknowledged": seen})
        return
    shown = DeskAlert(**alert.record.model_dump(), desk="-", told_as=alert.record.relation, routes_version="-")
    _show(shown, alert.incoming)
    print_rows(_with_seen(rows, as_json=False), as_json=False, empty="no desk's decision yet")


async def _alert(settings: Settings, given: str) -> tuple[Found[Alert], list[Found[Routing]]]:
    event, topics = beginning(given), Topics(settings)
    found = await topics.mentioning(ALERTS, Alert, [event], lambda alert: alert.event_id.startswith(event))
    if not found:
        raise ConfigurationError(f"no alert {event}: looked at {topics.said(ALERTS)}; alerts are kept for 90 days")
    name = found[-1].record.event_id
    routings = await topics.mentioning(ROUTINGS, Routing, [name], lambda routing: routing.event_id == name)
    return found[-1], first_of_each(routings)


async def _told(settings: Settings, desk: str | None, rule: str | None) -> list[Found[DeskAlert]]:
    def wanted(alert: DeskAlert) -> bool:
        return is_news(alert) and (rule is None or any(hit.rule_id == rule for hit in alert.rules))

    topics = await desk_topics(settings, desk)
    found = [one for topic in topics for one in await collect(settings, topic, DeskAlert, wanted)]
    return sorted(found, key=lambda one: one.incoming.appended_at)


async def _not_live(settings: Settings, rule: str) -> str:
    """Return that no such rule is live, and what may have been meant; nothing for one that is."""
    live = {
        name for (kind, name), head in (await read_heads(settings))[0].items() if kind == "rule" and not head.deleted
    }
    return "" if rule in live else f": no rule of this name is live{did_you_mean(rule, live)}"


def is_news(alert: Alert) -> bool:
    """Return whether a person wants to see it: a heartbeat only shows that every stage is alive."""
    return alert.head.kind is not ArticleKind.HEARTBEAT


async def _tail(settings: Settings, desk: str | None, limit: int, *, as_json: bool) -> None:
    waiting: list[Incoming] = []
    topics = await desk_topics(settings, desk)
    follower = Follower(settings, topics, waiting.append)
    await follower.start()
    log.configure(form=settings.log_format, level=settings.log_level)  # what goes wrong from now on ends no command
    if not _print(sorted(waiting, key=lambda record: record.appended_at), as_json=as_json, newest=limit):
        desks = ", ".join(topic.name.partition(".")[2] for topic in topics) or "any desk (none is live)"
        print(f"no alert yet at {desks}: each is shown as it comes, until Ctrl-C", file=sys.stderr)
    waiting.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run())
        tasks.create_task(_print_all(waiting, as_json=as_json))


async def _print_all(waiting: list[Incoming], *, as_json: bool) -> None:
    while True:
        _print(waiting, as_json=as_json)
        waiting.clear()
        await asyncio.sleep(SHOWN_EVERY_S)


def _print(records: Iterable[Incoming], *, as_json: bool, newest: int = 0) -> int:
    """Print the news among the records, or the newest so many of it; return how many that are."""
    read = [(DeskAlert.from_json(record.value, schema=record.schema), record) for record in records]
    shown = [found for found in read if is_news(found[0])][-newest:]
    for alert, record in shown:
        if as_json:
            print_json(alert)
        else:
            _show(alert, record)
    sys.stdout.flush()
    return len(shown)


def _show(alert: DeskAlert, record: Incoming) -> None:
    width = get_terminal_size().columns if sys.stdout.isatty() else None
    print("\n".join(console_lines(alert, record.ledger, styled=coloured(), width=width)))


def _with_seen(rows: list[dict[str, object]], *, as_json: bool) -> list[dict[str, object]]:
    """Return the rows without who acknowledged if they are for a terminal and nobody did: it has little room."""
    if as_json or any(row["acknowledged_by"] for row in rows):
        return rows
    return [{name: value for name, value in row.items() if name not in SEEN} for row in rows]


def _row(found: Found[DeskAlert], made: Acknowledgements) -> dict[str, object]:
    alert = found.record
    return {
        "at": found.incoming.appended_at,
        "desk": alert.desk,
        "as": alert.told_as.value,
        "urgency": max((rule.urgency for rule in alert.rules), key=lambda urgency: urgency.rank, default="-"),
        "rules": tuple(rule.rule_id for rule in alert.rules),
        **seen_by(made.get((alert.desk, alert.story_id)), found.incoming),
        "source": alert.head.publisher,
        "title": alert.head.title,
        "event": alert.event_id,
    }


def _routing_row(found: Found[Routing], made: Acknowledgements) -> dict[str, object]:
    routing = found.record
    return {
        "desk": routing.desk,
        "decision": routing.decision.value,
        "receivers": tuple(routing.receivers),
        **seen_by(made.get((routing.desk, routing.story_id)), found.incoming),
        "reason": "; ".join(reasons(routing)),
    }


COMMANDS = {"tail": tail, "list": list_, "show": show, "ack": ack, "league": show_league}
