from datetime import timedelta

import pytest

from streams.alerts.arrival import arrival_of
from streams.stories import clustering
from streams.stories.clustering import Clusterer
from streams.stories.frequencies import Frequencies
from streams.stories.growth import grown, opened
from streams.stories.story import Arrival, Story
from streams.stories.vector import vector_of
from tests.support.alerting import NOW, match

HOUR = timedelta(hours=1)
CHINESE = "商务部宣布对部分关键矿产实施新的出口许可管理办法并说明有关情况和背景"
COMMON = Frequencies(NOW, 100, {"china": 60, "us": 60, "@china": 60, "@us": 60})


def arrival(article_id: str = "a1", title: str = "", after: timedelta = timedelta(), **fields: object) -> Arrival:
    given = {"title": title} if title else {}
    return arrival_of(match(article_id, **given, **fields), offset=0, at=NOW + after)  # type: ignore[arg-type] # any field


def story(name: str, of: Arrival) -> Story:
    return grown(opened(name, of, vector_of(of.terms, COMMON)), of)


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


def test_a_placement_carries_what_the_story_grows_by() -> None:
    open_stories = clusterer(s1=arrival())
    same, other = arrival(), arrival(title="Central bank leaves interest rate unchanged")

    joins, opens = open_stories.place(same, COMMON), open_stories.place(other, COMMON)

    assert (joins.story, joins.vector) == (open_stories.stories["s1"], vector_of(same.terms, COMMON))
    assert (opens.story, opens.vector) == (None, vector_of(other.terms, COMMON))


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


def test_a_single_shared_term_counts_less(monkeypatch: pytest.MonkeyPatch) -> None:
    open_stories = clusterer(s1=arrival(title="markets close lower"))
    given = arrival(title="markets look elsewhere")

    assert open_stories.place(given, COMMON).story is None
    monkeypatch.setattr(clustering, "ONE_TERM", 1.0)
    assert open_stories.place(given, COMMON).story is open_stories.stories["s1"]


def test_an_article_of_one_term_may_share_just_that() -> None:
    open_stories = clusterer(s1=arrival(title="markets"))

    assert open_stories.place(arrival(title="markets"), COMMON).story is open_stories.stories["s1"]


def test_a_story_of_many_articles_is_nearer_but_no_more_alike() -> None:
    given = arrival(title="Beijing halts some exports while traders complain again about soybeans")
    made = clusterer(s1=arrival())
    long = made.stories["s1"].model_copy(update={"articles": 50})
    few, many = made.place(given, COMMON), Clusterer()
    many.put(long)

    assert few.story is None
    assert many.place(given, COMMON).story is long
    assert many.place(given, COMMON).similarity == many.similarity(given, long, COMMON) < 0.25


def test_however_long_a_story_is_one_common_word_does_not_join_it() -> None:
    made = Clusterer()
    made.put(story("s1", arrival()).model_copy(update={"articles": 10**9}))
    title = "China weighs stimulus measures while banks lend less than economists polled had forecast this quarter"

    assert made.place(arrival(title=title), COMMON).story is None


def test_a_term_that_changed_its_weight_is_found_under_the_new_one_and_a_lost_one_not_at_all() -> None:
    made = clusterer(s1=arrival())
    terms = {"gallium": 1.0, "halt": 2.0}
    made.put(made.stories["s1"].model_copy(update={"terms": terms}))

    assert {term: holders["s1"] for term, holders in made._index.items()} == terms


@pytest.mark.parametrize(
    ("before", "added", "terms"),
    [
        pytest.param({"a": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 1.0}, id="grown"),
        pytest.param({"a": 1.0}, {}, {"a": 1.0}, id="another revision"),
        pytest.param({"a": 1.0, "b": 1.0}, {"a": 1.0, "c": 0.1}, {"a": 2.0, "b": 1.0}, id="cut to what it had"),
        pytest.param({"a": 0.1, "b": 1.0}, {"c": 1.0, "d": 1.0}, {"b": 1.0, "c": 1.0, "d": 1.0}, id="cut, and longer"),
    ],
)
def test_a_story_that_grew_by_a_vector_is_found_as_if_it_were_read_anew(
    before: dict[str, float], added: dict[str, float], terms: dict[str, float]
) -> None:
    made, other, anew = (clusterer(s1=arrival(), s2=arrival(title="a b c d")) for _ in range(3))
    older = made.stories["s1"].model_copy(update={"terms": before})
    newer = older.model_copy(update={"terms": terms, "articles": 2})
    made.put(older)
    made.put(newer, added)
    other.put(older)
    other.put(newer)
    anew.remove("s1")
    anew.put(newer)

    assert made._index == other._index == anew._index
    assert made._scale == other._scale == anew._scale
    assert list(made.stories) == ["s2", "s1"]


def test_common_terms_propose_nobody_once_so_many_postings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MOST_POSTINGS", 4)
    titles = {f"s{number}": arrival(title=f"talks fail badly {number}{number}") for number in range(8)}
    made = clusterer(**titles, rare=arrival(title="gallium yttrium talks fail badly"))

    placed = made.place(arrival(title="gallium yttrium talks fail badly"), COMMON)

    assert placed.story is made.stories["rare"]
    assert placed.similarity == pytest.approx(1)
    assert made.place(arrival(title="talks fail badly"), COMMON).story is not None


def test_of_very_many_candidates_the_nearest_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MOST_PROPOSED", 2)
    made = clusterer(**{f"s{number}": arrival(title="talks fail " + "badly " * (number == 3)) for number in range(6)})

    placed = made.place(arrival(title="talks fail badly"), COMMON)

    assert placed.story is made.stories["s3"]
    assert len(placed.related) == 1


def test_a_clock_that_leaps_ends_stories_a_hundred_at_a_time() -> None:
    made = clusterer(**{f"s{number}": arrival() for number in range(130)})
    ended = list(made.closing(NOW + 80 * HOUR))

    assert ended == [f"s{number}" for number in range(100)]
    assert made.place(arrival(after=80 * HOUR), COMMON).story is None, "nothing joins what has yet to end"


def test_a_story_that_makes_room_for_the_article_is_neither_joined_nor_related(monkeypatch: pytest.MonkeyPatch) -> None:
    made = clusterer(s1=arrival(), s2=arrival(title="Floods displace thousands in Bangladesh"))
    monkeypatch.setattr(clustering, "MOST_STORIES", 2)

    placed = made.place(arrival(), COMMON)

    assert (placed.story, placed.related) == (None, ())
