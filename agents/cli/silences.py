"""`tocsin silences`: timed mutes, by conditions upon labels or by what they mean."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Annotated

import typer
from pydantic import JsonValue

from agents.apply import live_routes, read_heads
from agents.audit import acted
from agents.cli.acting import act
from agents.cli.moments import moment
from agents.cli.options import Json, with_broker
from agents.cli.output import print_rows
from agents.cli.reading import Found, newest_by_key
from agents.kafka import outgoing, tombstone
from config.durations import duration_s
from config.matchers import parse_matcher
from config.problems import did_you_mean
from config.settings import Settings, author
from streams.alerts.alert import Relation
from streams.controls import Control
from streams.errors import ConfigurationError
from streams.ids import ControlId
from streams.matching.rule import Urgency
from streams.routing.route import Matcher
from streams.topics import CONTROLS

STAGE = "silences"
TARGETS = ("story", "rule", "entity", "source")
OF_ARTICLES = ("source", "feed", "language", "permission")
MOST_NAMED = 6
MUTES = ("silence", "snooze")


@with_broker
def add(
    settings: Settings,
    comment: Annotated[str, typer.Option(help="Why, for those who wonder at the quiet.")],
    *,
    for_: Annotated[str, typer.Option("--for", help="How long: 30m, 8h, 2d.")],
    matchers: Annotated[
        list[str] | None, typer.Argument(help="Conditions such as 'topic=\"trade\"'; all must hold.")
    ] = None,
    target: Annotated[list[str] | None, typer.Option(help="story=ID, rule=ID, entity=ID or source=NAME.")] = None,
    desk: Annotated[str | None, typer.Option(help="For this desk alone.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="When it begins: 2026-03-02T22:00Z.")] = None,
    json: Json = False,
) -> None:
    """Mute what conditions and targets mean, for a time.

    From now on, or from a moment that is named.
    """
    try:
        aims = dict(map(_target, target or ()))
        conditions = tuple(map(parse_matcher, matchers or ()))
        starts_at = moment(from_) if from_ else datetime.now(UTC)
        ends_at = starts_at + timedelta(seconds=duration_s(for_))
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None
    if not aims and not conditions:
        raise typer.BadParameter("a silence needs a condition or a target: without one it means nothing")
    aims |= {"desk": desk} if desk else {}
    asyncio.run(_check_names(settings, aims))
    for line in asyncio.run(_meant_by_nobody(settings, conditions)):
        print(f"warning: {line}: as the rules are, this silence mutes nothing", file=sys.stderr)
    control = Control(
        kind="silence", id=ControlId(token_hex(4)), matchers=conditions, target=aims, starts_at=starts_at,
        ends_at=ends_at, user=author(settings), comment=comment,
    )  # fmt: skip
    out = outgoing(CONTROLS, control, key=control.key, ce_id=control.id, stage=STAGE, at=control.starts_at)
    asyncio.run(act(settings, [acted(settings, "added", control.key, after=_meant(control))], [out]))
    print_rows([_row(control)], as_json=json)


@with_broker
def list_(settings: Settings, *, json: Json = False) -> None:
    """List the silences in force, and those that are still to begin."""
    now = datetime.now(UTC)
    print_rows((_row(found.record) for found in _live(settings, now)), as_json=json, empty="no silence is in force")


@with_broker
def end(settings: Settings, silence: str) -> None:
    """End a silence now."""
    found = [one for one in _live(settings, datetime.now(UTC)) if one.record.id == silence]
    if not found:
        raise ConfigurationError(f"no silence {silence} is in force: `tocsin silences list` shows those that are")
    ended = found[0].record
    action = acted(settings, "ended", ended.key, before=_meant(ended))
    asyncio.run(act(settings, [action], [tombstone(CONTROLS, key=ended.key)]))
    print(f"silence {silence} ended")


def _live(settings: Settings, now: datetime) -> list[Found[Control]]:
    found = asyncio.run(newest_by_key(settings, CONTROLS, Control))
    return [
        one for one in found if one.record.kind in MUTES and (one.record.ends_at is None or one.record.ends_at > now)
    ]


async def _check_names(settings: Settings, aims: Mapping[str, str]) -> None:
    """Hold that what is aimed at is live: who mistypes a name would trust in a silence that means nothing.

    Raises: ConfigurationError with the name that is near. Stories and sources come and go, so they may be anything.
    """
    version = await live_routes(settings) if "desk" in aims else None
    known: dict[str, list[str]] = {"desk": [*version.body.desks]} if version else {}
    if {"rule", "entity"} & aims.keys():
        heads, _ = await read_heads(settings)
        for kind in ("rule", "entity"):
            known[kind] = [name for (of, name), head in heads.items() if of == kind and not head.deleted]
    for kind, name in aims.items():
        if name not in known.get(kind, [name]):
            raise ConfigurationError(f'no {kind} "{name}" is live{did_you_mean(name, known[kind])}')


async def _meant_by_nobody(settings: Settings, conditions: Sequence[Matcher]) -> list[str]:
    """Return a line for each condition that no alert of a live rule can meet."""
    heads, _ = await read_heads(settings)
    rules = {name: head.body for (of, name), head in heads.items() if of == "rule" and not head.deleted}
    return list(unmet(conditions, {name: _labels(body) for name, body in rules.items()}))


def _labels(body: Mapping[str, JsonValue]) -> Mapping[str, str]:
    labels = body.get("labels")
    return {name: str(value) for name, value in labels.items()} if isinstance(labels, Mapping) else {}


def unmet(conditions: Iterable[Matcher], rules: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield a line for each `label="value"` that no alert of these rules (their labels, by name) can have.

    What an article brings along (its source, feed, language, permission) may be anything, and so may an expression.
    """
    known: dict[str, list[str]] = {"rule": [*rules], "urgency": [*Urgency], "relation": [*Relation]}
    for labels in rules.values():
        for name, value in labels.items():
            known[name] = [*known.get(name, ()), value]
    for condition in conditions:
        name, value = condition.label, condition.value
        if condition.op != "=" or name in OF_ARTICLES or value in known.get(name, ()):
            continue
        if name not in known:
            yield f"no live rule has a label {name}{_near(name, known)}"
        else:
            yield f'no live rule has {name}="{value}"{_near(value, known[name])}'


def _near(word: str, choices: Iterable[str]) -> str:
    there = sorted(set(choices))
    more = ", …" if len(there) > MOST_NAMED else ""
    return did_you_mean(word, there) or f" (there are {', '.join(there[:MOST_NAMED])}{more})"


def _target(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if name not in TARGETS or not value:
        raise ValueError(f'"{text}" is no target: write one of {", ".join(TARGETS)}, = and its id')
    return name, value


def _meant(control: Control) -> JsonValue:
    """Return what the audit keeps of a silence: what it meant and until when, which no topic holds once it is over."""
    return {"what": [*_what(control)], "until": control.ends_at.isoformat() if control.ends_at else None}


def _what(control: Control) -> Iterator[str]:
    yield from (f'{matcher.label}{matcher.op}"{matcher.value}"' for matcher in control.matchers)
    yield from (f"{name}={value}" for name, value in control.target.items())


def _row(control: Control) -> dict[str, object]:
    return {
        "id": control.id,
        "what": [*_what(control)],
        "from": control.starts_at,
        "until": control.ends_at,
        "user": control.user,
        "comment": control.comment,
    }


COMMANDS = {"add": add, "list": list_, "end": end}
