import pytest

from agents.cli.rulebook.text import MOST_FAILED, explanation_lines, tree
from streams.articles.article import Article
from streams.ids import RuleId
from tests.support.matching import article, matcher

TIN = article("Tin rises", lead="Tin, tin and zinc", body="copper")
ENTITIES = {"china": {"names": {"en": ["China"]}, "case": ["China"]}}


def told(query: str, given: Article = TIN, *, room: int | None = None) -> list[str]:
    explanation = matcher({"a": query}, entities=ENTITIES).explain(RuleId("a"), given)
    return list(explanation_lines(explanation, given, room=room, styled=False))


def branches(query: str, given: Article = TIN) -> list[str]:
    root = matcher({"a": query}, entities=ENTITIES).explain(RuleId("a"), given).root
    assert root is not None
    return ["  " * depth + text for depth, text in tree(root)]


def test_the_article_is_shown_with_the_words_that_count() -> None:
    assert told("tin AND copper") == [
        "a matches",
        "title     [Tin] rises",
        "lead      [Tin], [tin] and zinc",
        "body      [copper]",
        'yes tin AND copper <- title "Tin", lead "Tin", lead "tin", body "copper"',
        '  yes tin <- title "Tin", lead "Tin", lead "tin"',
        '  yes copper <- body "copper"',
    ]


def test_a_headline_without_marks_is_shown_too() -> None:
    assert told("gold")[:2] == ["a does not match", "title     Tin rises"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("copper OR gold OR lead", ["  yes copper", "  no gold, lead"], id="words that are not there"),
        pytest.param(
            "(gold AND ore) OR copper", ["  no gold AND ore", "  yes copper"], id="a branch that did not count"
        ),
        pytest.param(
            "(gold OR ore) AND copper", ["  no gold OR ore", "    no gold, ore", "  yes copper"], id="why it failed"
        ),
        pytest.param("copper AND NOT gold", ["  yes copper", "  yes NOT gold"], id="what must not be there is not"),
        pytest.param(
            "gold AND NOT copper", ["  no gold", "  no NOT copper", "    yes copper"], id="what must not be there is"
        ),
    ],
)
def test_only_what_decided_is_opened(query: str, expected: list[str]) -> None:
    assert [line.partition(" <-")[0] for line in branches(query)[1:]] == expected


def test_many_words_that_are_not_there_are_counted() -> None:
    lines = branches(" OR ".join(f"word{number}" for number in range(MOST_FAILED + 5)))
    assert lines[1].endswith("word11 and 5 more")


def test_a_name_that_does_not_count_says_why() -> None:
    assert any("not counted: title[0:5] 'china'" in line for line in branches("@china", article("china clay")))
    assert any("not counted" in line for line in branches("tin OR @china", article("china and tin")))


def test_a_word_that_stands_often_is_counted_and_many_are_cut() -> None:
    assert branches("ATLEAST/2(tin)", article(body="tin tin"))[0].endswith('body "tin" x 2')
    many = [f"word{number}" for number in range(6)]
    assert branches(" OR ".join(many), article(" ".join(many)))[0].endswith('title "word3", 2 more')


def test_a_rule_that_does_not_run_says_why() -> None:
    given = matcher({"a": "@nobody"}).explain(RuleId("a"), TIN)
    lines = list(explanation_lines(given, TIN, room=None, styled=False))
    assert lines[0] == "a does not match"
    assert "unknown entity @nobody" in lines[1]
    assert len(lines) == 2


def test_every_line_fits_the_terminal() -> None:
    query = f"({' OR '.join(f'word{number}' for number in range(40))}) AND tin"
    assert max(map(len, told(query, room=60))) <= 60
