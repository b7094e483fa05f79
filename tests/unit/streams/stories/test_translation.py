"""One event in four languages, by the shipped entities and rules, through the alert stage's own decisions."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.rules import load_rules
from streams.ids import ChangeId, RuleId, StoryId
from streams.matching.match import Facts, Match, RuleHit
from streams.matching.matcher import Matcher
from streams.matching.rule import Urgency
from tests.support.alerting import Stage
from tests.support.matching import article, change

EVERYTHING = RuleHit(rule_id=RuleId("everything"), change_id=ChangeId("c1"), urgency=Urgency.ROUTINE, spans=())
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EXPORTS = {
    "en": "China halts rare earth exports to the United States after tariff threat",
    "zh": "中国暂停对美国出口稀土",
    "ja": "中国、米国へのレアアース輸出を停止",
    "de": "China stoppt Ausfuhr von seltenen Erden in die USA",
}
SUMMIT = {
    "en": "Trump and Xi to meet in Busan next week",
    "zh": "特朗普与习近平下周在釜山会晤",
    "ja": "トランプ氏と習近平氏、来週釜山で会談",
    "de": "Trump und Xi Jinping treffen sich nächste Woche in Busan",
}
NAMED = ("China", "United States", "Florida", "Trump")  # on a desk for their trade, these are common names


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    entries = load_rules(Path("no-folder-of-this-name"))
    return Matcher.empty().apply(list(enumerate(change(entry.kind, entry.id, entry.body) for entry in entries)))


def read(matcher: Matcher, title: str, language: str, number: int, facts: Facts | None = None) -> Match:
    found = matcher.match(article(title, article_id=f"x{number}", language=language))
    return found.model_copy(update={"rules": (*found.rules, EVERYTHING), "facts": facts or found.facts})


def busy(matcher: Matcher) -> Stage:
    stage = Stage()
    for number in range(40):
        title = f"{NAMED[number % 4]}: topic{number} word{number} event{number} matter{number}"
        stage.take(read(matcher, title, "en", 1_000 + number), after=number * MINUTE)
    return stage


def stories(stage: Stage, matcher: Matcher, titles: dict[str, str]) -> list[StoryId]:
    first = stage.offset + 1
    return [
        stage.alert(read(matcher, title, language, first + number), after=2 * HOUR + number * MINUTE).story_id
        for number, (language, title) in enumerate(titles.items())
    ]


@pytest.mark.parametrize("titles", [pytest.param(EXPORTS, id="exports"), pytest.param(SUMMIT, id="summit")])
@pytest.mark.parametrize("cold", [True, False], ids=["from the first article on", "among a desk's daily news"])
def test_four_languages_on_one_event_are_one_story(shipped: Matcher, titles: dict[str, str], *, cold: bool) -> None:
    assert len(set(stories(Stage() if cold else busy(shipped), shipped, titles))) == 1


def test_the_language_that_comes_first_is_no_matter(shipped: Matcher) -> None:
    assert len(set(stories(busy(shipped), shipped, dict(reversed(EXPORTS.items()))))) == 1


def test_two_events_of_one_day_in_four_languages_are_two_stories(shipped: Matcher) -> None:
    stage = busy(shipped)
    exports, summit = stories(stage, shipped, EXPORTS), stories(stage, shipped, SUMMIT)

    assert (len(set(exports)), len(set(summit))) == (1, 1)
    assert exports[0] != summit[0]


def test_the_same_names_with_another_in_their_midst_are_another_event(shipped: Matcher) -> None:
    stage = busy(shipped)
    exports = stories(stage, shipped, EXPORTS)
    soybeans = stories(stage, shipped, {"zh": "中国同意购买美国大豆", "de": "China kauft Sojabohnen aus den USA"})

    assert len(set(soybeans)) == 1
    assert exports[0] != soybeans[0]


@pytest.mark.parametrize(
    ("figure", "same"),
    [
        pytest.param("54", True, id="a figure in common"),
        pytest.param("", True, id="no figure"),
        pytest.param("10", False, id="another figure"),
    ],
)
def test_where_both_tell_figures_one_is_common(shipped: Matcher, figure: str, *, same: bool) -> None:
    stage = busy(shipped)
    told, tells = Facts(percentages=("54",)), Facts(percentages=(figure,) if figure else ())
    english = stage.alert(read(shipped, EXPORTS["en"], "en", 1, told), after=2 * HOUR)
    chinese = stage.alert(read(shipped, EXPORTS["zh"], "zh", 2, tells), after=2 * HOUR)

    assert (english.story_id == chinese.story_id) == same


def test_of_two_events_with_equal_names_the_one_of_most_figures_in_common_is_told(shipped: Matcher) -> None:
    stage = busy(shipped)
    figures = {"en": ("54",), "de": ("10", "20"), "zh": ("54", "10", "20")}
    english, german, chinese = (
        stage.alert(read(shipped, EXPORTS[name], name, number, Facts(percentages=told)), after=2 * HOUR).story_id
        for number, (name, told) in enumerate(figures.items())
    )

    assert english != german == chinese


def test_a_name_in_passing_is_no_evidence(shipped: Matcher) -> None:
    stage = busy(shipped)
    english = stage.alert(read(shipped, EXPORTS["en"], "en", 1), after=2 * HOUR)
    found = shipped.match(article("商务部宣布新规", body="中国 美国 稀土", article_id="x2", language="zh"))
    chinese = stage.alert(found.model_copy(update={"rules": (EVERYTHING,)}), after=2 * HOUR)

    assert chinese.story_id != english.story_id
