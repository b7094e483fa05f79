"""What the files say, made so on the topics `feeds`, `rules` and `routes`: differences only, and read back.

What is live and belongs to another owner (`managed_by`) is never touched; what the files no longer hold is deleted if
it was theirs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from agents import topic_admin
from agents.audit import acted, perform
from agents.kafka import Incoming, Outgoing, Producer, outgoing, tombstone
from agents.loops.follower import read_all
from agents.topic_admin import Difference, check_catalogue
from config.entities import Entry
from config.settings import Settings, author
from streams.audit import Action
from streams.errors import ConfigurationError, PoisonError
from streams.feeds.feed import Feed
from streams.ids import ChangeId, content_id
from streams.matching.rule import RuleChange, change_id
from streams.matching.ruleset import Heads, Key, Outcome
from streams.routing.route import Routes, RoutesVersion
from streams.topics import AUDIT, CATALOGUE, FEEDS, ROUTES, RULES, Topic, desk_topic

STAGE = "apply"
APPLIED, DELETED = "applied", "deleted"  # as the audit says it
ORDER = {("entity", False): 0, ("list", False): 1, ("rule", False): 2, ("rule", True): 3, ("list", True): 4}
LAST = 5  # entities go last of all: no rule that is live may name one that is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply did, by name: published, which of these are deletions, left as it was, lost to another writer."""

    published: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 0
    lost: tuple[str, ...] = ()


def all_topics(routes: Routes) -> tuple[Topic, ...]:
    """Return every topic of an installation: the catalogue, and one for each desk."""
    return (*CATALOGUE, *(desk_topic(desk) for desk in routes.desks))


async def apply_topics(settings: Settings, routes: Routes) -> list[Difference]:
    """Create the topics that are missing and set what differs; return what was changed."""
    return await topic_admin.apply(settings, all_topics(routes))


async def apply_routes(settings: Settings, producer: Producer, routes: Routes) -> Applied:
    """Create the topics of new desks, then publish the routes if they differ from the newest version."""
    await check_catalogue(settings, [ROUTES, AUDIT])
    await topic_admin.apply(settings, [desk_topic(desk) for desk in routes.desks])
    version = routes_version(routes)
    before = await _newest_routes(settings)
    if before == version:
        return Applied(unchanged=1)
    now = datetime.now(UTC)
    record = RoutesVersion(version=version, body=routes, author=author(settings), made_at=now)
    ce_id = f"{version}@{now.isoformat()}"  # routes that come back to what they were are another event
    action = acted(settings, APPLIED, "routes", before=before, after=version)
    await perform(producer, [action], [outgoing(ROUTES, record, key=version, ce_id=ce_id, stage=STAGE, at=now)])
    name = f"routes {version}"
    lost = () if await _newest_routes(settings) == version else (name,)
    return Applied(published=(name,), lost=lost)


def routes_version(routes: Routes) -> str:
    """Return the version of routes: the hash of what they say, however it was written down."""
    return content_id("routes", _canonical(routes.model_dump(mode="json")))


async def apply_feeds(settings: Settings, producer: Producer, feeds: Sequence[Feed]) -> Applied:
    """Publish the feeds that differ, and delete those of this owner that are no longer there.

    Raises: ConfigurationError naming each feed that another owner holds, or whose host changed.
    """
    await check_catalogue(settings, [FEEDS, AUDIT])
    before = await live_feeds(settings)
    outputs = feed_differences(before, feeds, managed_by=settings.managed_by)
    wanted: dict[str, Feed] = {feed.feed_id: feed for feed in feeds}
    actions = [_feed_action(settings, output.key, before, wanted) for output in outputs]
    await perform(producer, actions, outputs)
    live = await live_feeds(settings) if outputs else {}
    names = [output.key for output in outputs]
    return Applied(
        published=tuple(f"feed {name}" for name in names),
        deleted=tuple(f"feed {name}" for name in names if name not in wanted),
        unchanged=len(wanted) - len(set(names) & set(wanted)),
        lost=tuple(f"feed {name}" for name in names if live.get(name) != wanted.get(name)),
    )


async def live_feeds(settings: Settings) -> dict[str, Feed]:
    """Return the feeds on the topic, by id; a record that is no feed counts as none."""
    live: dict[str, Feed] = {}

    def take(record: Incoming) -> None:
        live.pop(record.key, None)
        if record.value is not None:
            live[record.key] = Feed.from_json(record.value, schema=record.schema)

    await read_all(settings, FEEDS, _forgiving(take))
    return live


def feed_differences(live: Mapping[str, Feed], feeds: Sequence[Feed], *, managed_by: str) -> list[Outgoing]:
    """Return what has to be written so that the live feeds of this owner are `feeds`. Raises: as apply_feeds."""
    problems = [problem for feed in feeds if (problem := _feed_problem(live.get(feed.feed_id), feed))]
    if problems:
        raise ConfigurationError(*problems)
    now = datetime.now(UTC)
    wanted = {feed.feed_id for feed in feeds}
    gone = [feed for name, feed in live.items() if feed.managed_by == managed_by and name not in wanted]
    return [
        *(
            outgoing(FEEDS, feed, key=name, by=feed.host, ce_id=f"{name}@{now.isoformat()}", stage=STAGE, at=now)
            for feed in feeds
            if live.get(name := feed.feed_id) != feed
        ),
        *(tombstone(FEEDS, key=feed.feed_id, by=feed.host) for feed in gone),
    ]


def _feed_action(settings: Settings, name: str, before: Mapping[str, Feed], after: Mapping[str, Feed]) -> Action:
    """Return what the audit says of a feed: hashes, for an address may hold a key."""
    old, new = (content_id("feed", live[name].to_json().decode()) if name in live else None for live in (before, after))
    return acted(settings, APPLIED if new else DELETED, f"feed/{name}", before=old, after=new)


