from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alerts.alert import AlertSource, DeskAlert, Relation
from streams.alerts.league import OVERALL, Shown, Standing, league
from streams.ids import DeskId
from tests.support.alerting import NOW, alert
from tests.support.racing import source

PUBLIC = "public".__eq__


def shown(
    sources: Iterable[AlertSource],
    *,
    story: str = "s1",
    rules: Sequence[str] = ("rare-earths",),
    offset: int = 0,
    desk: str = "fx",
    **fields: object,
) -> Shown:
    """Return an alert on a desk's topic, a minute later for each offset."""
    sample = bool(fields.pop("sample", False))
    raised = alert(
        story=story, keys={rule: ["china"] for rule in rules},
        extra={"sources": tuple(sources), "sample": sample}, **fields,
    )  # fmt: skip
    given = DeskAlert(**raised.model_dump(), desk=DeskId(desk), told_as=Relation.FIRST, routes_version="v1")
    return Shown(given, NOW + timedelta(minutes=offset), offset)


def of(standings: Iterable[Standing], publisher: str, rule: str = OVERALL) -> Standing:
    return next(one for one in standings if (one.publisher, one.rule_id) == (publisher, rule))


def test_who_won_a_race_leads_and_the_others_lag() -> None:
    table = league([shown([source("Reuters"), source("BBC", 42), source("AFP", 50)])], PUBLIC)

    reuters, bbc = of(table, "Reuters"), of(table, "BBC")
    assert (reuters.stories, reuters.races, reuters.first, reuters.win_rate) == (1, 1, 1, 1.0)
    assert (reuters.ahead_s, reuters.behind_s, reuters.behind_high_s, reuters.proven) == (42, None, None, 1)
    assert (bbc.first, bbc.win_rate, bbc.ahead_s, bbc.behind_s, bbc.behind_high_s) == (0, 0.0, None, 42, 42)


def test_medians_and_the_ninetieth_percentile_are_over_all_races() -> None:
    stories = [
        shown([source("Reuters"), source("BBC", lag)], story=f"s{lag}") for lag in (1, 2, 3, 4, 5, 6, 7, 8, 9, 100)
    ]
    table = league([*stories, shown([source("BBC"), source("Reuters", 60)], story="other")], PUBLIC)

    reuters, bbc = of(table, "Reuters"), of(table, "BBC")
    assert (reuters.races, reuters.first, reuters.ahead_s, reuters.behind_s) == (11, 10, 5.5, 60)
    assert (bbc.behind_s, bbc.behind_high_s, bbc.ahead_s) == (5.5, 9, 60)
    assert bbc.win_rate == pytest.approx(1 / 11)


def test_a_source_alone_has_won_nothing() -> None:
    (alone, _) = league([shown([source("Reuters")])], PUBLIC)

    assert (alone.stories, alone.alone, alone.races, alone.first, alone.win_rate) == (1, 1, 0, 0, None)


def test_a_shared_first_sight_is_no_win() -> None:
    table = league([shown([source("Reuters"), source("BBC"), source("AFP", 4)])], PUBLIC)

    for publisher in ("Reuters", "BBC"):
        tied = of(table, publisher)
        assert (tied.races, tied.first, tied.tied, tied.win_rate, tied.behind_s) == (1, 0, 1, 0.0, None)
    assert of(table, "AFP").behind_s == 4


def test_a_story_with_a_source_whose_coming_was_not_timed_is_no_race() -> None:
    table = league([shown([source("Reuters"), source("BBC", 3, looked_s=None)])], PUBLIC)

    assert [(one.stories, one.untimed, one.races) for one in table] == [(1, 1, 0)] * 4


def test_an_order_that_may_be_that_of_the_polls_is_a_win_without_proof() -> None:
    table = league([shown([source("Reuters"), source("BBC", 3)])], PUBLIC)

    assert (of(table, "Reuters").first, of(table, "Reuters").proven) == (1, 0)


