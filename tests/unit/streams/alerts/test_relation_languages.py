"""The relations of real texts, in each shipped language: what an article says decides, not the words it chooses."""

import pytest

from streams.alerts.alert import Relation
from streams.matching.match import Match
from streams.matching.sketch import sketch, text_hash
from streams.matching.stated.facts import facts
from streams.matching.stated.markers import markers
from streams.text.tokens import tokenise
from tests.support.alerting import Stage, match


def told(title: str, lead: str = "", body: str = "", *, name: str = "a2", **fields: object) -> Match:
    """Return what the matcher makes of a text, beside its rules and entities."""
    terms = [token.term for part in (title, lead, body) for token in tokenise(part) if token.term]
    extra = {"markers": markers(title, lead, body), "sketch": sketch(terms), "text_hash": text_hash(terms)}
    given = {"title": title, "lead": lead, "facts": facts(title, lead, body), "entities": ["china"], "extra": extra}
    return match(name, **{**given, **fields})  # type: ignore[arg-type] # any field


class Language:
    """One event in one language: the article that opens it, and what may come after it."""

    def __init__(self, first: str, again: str, more: str, other: str, flipped: str, mark: str, kill: str) -> None:
        self.first = first
        self.later = {
            "confirmation": again,
            "update": more,
            "copy": first,
            "correction": f"{mark}{first}",
            "retract": f"{kill}{first}",
        }
        self.revisions = {
            "number": (other, Relation.CORRECTION),
            "negation": (flipped, Relation.CORRECTION),
            "addition": (more, Relation.UPDATE),
            "nothing": (first, Relation.COPY),
        }


LANGUAGES = {
    "en": Language(
        "China will impose tariffs of 25 percent on $1.5 billion of cars",
        "Tariffs of 25% on $1.5bn of cars: China will impose them",
        "China will impose tariffs of 25 percent on $1.5 billion of cars from Nov. 10",
        "China will impose tariffs of 35 percent on $1.5 billion of cars",
        "China will not impose tariffs of 25 percent on $1.5 billion of cars",
        "CORRECTED-",
        "WITHDRAWN-",
    ),
    "de": Language(
        "China wird Zölle von 25 Prozent auf Autos für 1,5 Mrd. Dollar verhängen",
        "Zölle von 25 % auf Autos für 1,5 Milliarden Dollar: China wird sie verhängen",
        "China wird Zölle von 25 Prozent auf Autos für 1,5 Mrd. Dollar ab 10. November verhängen",
        "China wird Zölle von 35 Prozent auf Autos für 1,5 Mrd. Dollar verhängen",
        "China wird keine Zölle von 25 Prozent auf Autos für 1,5 Mrd. Dollar verhängen",
        "KORREKTUR: ",
        "ZURÜCKGEZOGEN: ",
    ),
    "zh-Hans": Language(
        "中国将对15亿美元汽车加征25%关税",
        "中国将对价值15亿美元的汽车加征百分之二十五的关税",
        "中国将对15亿美元汽车加征25%关税，11月10日生效",
        "中国将对15亿美元汽车加征35%关税",
        "中国不会对15亿美元汽车加征25%关税",
        "更正：",
        "撤稿：",
    ),
    "zh-Hant": Language(
        "中國將對15億美元汽車加徵25%關稅",
        "中國將對價值15億美元的汽車加徵百分之二十五的關稅",
        "中國將對15億美元汽車加徵25%關稅，11月10日生效",
        "中國將對15億美元汽車加徵35%關稅",
        "中國不會對15億美元汽車加徵25%關稅",
        "【更正】",
        "【撤回】",
    ),
    "ja": Language(
        "中国、15億ドル相当の自動車に25%の関税を課す方針",
        "中国、自動車15億ドル相当に25パーセントの関税を課す方針",
        "中国、15億ドル相当の自動車に25%の関税を課す方針 11月10日から",
        "中国、15億ドル相当の自動車に35%の関税を課す方針",
        "中国、15億ドル相当の自動車に25%の関税を課さない方針",
        "訂正-",
        "【記事取り消し】",
    ),
    "ko": Language(
        "중국, 15억 달러 자동차에 25% 관세 부과",
        "중국, 자동차 15억 달러에 25퍼센트 관세 부과",
        "중국, 15억 달러 자동차에 25% 관세 부과 11월 10일부터",
        "중국, 15억 달러 자동차에 35% 관세 부과",
        "중국, 15억 달러 자동차에 25% 관세 부과하지 않아",
        "[정정] ",
        "[기사 삭제] ",
    ),
}


