"""Matches, alerts, desks and routes for tests of what follows a match; each has the fields that the test names."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

from agents.kafka import Incoming, Outgoing
from streams.alerts.alert import Alert, AlertedRule, Relation
from streams.alerts.decide import Decided, Dropped, decide
from streams.articles.article import Head
from streams.ids import ArticleId, DeskId, ReceiverId, RuleId, alert_id, event_id
from streams.matching.match import EntityHit, Facts, Match, RuleHit, Span
from streams.matching.rule import Urgency
from streams.record import Record
from streams.routing.decide import Moment
from streams.routing.route import Desk, Receiver, RouteNode, Routes, RoutesVersion
from streams.routing.silence import Silence
from streams.stories.book import StoryBook
from streams.topics import ALERTS, MATCHES, Topic

NOW = datetime(2025, 10, 26, 7, 41, tzinfo=UTC)
TITLE = "China halts rare earths exports to United States"


def head(article_id: str = "a1", **fields: object) -> Head:
    """Return an article's head, seen now in English by Reuters with the permission `public`."""
    given = {
        "article_id": article_id,
        "revision": "1-0a0a0a0a",
        "kind": "new",
        "feed_id": "feed-1",
        "publisher": "Reuters",
        "tier": 2,
        "permission": "public",
        "language": "en",
        "url": "https://example.test/1",
        "title": TITLE,
        "first_seen_at": NOW,
        "fetched_at": NOW,
    }
    return Head.model_validate(given | fields)


def match(
    article_id: str = "a1",
    *,
    rules: Sequence[str] = ("rare-earths",),
    entities: Sequence[str] = (),
    urgency: str = "urgent",
    numbers: Sequence[str] = (),
    part: int = 0,
    facts: Facts | None = None,
    labels: Mapping[str, str] | None = None,
    owner: str | None = None,
    extra: Mapping[str, object] | None = None,
    **fields: object,
) -> Match:
    """Return a part of a match; each of its rules has a title span for each entity, or a plain one."""
    spans = [Span(field="title", start=0, end=5, surface="China", entity_id=entity) for entity in entities]
    spans = spans or [Span(field="title", start=12, end=23, surface="rare earths")]
    numbered = tuple(range(len(spans)))
    return Match(
        part=part,
        ruleset_version=7,
        head=head(article_id, **fields),
        spans=tuple(spans),
        rules=tuple(
            RuleHit(
                rule_id=RuleId(rule),
                change_id="c1",
                urgency=Urgency(urgency),
                labels=labels or {"topic": "trade"},
                owner=owner,
                spans=numbered,
            )
            for rule in rules
        ),
        entities=tuple(EntityHit(entity_id=entity, about=True, count=1, spans=(0,)) for entity in entities),
        facts=facts or Facts(numbers=tuple(numbers)),
        **(extra or {}),
    )


class Stage:
    """The alert stage's decisions, one after another, without Kafka."""

    def __init__(self, book: StoryBook | None = None) -> None:
        self.book = book or StoryBook()
        self.offset = -1
        self.records: list[tuple[str, Record]] = []

    def take(self, given: Match, *, after: timedelta = timedelta(), offset: int | None = None) -> Decided | Dropped:
        """Return what one match leads to, and take it in."""
        self.offset = self.offset + 1 if offset is None else offset
        decided = decide(self.book, given, offset=self.offset, at=NOW + after)
        if isinstance(decided, Decided):
            change = decided.change
            if change.counts:
                self.records.append((change.counts.key, change.counts))
            self.records.append((change.article.key, change.article))
            self.records.append((change.story.story_id, change.story))
            self.book.apply(change, decided.frequencies)
        return decided

    def alert(self, given: Match, *, after: timedelta = timedelta()) -> Alert:
        """Return the alert of a match that is known to give one."""
        decided = self.take(given, after=after)
        assert isinstance(decided, Decided), decided
        return decided.alert


