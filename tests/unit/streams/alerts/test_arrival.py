import pytest

from streams.alerts.arrival import arrival_of, background_of, denied_in_lead
from streams.matching.match import Facts, Span
from streams.stories.story import Fact
from tests.support.alerting import NOW, match


def test_background_is_what_the_body_alone_says_and_what_is_named_in_passing() -> None:
    spans = (Span(field="title", start=0, end=5, surface="China"), Span(field="lead", start=0, end=2, surface="EU"))
    given = match(entities=["china", "eu", "us"], facts=Facts(percentages=("90",), background=("percentages 90",)))
    places = {"china": (1, 0), "eu": (1, 1), "us": (3, 1)}
    hits = tuple(
        hit.model_copy(update={"count": places[hit.entity_id][0], "spans": (places[hit.entity_id][1],)})
        for hit in given.entities
    )

    found = background_of(given.model_copy(update={"spans": spans, "entities": hits}))

    assert found == {Fact(kind="percentage", value="90"), Fact(kind="entity", value="eu")}


@pytest.mark.parametrize(
    ("title", "lead", "denied"),
    [
        pytest.param(
            "China speaks", "It will not sign the deal, and denies delays.", {"not sign", "denies"}, id="lead"
        ),
        pytest.param("China will not sign", "It will not sign the deal.", set(), id="the title denies it too"),
        pytest.param("China speaks", "It signs the deal.", set(), id="only the body denies it"),
        pytest.param("China speaks", "中方否认", {"denies"}, id="Chinese"),
    ],
)
def test_denials_of_the_lead_are_those_that_the_title_has_not(title: str, lead: str, denied: set[str]) -> None:
    given = match(title=title, lead=lead, facts=Facts(negations=("not sign",), background=("negations not sign",)))

    assert {fact.value for fact in denied_in_lead(given)} == denied
    assert all(fact.kind == "negation" for fact in denied_in_lead(given))


def test_the_articles_that_a_rule_matches_hold_it_once() -> None:
    one, other = (arrival_of(match(name, labels={"topic": "trade"}), offset=0, at=NOW) for name in ("a1", "a2"))
    changed = arrival_of(match("a3", labels={"topic": "metals"}), offset=0, at=NOW)

    assert one.rules is other.rules
    assert changed.rules[0].labels == {"topic": "metals"} != one.rules[0].labels