def _feed_problem(live: Feed | None, feed: Feed) -> str | None:
    if live is None:
        return None
    if live.managed_by != feed.managed_by:
        return _foreign("feed", feed.feed_id, live.managed_by)
    if live.host != feed.host:
        return (
            f'feed "{feed.feed_id}": its host was {live.host} and is {feed.host}: a feed stays with its host for ever, '
            "so give the new one an id of its own"
        )
    return None


def _foreign(kind: str, name: str, owner: str) -> str:
    return f'{kind} "{name}" belongs to "{owner}": take it out of the files, or delete it there first'


async def apply_rules(settings: Settings, producer: Producer, entries: Sequence[Entry]) -> Applied:
    """Publish the entities, lists and rules that differ, and delete those of this owner that are no longer there.

    Raises: ConfigurationError naming each entry that another owner holds.
    """
    await check_catalogue(settings, [RULES, AUDIT])
    heads, _ = await read_heads(settings)
    changes = rule_differences(heads, entries, settings=settings, now=datetime.now(UTC))
    actions = [
        acted(
            settings, DELETED if change.deleted else APPLIED, f"{change.kind}/{change.id}", before=change.base,
            after=change.change_id,
        )
        for change in changes
    ]  # fmt: skip
    await perform(producer, actions, [_rule_output(change) for change in changes])
    accepted = (await read_heads(settings))[1] if changes else set()
    touched = {(change.kind, change.id) for change in changes if not change.deleted}
    return Applied(
        published=tuple(f"{change.kind} {change.id}" for change in changes),
        deleted=tuple(f"{change.kind} {change.id}" for change in changes if change.deleted),
        unchanged=len(entries) - len(touched),
        lost=tuple(f"{change.kind} {change.id}" for change in changes if change.change_id not in accepted),
    )


async def read_heads(settings: Settings) -> tuple[Mapping[Key, RuleChange], set[ChangeId]]:
    """Return the head of each rule, entity and list by kind and id, and the ids of the changes that were accepted."""
    heads = Heads()
    accepted: set[ChangeId] = set()

    def take(record: Incoming) -> None:
        change = RuleChange.from_json(record.value, schema=record.schema)
        if heads.apply(change, record.offset) is Outcome.ACCEPTED:
            accepted.add(change.change_id)

    await read_all(settings, RULES, _forgiving(take))
    return heads.heads(), accepted


def rule_differences(
    heads: Mapping[Key, RuleChange], entries: Sequence[Entry], *, settings: Settings, now: datetime
) -> list[RuleChange]:
    """Return the changes that make the entries live, in the order in which they must be written.

    Raises: ConfigurationError naming each entry that another owner holds.
    """
    if held := held_elsewhere(heads, entries, settings=settings):
        raise ConfigurationError(*(_foreign(entry.kind, entry.id, owner) for entry, owner in held))
    live = {place: head for place, head in heads.items() if not head.deleted}
    made = {"author": author(settings), "managed_by": settings.managed_by, "made_at": now}
    wanted: dict[Key, Mapping[str, JsonValue]] = {(entry.kind, entry.id): entry.body for entry in entries}
    gone = [place for place, head in live.items() if head.managed_by == settings.managed_by and place not in wanted]
    changes = [
        _change(place, heads.get(place), body, deleted=False, made=made)
        for place, body in wanted.items()
        if place not in live or live[place].body != body
    ]
    changes += [_change(place, heads[place], {}, deleted=True, made=made) for place in gone]
    return sorted(changes, key=lambda change: ORDER.get((change.kind, change.deleted), LAST))


def held_elsewhere(
    heads: Mapping[Key, RuleChange], entries: Sequence[Entry], *, settings: Settings
) -> list[tuple[Entry, str]]:
    """Return the entries whose id another owner holds live, each with that owner: no apply touches them."""
    found = ((entry, heads.get((entry.kind, entry.id))) for entry in entries)
    return [
        (entry, head.managed_by)
        for entry, head in found
        if head and not head.deleted and head.managed_by != settings.managed_by
    ]


def _change(
    place: Key,
    head: RuleChange | None,
    body: Mapping[str, object],
    *,
    deleted: bool,
    made: Mapping[str, object],
) -> RuleChange:
    kind, name = place
    base = head.change_id if head else None
    return RuleChange.model_validate(
        {
            "kind": kind, "id": name, "base": base, "deleted": deleted, "body": body,
            "change_id": change_id(kind, name, base, _canonical(body)), **made,
        }
    )  # fmt: skip


def _rule_output(change: RuleChange) -> Outgoing:
    return outgoing(RULES, change, key=change.key, ce_id=change.change_id, stage=STAGE, at=change.made_at)


async def _newest_routes(settings: Settings) -> str | None:
    newest = await live_routes(settings)
    return None if newest is None else newest.version


async def live_routes(settings: Settings) -> RoutesVersion | None:
    """Return the newest version on the topic `routes`, or None when there is none."""
    found: list[RoutesVersion] = []

    def take(record: Incoming) -> None:
        found[:] = [RoutesVersion.from_json(record.value, schema=record.schema)]

    await read_all(settings, ROUTES, _forgiving(take))
    return found[0] if found else None


def _forgiving(take: Callable[[Incoming], None]) -> Callable[[Incoming], None]:
    """Return a reader that passes over records that are poison: they were never live for any other reader either."""

    def taken(record: Incoming) -> None:
        with suppress(PoisonError):
            take(record)

    return taken


def _canonical(body: object) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
