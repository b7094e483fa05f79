from datetime import timedelta

import pytest

from streams.alerts.alert import Relation
from streams.alerts.build import heartbeat
from streams.alerts.decide import Decided, Dropped
from streams.ids import event_id, story_id
from streams.matching.match import Markers, Match
from streams.stories.clustering import Clusterer
from tests.support.alerting import NOW, TITLE, Stage, match

SECOND = {"revision": "2-0b0b0b0b", "kind": "updated"}


def test_the_ids_depend_on_the_article_alone() -> None:
    alert = Stage().alert(match())

    story = story_id("a1", "1-0a0a0a0a")
    assert alert.event_id == event_id(story, "a1", "1-0a0a0a0a", 0)
    assert alert.story_id == story


def test_a_match_at_or_below_the_highest_offset_was_decided_before() -> None:
    stage = Stage()
    stage.take(match("a1"), offset=5)

    assert stage.take(match("a2"), offset=5) is Dropped.DECIDED_BEFORE
    assert isinstance(stage.take(match("a2"), offset=6), Decided)


@pytest.mark.parametrize(
    ("given", "dropped"),
    [
        pytest.param(match(), True, id="the same part"),
        pytest.param(match(part=1), False, id="another part"),
        pytest.param(match(revision="0-0c0c0c0c"), True, id="an older revision"),
        pytest.param(match(revision="1-0c0c0c0c"), False, id="another text under the same number"),
        pytest.param(match(revision="2-0b0b0b0b"), False, id="the next revision"),
    ],
)
def test_a_killed_matchers_second_copy_is_dropped(given: object, dropped: bool) -> None:
    stage = Stage()
    stage.take(match())

    assert (stage.take(given) is Dropped.DUPLICATE) == dropped  # type: ignore[arg-type] # a match


def test_a_correction_from_a_feed_whose_state_was_lost_is_no_older_revision() -> None:
    stage = Stage()
    stage.alert(match())
    stage.alert(match(numbers=["54"], **SECOND))
    counted_anew = {"revision": "1-0d0d0d0d", "fetched_at": NOW + timedelta(minutes=5)}

    alert = stage.alert(match(numbers=["45"], extra={"markers": Markers(correction=True)}, **counted_anew))

    assert alert.relation is Relation.CORRECTION


def test_every_part_of_a_match_has_the_label_of_the_first() -> None:
    stage = Stage()
    parts = [stage.alert(match(rules=[f"rule-{number}"], part=number)) for number in range(3)]

    assert {alert.relation for alert in parts} == {Relation.FIRST}
    assert [alert.event_id[-1] for alert in parts] == ["0", "1", "2"]
    article = stage.book.articles["a1"]
    assert (article.parts, len(article.rules)) == ((0, 1, 2), 3)
    assert stage.book.clusterer.stories[parts[0].story_id].articles == 1


def test_a_revision_stays_in_its_story_whatever_it_says() -> None:
    stage = Stage()
    first = stage.alert(match())

    second = stage.alert(match(title="Floods displace thousands in Bangladesh", **SECOND))

    assert second.story_id == first.story_id


def test_a_match_without_rules_takes_those_of_the_earlier_revision() -> None:
    stage = Stage()
    stage.alert(match(rules=["rare-earths", "tariffs"], urgency="flash", labels={"topic": "trade"}))

    alert = stage.alert(match(rules=[], **SECOND))

    assert [(rule.rule_id, rule.urgency, rule.spans) for rule in alert.rules] == [
        ("rare-earths", "flash", ()),
        ("tariffs", "flash", ()),
    ]
    assert [rule.revision for rule in alert.rules] == [2, 2]


def test_a_correction_without_rules_takes_those_of_the_story_that_it_joins() -> None:
    stage = Stage()
    stage.alert(match())

    alert = stage.alert(match("a2", rules=[], extra={"markers": Markers(correction=True)}))

    assert alert.relation is Relation.CORRECTION
    assert [rule.rule_id for rule in alert.rules] == ["rare-earths"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param(
            match(rules=["tariffs"], **SECOND, extra={"markers": Markers(correction=True)}),
            {"tariffs": False, "rare-earths": True},
            id="a correction of the very word that matched",
        ),
        pytest.param(
            match("a2", rules=["tariffs"], extra={"markers": Markers(retract=True)}),
            {"tariffs": False, "rare-earths": True},
            id="the kill of a story that was told by another rule",
        ),
        pytest.param(
            match(rules=["tariffs"], **SECOND), {"tariffs": False}, id="a new revision that takes back nothing"
        ),
        pytest.param(
            match(rules=["tariffs"], **SECOND, extra={"markers": Markers(retract=True), "parts": 2}),
            {"tariffs": False},
            id="a part, which knows nothing of the rules of the others",
        ),
        pytest.param(match(rules=[], **SECOND), {"rare-earths": True}, id="no rule at all"),
    ],
)
def test_what_takes_something_back_carries_the_rules_by_which_it_was_told(
    second: Match, expected: dict[str, bool]
) -> None:
    stage = Stage()
    stage.alert(match())

    alert = stage.alert(second)

    assert {rule.rule_id: rule.taken_over for rule in alert.rules} == expected


def test_a_late_correction_still_finds_the_rules_of_the_first_revision() -> None:
    stage = Stage()
    stage.alert(match())
    stage.alert(match(rules=["tariffs"], revision="2-0b0b0b0b"))

    last = stage.alert(match(rules=["tariffs"], revision="3-0c0c0c0c", extra={"markers": Markers(correction=True)}))

    assert {rule.rule_id: rule.taken_over for rule in last.rules} == {"tariffs": False, "rare-earths": True}


