"""`tocsin explain`: why an article or an alert was told, or why not, stage by stage and desk by desk."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import typer

from agents.cli.acknowledging import Acknowledgements, acknowledgements, routed_at, seen_by
from agents.cli.desks import live_desks
from agents.cli.explaining.desk import desk_lines, hops
from agents.cli.explaining.journey import Ground, Journey, Topics, follow, ground_of
from agents.cli.explaining.rules import Rules, failed
from agents.cli.explaining.sheet import heading, lines, marked, width
from agents.cli.options import Json, with_broker
from agents.cli.output import coloured, print_json
from agents.cli.reading import Found, beginning
from agents.cli.rulebook.text import tree
from config.settings import Settings
from streams.alerts.alert import Alert, Relation
from streams.articles.article import Article, ArticleKind
from streams.errors import ConfigurationError
from streams.matching.explain import Clause
from streams.matching.match import Match, RuleHit
from streams.routing.render import span_of
from streams.routing.render_text import Piece
from streams.routing.told import Routing
from streams.topics import ALERTS, ARTICLES

Text = str | Iterable[Piece]
Line = tuple[str, Text]
MOST_SOURCES = 5
MOST_ARTICLES = 10
MOST_CLAUSES = 12  # lines of a rule that nobody asked for by its name; a shipped rule takes up to 60
HEADING = "-"  # the label of a line that begins a section


@with_broker
def explain(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="ARTICLE|ALERT", help="Its id, or the beginning of one.")],
    desk: Annotated[str | None, typer.Option(help="Say what this desk was told, or why not.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Say why this rule matched the article, or not.")] = None,
    *,
    json: Json = False,
) -> None:
    """Say what each stage did with an article or alert."""
    topics = Topics(settings)
    journey = asyncio.run(follow(topics, beginning(name)))
    if not journey.articles and not journey.alerts:
        where = topics.said(ARTICLES, ALERTS)
        raise ConfigurationError(f"no article or alert {name}: looked at {where}; articles are kept for 31 days")
    if desk is not None and all(found.record.desk != desk for found in journey.routings):
        asyncio.run(live_desks(settings, desk))  # a desk of older routes is asked for by what it decided
    journey = journey.of(desk)
    articles = {found.record.article_id for found in journey.articles}
    if len(articles) > MOST_ARTICLES:
        raise ConfigurationError(f"{len(articles)} articles' ids begin with {name}: give more of the id")
    if json:
        parts = {part: [found.record for found in getattr(journey, part)] for part in Journey.__slots__}
        print_json({**parts, "acknowledged": list(_acknowledged(journey, asyncio.run(acknowledgements(settings))))})
        return
    ground = asyncio.run(ground_of(topics, journey))
    room, styled = width(), coloured()
    for number, (label, text) in enumerate(told(journey, ground, desk=desk, rule=rule)):
        if label == HEADING:
            print(*[""] * (number > 0), heading(str(text)), sep="\n")
            continue
        for line in lines(label, text, room=room, styled=styled):
            print(line)


def _acknowledged(journey: Journey, made: Acknowledgements) -> Iterator[Mapping[str, object]]:
    """Yield who acknowledged what a desk decided on, when, and how long after; nothing for what nobody did."""
    for found in journey.routings:
        routing = found.record
        one = made.get((routing.desk, routing.story_id))
        if one is not None and one.covers(routed_at(found.incoming)):
            about = {"desk": routing.desk, "story_id": routing.story_id, "event_id": routing.event_id}
            yield {**about, **seen_by(one, found.incoming), "acknowledged_at": one.at}


def told(journey: Journey, ground: Ground, *, desk: str | None, rule: str | None) -> Iterator[Line]:
    """Yield the journey in labelled lines: each article's revision with its match, then each alert and its desks."""
    rules = Rules(ground)
    for article in journey.articles:
        yield from _article(article.record)
        found = [one.record for one in journey.matches if _is_of(one.record, article.record)]
        yield from _rules(article.record, found, rules, rule=rule)
    for alert in journey.alerts:
        yield from _alert(alert, ground)
        decided = [one for one in journey.routings if one.record.event_id == alert.record.event_id]
        yield from _desks(alert, decided, journey, ground, desk=desk)


def _article(article: Article) -> Iterator[Line]:
    yield HEADING, f"article {article.article_id} {article.revision}"
    yield (
        "is",
        (
            f"{article.kind.value}, from {article.publisher} (feed {article.feed_id}, tier {article.tier}, "
            f"{article.permission}), {article.language}, fetched {article.fetched_at:%Y-%m-%d %H:%M:%S} UTC"
        ),
    )
    yield "title", article.title


def _is_of(match: Match, article: Article) -> bool:
    return (match.head.article_id, match.head.revision) == (article.article_id, article.revision)


def _rules(article: Article, found: list[Match], rules: Rules, *, rule: str | None) -> Iterator[Line]:
    for match in found:
        for hit in match.rules:
            if rule in {None, hit.rule_id}:
                yield from _hit(hit, match, article, rules, whole=rule is not None)
    hits = {hit.rule_id for match in found for hit in match.rules}
    version = found[0].ruleset_version if found else rules.newest
    if rule is not None and rule not in hits:
        yield from _not_hit(article, rules, rule, version)
    elif not hits:
        yield "match", _no_match(article, found, rules)


