"""Rules of the files as they would run, compiled and tried on texts; and the changes that are live."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from agents.apply import rule_differences
from agents.cli.reading import collect
from agents.topic_admin import check_catalogue
from config.entities import Entry
from config.node import Node
from config.routes import FILE as ROUTES_FILE
from config.routes import read_routes
from config.rules import load_rules
from config.settings import Settings
from config.yaml_source import load_file
from streams.articles.article import Article, ArticleKind
from streams.ids import ArticleId, FeedId, RevisionKey
from streams.matching.matcher import Matcher
from streams.matching.rule import ExampleArticle, RuleChange
from streams.text.language import detect
from streams.topics import RULES

NOW = datetime.fromtimestamp(0, UTC)  # nothing here depends on it, but roles: those count as of the article's date


def compiled(entries: Sequence[Entry], settings: Settings) -> Matcher:
    """Return the matcher of these entries, which were found right when they were loaded."""
    changes = rule_differences({}, entries, settings=settings, now=NOW)
    return Matcher.empty().apply(list(enumerate(changes)))


def entries_of(settings: Settings) -> list[Entry]:
    """Return the entities, lists and rules of the files, or the shipped ones; owners are the desks of the routes.

    Raises: ConfigurationError with every problem of both files.
    """
    routes: Node = load_file(settings.config_dir, ROUTES_FILE)
    desks = read_routes(routes).desks
    return load_rules(settings.config_dir, desks=None if routes.source.problems else desks)


async def live_changes(settings: Settings) -> list[tuple[int, RuleChange]]:
    """Return every change on the topic `rules` with its offset, in log order.

    Raises: ConfigurationError when the topic is missing.
    """
    await check_catalogue(settings, [RULES])
    found = await collect(settings, RULES, RuleChange)
    return sorted(((one.incoming.offset, one.record) for one in found), key=lambda change: change[0])


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule's examples: how many there are, and a line for each that it gets wrong."""

    rule: str
    examples: int
    failed: tuple[str, ...]


def tried(entries: Iterable[Entry], matcher: Matcher, *, only: Collection[str] | None = None) -> list[Tried]:
    """Return how each rule, or each of `only`, does on its examples."""
    rules = [entry for entry in entries if entry.kind == "rule" and (not only or entry.id in only)]
    return [_tried(entry, matcher) for entry in rules]


def example_problems(results: Iterable[Tried]) -> list[str]:
    """Return a line, with its place, for each example that its rule gets wrong."""
    return [line for result in results for line in result.failed]


def _tried(entry: Entry, matcher: Matcher) -> Tried:
    examples = entry.place.at("examples")
    nodes = [(key, node) for key in ("match", "no_match") for node in examples.at(key).members]
    failed = [line for key, node in nodes for line in _failed(entry, matcher, node, expected=key == "match")]
    return Tried(entry.id, len(nodes), tuple(failed))


def _failed(entry: Entry, matcher: Matcher, example: Node, *, expected: bool) -> Iterator[str]:
    given = example_of(example)
    if any(hit.rule_id == entry.id for hit in matcher.match(stated(given)).rules) is not expected:
        wish = "match" if expected else "not match"
        place = f"{example.source.name}:{example.line}:{example.column}"
        text = " | ".join(filter(None, (given.title, given.lead, given.body)))
        yield f'{place} rule "{entry.id}": should {wish} this example: {text} ({_cure(entry.id, given)})'


def _cure(rule: str, given: ExampleArticle) -> str:
    if given == ExampleArticle(title=given.title):
        return f"`tocsin rules explain {rule} --title ...` says why"
    fields = json.dumps(as_json(given), ensure_ascii=False)
    return f"`tocsin rules explain {rule} -` says why, with {fields} on stdin"


def example_of(node: Node) -> ExampleArticle:
    """Return what an example of the file states; one that is only a text is a headline."""
    if node.kind != "mapping":
        return ExampleArticle(title=node.content or "")
    return ExampleArticle.model_validate({key.content: value.content for key, value in node.entries})


def as_json(given: ExampleArticle) -> Mapping[str, JsonValue]:
    """Return the article that an example states as an article's JSON has it; only what is stated."""
    noon = f"{given.day}T12:00:00Z" if given.day else None
    fields: Mapping[str, JsonValue] = {
        "title": given.title,
        "lead": given.lead,
        "body": given.body,
        "publisher": given.source,
        "language": given.language,
        "authors": [given.author] if given.author else None,
        "published_at": noon,
        "first_seen_at": noon,
    }
    return {name: value for name, value in fields.items() if value}


def stated(given: ExampleArticle) -> Article:
    """Return the article that an example states; its language is detected if it states none."""
    made = article(title=given.title, lead=given.lead, body=given.body)
    return Article.from_json(json.dumps({**made.model_dump(mode="json"), **as_json(given)}).encode())


def article(*, title: str, lead: str = "", body: str = "", at: datetime | None = None) -> Article:
    """Return an article that a rule can be tried on; its language is detected."""
    language, how = detect(f"{title}\n{lead}\n{body}")
    moment = at or datetime.now(UTC)
    return Article(
        article_id=ArticleId("example"),
        revision=RevisionKey("1-example"),
        kind=ArticleKind.NEW,
        feed_id=FeedId("example"),
        publisher="Example",
        tier=2,
        permission="public",
        language=language,
        language_from=how,
        url="https://example.test/",
        title=title,
        lead=lead,
        body=body,
        published_at=moment,
        first_seen_at=moment,
        fetched_at=moment,
    )
