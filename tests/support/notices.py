"""Alerts as a desk sees them, deliveries and ledgers, for tests of rendering and delivery."""

from datetime import UTC, datetime, timedelta

from streams.alerts.alert import AlertedRule, AlertSource, DeskAlert, NewToken, Relation
from streams.articles.article import ArticleKind, DateQuality, Head
from streams.ids import (
    AlertId,
    ArticleId,
    ChangeId,
    DeskId,
    EventId,
    FeedId,
    ReceiverId,
    RevisionKey,
    RuleId,
    StoryId,
    delivery_id,
)
from streams.latency import Hop, Ledger
from streams.matching.match import Span
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.route import Desk, Receiver, RouteNode, Routes

AT = datetime(2026, 3, 2, 14, 55, 2, 250_000, tzinfo=UTC)
TITLE = "Beijing halts gallium exports, says 贝森特 call is off"
LEAD = "China's commerce ministry said it would stop licences for gallium and germanium from 1 April."
KINDS = tuple(Relation)


def head(**given: object) -> Head:
    """Return the head of an article, with these fields changed."""
    usual: dict[str, object] = {
        "article_id": ArticleId("a1b2c3d4e5f60718"),
        "revision": RevisionKey("1-0badcafe"),
        "kind": ArticleKind.NEW,
        "feed_id": FeedId("wire"),
        "publisher": "Sample Wire",
        "tier": 1,
        "permission": "public",
        "language": "en",
        "url": "https://news.example.test/gallium?id=7",
        "title": TITLE,
        "lead": LEAD,
        "published_at": AT - timedelta(seconds=3),
        "date_quality": DateQuality.EXACT,
        "first_seen_at": AT - timedelta(milliseconds=180),
        "fetched_at": AT - timedelta(milliseconds=120),
    }
    return Head.model_validate(usual | given)


def span(field: str, text: str, surface: str, entity: str | None = None) -> Span:
    """Return the span of the first place where `surface` stands in the text."""
    start = text.index(surface)
    given = {"field": field, "start": start, "end": start + len(surface), "surface": surface, "entity_id": entity}
    return Span.model_validate(given)


def alert(relation: Relation = Relation.FIRST, **given: object) -> DeskAlert:
    """Return an alert as the desk `fx-desk` sees it, with these fields changed."""
    usual: dict[str, object] = {
        "event_id": EventId("5t0ry00000000001-a1b2c3d4e5f60718-1-0badcafe-0"),
        "story_id": StoryId("5t0ry00000000001"),
        "relation": relation,
        "head": head(),
        "spans": (
            span("title", TITLE, "gallium"),
            span("title", TITLE, "exports"),
            span("title", TITLE, "贝森特", "scott-bessent"),
            span("lead", LEAD, "germanium"),
        ),
        "rules": (
            AlertedRule(
                rule_id=RuleId("rare-earths"),
                change_id=ChangeId("c1"),
                alert_id=AlertId("al1"),
                revision=1 if relation is Relation.FIRST else 2,
                urgency=Urgency.FLASH,
                labels={"topic": "trade"},
                spans=(0, 1, 3),
            ),
            AlertedRule(
                rule_id=RuleId("treasury"),
                change_id=ChangeId("c2"),
                alert_id=AlertId("al2"),
                revision=1,
                urgency=Urgency.ROUTINE,
                spans=(2,),
            ),
        ),
        "sources": (
            AlertSource(publisher="Sample Wire", permission="public", lag_s=0.0),
            AlertSource(publisher="Example Post", permission="public", lag_s=12.4),
        ),
        "whats_new": () if relation is Relation.FIRST else (NewToken(value="25 %", kind="percentage"),),
        "desk": DeskId("fx-desk"),
        "told_as": relation,
        "routes_version": "r1",
    }
    return DeskAlert.model_validate(usual | given)


def ledger(*, delivered: bool = False) -> Ledger:
    """Return a journey that took 184 ms from the fetch to the receiver."""
    fetched = AT - timedelta(milliseconds=120)
    steps = {Hop.PRODUCED: 3.1, Hop.MATCHED: 5.2, Hop.ALERTED: 9.9, Hop.ROUTED: 14.0}
    times = {hop: fetched + timedelta(milliseconds=after) for hop, after in steps.items()}
    times |= {Hop.PUBLISHED: AT - timedelta(seconds=3), Hop.FIRST_SEEN: AT - timedelta(milliseconds=180)}
    times |= {Hop.FETCHED: fetched} | ({Hop.DELIVERED: fetched + timedelta(milliseconds=184)} if delivered else {})
    return Ledger(times)


def delivery(receiver: str = "hook", *, number: int = 0, story: str | None = None, **given: object) -> Delivery:
    """Return a delivery of the `number`th alert to a receiver; equal arguments give equal ids."""
    story_id = story or f"5t0ry{number:011d}"
    event = EventId(f"{story_id}-a1b2c3d4e5f60718-1-{number:08x}-0")
    usual: dict[str, object] = {
        "delivery_id": delivery_id(ReceiverId(receiver), DeskId("fx-desk"), event, "alert"),
        "receiver": ReceiverId(receiver),
        "desk": DeskId("fx-desk"),
        "urgency": Urgency.URGENT,
        "alert": alert(event_id=event, story_id=StoryId(story_id)),
        "expires_at": datetime.now(UTC) + timedelta(hours=1),
    }
    return Delivery.model_validate(usual | given)


def routes_to(*receivers: Receiver) -> Routes:
    """Return routes that name these receivers, and the desks of which deliveries tell, which may see it."""
    desks = [Desk(desk_id=DeskId(name), permissions=("public",)) for name in ("fx-desk", "rates")]
    return Routes(
        receivers={each.receiver_id: each for each in receivers},
        desks={desk.desk_id: desk for desk in desks},
        route=RouteNode(),
    )