def _hit(hit: RuleHit, match: Match, article: Article, rules: Rules, *, whole: bool) -> Iterator[Line]:
    yield "match", f"{hit.rule_id} {hit.urgency}, version {hit.change_id}, rules as of {match.ruleset_version}"
    spans = [match.spans[number] for number in hit.spans]
    for field, text in (("title", article.title), ("lead", article.lead), ("body", article.body)):
        for place in marked(text, spans, field):  # type: ignore[arg-type]  # the three names are fields
            yield f"  {field}", place
    explanation = rules.as_of(match.ruleset_version).explain(hit.rule_id, article)
    if explanation.root is not None and explanation.change_id == hit.change_id:
        shown = list(_tree(explanation.root))
        yield from shown if whole or len(shown) <= MOST_CLAUSES else shown[:1]
        if not whole and len(shown) > MOST_CLAUSES:
            yield "", f"    {len(shown) - 1} more of its clauses: --rule {hit.rule_id} shows them"


def _not_hit(article: Article, rules: Rules, rule: str, version: int) -> Iterator[Line]:
    explanation = rules.explain(rule, article, version=version)
    if explanation.problem:
        yield "match", f"{rule} does not run: {explanation.problem}"
    if explanation.root is None:
        return
    if explanation.matched:
        yield "match", f"{rule} holds by the rules as of {version}, but the matcher has not come to the article yet"
        return
    yield (
        "match",
        f"{rule} does not hold (rules as of {version}), as this failed: {'; '.join(failed(explanation.root))}",
    )
    yield from _tree(explanation.root)


def _tree(root: Clause) -> Iterator[Line]:
    return (("", "  " * (depth + 1) + text) for depth, text in tree(root))


def _no_match(article: Article, found: list[Match], rules: Rules) -> str:
    if article.kind is ArticleKind.HEARTBEAT:
        return "none: a heartbeat goes through every stage to every desk, and no rule is asked"
    if found:
        return (
            f"no rule holds (rules as of {found[0].ruleset_version}); it is passed on as it may correct what was told"
        )
    if holding := rules.would_match(article):
        return f"none on the topic; {', '.join(holding)} would hold now: a newer rule, or the matcher is not there yet"
    count = rules.as_of(rules.newest).rules_loaded
    return f"no rule holds: {count} were tried, as of {rules.newest}; `--rule NAME` says what of a rule failed"


def _alert(found: Found[Alert], ground: Ground) -> Iterator[Line]:
    alert = found.record
    yield HEADING, f"alert {alert.event_id}"
    yield "of", f"{alert.head.article_id} {alert.head.revision}, {alert.head.publisher}"
    yield "story", f"{alert.story_id}, {_sources(alert)}"
    yield "is", _relation(alert, ground)
    if alert.whats_new:
        yield "new", ", ".join(f"{token.value} ({token.kind})" for token in alert.whats_new)
    if alert.late_by_s is not None:
        yield "late", f"by {span_of(alert.late_by_s * 1000)} when it was alerted"
    for rule in alert.rules:
        reasons = "taken over from what was told before" if rule.taken_over else "; ".join(rule.urgency_reasons)
        yield "rule", f"{rule.rule_id} {rule.urgency}, its alert {rule.revision} of the story: {reasons or 'no reason'}"


def _sources(alert: Alert) -> str:
    shown = [f"{source.publisher} +{source.lag_s:.1f} s" for source in alert.sources[:MOST_SOURCES]]
    more = len(alert.sources) - MOST_SOURCES
    return f"from {', '.join(shown) or alert.head.publisher}{f' and {more} more' if more > 0 else ''}"


def _relation(alert: Alert, ground: Ground) -> str:
    firm = "" if alert.firm else ", loose: it may be another event"
    near = "" if alert.similarity is None else f", similarity to the story {alert.similarity:.2f}"
    if alert.compared_with is None:
        why = "there was no story yet" if alert.relation is Relation.FIRST else "compared with nothing"
        return f"{alert.relation.value}{firm}: {why}{near}"
    other = ground.compared.get(alert.compared_with.article_id)
    if other is None:
        named = "which is not on the topic any more"
    elif other.title == alert.head.title:
        named = f"of {other.publisher}, with the same headline"
    else:
        named = f'of {other.publisher}, "{other.title}"'
    return f"{alert.relation.value}{firm}: compared with {alert.compared_with.article_id} {named}{near}"


def _desks(
    alert: Found[Alert], decided: list[Found[Routing]], journey: Journey, ground: Ground, *, desk: str | None
) -> Iterator[Line]:
    if alert.record.head.kind is ArticleKind.HEARTBEAT:
        return  # it goes to each desk's topic, and nobody has to decide anything
    shown = [one for one in decided if desk in {None, one.record.desk}]
    if decided:
        yield "took", hops(decided[0].incoming.ledger)
    if not shown:
        who = f"desk {desk}" if desk else "no desk"
        yield (
            HEADING,
            f"{who}: no decision: fan out has not come to it yet, or the desk was not in the routes of the time",
        )
    for one in shown:
        routing = one.record
        told_as = f" as {routing.told_as}" if routing.told_as else ""
        through = f" through {', '.join(routing.receivers)}" if routing.receivers else ""
        yield HEADING, f"desk {routing.desk}: {routing.decision.value}{told_as}{through}"
        yield from desk_lines(one, alert, journey, ground)
