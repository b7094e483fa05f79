"""For any stream and any grouping, each desk is told every (rule, entities) that it may see, or a superset."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.alerts.alert import Alert
from streams.ids import DeskId, StoryId
from streams.matching.match import Match
from streams.routing.decide import decide
from streams.routing.permission import may_see
from streams.routing.told import DeskStory, RoutingDecision, ToldKey
from streams.routing.verdict import entities_of
from streams.stories.book import StoryBook
from streams.stories.clustering import Clusterer, Placement
from streams.stories.frequencies import Frequencies
from streams.stories.story import Arrival
from tests.support.alerting import Stage, desk, match, moment, node, routes

DESKS = (desk("all", "public", "reuters"), desk("fx", "public"), desk("wire", "reuters"))
ROUTES = routes(node("all", routes=[node(one.desk_id, "hook", go_on=True) for one in DESKS]), *DESKS)
RULES, ENTITIES, URGENCIES = ("r1", "r2"), ("china", "us", "eu"), ("routine", "urgent", "flash")


class Merging(Clusterer):
    """The worst grouping: everything is one story."""

    def place(self, arrival: Arrival, frequencies: Frequencies) -> Placement:
        del arrival, frequencies
        return Placement(next(iter(self.stories.values()), None), 1.0)


class Splitting(Clusterer):
    """The other one: nothing belongs together."""

    def place(self, arrival: Arrival, frequencies: Frequencies) -> Placement:
        del arrival, frequencies
        return Placement()


class Erratic(Clusterer):
    """A grouping that has nothing to do with what the articles say."""

    def place(self, arrival: Arrival, frequencies: Frequencies) -> Placement:
        del frequencies
        chosen = list(self.stories.values())[arrival.offset % 3 : arrival.offset % 3 + 1]
        return Placement(chosen[0] if chosen else None, 0.3)


@dataclass(frozen=True)
class Key:
    """What one article tells a desk of one rule in a story."""

    desk: DeskId
    story: StoryId
    rule: str
    entities: frozenset[str]
    rank: int

    def covers(self, other: "Key") -> bool:
        """Return whether who was told this was told the other."""
        same = (self.desk, self.story, self.rule) == (other.desk, other.story, other.rule)
        return same and other.entities <= self.entities and other.rank <= self.rank


articles = st.builds(
    match,
    article_id=st.integers(1, 5).map("a{}".format),
    revision=st.sampled_from(["1-0a0a0a0a", "2-0b0b0b0b"]),
    title=st.sampled_from(["China halts exports", "Floods in Bangladesh", "Trump meets Xi"]),
    rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=2, unique=True),
    entities=st.lists(st.sampled_from(ENTITIES), max_size=3, unique=True),
    urgency=st.sampled_from(URGENCIES),
    permission=st.sampled_from(["public", "reuters"]),
    numbers=st.lists(st.sampled_from(["1", "2"]), max_size=1),
    extra=st.fixed_dictionaries({"text_hash": st.sampled_from(["", "t1", "t2"])}),
)
streams = st.lists(articles, min_size=1, max_size=12)
groupings = st.sampled_from([Clusterer, Merging, Splitting, Erratic])


def told(stream: Sequence[Match], clusterer: Clusterer) -> tuple[list[Key], list[Key]]:
    """Return what desks were told, and what a desk had not been told when the article's decisions were made."""
    stage, heard, missing = Stage(StoryBook(clusterer)), list[Key](), list[Key]()
    states: dict[StoryId, dict[DeskId, DeskStory]] = {}
    for number, one in enumerate(stream):
        decided = stage.take(one, after=number * timedelta(minutes=7))
        if isinstance(decided, str):
            continue  # the second copy of a part, which was told the first time
        alert = decided.alert
        known = states.setdefault(alert.story_id, {})
        for decision in decide(alert, moment(ROUTES, offset=number), known):
            if decision.state:
                known[decision.routing.desk] = decision.state
            if decision.routing.decision is RoutingDecision.TOLD:
                assert decision.alert is not None
                assert decision.deliveries
                heard += keys(decision.alert, decision.routing.desk)
        wanted = [key for each in DESKS if may_see(each, alert.head.permission) for key in keys(alert, each.desk_id)]
        missing += [key for key in wanted if not any(other.covers(key) for other in heard)]
    return heard, missing


def keys(alert: Alert, desk_id: DeskId) -> list[Key]:
    return [
        Key(desk_id, alert.story_id, rule.rule_id, frozenset(entities_of(alert, rule)), rule.urgency.rank)
        for rule in alert.rules
    ]


def missing(stream: Sequence[Match], clusterer: Clusterer) -> list[Key]:
    return told(stream, clusterer)[1]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams, groupings)
def test_each_desk_is_told_everything_that_it_may_see(stream: list[Match], grouping: type[Clusterer]) -> None:
    assert missing(stream, grouping()) == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams, groupings)
def test_no_desk_is_told_what_it_may_not_see(stream: list[Match], grouping: type[Clusterer]) -> None:
    heard, _ = told(stream, grouping())
    allowed = {
        (each.desk_id, rule.rule_id)
        for one in stream
        for each in DESKS
        if one.head.permission in each.permissions
        for rule in one.rules
    }

    assert {(key.desk, key.rule) for key in heard} <= allowed


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param([match(rules=["r1"]), match("a2", rules=["r2"])], id="another rule"),
        pytest.param([match(entities=["china"]), match("a2", entities=["us"])], id="another entity"),
        pytest.param([match(urgency="routine"), match("a2", urgency="flash")], id="a flash"),
    ],
)
def test_suppressing_by_story_would_lose_news(stream: list[Match], monkeypatch: pytest.MonkeyPatch) -> None:
    def by_story(story: DeskStory, key: ToldKey) -> ToldKey | None:
        del key
        return next(iter(story.told), None)

    def heard_of_story(story: DeskStory, rule_id: str) -> bool:
        del rule_id
        return bool(story.told)

    stream = [one.model_copy(update={"text_hash": "t1"}) for one in stream]
    known = [one.model_copy(update={"entities": ()}) for one in stream]  # so that the label says that nothing is new
    assert missing(known, Merging()) == []

    monkeypatch.setattr(DeskStory, "telling", by_story)
    monkeypatch.setattr(DeskStory, "heard_of", heard_of_story)

    assert missing(known, Merging()) != []
