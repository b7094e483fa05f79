import pytest

from streams.alerts.alert import Relation
from streams.matching.stated.facts import facts, stated
from tests.support.alerting import Stage
from tests.unit.streams.alerts.test_relation_languages import told


@pytest.mark.parametrize(
    ("denied", "titles"),
    [
        ("not impose", "tariffs off the table; the 100% tariff is off; tariff threat scrapped; tariffs are dropped"),
        ("not impose", "drops its 100% tariff; Zölle von 100 Prozent vom Tisch; 100-Prozent-Zölle gestrichen"),
        ("not impose", "搁置关税; 美國取消關稅; 取消对华加征100%关税; 関税撤回; 관세 철회"),
        (
            "not impose",
            "Tariff of 100% on China is 'effectively off the table'; the tariffs are off, he says; tariffs 'are off'",
        ),
        ("not meet", "summit called off; Trump-Xi summit cancelled; Trump cancels meeting with Xi; no summit"),
        (
            "not meet",
            "Treffen mit Xi abgesagt; Gipfel geplatzt; 会晤取消; 特朗普取消与习近平的会面; 米中首脳会談を中止",
        ),
        ("not meet", "회담 취소; 미중 정상회담이 무산; the summit will not take place; calls off a new meeting"),
        ("not talk", "talks canceled; talks collapse; trade talks broke down; China calls off its trade talks"),
        ("not agree", "the deal is off; the accord falls through; deal scrapped; 协议告吹; 合意が決裂"),
        ("not impose", "will not go ahead with a 100 percent tariff; a tariff on goods will not take effect"),
    ],
)
def test_what_is_called_off_is_denied_in_every_language(denied: str, titles: str) -> None:
    found = {title.strip(): facts(title.strip()).negations for title in titles.split(";")}

    assert found == dict.fromkeys(found, (denied,))


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("the summit may be called off; Trump threatens to cancel meeting", id="it may be"),
        pytest.param("may drop tariffs; could cancel talks; urged to have the tariffs scrapped", id="nor is it yet"),
        pytest.param("特朗普威胁取消与习近平的会面; 会晤可能取消; 要求取消关税", id="nor in Chinese"),
        pytest.param(
            "会談中止も検討; 会談中止の可能性; 회담 취소 가능성; 회담 취소 위협", id="nor in Japanese and Korean"
        ),
        pytest.param("Zölle nicht vom Tisch; Treffen nicht abgesagt; Treffen droht: abgesagt", id="it is not"),
        pytest.param("sales collapse; prices drop after the deal; the deal is off by a mile", id="another sense"),
        pytest.param("flights cancelled; all options are off the table; calls off the search", id="no act"),
        pytest.param("calls off; the rate is off its high; 取消出口管制; 航班取消", id="nothing that is known"),
    ],
)
def test_what_is_not_called_off_is_not_denied(title: str) -> None:
    assert {part: facts(part).negations for part in title.split("; ")} == dict.fromkeys(title.split("; "), ())


def test_a_summit_that_is_called_off_is_news_however_alike_the_words_are() -> None:
    stage = Stage()
    stage.alert(told("Trump and Xi to hold summit in South Korea", name="a1"))
    stage.alert(told("Trump and Xi may see summit in South Korea called off", name="a2", publisher="BBC"))

    off = stage.alert(told("Trump and Xi summit in South Korea called off", name="a3", publisher="AFP"))
    again = stage.alert(told("Summit of Trump and Xi in South Korea is cancelled", name="a4", publisher="AP"))

    assert (off.relation, [new.value for new in off.whats_new]) == (Relation.UPDATE, ["not meet"])
    assert again.relation is Relation.CONFIRMATION


@pytest.mark.parametrize(
    "words",
    ["summit with Xi called off", "calls off the new meeting", "tariffs are off the table", "会晤取消", "取消会晤"],
)
def test_what_is_called_off_is_shown_with_what_calls_it_off(words: str) -> None:
    text = f"Trump: {words}, they say"

    assert [text[fact.start : fact.end] for fact in stated(text)] == [words]
