"""Articles, changes and matchers for tests, with only what a test cares about spelled out."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from pydantic import JsonValue

from streams.articles.article import Article
from streams.ids import ChangeId, RuleId
from streams.matching.match import Match, Span
from streams.matching.matcher import Matcher
from streams.matching.rule import RuleChange

NOON = datetime(2025, 10, 26, 12, tzinfo=UTC)
Kind = Literal["rule", "entity", "list"]


def article(title: str = "", lead: str = "", body: str = "", **fields: object) -> Article:
    """Return an article of the wire, whose text is given."""
    given: dict[str, object] = {
        "article_id": "a1b2c3d4e5f60718",
        "revision": "1-0a1b2c3d",
        "kind": "new",
        "feed_id": "wire",
        "publisher": "The Wire",
        "tier": 1,
        "permission": "public",
        "language": "en",
        "url": "https://wire.example/1",
        "first_seen_at": NOON,
        "fetched_at": NOON,
    }
    return Article.model_validate({**given, "title": title, "lead": lead, "body": body, **fields})


def change(
    kind: Kind, name: str, body: Mapping[str, JsonValue] | None = None, *, base: str | None = None, number: int = 1
) -> RuleChange:
    """Return a version of a rule, an entity or a list; without a body it is its deletion."""
    return RuleChange.model_validate(
        {
            "kind": kind,
            "id": name,
            "change_id": f"{name}-{number}",
            "base": base,
            "deleted": body is None,
            "body": body or {},
            "author": "tester",
            "managed_by": "files",
            "made_at": NOON,
        }
    )


def matcher(
    rules: Mapping[str, str],
    *,
    entities: Mapping[str, Mapping[str, JsonValue]] | None = None,
    lists: Mapping[str, list[str]] | None = None,
) -> Matcher:
    """Return a matcher with rules by id → query, entities by id → body, lists by id → members."""
    changes = [
        *(change("entity", name, {"type": "thing", **body}) for name, body in (entities or {}).items()),
        *(change("list", name, {"members": list(members)}) for name, members in (lists or {}).items()),
        *(change("rule", name, {"query": query}) for name, query in rules.items()),
    ]
    return Matcher.empty().apply(list(enumerate(changes)))


def spans_by_rule(match: Match) -> dict[RuleId, tuple[Span, ...]]:
    """Return the spans of each rule of a match."""
    return {hit.rule_id: tuple(match.spans[number] for number in hit.spans) for hit in match.rules}


def surfaces(match: Match, rule: str) -> list[str]:
    """Return the words that proved a rule, in order; fails if the rule didn't match."""
    return [span.surface for span in spans_by_rule(match)[RuleId(rule)]]


def matched(rules: Mapping[str, str], text: Article) -> list[str]:
    """Return the ids of the rules that an article satisfies."""
    return [hit.rule_id for hit in matcher(rules).match(text).rules]


def ids(changes: Iterable[RuleChange]) -> list[ChangeId]:
    """Return the ids of changes."""
    return [given.change_id for given in changes]