def test_each_rule_has_its_own_table_and_a_story_counts_once_in_all_of_them_together() -> None:
    both = shown([source("Reuters"), source("BBC", 3)], rules=["oil", "trade"])
    one = shown([source("BBC"), source("Reuters", 5)], story="s2", rules=["oil"])

    table = league([both, one], PUBLIC)

    assert [(each.rule_id, each.publisher, each.stories, each.first) for each in table] == [
        (OVERALL, "BBC", 2, 1),
        (OVERALL, "Reuters", 2, 1),
        ("oil", "BBC", 2, 1),
        ("oil", "Reuters", 2, 1),
        ("trade", "Reuters", 1, 1),
        ("trade", "BBC", 1, 0),
    ]


def test_a_later_alert_replaces_a_storys_sources_and_adds_to_its_rules() -> None:
    first = shown([source("Reuters")], rules=["oil"])
    second = shown([source("Reuters"), source("BBC", 30)], rules=["trade"], offset=1)
    third = shown([source("Reuters"), source("BBC", 30), source("AFP", 90)], rules=["oil"], offset=2)

    tables = [league(order, PUBLIC) for order in permutations([first, second, third])]

    assert all(table == tables[0] for table in tables)
    assert (of(tables[0], "AFP", "trade").stories, of(tables[0], "Reuters").alone) == (1, 0)


def test_two_desks_stories_of_one_id_are_two() -> None:
    table = league([shown([source("Reuters")]), shown([source("Reuters")], desk="gold")], PUBLIC)

    assert of(table, "Reuters").stories == 2


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "heartbeat"}, id="a heartbeat"),
        pytest.param({"kind": "health"}, id="a feed's health"),
        pytest.param({"sample": True}, id="a sample"),
    ],
)
def test_what_is_no_news_races_nobody(fields: dict[str, object]) -> None:
    assert league([shown([source("Reuters"), source("BBC", 3)], **fields)], PUBLIC) == ()


def test_samples_race_where_they_are_asked_for() -> None:
    given = shown([source("Reuters"), source("BBC", 3)], sample=True)

    assert of(league([given], PUBLIC, samples=True), "Reuters").first == 1


def test_a_publishers_own_date_stands_beside_our_sight_if_it_holds() -> None:
    early, late = NOW - timedelta(seconds=20), NOW - timedelta(seconds=6)
    stories = [
        shown([source("Reuters", claimed=late), source("BBC", 10, claimed=early)]),
        shown([source("Reuters", claimed=late), source("BBC", 10, claimed=late)], story="same"),
        shown([source("Reuters", claimed=early), source("BBC", 10)], story="one-sided"),
        shown([source("Reuters", claimed=NOW + timedelta(minutes=5)), source("BBC", 10, claimed=late)], story="skew"),
        shown([source("BBC", claimed=early)], story="alone"),
    ]
    table = league(stories, PUBLIC)

    reuters, bbc = of(table, "Reuters"), of(table, "BBC")
    assert (reuters.claimed, reuters.claimed_first, reuters.seen_after_s) == (2, 0, 6)
    assert (bbc.claimed, bbc.claimed_first, bbc.seen_after_s) == (2, 1, 16)
    assert reuters.first == 4, "the order of first sights is not changed by what publishers say"


SOURCES = st.builds(
    source,
    st.sampled_from(["Reuters", "BBC", "AFP", "Xinhua"]),
    st.integers(0, 90),
    permission=st.sampled_from(["public", "secret"]),
    looked_s=st.none() | st.integers(1, 60),
    claimed=st.none() | st.integers(-4_000, 400).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.lists(SOURCES, max_size=6)), max_size=8), st.randoms())
def test_what_a_desk_may_not_see_leaves_no_trace_and_order_does_not_matter(
    stories: list[tuple[int, list[AlertSource]]], random: Random
) -> None:
    whole = [shown(sources, story=f"s{story}", offset=at) for at, (story, sources) in enumerate(stories)]
    visible = [
        shown((each for each in sources if PUBLIC(each.permission)), story=f"s{story}", offset=at)
        for at, (story, sources) in enumerate(stories)
    ]
    shuffled = list(whole)
    random.shuffle(shuffled)

    assert league(whole, PUBLIC) == league(visible, PUBLIC) == league(shuffled, PUBLIC)
