"""Rules of the files as they would run: compiled, and tried on texts, without a broker."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from agents.apply import rule_differences
from config.entities import Entry
from config.node import Node
from config.settings import Settings
from streams.articles.article import Article, ArticleKind
from streams.ids import ArticleId, FeedId, RevisionKey
from streams.matching.matcher import Matcher
from streams.text.language import detect

NOW = datetime.fromtimestamp(0, UTC)  # nothing here depends on it, but roles: those count as of the article's date


def compiled(entries: Sequence[Entry], settings: Settings) -> Matcher:
    """Return the matcher of these entries, which were found right when they were loaded."""
    changes = rule_differences({}, entries, settings=settings, now=NOW)
    return Matcher.empty().apply(list(enumerate(changes)))


def failed_examples(entries: Iterable[Entry], matcher: Matcher) -> list[str]:
    """Return a line, with its place, for each example that its rule gets wrong."""
    return [
        line
        for entry in entries
        if entry.kind == "rule"
        for expected, key in ((True, "match"), (False, "no_match"))
        for line in _failed(entry, matcher, entry.place.at("examples").at(key), expected=expected)
    ]


def _failed(entry: Entry, matcher: Matcher, examples: Node, *, expected: bool) -> Iterable[str]:
    for example in examples.members:
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
