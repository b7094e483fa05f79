import pytest

from streams.alerts.alert import Relation
from streams.matching.stated.facts import every_fact, facts, stated
from tests.support.alerting import Stage
from tests.unit.streams.alerts.test_relation_languages import told


@pytest.mark.parametrize(
    ("fact", "texts"),
    [
        ("numbers 1", "delayed by one year; put off for a year; um ein Jahr verschoben; 推迟稀土出口管制一年; 1 year"),
        (
            "numbers 1",
            "延後一年; 1年延期; a one-year delay; for up to a year; China gives a year's delay; delays it one year",
        ),
        ("numbers 6", "six months; half a year; 半年; sechs Monate; 6个月; ein halbes Jahr; half a dozen ships"),
        ("numbers 12", "a dozen ships; 12 ships; ein Dutzend Schiffe; one dozen ships; twelve ships"),
        ("numbers 24", "two dozen ships; zwei Dutzend Schiffe; 24 ships"),
        (
            "numbers 500000",
            "half a million people; half-million people; 500,000 people; 50万人; eine halbe Million Menschen",
        ),
        ("money USD 1000000000", "one billion dollars; a billion dollars; $1 billion; eine Milliarde Dollar; 10億ドル"),
        ("percentages 1", "one percent; 1%; ein Prozent; 百分之一"),
        ("percentages 100", "one hundred percent; hundert Prozent; 100%; 100-percent; 百分之一百"),
        (
            "percentages 25 bp",
            "a quarter point; quarter-point; a quarter of a percentage point; a quarter of a point; 25 bps",
        ),
        ("percentages 25 bp", "Viertelprozentpunkt; einen viertel Prozentpunkt; einen Viertelpunkt; 四分之一个百分点"),
        ("percentages 25 bp", "cuts by 0.25 point; 降息1碼; 升息一碼; 0.25%利下げ; 0.25ポイント引き下げ; 25个基点"),
        (
            "percentages 50 bp",
            "half a percentage point; a half-point cut; half a point; einen halben Prozentpunkt; 半個百分點",
        ),
        ("percentages 50 bp", "降息2碼; einen halben Punkt; 50 basis points"),
        ("percentages 75 bp", "three-quarter point; three quarters of a percentage point; dreiviertel Prozentpunkt"),
        ("percentages 100 bp", "a full percentage point; one percentage point; einen Prozentpunkt; 100 basis points"),
    ],
)
def test_one_and_its_parts_are_the_figures_that_they_mean(fact: str, texts: str) -> None:
    found = {text: list(every_fact(facts(text))) for text in texts.split("; ")}

    assert found == {text: [fact] for text in found}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "a year ago; one year ago; once a year; vor einem Jahr; the best in a year; every year", id="no span"
        ),
        pytest.param(
            "近一年; 一年来; 花一年时间; 一年一度; 每一年; 上半年; half-year results; 半年報", id="nor in Chinese"
        ),
        pytest.param("one of them; half of them; a quarter of them; half the ships", id="a part of some"),
        pytest.param("dozens of ships; several dozen ships; a dozenth", id="no number of dozens"),
        pytest.param("made a point; a one-man show; eine Frau; ein Treffen", id="an article"),
    ],
)
def test_what_counts_nothing_is_no_figure(text: str) -> None:
    assert {part: list(every_fact(facts(part))) for part in text.split("; ")} == {part: [] for part in text.split("; ")}


def test_a_delay_that_grows_to_a_year_is_news_and_the_same_year_in_another_language_is_none() -> None:
    stage = Stage()
    stage.alert(told("China to delay its controls by six months", name="a1"))

    longer = stage.alert(told("China to delay its controls for a year", name="a2", publisher="BBC"))
    again = stage.alert(told("中国将推迟管制一年", name="a3", publisher="晨报", entities=["china"]))

    assert (longer.relation, [new.value for new in longer.whats_new]) == (Relation.UPDATE, ["1"])
    assert again.whats_new == ()


@pytest.mark.parametrize(
    "words",
    ["one year", "a year", "two dozen", "a billion dollars", "one percent", "a quarter point", "half a million"],
)
def test_what_is_new_is_shown_in_whole_words(words: str) -> None:
    text = f"Delayed by {words}, they say"

    assert [text[fact.start : fact.end] for fact in stated(text)] == [words]
