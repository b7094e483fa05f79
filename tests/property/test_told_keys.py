"""For any stream and any grouping, each desk is told every (rule, entities) that it may see, or a superset."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from streams.alerts.alert import Alert, AlertedRule, Relation
from streams.controls import Versions
from streams.routing import decide, verdict
from streams.routing.decide import DeskDecision, Moment
from streams.routing.route import Desk
from streams.routing.told import DeskStory, RoutingDecision, ToldKey
from streams.stories.clustering import Clusterer, Placement
from streams.stories.frequencies import Frequencies
from streams.stories.story import Arrival
from tests.support.told_twin import run
from tests.support.told_world import Again, Crash, Happening, Mute, News, Plan, Reroute, Unmute, Wait

LOUD = {Relation.FIRST, *verdict.NEWS}
RULES, DESKS = ("r1", "r2"), ("fx", "rates", "all")
MOST = (
    14  # happenings in a third of a stream; their waits stay below the seven days after which a desk-story is forgotten
)


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


entities = st.sampled_from([(), ("china",), ("us",), ("china", "us")])
news = st.builds(
    News,
    article=st.sampled_from([0, 0, 0, 1, 2]),
    revision=st.integers(1, 4),
    hits=st.one_of(
        st.tuples(st.tuples(st.sampled_from(RULES), entities)),
        st.tuples(st.tuples(st.just("r1"), entities), st.tuples(st.just("r2"), entities)),
        st.sampled_from([(), (("r1", ("china",)),)]),
    ),
    urgency=st.sampled_from(["routine", "urgent", "flash"]),
    source=st.sampled_from(["BBC", "Reuters"]),
    about=st.sampled_from(["metals", "metals", "floods"]),
    says=st.sampled_from(["", "", "", "correction", "retract"]),
    text=st.sampled_from(["same", "", "other"]),
    number=st.sampled_from(["", "", "1", "2"]),
    age_min=st.sampled_from([0, 0, 20]),
    backfill=st.sampled_from([False] * 7 + [True]),
)
public = st.sampled_from([("public",), ("public", "reuters")])
plans = st.builds(
    Plan,
    desk=st.sampled_from(DESKS),
    holds=st.one_of(public, public, st.just(("reuters",))),
    rules=st.sampled_from([("r1", "r2"), ("r1", "r2"), ("r1",), ("r2",)]),
    quiet=st.sampled_from([False, False, True]),
    pierced=st.booleans(),
)
reroutes = st.builds(Reroute, st.lists(plans, min_size=1, max_size=3, unique_by=lambda plan: plan.desk).map(tuple))
aims = st.one_of(
    st.tuples(st.just("rule"), st.sampled_from(RULES)),
    st.tuples(st.just("entity"), st.sampled_from(["china", "us"])),
    st.tuples(st.just("source"), st.sampled_from(["BBC", "Reuters"])),
    st.tuples(st.just("topic"), st.sampled_from(["trade", "rates"])),
    st.just(("story", "-")),
)
mutes = st.builds(
    Mute, name=st.integers(1, 2), aim=aims, desk=st.sampled_from(["", *DESKS]), lasts_min=st.sampled_from([0, 10])
)
others = st.one_of(
    st.builds(Wait, st.sampled_from([5, 20, 60, 180])),
    st.one_of(mutes, st.builds(Unmute, st.integers(1, 2))),
    reroutes,
    st.just(Again()),
    st.builds(Crash, redone=st.integers(1, 3), unwritten=st.integers(0, 3)),
)
happenings = st.sampled_from([news, news, news, others]).flatmap(lambda kind: kind)  # one_of would take each once
some = st.lists(happenings, max_size=MOST)
streams = st.tuples(some, some, some).map(lambda parts: [*parts[0], *parts[1], *parts[2]])  # long ones are rare in one
groupings = st.sampled_from([Clusterer, Merging, Splitting, Erratic])
Stream = Sequence[Happening]


@settings(max_examples=300, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(streams, groupings, reroutes)
def test_each_desk_is_told_everything_that_it_may_see(
    stream: Stream, grouping: type[Clusterer], first: Reroute
) -> None:
    found = run(stream, grouping(), first)

    assert found.missing == []
    assert found.leaks == []
    assert found.unpaired == []
    assert found.mislabelled == []
    assert found.unlike_twin == []


def by_story(patch: pytest.MonkeyPatch) -> None:
    """Suppress what comes after a desk was told anything of a story."""
    patch.setattr(DeskStory, "telling", lambda story, _key: next(iter(story.told), None))
    patch.setattr(DeskStory, "heard_of", lambda story, _rule: bool(story.told))


def by_rule(patch: pytest.MonkeyPatch) -> None:
    """Suppress what comes after a desk was told of a story by this rule."""
    patch.setattr(ToldKey, "covers", lambda told, key: told.rule_id == key.rule_id)


def whatever_the_urgency(patch: pytest.MonkeyPatch) -> None:
    """Suppress what is more urgent than what was told."""
    patch.setattr(
        ToldKey, "covers", lambda told, key: told.rule_id == key.rule_id and set(key.entities) <= set(told.entities)
    )


def by_label(patch: pytest.MonkeyPatch) -> None:
    """Believe the alert stage that a copy or a confirmation is nothing new."""
    patch.setattr(
        verdict, "_told_or_known",
        lambda _key, told_as, _known: (RoutingDecision.TOLD if told_as in LOUD else RoutingDecision.KNOWN, "-"),
    )  # fmt: skip
    patch.setattr(verdict, "_told_as", lambda alert, _key, _situation: alert.relation)


def marking_what_was_muted(patch: pytest.MonkeyPatch) -> None:
    """Mark as told what was silenced, quiet, or not permitted."""

    def marked(
        desk: Desk, alert: Alert, moment: Moment, known: DeskStory, why: tuple[RoutingDecision, str], **_: object
    ) -> DeskDecision:
        rules = [rule.model_copy(update={"labels": {}}) for rule in alert.rules]
        keys = [
            ToldKey(rule_id=rule.rule_id, entities=verdict.entities_of(alert, rule), urgency=rule.urgency, event_id="-")
            for rule in rules
        ]
        state = known.model_copy(update={"told": (*known.told, *keys), "decided_offset": moment.offset})
        return DeskDecision(routing=decide._routing(desk, alert, moment, why, ()), state=state)

    patch.setattr(decide, "_untold", marked)


def by_todays_routes(patch: pytest.MonkeyPatch) -> None:
    """Decide an old alert by the routes and silences of now."""
    patch.setattr(Versions, "before", lambda versions, _at: versions.values[-1])


def showing_everything(patch: pytest.MonkeyPatch) -> None:
    """Ask for no permission."""
    patch.setattr(decide, "may_see", lambda _desk, _permission: True)


def believing_the_unseen(patch: pytest.MonkeyPatch) -> None:
    """Let a copy of what a desk may not see be a copy to it."""
    patch.setattr(verdict, "relation_for", lambda _desk, alert: alert.relation)


def to_strangers(patch: pytest.MonkeyPatch) -> None:
    """Tell a correction that matches no more to who was told nothing."""
    patch.setattr(decide, "judge", lambda alert, rule, now: verdict.judge(alert, _matching(rule), now))


def _matching(rule: AlertedRule) -> AlertedRule:
    return rule.model_copy(update={"taken_over": False})


def wrong(kind: str, grouping: type[Clusterer], *, phases: Sequence[Phase]) -> tuple[Stream, Reroute]:
    """Return a stream in which something of this kind is wrong. Raises: NoSuchExample when none of 1,000 is."""
    return find(
        st.tuples(streams, reroutes),
        lambda drawn: bool(getattr(run(drawn[0], grouping(), drawn[1]), kind)),
        settings=settings(max_examples=1_000, derandomize=True, database=None, phases=phases),
    )


@pytest.mark.parametrize(
    ("mutate", "kind"),
    [
        pytest.param(by_story, "missing", id="by story"),
        pytest.param(by_rule, "missing", id="by rule"),
        pytest.param(whatever_the_urgency, "missing", id="whatever the urgency"),
        pytest.param(by_label, "missing", id="by label"),
        pytest.param(marking_what_was_muted, "missing", id="marking what was muted"),
        pytest.param(by_todays_routes, "unpaired", id="by today's routes"),
        pytest.param(showing_everything, "leaks", id="showing everything"),
        pytest.param(believing_the_unseen, "unlike_twin", id="believing the unseen"),
        pytest.param(to_strangers, "unlike_twin", id="to strangers"),
    ],
)
def test_a_stage_that_decides_otherwise_is_found_out(
    mutate: Callable[[pytest.MonkeyPatch], None], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)

    stream, first = wrong(kind, Merging, phases=[Phase.generate])

    assert getattr(run(stream, Merging(), first), kind), "and it is found out again, from the example alone"


def test_what_suppresses_by_story_is_found_out_by_two_articles(monkeypatch: pytest.MonkeyPatch) -> None:
    by_story(monkeypatch)

    stream, first = wrong("missing", Merging, phases=[Phase.generate, Phase.shrink])

    assert [type(happening) for happening in stream] == [News, News]
    assert len(first.plans) == 1
