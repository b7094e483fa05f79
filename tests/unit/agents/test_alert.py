from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from agents.alert import AlertStage
from agents.kafka import Outgoing
from agents.loops.batch import Decision
from agents.metrics import MOST_LABEL_VALUES, OTHER, Metrics
from streams.alerts.alert import Alert
from streams.errors import NewerSchemaError, PoisonError, UnavailableError
from streams.latency import HEADER, Hop, Ledger
from streams.matching.match import Match
from streams.topics import ALERTS, STORIES
from tests.support.alerting import NOW, TITLE, match, read_match, written

LATER = NOW + timedelta(seconds=2)


def made() -> AlertStage:
    stage = AlertStage(Metrics(CollectorRegistry()))
    stage.begin(0)
    return stage


def taken(stage: AlertStage, matches: Sequence[Match], first: int = 0) -> list[Decision]:
    records = [
        read_match(given, offset=first + number, at=NOW + timedelta(minutes=20 * (first + number)))
        for number, given in enumerate(matches)
    ]
    return [stage.decide(record, stamped_at=LATER) for record in records]


def restored(states: Sequence[Outgoing]) -> AlertStage:
    stage = made()
    for offset, state in enumerate(states):
        stage.restore(written(state, offset=offset))
    return stage


def matches(count: int) -> list[Match]:
    return [match(f"a{number}", title=f"{TITLE} {number % 3}", numbers=[str(number)]) for number in range(count)]


def alerts(decisions: Sequence[Decision]) -> list[bytes | None]:
    return [output.value for decision in decisions for output in decision.outputs]


def test_an_alert_goes_out_before_its_article_and_its_story() -> None:
    (decision,) = taken(made(), [match()])

    (alert,) = decision.outputs
    assert alert.topic is ALERTS
    assert [state.key.partition("/")[0] for state in decision.states] == ["df", "article", alert.key]
    assert {state.topic for state in decision.states} == {STORIES}
    assert dict(alert.headers)["ce_type"] == b"tocsin.alert.first.v1"
    assert alert.partition == ALERTS.partition(alert.key)


def test_the_ledger_is_passed_on_and_stamped() -> None:
    ledger = Ledger({Hop.MATCHED: NOW})
    record = read_match(match())
    record = replace(record, headers=(*record.headers, (HEADER, ledger.to_header())))
    stage = made()

    (alert,) = stage.decide(record, stamped_at=LATER).outputs

    passed = written(alert).ledger
    assert (passed.at(Hop.MATCHED), passed.at(Hop.ALERTED)) == (NOW, LATER)
    spent = stage._metrics.registry.get_sample_value("tocsin_stage_latency_seconds_sum", {"stage": "alert"})
    assert spent == 2


def test_a_restored_stage_gives_the_same_bytes() -> None:
    given = matches(30)
    whole = taken(made(), given)
    states = [state for decision in whole[:20] for state in decision.states]

    rest = taken(restored(states), given[20:], first=20)

    assert alerts(rest) == alerts(whole[20:])
    assert [state.value for one in rest for state in one.states] == [
        state.value for one in whole[20:] for state in one.states
    ]


def test_a_restored_stage_counts_terms_in_the_same_order_after_revisions() -> None:
    revision = match("a1", title="Oil falls", revision="2-0b0b0b0b")  # a1 and a2 are first seen within one hour
    given = [*matches(3), revision, *matches(9)[5:]]
    whole = taken(made(), given)
    states = [state for decision in whole[:4] for state in decision.states]

    rest = taken(restored(states), given[4:], first=4)

    assert [state.value for one in rest for state in one.states] == [
        state.value for one in whole[4:] for state in one.states
    ]


def test_a_match_below_the_highest_story_is_skipped_after_a_crash() -> None:
    given = matches(5)
    states = [state for decision in taken(made(), given) for state in decision.states]

    assert alerts(taken(restored(states), given)) == []


def test_a_match_of_a_topic_that_was_made_anew_is_no_match_of_before() -> None:
    stage = restored([state for decision in taken(made(), matches(3)) for state in decision.states])
    anew = read_match(match("a9"), offset=0, at=NOW + timedelta(days=1))

    with pytest.raises(UnavailableError, match="Delete the topic stories too"):
        stage.decide(anew, stamped_at=LATER)


@pytest.mark.parametrize("written_states", range(9))
def test_a_crash_between_any_two_state_records_loses_no_alert(written_states: int) -> None:
    given = [match("a1"), match("a2", numbers=["9"]), match("a3", title="Floods displace thousands")]
    whole = taken(made(), given)
    states = [state for decision in whole for state in decision.states]
    assert len(states) == 8

    again = taken(restored(states[:written_states]), given)

    stories = sum(state.key.isalnum() for state in states[:written_states])
    assert alerts(again) == alerts(whole)[stories:]


def test_state_before_outputs_would_lose_the_alert() -> None:
    given = [match()]
    states = [state for decision in taken(made(), given) for state in decision.states]

    assert alerts(taken(restored(states), given)) == [], "so outputs must be acknowledged first"


