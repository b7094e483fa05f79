"""`tocsin deliveries`: the state of each sending, and whether every one that was promised is accounted for."""

import asyncio
import sys
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from agents.cli.account import take_account
from agents.cli.options import Json, Limit, with_broker
from agents.cli.output import print_fields, print_rows
from agents.cli.reading import Found, beginning, one, read
from agents.cli.redriving import deliveries as redriving
from agents.cli.states import all_states, present
from config.durations import duration_s
from config.settings import Settings
from streams.ids import ReceiverId
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.reconcile import KEPT_FOR, Account, Missing, Standing
from streams.routing.told import Routing
from streams.topics import DELIVERY_STATES


class Failed(StrEnum):
    """The ends of a delivery that never arrived."""

    DEAD = "dead"
    EXPIRED = "expired"


@with_broker
def list_(
    settings: Settings,
    receiver: Annotated[str | None, typer.Option(help="This receiver alone.")] = None,
    state: Annotated[DeliveryStatus | None, typer.Option(help="Those in this state.")] = None,
    limit: Limit = 50,
    *,
    json: Json = False,
) -> None:
    """List the newest deliveries with their present state."""

    def wanted(found: Found[DeliveryState]) -> bool:
        return receiver in (None, found.record.receiver) and state in (None, found.record.state)

    states = present(read(settings, DELIVERY_STATES, DeliveryState))
    rows = [_row(found) for found in states if wanted(found)]
    print_rows(rows[-limit:], as_json=json, empty=_why_none(receiver, {found.record.receiver for found in states}))


def _why_none(receiver: str | None, told: Collection[str]) -> str:
    """Return what stands for an empty list: whether the receiver that was asked for was ever sent anything."""
    if receiver is None or receiver in told:
        return "none"
    return f'none: nothing went to "{receiver}" in eight days, but to {", ".join(sorted(told)) or "nobody else either"}'


@with_broker
def show(settings: Settings, delivery: str, *, json: Json = False) -> None:
    """Show one delivery. DELIVERY may be the beginning of an id."""
    start = beginning(delivery)
    states = read(settings, DELIVERY_STATES, DeliveryState)
    wanted = [state for state in present(states) if state.record.delivery_id.startswith(start)]
    found = one(wanted, f"delivery {delivery}")
    again = redriving.redrives_of(states, found.record.delivery_id)
    print_fields(
        {
            **_row(found),
            "seq": found.record.seq,
            "provider_ref": found.record.provider_ref,
            "redrive_of": found.record.redrive_of,
            "redriven_as": [f"{state.delivery_id} ({state.state})" for state in again],
        },
        as_json=json,
    )


@with_broker
def redrive(
    settings: Settings,
    delivery: Annotated[str | None, typer.Argument(help="Its id, or the beginning of one.")] = None,
    receiver: Annotated[str | None, typer.Option(help="All that failed at this receiver.")] = None,
    state: Annotated[Failed | None, typer.Option(help="With --receiver: those alone.")] = None,
    since: Annotated[str, typer.Option(help="With --receiver: those of the last so long: 1h, 7d.")] = "7d",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent anew; send nothing.")] = False,
    json: Json = False,
) -> int:
    """Send anew what is dead or expired, as a delivery of its own with a fresh time to live.

    What is on its way already, or arrived, is left. Exit 1 if nothing can be sent.
    """
    if (delivery is None) is (receiver is None):
        raise typer.BadParameter("give a delivery, or --receiver")
    began = datetime.now(UTC) - _since(since)
    return asyncio.run(_redrive(settings, delivery, receiver, state, began, dry_run=dry_run, as_json=json))


async def _redrive(
    settings: Settings,
    delivery: str | None,
    receiver: str | None,
    state: Failed | None,
    began: datetime,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    states = await all_states(settings)
    if receiver is None:
        failed = [redriving.named(states, beginning(delivery or ""))]
    else:
        only = DeliveryStatus(state.value) if state else None
        failed = list(redriving.failed_of(states, receiver, state=only, since=began))
    rows = await redriving.redrive(settings, states, failed, dry_run=dry_run)
    print_rows(rows, as_json=as_json, empty="nothing failed there")
    return 0 if any(row["redriven_as"] for row in rows) or not rows else 1


@with_broker
def reconcile(
    settings: Settings,
    since: Annotated[str, typer.Option(help="Of what was told in so long: 1h, 7d at most.")] = "7d",
    desk: Annotated[str | None, typer.Option(help="What this desk was told.")] = None,
    receiver: Annotated[str | None, typer.Option(help="Through this receiver alone.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="List so many that are unaccounted for.")] = 50,
    *,
    json: Json = False,
) -> int:
    """Account for every delivery that a desk was promised.

    Exit 1 if any is neither ended nor on its way. Of those that died or expired, `redriven` arrived when sent anew.
    """

    def wanted(routing: Routing) -> Routing:
        def kept(names: tuple[ReceiverId, ...]) -> tuple[ReceiverId, ...]:
            return tuple(name for name in names if receiver in (None, name) and desk in (None, routing.desk))

        later = {purpose: kept(names) for purpose, names in routing.escalations.items()}
        return routing.model_copy(update={"receivers": kept(routing.receivers), "escalations": later})

    books = asyncio.run(take_account(settings, since=_since(since), wanted=wanted))
    print_rows(_counts(books.account), as_json=json, empty="nothing was told")
    missing = list(islice(books.account.unaccounted(), limit + 1))
    if missing:
        print_rows(map(_missing_row, missing[:limit]), as_json=json)
    if len(missing) > limit:
        print(f"only the first {limit} are listed: --limit shows more", file=sys.stderr)
    if books.unread:
        print(f"{books.unread} routings can't be read: what they promised is not known", file=sys.stderr)
    return 1 if missing or books.unread else 0


def _since(text: str) -> timedelta:
    try:
        since = timedelta(seconds=duration_s(text))
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None
    if since > KEPT_FOR:
        raise typer.BadParameter(f"states are kept for {KEPT_FOR.days + 1} days, so {KEPT_FOR.days}d is the most")
    return since


def _counts(account: Account) -> Iterator[dict[str, object]]:
    redriven = account.redriven
    for receiver, counts in account.by_receiver().items():
        shown = {standing.value: counts[standing] for standing in Standing}
        yield {"receiver": receiver, "promised": counts.total(), **shown, "redriven": redriven[receiver]}


def _missing_row(missing: Missing) -> dict[str, object]:
    return {
        "told_at": missing.promise.told_at,
        "receiver": missing.receiver,
        "desk": missing.promise.desk,
        "routing": missing.promise.routing_id,
        "delivery": missing.delivery_id,
    }


def _row(found: Found[DeliveryState]) -> dict[str, object]:
    state = found.record
    return {
        "changed_at": state.changed_at,
        "delivery": state.delivery_id,
        "receiver": state.receiver,
        "state": state.state.value,
        "attempts": state.attempts,
        "outcome": state.outcome,
    }


COMMANDS = {"list": list_, "show": show, "redrive": redrive, "reconcile": reconcile}
