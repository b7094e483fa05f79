"""What a desk sees of a story is what it would see if nothing were there that it may not see."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from streams.alerts.alert import DeskAlert
from streams.ids import StoryId
from streams.routing import permission
from streams.routing.decide import decide
from streams.routing.told import DeskStory, RoutingDecision
from tests.support.alerting import NOW, Stage, desk, match, moment, node, routes

DESK = desk("fx", "public")
FIGURES = ("50", "60", "70", "1460000000", "1500000000")


class Told(NamedTuple):
    """An article of one story."""

    permission: str
    publisher: str
    text: str
    numbers: tuple[str, ...]
    entity: str


streams = st.lists(
    st.builds(
        Told,
        st.sampled_from(("public", "reuters")),
        st.sampled_from("ABC"),
        st.sampled_from(("t1", "t2", "t3", "t4")),
        st.lists(st.sampled_from(FIGURES), max_size=3, unique=True).map(tuple),
        st.sampled_from(("china", "us", "eu")),
    ),
    min_size=2,
    max_size=7,
)
Shown = dict[int, tuple[RoutingDecision, DeskAlert | None]]


def shown(articles: Sequence[Told], *, hidden: bool) -> Shown:
    """Return what the desk is told of each public article, with those of Reuters in the world or without."""
    stage, body, found = Stage(), routes(node("fx", "hook"), DESK), Shown()
    known = DeskStory(desk="fx", story_id=StoryId("-"), decided_offset=-1)
    for number, one in enumerate(articles):
        if one.permission != "public" and not hidden:
            continue
        after = timedelta(seconds=number)
        alert = stage.alert(
            match(
                f"a{number}", permission=one.permission, publisher=one.publisher, numbers=one.numbers,
                entities=[one.entity], extra={"text_hash": one.text}, first_seen_at=NOW + after,
            ),
            after=after,
        )  # fmt: skip
        (decision,) = decide(alert, moment(body, offset=number), {DESK.desk_id: known})
        known = decision.state or known
        if one.permission == "public":
            found[number] = (decision.routing.decision, decision.alert)
    return found


def seen(alert: DeskAlert | None) -> tuple[object, ...]:
    """Return what must not tell of the unseen."""
    if alert is None:
        return ()
    revisions = [rule.revision for rule in alert.rules]
    return alert.whats_new, alert.sources, revisions, alert.told_before, alert.related


def differing(articles: Sequence[Told]) -> list[int]:
    """Return which public articles show, by what the desk is told of them, that there are others."""
    with_them, alone = shown(articles, hidden=True), shown(articles, hidden=False)
    return [number for number, (_, alert) in alone.items() if seen(alert) != seen(with_them[number][1])]


def lost(articles: Sequence[Told]) -> list[int]:
    """Return which public articles the desk is not told of because of others that it may not see."""
    with_them, alone = shown(articles, hidden=True), shown(articles, hidden=False)
    told = [number for number, (decision, _) in alone.items() if decision is RoutingDecision.TOLD]
    return [number for number in told if with_them[number][0] is not RoutingDecision.TOLD]


@settings(max_examples=150)
@given(articles=streams)
def test_a_desk_sees_nothing_of_what_it_may_not_see_and_is_told_no_less(articles: list[Told]) -> None:
    assert differing(articles) == []
    assert lost(articles) == []


@pytest.mark.parametrize("wrong", [pytest.param(differing, id="differing"), pytest.param(lost, id="lost")])
def test_without_what_is_new_to_the_desk_the_unseen_shows_and_news_is_lost(
    wrong: Callable[[Sequence[Told]], list[int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permission, "whats_new_for", lambda _desk, alert: alert.whats_new)
        found = find(
            streams,
            lambda articles: bool(wrong(articles)),
            settings=settings(max_examples=1_000, derandomize=True, database=None),
        )
        assert wrong(found)
    assert wrong(found) == []
