"""`tocsin alerts league`: who was first with a story, by how much, and how far behind the others were."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agents.cli.desks import live_desks
from agents.cli.options import Json, with_broker
from agents.cli.output import Row, print_rows
from agents.cli.reading import Found, collect
from config.durations import duration_s
from config.settings import Settings
from streams.alerts.alert import DeskAlert
from streams.alerts.league import OVERALL, Shown, Standing, league
from streams.routing.permission import may_see
from streams.routing.render import span_of
from streams.routing.route import Desk
from streams.topics import desk_topic

ALL = "(all)"


@with_broker
def show_league(
    settings: Settings,
    *,
    desk: Annotated[str | None, typer.Option(help="This desk alone; all of them by default.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="This rule alone.")] = None,
    since: Annotated[str, typer.Option("--since", help="How far back: 12h, 7d.")] = "7d",
    samples: Annotated[bool, typer.Option("--samples", help="With the stories of the sample wire.")] = False,
    json: Json = False,
) -> None:
    """Say which source was first, from what each desk may see.

    A source that carried a story by itself is in no race, nor is any where one stood in its feed before the first
    look at it. Races are by first sight; "first" won them alone. "proven": every other source was looked at after that
    sight, and did not have it. "ahead" is the median lead of the first over the second, "behind" and "90 %" the lag of
    what was not first. "says first": how often its own date, if it holds, is the earliest, of how often another's holds
    too. "seen after": from its own date to our first sight, median.
    """
    try:
        start = datetime.now(UTC) - timedelta(seconds=duration_s(since))
    except (ValueError, OverflowError) as err:
        raise typer.BadParameter(str(err)) from None
    found = asyncio.run(_standings(settings, desk, start, samples=samples))
    kept = [(name, one) for name, one in found if rule is None or one.rule_id == rule]
    rows = [_figures(name, one) if json else _line(name, one) for name, one in kept]
    of_rule = "" if rule is None else f" of the rule {rule}"
    left_out = "" if samples else "; the sample wire's are left out: --samples counts them"
    print_rows(rows, as_json=json, empty=f"no story{of_rule} in {since}{left_out}")


async def _standings(
    settings: Settings, desk: str | None, start: datetime, *, samples: bool
) -> list[tuple[str, Standing]]:
    standings: list[tuple[str, Standing]] = []
    for one in await live_desks(settings, desk):
        alerts = await collect(settings, desk_topic(one.desk_id), DeskAlert)
        standings += [(one.desk_id, standing) for standing in _league(one, alerts, start, samples=samples)]
    return standings


def _league(desk: Desk, alerts: Iterable[Found[DeskAlert]], start: datetime, *, samples: bool) -> tuple[Standing, ...]:
    shown = (
        Shown(found.record, found.incoming.appended_at, found.incoming.offset)
        for found in alerts
        if found.incoming.appended_at >= start
    )
    return league(shown, lambda permission: may_see(desk, permission), samples=samples)


def _line(desk: str, standing: Standing) -> Row:
    """Return a row for people; what was not measured is a dash."""
    won = standing.win_rate
    return {
        "desk": desk,
        "rule": ALL if standing.rule_id == OVERALL else standing.rule_id,
        "source": standing.publisher,
        "stories": standing.stories,
        "races": standing.races,
        "first": standing.first,
        "win": None if won is None else f"{won:.0%}",
        "tied": standing.tied,
        "proven": standing.proven,
        "ahead": _span(standing.ahead_s),
        "behind": _span(standing.behind_s),
        "90 %": _span(standing.behind_high_s),
        "says first": f"{standing.claimed_first} of {standing.claimed}" if standing.claimed else None,
        "seen after": _span(standing.seen_after_s),
    }


def _figures(desk: str, standing: Standing) -> Row:
    """Return a row for programs; `rule` is null for all of them, times are seconds."""
    return {
        "desk": desk,
        "rule": None if standing.rule_id == OVERALL else standing.rule_id,
        "source": standing.publisher,
        "stories": standing.stories,
        "alone": standing.alone,
        "untimed": standing.untimed,
        "races": standing.races,
        "first": standing.first,
        "win_rate": standing.win_rate,
        "tied": standing.tied,
        "proven": standing.proven,
        "ahead_s": standing.ahead_s,
        "behind_s": standing.behind_s,
        "behind_p90_s": standing.behind_high_s,
        "claims": standing.claimed,
        "claimed_first": standing.claimed_first,
        "seen_after_s": standing.seen_after_s,
    }


def _span(seconds: float | None) -> str | None:
    return None if seconds is None else span_of(seconds * 1000)
