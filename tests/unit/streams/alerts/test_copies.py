from hashlib import sha256

import pytest

from streams.alerts.arrival import arrival_of
from streams.alerts.copies import containment, copied_from
from streams.matching.sketch import sketch as sketch_of
from streams.stories.story import StoryText
from streams.text.tokens import tokenise
from tests.support.alerting import NOW, match


def sketch(*shingles: object) -> tuple[str, ...]:
    return tuple(sorted(sha256(str(shingle).encode()).hexdigest()[:16] for shingle in shingles)[:64])


def text(name: str, *, permission: str = "public", text_hash: str = "", marks: tuple[str, ...] = ()) -> StoryText:
    return StoryText(article_id=name, permission=permission, text_hash=text_hash, sketch=marks)


def copied(*texts: StoryText, text_hash: str = "", marks: tuple[str, ...] = ()) -> str | None:
    given = match(extra={"text_hash": text_hash, "sketch": marks})
    found = copied_from(arrival_of(given, offset=0, at=NOW), texts)
    return found.article_id if found else None


@pytest.mark.parametrize(
    ("inner", "outer", "share"),
    [
        pytest.param(range(10), range(10), 1.0, id="equal"),
        pytest.param(range(8), range(10), 1.0, id="a part"),
        pytest.param(range(10), range(5), 0.5, id="half"),
        pytest.param(range(3), range(3), 0.0, id="too short to say"),
        pytest.param((), range(9), 0.0, id="nothing"),
    ],
)
def test_containment_of_short_texts_is_exact(inner: range, outer: range, share: float) -> None:
    assert containment(sketch(*inner), sketch(*outer)) == share


@pytest.mark.parametrize(("shared", "low", "high"), [(900, 0.8, 1.0), (500, 0.3, 0.7), (0, 0.0, 0.0)])
def test_containment_of_long_texts_is_estimated(shared: int, low: float, high: float) -> None:
    inner = range(1000)
    outer = [*range(shared), *range(5_000, 9_000)]

    assert low <= containment(sketch(*inner), sketch(*outer)) <= high


def test_an_equal_text_is_a_copy_and_an_empty_hash_is_not() -> None:
    assert copied(text("a1", text_hash="t1"), text_hash="t1") == "a1"
    assert copied(text("a1", text_hash=""), text_hash="") is None
    assert copied(text("a1", text_hash="t1"), text_hash="t2") is None


def test_a_text_that_holds_nearly_all_of_it_is_the_original() -> None:
    assert copied(text("a1", marks=sketch(*range(40))), marks=sketch(*range(33))) == "a1"


def test_the_original_of_the_same_permission_is_named_first() -> None:
    texts = (text("a1", permission="reuters", text_hash="t1"), text("a2", text_hash="t1"))

    assert copied(*texts, text_hash="t1") == "a2"


ENGLISH = (
    "China will hold back its rare earth export controls for a year, officials said after two days of talks in the "
    "capital. The controls were to begin next month and would have hit makers of cars, jets and magnets around the "
    "world. "
    "Both delegations will meet again in the spring, and a text is to be signed by the leaders when they see each "
    "other "
    "next week. Markets rose on the news, with the metals index at its highest in a month and the dollar a little "
    "weaker."
)
CHINESE = (
    "中国将把稀土出口管制推迟一年，官员在两天的会谈之后表示。管制措施原定下月生效，将影响全球汽车、飞机和磁体制造商。"
    "双方代表团将在春季再次会面，两国领导人下周见面时将签署文本。市场闻讯上涨，金属指数创一个月新高，美元略有走弱。"
)
OTHER = {
    ENGLISH: "A flood has closed the main road between the two largest towns of the province, and schools stay shut.",
    CHINESE: "洪水切断了该省两个最大城镇之间的主要道路，学校继续停课，救援人员正在赶往灾区。",
}
FURNITURE = " Read more about markets on our pages. Our journalists follow standards that you find on our site."


def marks(words: str) -> tuple[str, ...]:
    return sketch_of([token.term for token in tokenise(words) if token.term])


@pytest.mark.parametrize("story", [pytest.param(ENGLISH, id="english"), pytest.param(CHINESE, id="chinese")])
@pytest.mark.parametrize(
    ("before", "behind", "share"),
    [
        pytest.param("", "", 1.0, id="the same"),
        pytest.param("KUALA LUMPUR, Oct 27 (Agency) - ", "", 1.0, id="another dateline"),
        pytest.param("Rare earths: curbs wait\n", "", 1.0, id="another headline"),
        pytest.param("", "", 0.6, id="cut short"),
    ],
)
def test_an_edited_text_is_a_copy_in_any_script(story: str, before: str, behind: str, share: float) -> None:
    edited = before + story[: int(share * len(story))] + behind

    assert copied(text("a1", marks=marks(story)), marks=marks(edited)) == "a1"


@pytest.mark.parametrize("story", [pytest.param(ENGLISH, id="english"), pytest.param(CHINESE, id="chinese")])
def test_another_text_with_the_same_furniture_is_no_copy(story: str) -> None:
    other = marks(OTHER[story] + FURNITURE)

    assert copied(text("a1", marks=marks(story + FURNITURE)), marks=other) is None


def test_a_text_with_as_much_again_behind_it_is_no_copy() -> None:
    assert copied(text("a1", marks=marks(CHINESE)), marks=marks(CHINESE + ENGLISH)) is None
