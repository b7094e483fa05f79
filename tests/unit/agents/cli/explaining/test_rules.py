from datetime import UTC, datetime

import pytest

from agents.cli.explain import told
from agents.cli.explaining.journey import Ground, Journey
from agents.cli.explaining.rules import Rules, failed
from agents.cli.reading import Found
from agents.cli.rulebook.book import article
from streams.articles.article import Article
from streams.errors import ConfigurationError
from streams.ids import ChangeId, UserId
from streams.matching.rule import RuleChange
from streams.topics import ARTICLES, MATCHES
from tests.support.alerting import match, read_as

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def change(query: str, *, change_id: str = "c1", base: str | None = None) -> RuleChange:
    return RuleChange(
        kind="rule", id="talks", change_id=ChangeId(change_id), base=ChangeId(base) if base else None,
        body={"id": "talks", "query": query, "urgency": "urgent", "labels": {}}, author=UserId("ana"),
        managed_by="files", made_at=NOW,
    )  # fmt: skip


def rules(*queries: str) -> Rules:
    made = [
        change(query, change_id=f"c{number}", base=f"c{number - 1}" if number else None)
        for number, query in enumerate(queries)
    ]
    return Rules(Ground(changes=list(enumerate(made))))


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        pytest.param("talks AND Geneva", "Talks in Vienna", ["Geneva"], id="one word is missing"),
        pytest.param("talks AND (Geneva OR Bern)", "Talks", ["Geneva", "Bern"], id="of several, none is there"),
        pytest.param("talks AND NOT concert", "Concert talks", ["NOT concert"], id="a word that must not be there"),
        pytest.param("talks", "Talks", [], id="nothing"),
    ],
)
def test_the_innermost_clauses_that_failed_are_named(query: str, title: str, expected: list[str]) -> None:
    root = rules(query).explain("talks", article(title=title), version=0).root

    assert root is not None
    assert list(failed(root)) == expected


def test_a_rule_is_explained_as_it_ran_at_the_time() -> None:
    both = rules("talks", "summit")

    assert both.explain("talks", article(title="Talks"), version=0).matched
    assert not both.explain("talks", article(title="Talks"), version=1).matched
    assert both.newest == 1
    assert both.would_match(article(title="Summit")) == ["talks"]
    assert Rules(Ground()).newest == -1


def test_a_rule_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r'no rule "talk" in the rules as of 0 \(did you mean talks\?\)'):
        rules("talks").explain("talk", article(title="Talks"), version=0)


def test_of_a_rule_that_failed_only_what_failed_is_opened() -> None:
    given = article(title="Talks in Vienna")
    journey = Journey([Found(given, read_as(ARTICLES, given, key=given.article_id))], [], [], [], [])
    ground = Ground(changes=[(0, change("talks AND (Geneva OR Bern)"))])
    assert [text for label, text in told(journey, ground, desk=None, rule="talks") if not label] == [
        "  no talks AND (Geneva OR Bern)",
        '    yes talks <- title "Talks"',
        "    no Geneva OR Bern",
        "      no Geneva, Bern",
    ]


def said(given: Article, ground: Ground, *, matched: bool = False, rule: str | None = None) -> list[str]:
    incoming = read_as(ARTICLES, given, key=given.article_id)
    found = match(given.article_id, revision=given.revision, rules=[])
    matches = [Found(found, read_as(MATCHES, found, key="x"))] if matched else []
    journey = Journey([Found(given, incoming)], matches, [], [], [])
    return [str(text) for label, text in told(journey, ground, desk=None, rule=rule) if label == "match"]


@pytest.mark.parametrize(
    ("queries", "matched", "rule", "expected"),
    [
        pytest.param(
            ["summit"], False, None, "no rule holds: 1 were tried, as of 0; `--rule NAME` says what of a rule failed",
            id="no rule",
        ),
        pytest.param(
            ["talks"], False, None,
            "none on the topic; talks would hold now: a newer rule, or the matcher is not there yet", id="not yet",
        ),
        pytest.param(
            ["talks"], False, "talks",
            "talks holds by the rules as of 0, but the matcher has not come to the article yet", id="the rule, not yet",
        ),
        pytest.param(["talks AND ("], False, "talks", "talks does not run", id="a rule that does not compile"),
        pytest.param(
            ["summit"], True, None, "it is passed on as it may correct what was told", id="a correction without a rule"
        ),
    ],
)  # fmt: skip
def test_an_article_without_a_match_says_why(
    queries: list[str], rule: str | None, expected: str, *, matched: bool
) -> None:
    ground = Ground(changes=list(enumerate(map(change, queries))))

    (line,) = said(article(title="Talks"), ground, matched=matched, rule=rule)

    assert expected in line


@pytest.mark.parametrize(
    ("words", "rule", "shown"),
    [
        pytest.param(10, None, 12, id="a short rule, whole"),
        pytest.param(30, None, 2, id="a long one in a line, with how the rest is seen"),
        pytest.param(30, "talks", 32, id="a long one that is asked for, whole"),
    ],
)
def test_a_long_rule_is_opened_when_it_is_asked_for(words: int, rule: str | None, shown: int) -> None:
    given = article(title="Talks on " + " ".join(f"w{number}" for number in range(words)))
    query = " AND ".join(["talks", *(f"w{number}" for number in range(words))])
    ground = Ground(changes=[(0, change(query))])
    found = Rules(ground).as_of(0).match(given)
    matches = [Found(found, read_as(MATCHES, found, key="x"))]
    journey = Journey([Found(given, read_as(ARTICLES, given, key=given.article_id))], matches, [], [], [])

    clauses = [str(text) for label, text in told(journey, ground, desk=None, rule=rule) if not label]

    assert len(clauses) == shown
    assert (clauses[1] == "    31 more of its clauses: --rule talks shows them") is (shown == 2)