@pytest.mark.parametrize("relation", ["confirmation", "update", "copy", "correction", "retract"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_another_article_is_what_its_text_makes_it(language: str, relation: str) -> None:
    stage, given = Stage(), LANGUAGES[language]
    stage.alert(told(given.first, name="a1"))

    alert = stage.alert(told(given.later[relation], publisher="BBC"))

    assert alert.relation == relation
    assert bool(alert.whats_new) == (relation == "update")


@pytest.mark.parametrize("change", ["number", "negation", "addition", "nothing"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_revision_corrects_what_it_changes_and_updates_what_it_adds(language: str, change: str) -> None:
    stage, given = Stage(), LANGUAGES[language]
    stage.alert(told(given.first, name="a1"))
    title, relation = given.revisions[change]

    alert = stage.alert(told(title, name="a1", revision="2-0b0b0b0b", kind="updated"))

    assert alert.relation is relation


@pytest.mark.parametrize("one", LANGUAGES)
@pytest.mark.parametrize("other", LANGUAGES)
def test_equal_facts_are_nothing_new_in_any_other_language(one: str, other: str) -> None:
    first, second = facts(LANGUAGES[one].first), facts(LANGUAGES[other].later["confirmation"])

    assert (first.money, first.percentages, first.negations) == (second.money, second.percentages, second.negations)
    assert facts(LANGUAGES[one].revisions["negation"][0]).negations == ("not impose",)


FIRST = "China will sell 40 ships, says the ministry"


@pytest.mark.parametrize(
    ("title", "lead", "body", "relation"),
    [
        pytest.param(FIRST, "", "", Relation.COPY, id="the same"),
        pytest.param(FIRST + " today", "It was 26 October 2025.", "", Relation.CONFIRMATION, id="its own day"),
        pytest.param(FIRST + " now", "KUALA LUMPUR, Oct 26 (Reuters) - So", "", Relation.CONFIRMATION, id="a dateline"),
        pytest.param(FIRST + " now", "", "Iron is at 90 percent.", Relation.CONFIRMATION, id="background"),
        pytest.param(FIRST + " now", "Iron is at 90 percent.", "", Relation.UPDATE, id="a figure of the lead"),
        pytest.param(FIRST + " now", "", "It did not say when.", Relation.CONFIRMATION, id="a negation of the body"),
        pytest.param("UPDATE 2-" + FIRST, "", "", Relation.CONFIRMATION, id="an update of what nobody told"),
        pytest.param("Killed: 40 ships, China will sell them", "", "", Relation.CONFIRMATION, id="no retraction"),
    ],
)
def test_what_counts_as_new(title: str, lead: str, body: str, relation: Relation) -> None:
    stage = Stage()
    stage.alert(told(FIRST, name="a1"))

    assert stage.alert(told(title, lead, body, publisher="BBC")).relation is relation


def test_an_update_of_a_source_that_told_the_story_is_one() -> None:
    stage = Stage()
    stage.alert(told(FIRST, name="a1"))

    alert = stage.alert(told("UPDATE 2-" + FIRST))

    assert alert.relation is Relation.UPDATE
    assert [(new.kind, new.value) for new in alert.whats_new] == [("update", "2")]


def test_background_is_not_told_so_who_leads_with_it_brings_news() -> None:
    stage = Stage()
    stage.alert(told(FIRST, name="a1", body="Iron is at 90 percent."))

    alert = stage.alert(told(FIRST + ", iron at 90 percent", publisher="BBC"))

    assert [(new.kind, new.value) for new in alert.whats_new] == [("percentage", "90")]


@pytest.mark.parametrize(
    ("lead", "body", "new"),
    [
        pytest.param("The ministry will not sell ships.", "", [], id="in the lead, which a desk reads"),
        pytest.param("", "The ministry will not sell ships.", ["not sell"], id="in the body"),
    ],
)
def test_a_denial_is_told_where_a_desk_reads_it(lead: str, body: str, new: list[str]) -> None:
    stage = Stage()
    stage.alert(told("40 ships of China, says the ministry", lead, body, name="a1"))

    alert = stage.alert(told("China will not sell its 40 ships, says the ministry", publisher="BBC"))

    assert [token.value for token in alert.whats_new] == new


def test_a_rounded_sum_is_told_and_rests_on_who_told_it() -> None:
    stage = Stage()
    stage.alert(told("China will sell ships for $1.46 billion", name="a1", permission="reuters"))
    stage.alert(told("Ships for $1.4610 billion: China will sell them", name="a2"))

    alert = stage.alert(told("China will sell its ships for $1.5 billion", name="a3"))

    assert alert.relation is Relation.CONFIRMATION
    assert alert.compared_with is not None
    assert alert.compared_with.needs == ("public",)


def test_a_retraction_reaches_the_story_that_another_source_told() -> None:
    stage = Stage()
    first = stage.alert(told(FIRST, name="a1"))

    alert = stage.alert(told("STORY WITHDRAWN: " + FIRST, publisher="BBC", rules=()))

    assert (alert.relation, alert.story_id) == (Relation.RETRACT, first.story_id)
    assert [rule.rule_id for rule in alert.rules] == ["rare-earths"]


def test_news_comes_in_the_order_of_what_a_trader_wants_six_at_most() -> None:
    stage = Stage()
    stage.alert(told("China will sell ships", name="a1"))
    title = "China will not sell ships on Nov. 10, 41 or 42 or 43 or 44 of them, for $5 million, 3% less"

    alert = stage.alert(told(title, publisher="BBC"))

    kinds = [new.kind for new in alert.whats_new]
    assert kinds == ["money", "percentage", "number", "number", "number", "number"]
