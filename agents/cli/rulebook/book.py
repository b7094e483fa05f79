"""Rules of the files as they would run, compiled and tried on texts; and the changes that are live."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
from streams.matching.rule import RuleChange
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
    text = example.content or ""
    if any(hit.rule_id == entry.id for hit in matcher.match(article(title=text)).rules) is not expected:
        wish = "match" if expected else "not match"
        place = f"{example.source.name}:{example.line}:{example.column}"
        cure = f"`tocsin rules explain {entry.id} --title ...` says why"
        yield f'{place} rule "{entry.id}": should {wish} this example: {text} ({cure})'


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
