from datetime import timedelta

import pytest

from streams.alerts.alert import AlertSource
from streams.alerts.sources import Claim, begun, claim_of, claimed_ago_s, race_of, seen_by
from tests.support.alerting import NOW
from tests.support.racing import source


def publishers(sources: tuple[AlertSource, ...]) -> list[tuple[str, float]]:
    return [(each.publisher, each.lag_s) for each in sources]


def test_first_and_lags_are_those_of_what_may_be_seen() -> None:
    sources = [source("AFP", 9), source("Reuters", 0, permission="secret"), source("BBC", 4.5)]

    assert publishers(seen_by(sources, "public".__eq__)) == [("BBC", 0), ("AFP", 4.5)]
    assert seen_by(sources, lambda _: False) == ()


def test_a_publisher_counts_once_with_the_first_of_its_services_that_may_be_seen() -> None:
    sources = [source("Reuters", 0, permission="paid"), source("Reuters", 7), source("BBC", 8)]

    assert publishers(seen_by(sources, lambda _: True)) == [("Reuters", 0), ("BBC", 8)]
    assert publishers(seen_by(sources, "public".__eq__)) == [("Reuters", 0), ("BBC", 1)]


def test_a_race_has_an_order_a_lead_and_whoever_was_first() -> None:
    race = race_of([source("BBC", 42), source("Reuters", 0), source("AFP", 50)])

    assert race is not None
    assert [each.publisher for each in race.order] == ["Reuters", "BBC", "AFP"]
    assert [each.publisher for each in race.leaders] == ["Reuters"]
    assert race.lead_s == 42


def test_sources_seen_at_the_same_moment_share_the_lead() -> None:
    race = race_of([source("BBC"), source("AFP"), source("Xinhua", 3)])

    assert race is not None
    assert [each.publisher for each in race.leaders] == ["AFP", "BBC"]
    assert race.lead_s == 0


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param([], id="nobody"),
        pytest.param([source()], id="one alone"),
        pytest.param([source(), source("BBC", 3, looked_s=None)], id="one stood in its feed before the first look"),
        pytest.param([source(), AlertSource(publisher="BBC", permission="public", lag_s=3)], id="an older record"),
    ],
)
def test_there_is_no_race(sources: list[AlertSource]) -> None:
    assert race_of(sources) is None


@pytest.mark.parametrize(
    ("looked_s", "proven"),
    [
        pytest.param(42, True, id="looked at as the first was seen"),
        pytest.param(10, True, id="looked at in between"),
        pytest.param(42.5, False, id="not looked at since before: the order may be that of the polls"),
    ],
)
def test_a_win_is_proven_by_a_look_in_between(looked_s: float, proven: bool) -> None:
    race = race_of([source("Reuters"), source("BBC", 42, looked_s=looked_s)])

    assert race is not None
    assert race.proven is proven


@pytest.mark.parametrize(
    ("given", "worth"),
    [
        pytest.param(source(claimed=NOW - timedelta(seconds=12)), Claim.HOLDS, id="shortly before our sight"),
        pytest.param(source(claimed=NOW + timedelta(seconds=5)), Claim.HOLDS, id="ahead within the tolerance"),
        pytest.param(source(claimed=NOW + timedelta(seconds=5.1)), Claim.FUTURE, id="ahead beyond it"),
        pytest.param(source(claimed=NOW + timedelta(minutes=5)), Claim.FUTURE, id="five minutes ahead"),
        pytest.param(source(quality="future"), Claim.FUTURE, id="so far ahead that intake dropped the date"),
        pytest.param(source(claimed=NOW - timedelta(seconds=1_830)), Claim.HOLDS, id="half an hour before a look"),
        pytest.param(source(claimed=NOW - timedelta(seconds=1_831)), Claim.EARLY, id="longer before a look without it"),
        pytest.param(source(), Claim.MISSING, id="no date"),
        pytest.param(source(claimed=NOW, quality="no_zone"), Claim.NO_ZONE, id="a date without a zone"),
        pytest.param(source(claimed=NOW, looked_s=None), Claim.UNCHECKED, id="never looked at before"),
    ],
)
def test_a_publishers_date_is_weighed_against_our_looks(given: AlertSource, worth: Claim) -> None:
    assert claim_of(given) is worth
    assert (claimed_ago_s(given) is not None) is (worth is Claim.HOLDS)


def test_the_time_from_a_publishers_date_to_our_sight_may_be_negative() -> None:
    assert claimed_ago_s(source(claimed=NOW - timedelta(seconds=12))) == 12
    assert claimed_ago_s(source(claimed=NOW + timedelta(seconds=2))) == -2


def test_the_claimed_order_knows_only_dates_that_hold() -> None:
    race = race_of(
        [
            source("Reuters", 0, claimed=NOW - timedelta(seconds=5)),
            source("BBC", 10, claimed=NOW - timedelta(seconds=20)),
            source("AFP", 12, claimed=NOW - timedelta(hours=5)),
            source("Xinhua", 13, claimed=NOW - timedelta(seconds=90), quality="no_zone"),
            source("Kyodo", 14),
        ]
    )

    assert race is not None
    assert [each.publisher for each in race.claimed] == ["BBC", "Reuters"]


def test_the_second_publisher_begins_a_race_and_nobody_else_does() -> None:
    one, two, three = source(), source("BBC", 3), source("AFP", 5)

    race = begun([one], [one, two])

    assert race is not None
    assert race.lead_s == 3
    assert begun([], [one]) is None
    assert begun([one, two], [one, two, three]) is None
    assert begun([one], [one, source("Reuters", 2, permission="paid")]) is None, "the same publisher by another service"
