import pytest

from streams.matching.compile import compile_rule
from streams.matching.index import leaf_feature
from streams.matching.rule import Rule
from streams.matching.tree import ListRef


@pytest.mark.parametrize(
    ("query", "anchor"),
    [
        pytest.param("Tariffs", {"tariff"}, id="a word under its stem"),
        pytest.param("=Tariffs", {"tariff"}, id="also an exact one"),
        pytest.param("CASE(Tariffs)", {"tariff"}, id="and one as written"),
        pytest.param('"the earthquake"', {"earthquak"}, id="a phrase under its longest word"),
        pytest.param("稀土", {"稀土"}, id="a Chinese word under its first two characters"),
        pytest.param("税", {"税"}, id="a single character"),
        pytest.param("tarif*", {"\x02*tarif"}, id="a truncated word under its beginning"),
        pytest.param("$NVDA", {"nvda"}, id="a ticker under its letters"),
        pytest.param("@xi AND a", {"\x02@xi"}, id="an entity before a short word"),
        pytest.param("a AND earthquake", {"earthquak"}, id="the longer word of two"),
        pytest.param("a AND NOT earthquake", {"a"}, id="never a negation"),
        pytest.param("earthquake OR tsunami", {"earthquak", "tsunami"}, id="both sides of an or"),
        pytest.param("(a AND earthquake) OR (b AND tsunami)", {"earthquak", "tsunami"}, id="the best of each side"),
        pytest.param("a NEAR/5 earthquake", {"earthquak"}, id="one side of a proximity"),
        pytest.param("title:(a AND tsunami)", {"tsunami"}, id="within a field"),
        pytest.param("source:ap", {"\x02source:ap"}, id="a source"),
    ],
)
def test_a_rule_is_posted_under_what_is_likely_its_rarest_part(query: str, anchor: set[str]) -> None:
    assert compile_rule(Rule(rule_id="r", query=query), {"xi"}, {}).anchor == anchor


def test_a_list_without_its_members_has_no_feature() -> None:
    with pytest.raises(TypeError, match="no leaf"):
        leaf_feature(ListRef("x"))
