"""`tocsin replay`: decide a time of the past again, and compare with what was recorded."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from agents.cli.options import Json, with_broker
from agents.cli.output import print_json, print_rows
from agents.cli.replaying.alerts import replay_alerts
from agents.cli.replaying.difference import Account, Difference
from agents.cli.replaying.matches import replay_matches
from agents.cli.replaying.reading import Times, moment
from config.settings import Settings
from streams.errors import ConfigurationError

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NOW = "now"


class Stage(StrEnum):
    """What is decided again."""

    MATCH = "match"
    ALERT = "alert"
    ALL = "all"


@with_broker
def replay(
    settings: Settings,
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="The first moment, such as 2025-10-26T07:41Z.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="The first moment after it.")] = NOW,
    stage: Annotated[Stage, typer.Option(help="Which stage.")] = Stage.ALL,
    into: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write the alerts to the topic replays.NAME.")
    ] = None,
    *,
    json: Json = False,
) -> int:
    """Decide a time of the past again, and list whatever is not as it was recorded; exit 1 if anything is.

    Alerts are compared byte for byte, matches by rule and spans. A day alone is its beginning in UTC.
    Example: tocsin replay --from 2025-10-26 --to 2025-10-27 --into audit-1026
    """
    times = Times(moment(begin), datetime.now(UTC) if end == NOW else moment(end))
    if times.begin >= times.end:
        raise typer.BadParameter("--to must be later than --from")
    if into is not None and not NAME.fullmatch(into):
        raise typer.BadParameter(f'--into "{into}": a name is small letters, digits and dashes, 64 at most')
    if into is not None and stage is Stage.MATCH:
        raise ConfigurationError("--into takes alerts: give --stage alert or all")
    accounts = asyncio.run(_replay(settings, times, stage, into))
    _print(accounts, as_json=json)
    return int(any(account.differs for account in accounts))


async def _replay(settings: Settings, times: Times, stage: Stage, into: str | None) -> list[Account]:
    accounts = []
    if stage is not Stage.ALERT:
        accounts.append(await replay_matches(settings, times))
    if stage is not Stage.MATCH:
        accounts.append(await replay_alerts(settings, times, into))
    return accounts


def _print(accounts: Sequence[Account], *, as_json: bool) -> None:
    rows = [_row(account, one) for account in accounts for one in account.listed]
    if rows:
        print_rows(rows, as_json=as_json)
    for account in accounts:
        kinds = {kind.value: count for kind, count in account.counts.items()}
        counted = {"equal": account.equal, **kinds, "unreadable": account.unreadable}
        if as_json:
            print_json({"stage": account.stage, **counted})
        else:
            print(f"{account.stage}: " + ", ".join(f"{count:,} {name}" for name, count in counted.items()))


def _row(account: Account, one: Difference) -> dict[str, object]:
    return {"stage": account.stage, "kind": one.kind.value, "name": one.name, "at": one.at, "what": one.what}
