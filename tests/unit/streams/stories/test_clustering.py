from datetime import timedelta

import pytest

from streams.alerts.arrival import arrival_of
from streams.stories import clustering
from streams.stories.clustering import Clusterer, centroid
from streams.stories.frequencies import Frequencies
from streams.stories.growth import grown, opened
from streams.stories.story import Arrival, Story
from tests.support.alerting import NOW, match

HOUR = timedelta(hours=1)
CHINESE = "商务部宣布对部分关键矿产实施新的出口许可管理办法并说明有关情况和背景"
COMMON = Frequencies(NOW, 100, {"china": 60, "us": 60, "@china": 60, "@us": 60})


def arrival(article_id: str = "a1", title: str = "", after: timedelta = timedelta(), **fields: object) -> Arrival:
    given = {"title": title} if title else {}
    return arrival_of(match(article_id, **given, **fields), offset=0, at=NOW + after)  # type: ignore[arg-type] # any field


def story(name: str, of: Arrival) -> Story:
    return grown(opened(name, of, COMMON), of)


def clusterer(**stories: Arrival) -> Clusterer:
    made = Clusterer()
    for name, of in stories.items():
        made.put(story(name, of))
    return made


def test_a_paraphrase_joins_and_another_event_does_not() -> None:
    open_stories = clusterer(s1=arrival(), s2=arrival(title="Floods displace thousands in Bangladesh"))

    joins = open_stories.place(arrival(title="Beijing halts exports of rare earths to United States"), COMMON)
    other = open_stories.place(arrival(title="Central bank leaves interest rate unchanged"), COMMON)

    assert joins.story is open_stories.stories["s1"]
    assert joins.similarity >= 0.25
    assert (other.story, other.similarity) == (None, 0.0)


def test_a_story_that_is_near_without_being_the_same_is_related() -> None:
    open_stories = clusterer(s1=arrival(), s2=arrival(title="China halts soybeans imports after talks in Geneva"))

    placed = open_stories.place(arrival(), COMMON)

    assert placed.story is open_stories.stories["s1"]
    assert [name for name, _ in placed.related] == ["s2"]
    assert 0.10 <= placed.related[0][1] < 1


def test_one_common_word_makes_nothing_related() -> None:
    title = "China weighs stimulus measures while banks lend less than economists polled had forecast this quarter"

    assert clusterer(s1=arrival()).place(arrival(title=title), COMMON).related == ()


def test_of_equally_near_stories_the_lower_id_is_joined_in_whatever_order_they_came() -> None:
    one, two = clusterer(s1=arrival(), s2=arrival()), clusterer(s2=arrival(), s1=arrival())

    assert one.place(arrival(), COMMON).story == two.place(arrival(), COMMON).story == one.stories["s1"]


def test_an_old_story_is_less_near_and_after_72_hours_it_is_over() -> None:
    open_stories = clusterer(s1=arrival())

    fresh, aged, over = (
        open_stories.place(arrival(after=after), COMMON) for after in (timedelta(), 48 * HOUR, 73 * HOUR)
    )

    assert fresh.similarity == pytest.approx(1)
    assert fresh.similarity > aged.similarity > 0.25
    assert over.story is None
    assert open_stories.open_story("s1", NOW + 73 * HOUR) is None


def test_a_chinese_article_joins_an_english_story_by_a_rare_pair_of_entities_and_a_shared_rule() -> None:
    open_stories = clusterer(s1=arrival(entities=["mofcom", "yttrium"]))
    placed = open_stories.place(arrival(title=CHINESE, language="zh", entities=["mofcom", "yttrium"]), COMMON)

    assert placed.story is open_stories.stories["s1"]
    assert placed.similarity < 0.25


@pytest.mark.parametrize(
    ("fields", "after"),
    [
        pytest.param({"entities": ["us", "china"]}, timedelta(), id="a common pair"),
        pytest.param({"entities": ["mofcom"]}, timedelta(), id="no pair"),
        pytest.param({"entities": ["mofcom", "yttrium"], "rules": ["other"]}, timedelta(), id="no shared rule"),
        pytest.param({"entities": ["mofcom", "yttrium"]}, 25 * HOUR, id="a day later"),
    ],
)
def test_less_evidence_than_that_opens_a_story(fields: dict[str, list[str]], after: timedelta) -> None:
    open_stories = clusterer(s1=arrival(entities=["mofcom", "yttrium", "us", "china"]))

    placed = open_stories.place(arrival(title=CHINESE, language="zh", after=after, **fields), COMMON)

    assert placed.story is None


def test_similarity_to_one_story_is_what_place_says() -> None:
    open_stories = clusterer(s1=arrival())
    new = arrival(title="Beijing halts exports of rare earths")

    placed = open_stories.place(new, COMMON)

    assert open_stories.similarity(new, open_stories.stories["s1"], COMMON) == pytest.approx(placed.similarity)
    assert open_stories.similarity(arrival(kind="health"), open_stories.stories["s1"], COMMON) == 0.0


def test_what_was_computed_in_one_hour_does_not_leak_into_the_next() -> None:
    used = clusterer(s1=arrival())
    new = arrival(title="China halts talks")
    later = Frequencies(NOW + HOUR, 100, {"halts": 90})

    used.place(new, COMMON)

    assert used.place(new, later) == clusterer(s1=arrival()).place(new, later) != used.place(new, COMMON)


def test_a_removed_story_leaves_nothing_behind() -> None:
    open_stories = clusterer(s1=arrival())

    open_stories.remove("s1")
    open_stories.remove("s1")

    assert open_stories.place(arrival(), COMMON).story is None
    assert open_stories._index == {}


def test_stories_end_after_72_hours_and_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    open_stories = clusterer(s1=arrival(), s2=arrival(after=timedelta(hours=80)), s3=arrival(after=timedelta(hours=81)))

    assert list(open_stories.closing(NOW + 82 * HOUR)) == ["s1"]
    monkeypatch.setattr(clustering, "MOST_STORIES", 2)
    assert list(open_stories.closing(NOW + 82 * HOUR)) == ["s1", "s2"]
    assert list(clusterer(s1=arrival()).closing(NOW + 73 * HOUR)) == ["s1"]


def test_a_centroid_keeps_the_64_heaviest_terms() -> None:
    many = {f"term{number:03}": 1.0 for number in range(100)}

    kept = centroid({"heavy": 5.0}, many, Frequencies())

    assert len(kept) == 64
    assert next(iter(kept)) == "heavy"