def test_ended_stories_and_articles_are_tombstoned() -> None:
    stage = made()
    stage.decide(read_match(match()), stamped_at=LATER)

    later = read_match(match("a2", title="Oil falls"), offset=1, at=NOW + timedelta(days=8))
    decision = stage.decide(later, stamped_at=LATER)

    dead = [state.key for state in decision.states if state.value is None]
    assert dead[0] == "article/a1"
    assert len(dead) == 2
    again = restored(decision.states)
    assert list(again.book.articles) == ["a2"]


def test_what_leads_to_nothing_leaves_no_record() -> None:
    (decision,) = taken(made(), [match(rules=[])])

    assert decision == Decision()


@pytest.mark.parametrize(
    ("url", "number"), [("tocsin:heartbeat/3", 3), ("tocsin:heartbeat/11", 11), ("https://example.test/\u0663", None)]
)
def test_a_heartbeat_goes_to_the_partition_that_it_speaks_for(url: str, number: int | None) -> None:
    (decision,) = taken(made(), [match("beat", kind="heartbeat", rules=[], url=url)])

    (beat,) = decision.outputs
    assert decision.states == ()
    assert number is None or beat.partition == number
    assert 0 <= beat.partition < ALERTS.partitions
    assert Alert.from_json(beat.value).rules == ()


def test_poison_and_a_newer_schema_leave_the_state_untouched() -> None:
    stage = made()
    record = read_match(match())
    poison = replace(record, value=b"{")
    newer = replace(record, headers=(("tocsin-schema", b"match/9"),))

    with pytest.raises(PoisonError):
        stage.decide(poison, stamped_at=LATER)
    with pytest.raises(NewerSchemaError):
        stage.decide(newer, stamped_at=LATER)

    assert stage.book.offset == -1


def test_a_state_record_that_cannot_be_read_costs_no_other() -> None:
    whole = taken(made(), [match()])
    states = list(whole[0].states)
    stage = restored(states)
    stage.restore(replace(written(states[0], offset=9), value=b"{"))

    assert alerts(taken(stage, [match()])) == []
    assert stage._metrics.registry.get_sample_value("tocsin_stories_open") == 0


def test_open_stories_are_counted_and_dropped_with_the_partition() -> None:
    stage = made()
    taken(stage, matches(1))

    assert stage._metrics.registry.get_sample_value("tocsin_stories_open") == 1
    stage.drop(0)
    assert len(alerts(taken(stage, matches(1)))) == 1


def raced(stage: AlertStage, *seen: tuple[str, float, float | None]) -> dict[str, tuple[float, float]]:
    """Let publishers carry one story, each seen and, before that, looked at (seconds); return the leads by source."""
    for offset, (publisher, seen_s, looked_s) in enumerate(seen):
        absent = None if looked_s is None else NOW + timedelta(seconds=looked_s)
        first = NOW + timedelta(seconds=seen_s)
        given = match(f"a{offset}", publisher=publisher, first_seen_at=first, absent_at=absent)
        stage.decide(read_match(given, offset=offset, at=first), stamped_at=LATER)
    return leads(stage)


def leads(stage: AlertStage) -> dict[str, tuple[float, float]]:
    (family,) = [each for each in stage._metrics.registry.collect() if each.name == "tocsin_source_lead_seconds"]
    found = {(each.name.rpartition("_")[2], each.labels["source"]): each.value for each in family.samples}
    return {source: (value, found["sum", source]) for (part, source), value in found.items() if part == "count"}


def test_the_second_source_of_a_story_measures_the_lead_of_the_first() -> None:
    assert raced(made(), ("Reuters", 0, -30), ("BBC", 42, 12), ("AFP", 50, 20)) == {"Reuters": (1, 42)}


def test_the_lead_is_that_of_first_sights_in_whatever_order_the_matches_come() -> None:
    assert raced(made(), ("BBC", 42, 12), ("Reuters", 0, -30)) == {"Reuters": (1, 42)}


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([("Reuters", 0, -30), ("Reuters", 9, -21)], id="one publisher twice"),
        pytest.param([("Reuters", 0, -30), ("BBC", 0, -30)], id="a tie"),
        pytest.param([("Reuters", 0, None), ("BBC", 42, 12)], id="the first was there before we looked"),
        pytest.param([("Reuters", 0, -30), ("BBC", 42, None)], id="the second was"),
    ],
)
def test_nobody_leads(seen: list[tuple[str, float, float | None]]) -> None:
    assert raced(made(), *seen) == {}


def test_sources_beyond_the_cap_share_a_label() -> None:
    stage = made()
    for number in range(MOST_LABEL_VALUES):
        stage._metrics.capped("source", f"p{number}")

    assert raced(stage, ("Reuters", 0, -30), ("BBC", 42, 12)) == {OTHER: (1, 42)}


def test_a_clock_that_was_set_back_stands_in_the_ledger_and_is_no_latency() -> None:
    record = read_match(match())
    record = replace(record, headers=(*record.headers, (HEADER, Ledger({Hop.MATCHED: NOW}).to_header())))
    stage = made()

    (alert,) = stage.decide(record, stamped_at=NOW - timedelta(seconds=10)).outputs

    assert written(alert).ledger.spent_ms("alert") == -10_000
    assert stage._metrics.registry.get_sample_value("tocsin_stage_latency_seconds_count", {"stage": "alert"}) == 0
