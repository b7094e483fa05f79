"""`tocsin routes`: check the file, test a way through the tree, apply."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from agents.apply import apply_routes
from agents.cli.applying import produce, report
from agents.cli.options import Json, with_broker, with_settings
from agents.cli.output import print_fields, print_rows
from agents.net.secret import lacking
from config.matchers import parse_labels
from config.routes import load_routes
from config.settings import Settings
from streams.routing.escalation import steps_of
from streams.routing.route import RouteNode, Routes
from streams.routing.time_interval import quiet_by
from streams.routing.tree import path_of, walk

TOLD_BY_DEFAULT = {"urgency": "routine", "relation": "first", "permission": "public"}


@with_settings
def check(settings: Settings, *, json: Json = False) -> None:
    """Check routes.yaml; say which secrets are lacking here.

    What it holds is listed; a secret may be a file of another machine, so one that is not here is no error.
    """
    routes = load_routes(settings.config_dir)
    missing = [*lacking(routes.receivers.values())]
    held = {
        "desks": sorted(routes.desks),
        "receivers": sorted(routes.receivers),
        "nodes": sum(1 for _ in _nodes(routes.route)),
        "secrets_lacking": missing,
    }
    print_fields(held, as_json=json)
    for line in missing:
        print(f"warning: {line}; `tocsin deliver` needs it where it runs", file=sys.stderr)


@with_settings
def try_labels(
    settings: Settings,
    labels: Annotated[str, typer.Option(help="name=value, with commas between: rule=x,topic=trade,urgency=flash")],
    at: Annotated[str | None, typer.Option(help="A moment such as 2025-10-26T07:41Z; now by default.")] = None,
    *,
    json: Json = False,
) -> int:
    """Show which way an alert with these labels takes.

    With the reason why each receiver is told or muted, and who else is told if nobody acknowledges. Exit 1 if none is
    told.
    """
    try:
        given, moment = {**TOLD_BY_DEFAULT, **parse_labels(labels)}, _moment(at)
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None
    rows = list(_ways(load_routes(settings.config_dir), given, moment))
    print_rows(rows, as_json=json, empty="no route takes it")
    return 0 if any(row["outcome"] == "told" for row in rows) else 1


@with_broker
def apply(settings: Settings, *, json: Json = False) -> int:
    """Make routes.yaml live.

    The topics of new desks are created, then a version is published if it differs.
    """
    routes = load_routes(settings.config_dir)
    return report(produce(settings, lambda producer: apply_routes(settings, producer, routes)), as_json=json)


def _ways(routes: Routes, labels: Mapping[str, str], at: datetime) -> Iterator[dict[str, object]]:
    for hit in walk(routes.route, labels):
        node, desk = hit.node, routes.desks.get(hit.node.desk) if hit.node.desk else None
        outcome, why = "told", "every condition on its way holds"
        if desk is None:
            outcome, why = "no_route", "no desk stands on its way"
        elif labels["permission"] not in desk.permissions:
            outcome, why = "not_permitted", f"the desk holds {', '.join(desk.permissions)}, not {labels['permission']}"
        elif name := quiet_by(node, labels.get("urgency", ""), routes.time_intervals, at, zone=desk.zone):
            outcome, why = "quiet_hours", f"muted by {name} at {at:%Y-%m-%d %H:%M} UTC"
        yield {
            "path": path_of(routes.route, hit.path),
            "desk": node.desk,
            "receivers": node.receivers,
            "escalates": tuple(
                f"{', '.join(step.to)} after {step.unacked_for_s:g} s" for _, step in steps_of(hit, labels)
            ),
            "outcome": outcome,
            "why": why,
        }


def _nodes(node: RouteNode) -> Iterator[RouteNode]:
    yield node
    for child in node.routes:
        yield from _nodes(child)


def _moment(text: str | None) -> datetime:
    moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


COMMANDS = {"check": check, "test": try_labels, "apply": apply}
