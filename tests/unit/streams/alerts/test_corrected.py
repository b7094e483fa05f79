import pytest

from streams.alerts.arrival import arrival_of
from streams.alerts.corrected import corrected
from streams.matching.match import Match
from streams.matching.stated.facts import facts
from streams.stories.story import StoryArticle
from tests.support.alerting import NOW, Stage, match


def told(title: str, body: str, *entities: str) -> Match:
    return match(title=title, lead="", entities=entities, facts=facts(title, "", body))


def earlier(given: Match) -> StoryArticle:
    stage = Stage()
    stage.alert(given)
    return stage.book.articles[given.head.article_id]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param(("Sells 40 ships", ""), ("Sells 45 ships", ""), ["number 40", "number 45"], id="a number"),
        pytest.param(("Sells", "In all 40."), ("Sells", "In all 45."), ["number 40", "number 45"], id="in the body"),
        pytest.param(("On Oct. 30", ""), ("On Oct. 31", ""), ["date 10-30", "date 10-31"], id="a date"),
        pytest.param(("Sells 40 ships", ""), ("Sells ships", ""), ["number 40"], id="a number of the title is gone"),
        pytest.param(("Sells ships", "In all 40."), ("Sells ships", ""), [], id="background is gone"),
        pytest.param(("Sells", "1 3 5 7"), ("Sells", "11 13 15"), [], id="a body written anew"),
        pytest.param(("Sells ships", ""), ("Sells 40 ships", ""), [], id="a number was added"),
        pytest.param(("Will sign", ""), ("Won't sign", ""), ["negation not sign"], id="a negation came"),
        pytest.param(("Won't sign", ""), ("Will sign", ""), ["negation not sign"], id="a negation went"),
        pytest.param(("Will sail", ""), ("Won't sign", ""), [], id="a negation of what nobody said"),
        pytest.param(("Confirms talks", ""), ("Denies talks", ""), ["negation denies"], id="a denial came"),
        pytest.param(("将签署协议", ""), ("不会签署协议", ""), ["negation not sign"], id="a Chinese negation"),
    ],
)  # fmt: skip
def test_a_revision_changed(before: tuple[str, str], after: tuple[str, str], changed: list[str]) -> None:
    arrival = arrival_of(told(*after), offset=1, at=NOW)

    assert [f"{fact.kind} {fact.value}" for fact in corrected(arrival, earlier(told(*before)))] == changed


@pytest.mark.parametrize(
    ("after", "changed"),
    [(("china", "eu"), ["eu", "us"]), (("china",), []), (("china", "us", "eu"), [])],
)
def test_an_entity_is_changed_when_another_took_its_place(after: tuple[str, ...], changed: list[str]) -> None:
    arrival = arrival_of(told("x", "", *after), offset=1, at=NOW)

    found = corrected(arrival, earlier(told("x", "", "china", "us")))

    assert sorted(fact.value for fact in found) == changed
