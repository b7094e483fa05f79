from datetime import date

import pytest

from streams.errors import PoisonError
from streams.matching.rule import Urgency
from streams.matching.ruleset import Heads, Outcome, malformed, read_entity, read_list, read_rule
from tests.support.matching import change, ids

FIRST = change("rule", "a", {"query": "x"})
SECOND = change("rule", "a", {"query": "y"}, base="a-1", number=2)
RIVAL = change("rule", "a", {"query": "z"}, base="a-1", number=3)
GONE = change("rule", "a", base="a-2", number=4)


def test_the_head_is_the_newest_change_that_follows_the_head_before_it() -> None:
    heads = Heads()
    outcomes = [heads.apply(given, offset) for offset, given in enumerate([FIRST, SECOND, RIVAL, GONE])]
    assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.LOST, Outcome.ACCEPTED]
    assert ids(heads.heads().values()) == ["a-4"]
    assert (heads.offset, heads.base("rule", "a"), heads.base("rule", "b")) == (3, "a-4", None)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        pytest.param(FIRST, Outcome.REPEATED, id="the same change again"),
        pytest.param(change("rule", "a", {"query": "q"}, number=9), Outcome.LOST, id="new, but it isn't"),
        pytest.param(change("rule", "a", {"query": 3}, base="a-1", number=9), Outcome.MALFORMED, id="no rule"),
        pytest.param(change("rule", "a", {"query": "x y"}, base="a-1", number=9), Outcome.ACCEPTED, id="can't be read"),
        pytest.param(change("list", "a", {"members": []}), Outcome.ACCEPTED, id="another kind of the same name"),
        pytest.param(change("rule", "b", base="b-1"), Outcome.LOST, id="a deletion of nothing"),
    ],
)
def test_what_becomes_of_a_change_is_told(given: object, outcome: Outcome) -> None:
    heads = Heads()
    heads.apply(FIRST, 0)
    assert heads.apply(given, 1) is outcome  # type: ignore[arg-type] - a table's column


def test_copied_heads_go_their_own_way() -> None:
    heads = Heads()
    heads.apply(FIRST, 0)
    other = heads.copy()
    other.apply(SECOND, 1)
    assert (heads.base("rule", "a"), other.base("rule", "a")) == ("a-1", "a-2")
    assert (heads.offset, other.offset) == (0, 1)


def test_bodies_become_records() -> None:
    rule = read_rule(change("rule", "r", {"query": "x", "urgency": "flash", "examples": {"match": ["t"]}, "later": 1}))
    assert (rule.rule_id, rule.urgency, rule.examples.match) == ("r", Urgency.FLASH, ("t",))
    assert read_list(change("list", "l", {"members": ["a"]})).members == ("a",)
    role = {"title": "President", "from": "2025-01-20", "to": None}
    entity = read_entity(change("entity", "e", {"type": "person", "names": {"en": ["Trump"]}, "roles": [role]}))
    assert (entity.entity_id, entity.roles[0].valid_from, entity.roles[0].valid_to) == ("e", date(2025, 1, 20), None)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("rule", {}, id="a rule without a query"),
        pytest.param("list", {"members": "x"}, id="a list that is a word"),
        pytest.param("entity", {"type": "t", "names": {"en": ['"Trump" NEAR/3 "Xi"']}}, id="a name that is a query"),
        pytest.param("entity", {"type": "t", "names": {"en": ["…"]}}, id="a name without a word"),
        pytest.param("entity", {"type": "t", "case": ["a " * 40]}, id="a name without end"),
        pytest.param("entity", {"type": "t", "roles": ["president"]}, id="a role without days"),
        pytest.param("entity", {"type": "t", "roles": 3}, id="roles that are a number"),
        pytest.param("entity", {"type": "t", "roles": [{"title": "x", "from": "1.2.2025"}]}, id="a role without a day"),
        pytest.param(
            "entity",
            {"type": "t", "roles": [{"title": "x", "from": "2025-02-01", "to": "2025-01-01"}]},
            id="a role that ends before it begins",
        ),
        pytest.param("entity", {"type": "t", "roles": [{"title": "…"}]}, id="a title without a word"),
        pytest.param("entity", {"type": "t", "names": {"en": ["@other"]}}, id="a name that is another entity"),
        pytest.param("entity", {"type": "t", "names": {"en": ["$NVDA"]}}, id="a name that is a ticker"),
        pytest.param("entity", {"type": "t", "tickers": ["NVIDIA"]}, id="a ticker of six letters"),
        pytest.param(
            "entity", {"type": "t", "names_in_context": {"names": {}, "require_any": [""]}}, id="an empty context word"
        ),
    ],
)
def test_a_body_of_another_form_is_malformed(kind: str, body: dict[str, object]) -> None:
    given = change(kind, "x", body)  # type: ignore[arg-type] - a table's column
    assert malformed(given)
    with pytest.raises(PoisonError):
        {"rule": read_rule, "entity": read_entity, "list": read_list}[kind](given)


def test_a_deletion_needs_no_body() -> None:
    assert malformed(change("entity", "x")) is None
