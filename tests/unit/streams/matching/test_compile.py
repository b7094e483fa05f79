import pytest

from streams.matching.compile import compile_list, compile_rule
from streams.matching.query_error import QueryError
from streams.matching.rule import Rule, WordList
from streams.matching.tree import And, AtLeast, First, InField, Near, Not, Or, Together, Words

GOODS = {"goods": Or((Words(("soy",)), Words(("corn",))))}


@pytest.mark.parametrize(
    ("query", "place", "hint"),
    [
        pytest.param("x AND @rare_earth", (1, 7), "did you mean @rare_earths?", id="an entity that looks like one"),
        pytest.param("about:@zzz", (1, 7), "add it to the entity file", id="an entity like none"),
        pytest.param("x AND\n#good", (2, 1), "did you mean #goods?", id="a list that looks like one"),
        pytest.param("#zzz", (1, 1), "add it to the list file", id="a list like none"),
    ],
)
def test_an_unknown_reference_is_refused_with_place_and_cure(query: str, place: tuple[int, int], hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_rule(Rule(rule_id="r", query=query), {"rare_earths"}, GOODS)
    assert ((caught.value.line, caught.value.column), caught.value.hint) == (place, hint)


def test_a_list_stands_in_for_its_members_wherever_it_is_named() -> None:
    query = (
        "#goods AND (a NEAR/2 #goods) AND (#goods SENT b) AND ATLEAST/2(#goods) AND FIRST/9(#goods) "
        "AND title:#goods AND NOT (#goods OR c)"
    )
    goods, a, b, c = GOODS["goods"], Words(("a",)), Words(("b",)), Words(("c",))
    assert compile_rule(Rule(rule_id="r", query=query), (), GOODS).root == And(
        (
            goods,
            Near(a, goods, 2),
            Together(goods, b, "sentence"),
            AtLeast(2, goods),
            First(9, goods),
            InField("title", goods),
            Not(Or((goods, c))),
        )
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param(("soy", "…", "ta*"), "list goods", id="members that are none"),
        pytest.param(("@nobody",), "unknown entity @nobody", id="an entity that doesn't exist"),
        pytest.param((), "has no members", id="no members"),
        pytest.param(("#other",), "a list holds no other list", id="another list, which could be in a circle"),
        pytest.param(("x",) * 10_001, "more than 10,000 members", id="too many members"),
    ],
)
def test_a_list_that_cannot_be_is_refused(members: tuple[str, ...], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        compile_list(WordList(list_id="goods", members=members), ())