def alert(
    article_id: str = "a1",
    *,
    story: str = "5t0ry",
    relation: str = "first",
    keys: Mapping[str, Sequence[str]] | None = None,
    urgency: str = "urgent",
    owner: str | None = None,
    labels: Mapping[str, str] | None = None,
    extra: Mapping[str, object] | None = None,
    **fields: object,
) -> Alert:
    """Return an alert; `keys` names, for each rule, the entities in its own spans."""
    keys = keys if keys is not None else {"rare-earths": ["china"]}
    named = [(rule, entity) for rule, entities in keys.items() for entity in entities]
    spans = tuple(Span(field="title", start=0, end=5, surface="China", entity_id=entity) for _, entity in named)
    article = head(article_id, **fields)
    return Alert(
        event_id=event_id(story, ArticleId(article_id), article.revision, 0),
        story_id=story,
        relation=Relation(relation),
        head=article,
        spans=spans,
        rules=tuple(
            AlertedRule(
                rule_id=RuleId(rule),
                change_id="c1",
                alert_id=alert_id(story, RuleId(rule)),
                revision=1,
                urgency=Urgency(urgency),
                labels=labels or {"topic": "trade"},
                owner=owner,
                spans=tuple(number for number, (of, _) in enumerate(named) if of == rule),
            )
            for rule in keys
        ),
        **(extra or {}),
    )


def desk(name: str = "fx", *permissions: str, zone: str = "UTC") -> Desk:
    """Return a desk; without permissions named it holds `public`."""
    return Desk(desk_id=DeskId(name), permissions=permissions or ("public",), zone=zone)


def node(name: str | None = "fx", *receivers: str, routes: Iterable[RouteNode] = (), **fields: object) -> RouteNode:
    """Return a node of a desk."""
    return RouteNode.model_validate({"desk": name, "receivers": receivers, "routes": tuple(routes), **fields})


def routes(
    root: RouteNode | None = None, *desks: Desk, receivers: Mapping[str, str] | None = None, **fields: object
) -> Routes:
    """Return routes of one desk `fx`, unless desks are named; `receivers` maps names to types."""
    made = {
        name: Receiver.model_validate({"receiver_id": name, "type": kind})
        for name, kind in (receivers or {"slack-fx": "slack", "hook": "webhook"}).items()
    }
    return Routes.model_validate(
        {
            "route": root or node("fx", "slack-fx"),
            "desks": {one.desk_id: one for one in desks or (desk(),)},
            "receivers": {ReceiverId(name): one for name, one in made.items()},
            **fields,
        }
    )


def version(body: Routes, name: str = "v1") -> RoutesVersion:
    """Return routes as they stand on the topic."""
    return RoutesVersion(version=name, body=body, author="ana", made_at=NOW)


def moment(
    body: Routes | None = None, *, offset: int = 0, at: datetime = NOW, silences: Sequence[Silence] = ()
) -> Moment:
    """Return what holds for an alert."""
    return Moment(routes=version(body or routes()), silences=tuple(silences), at=at, offset=offset)


def read_as(
    topic: Topic, record: Record, *, key: str, offset: int = 0, at: datetime = NOW, number: int = 0
) -> Incoming:
    """Return a record as a stage reads it."""
    return Incoming(
        topic=f"tocsin.{topic.name}",
        partition=number,
        offset=offset,
        key=key,
        value=record.to_json(),
        headers=(("tocsin-schema", record.schema_id().encode()),),
        appended_at=at,
    )


def read_match(given: Match, *, offset: int = 0, at: datetime = NOW) -> Incoming:
    """Return a match as the alert stage reads it."""
    return read_as(MATCHES, given, key=given.head.article_id, offset=offset, at=at)


def read_alert(given: Alert, *, offset: int = 0, at: datetime = NOW, number: int | None = None) -> Incoming:
    """Return an alert as fan out reads it."""
    number = crc32(given.story_id.encode()) % ALERTS.partitions if number is None else number
    return read_as(ALERTS, given, key=given.story_id, offset=offset, at=at, number=number)


def written(output: Outgoing, *, offset: int = 0, at: datetime = NOW) -> Incoming:
    """Return an output as the next stage reads it."""
    return Incoming(
        topic=f"tocsin.{output.topic.name}",
        partition=output.partition,
        offset=offset,
        key=output.key,
        value=output.value,
        headers=output.headers,
        appended_at=at,
    )
