"""The expected set: which rules of a folder a text satisfies, by the brute-force twin."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from agents.apply import rule_differences
from config.rules import load_rules
from config.settings import Settings
from streams.articles.article import Article, ArticleKind
from streams.ids import ArticleId, FeedId, RevisionKey
from streams.matching import ruleset
from streams.matching.rule import Entity, Rule, WordList
from streams.matching.twin import brute_force

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@cache
def compiled(folder: Path) -> tuple[tuple[Rule, ...], tuple[Entity, ...], tuple[WordList, ...]]:
    """Return the rules, entities and lists of a folder with rules.yaml and entities.yaml."""
    settings = Settings(config_dir=folder)
    changes = rule_differences({}, load_rules(folder), settings=settings, now=NOON)
    return (
        tuple(ruleset.read_rule(change) for change in changes if change.kind == "rule"),
        tuple(ruleset.read_entity(change) for change in changes if change.kind == "entity"),
        tuple(ruleset.read_list(change) for change in changes if change.kind == "list"),
    )


def expected_rules(folder: Path, title: str) -> frozenset[str]:
    """Return the ids of the folder's rules that an article of this title satisfies."""
    article = Article(
        article_id=ArticleId("0" * 16), revision=RevisionKey("1-00000000"), kind=ArticleKind.NEW,
        feed_id=FeedId("wire"), publisher="Wire", tier=1, permission="public", language="en",
        url="http://127.0.0.1/", title=title,
        first_seen_at=NOON, fetched_at=NOON,
    )  # fmt: skip
    rules, entities, lists = compiled(folder)
    return frozenset(brute_force.matches(rules, entities, lists, article))
