"""`tocsin explain`: why an article or an alert was told, or why not, stage by stage."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.cli.deliveries import present
from agents.cli.options import Json, with_broker
from agents.cli.output import print_json, printable
from agents.cli.reading import Found, beginning, collect
from agents.cli.routing_reasons import reasons
from config.settings import Settings
from streams.alerts.alert import Alert
from streams.articles.article import Article
from streams.errors import ConfigurationError
from streams.ids import EventId, delivery_id
from streams.matching.match import Match
from streams.routing.notification import DeliveryState
from streams.routing.told import Routing
from streams.topics import ALERTS, ARTICLES, DELIVERY_STATES, MATCHES, ROUTINGS


@dataclass(frozen=True, slots=True)
class Journey:
    """What each stage wrote about one article, oldest first."""

    articles: list[Found[Article]]
    matches: list[Found[Match]]
    alerts: list[Found[Alert]]
    routings: list[Found[Routing]]
    deliveries: list[Found[DeliveryState]]


@with_broker
def explain(settings: Settings, name: str, *, json: Json = False) -> None:
    """Say what each stage did with an article or alert. NAME is its id, or the beginning of one."""
    journey = asyncio.run(follow(settings, beginning(name)))
    if not journey.articles and not journey.alerts:
        raise ConfigurationError(f"no article or alert {name}: is the id right, and is it within 31 days?")
    if json:
        print_json({part: [found.record for found in getattr(journey, part)] for part in Journey.__slots__})
        return
    for line in sentences(journey):
        print(printable(line))


async def follow(settings: Settings, name: str) -> Journey:
    """Return the journey of the article that the id names, or that the alert is about."""
    alerts = await collect(settings, ALERTS, Alert, _names(name))
    ids = {found.record.head.article_id for found in alerts}
    articles = await collect(
        settings, ARTICLES, Article, lambda article: article.article_id in ids or article.article_id.startswith(name)
    )
    ids |= {found.record.article_id for found in articles}
    events = {found.record.event_id for found in alerts}
    routings = await collect(settings, ROUTINGS, Routing, lambda routing: routing.event_id in events)
    sent = {one for found in routings for one in _deliveries(found.record)}
    return Journey(
        articles,
        await collect(settings, MATCHES, Match, lambda match: match.head.article_id in ids),
        alerts,
        routings,
        present(await collect(settings, DELIVERY_STATES, DeliveryState, lambda state: state.delivery_id in sent)),
    )


def sentences(journey: Journey) -> Iterator[str]:
    """Yield the journey in words, a line for each step."""
    for article in journey.articles:
        head = article.record
        when = f"{head.fetched_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{head.article_id} {head.revision}: {head.kind.value}, from {head.feed_id} at {when}"
        yield f"  title    {head.title}"
    if not journey.matches:
        yield "  match    nothing: no rule holds, or the matcher has not come to it yet"
    for match in journey.matches:
        rules = ", ".join(hit.rule_id for hit in match.record.rules) or "no rule"
        yield f"  match    {match.record.head.revision}: {rules} (rules as of {match.record.ruleset_version})"
    for alert in journey.alerts:
        hits = ", ".join(f"{rule.rule_id} {rule.urgency}" for rule in alert.record.rules) or "no rule"
        yield f"  alert    {alert.record.event_id}: {alert.record.relation.value} in {alert.record.story_id}: {hits}"
    for routing in journey.routings:
        told = f" through {', '.join(routing.record.receivers)}" if routing.record.receivers else ""
        why = reasons(routing.record)
        yield f"  {routing.record.desk}: {routing.record.decision.value}{told}: {why[0]}"
        yield from (f"    {line}" for line in why[1:])
    for state in journey.deliveries:
        found = state.record
        attempts = "1 attempt" if found.attempts == 1 else f"{found.attempts} attempts"
        yield f"  {found.receiver}: {found.state.value} after {attempts}: {found.outcome}"


def _names(name: str) -> Callable[[Alert], bool]:
    return lambda alert: alert.event_id.startswith(name) or alert.head.article_id.startswith(name)


def _deliveries(routing: Routing) -> list[str]:
    event = EventId(routing.event_id)
    return [delivery_id(receiver, routing.desk, event, "alert") for receiver in routing.receivers]