def test_a_match_without_any_rules_is_dropped_and_leaves_no_trace() -> None:
    stage = Stage()

    assert stage.take(match(rules=[])) is Dropped.NO_RULES
    assert stage.book.articles == {}
    assert stage.book.frequencies.documents == 0


def test_a_revision_of_an_article_whose_story_is_over_opens_another() -> None:
    stage = Stage()
    first = stage.alert(match())

    second = stage.alert(match(rules=[], **SECOND), after=timedelta(hours=80))

    assert second.relation is Relation.FIRST
    assert second.story_id != first.story_id


def test_each_report_on_a_feeds_health_is_a_story_of_its_own() -> None:
    stage = Stage()
    alerts = [stage.alert(match(f"h{number}", kind="health")) for number in range(2)]
    news = stage.alert(match("a1"))

    assert len({alert.story_id for alert in [*alerts, news]}) == 3
    assert {alert.relation for alert in [*alerts, news]} == {Relation.FIRST}


def test_sources_stand_in_the_order_in_which_they_were_seen_with_their_lags() -> None:
    stage = Stage()
    stage.alert(match("a1", first_seen_at=NOW))

    alert = stage.alert(match("a2", publisher="BBC", first_seen_at=NOW - timedelta(seconds=2.5)))

    assert [(source.publisher, source.lag_s) for source in alert.sources] == [("BBC", 0.0), ("Reuters", 2.5)]


def test_a_related_story_is_named_with_the_permissions_of_its_sources() -> None:
    stage = Stage()
    other = stage.alert(
        match("a1", title="China weighs new soybean purchases from Brazil farmers", permission="reuters")
    )

    alert = stage.alert(match("a2", title=TITLE))

    assert alert.story_id != other.story_id
    assert [(related.story_id, related.permissions) for related in alert.related] == [(other.story_id, ("reuters",))]


def test_a_related_story_that_ended_before_the_last_part_has_no_permissions() -> None:
    stage = Stage()
    stage.alert(match("a1", title="China weighs soybean exports"))
    first = stage.alert(match("a2", title=TITLE), after=timedelta(hours=40))

    last = stage.alert(match("a2", title=TITLE, part=1, rules=["tariffs"]), after=timedelta(hours=74))
    after = stage.alert(match("a2", title=TITLE, part=2, rules=["summit"]), after=timedelta(hours=74))

    assert [related.permissions for alert in (first, last, after) for related in alert.related] == [
        ("public",),
        ("public",),
        (),
    ]


def test_event_time_never_runs_backwards() -> None:
    stage = Stage()
    stage.take(match("a1"), after=timedelta(hours=1))

    decided = stage.take(match("a2"), after=timedelta(hours=-1))

    assert isinstance(decided, Decided)
    assert decided.change.story.last_article_at == NOW + timedelta(hours=1)
    assert decided.change.article.seen_at == NOW + timedelta(hours=1)


def test_late_news_is_marked_with_its_age() -> None:
    alert = Stage().alert(match(urgency="flash"), after=timedelta(minutes=15))

    assert alert.late_by_s == 900
    assert alert.rules[0].urgency == "urgent"


def test_a_clock_that_leapt_ahead_once_makes_no_later_news_late() -> None:
    stage = Stage()
    stage.alert(match("a1"), after=timedelta(days=365))

    alert = stage.alert(match("a2", urgency="flash"), after=timedelta(minutes=1))

    assert alert.late_by_s is None
    assert alert.rules[0].urgency == "flash"


def test_a_heartbeat_is_an_alert_without_rules() -> None:
    beat = heartbeat(match("heartbeat-3", kind="heartbeat", rules=[], sample=True))

    assert (beat.relation, beat.rules, beat.head.kind, beat.sample) == (Relation.FIRST, (), "heartbeat", True)


def test_the_same_matches_give_the_same_bytes() -> None:
    given = [match(f"a{number % 7}", title=f"{TITLE} {number % 3}", numbers=[str(number)]) for number in range(20)]
    runs = []
    for stage in (Stage(), Stage()):
        decided = [stage.take(one, after=timedelta(minutes=20 * number)) for number, one in enumerate(given)]
        runs.append([one.alert.to_json() if isinstance(one, Decided) else one for one in decided])

    assert runs[0] == runs[1]


def test_a_story_that_grew_is_found_as_one_that_was_read_back() -> None:
    stage = Stage()
    long = " ".join(f"word{number}" for number in range(120))
    for number, lead in enumerate(("", "", long, f"{long} {long.replace('word', 'other')}", "")):
        assert isinstance(stage.take(match(f"a{number}", lead=lead)), Decided)
    stage.take(match("a1", revision="2-0b0b0b0b", title=f"{TITLE}, Beijing says"))
    stage.take(match("a1", revision="2-0b0b0b0b", title=f"{TITLE}, Beijing says", part=1, rules=["tariffs"]))
    grown, read_back = stage.book.clusterer, Clusterer()
    for story in grown.stories.values():
        read_back.put(story)
    assert len(grown.stories) == 1
    assert grown._index == read_back._index
    assert grown._scale == read_back._scale


def test_an_articles_rules_are_the_same_object_for_all_that_they_match() -> None:
    stage = Stage()
    first, second = (stage.take(match(name)) for name in ("a1", "a2"))
    assert isinstance(first, Decided)
    assert isinstance(second, Decided)
    assert first.change.article.rules is second.change.article.rules


def test_a_similarity_has_six_decimals() -> None:
    stage = Stage()
    stage.take(match("a1"))
    found = stage.take(match("a2", title="China halts rare earths exports to United States after talks in Malaysia"))
    assert isinstance(found, Decided)
    similarity = found.change.article.label.similarity
    assert similarity is not None
    assert 0 < similarity < 1
    assert similarity == round(similarity, 6)
