"""One event in twenty feeds, through the shipped rules and the pure stages, as one desk is told of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from config.rules import load_rules
from streams.alerts.alert import Alert, Relation
from streams.alerts.decide import Decided
from streams.ids import DeskId
from streams.matching.matcher import Matcher
from streams.routing.decide import DeskDecision, decide
from streams.routing.told import DeskStory
from tests.support.alerting import NOW, Stage, moment, routes
from tests.support.matching import article, change
from tests.support.twenty_feeds import CHIPS, TWENTY, Told

APART = timedelta(seconds=40)
DESK = DeskId("fx")


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    entries = load_rules(Path("no-folder-of-this-name"))
    return Matcher.empty().apply(list(enumerate(change(entry.kind, entry.id, entry.body) for entry in entries)))


def carried(shipped: Matcher, feeds: Sequence[Told]) -> list[tuple[Alert, DeskDecision]]:
    """Return each article's alert with what the desk is told of it, 40 s after the one before."""
    stage, known, told = Stage(), dict[DeskId, DeskStory](), []
    for number, one in enumerate(feeds):
        at = NOW + number * APART
        given = article(
            one.title,
            one.lead,
            one.body,
            article_id=f"a{number}",
            publisher=one.publisher,
            language=one.language,
            first_seen_at=at,
            fetched_at=at,
        )
        decided = stage.take(shipped.match(given), after=number * APART)
        assert isinstance(decided, Decided), f"{one.publisher}: {decided}"
        (decision,) = decide(decided.alert, moment(routes(), offset=number, at=at), known)
        known |= {DESK: decision.state} if decision.state else {}
        told.append((decided.alert, decision))
    return told


def manners(told: Sequence[tuple[Alert, DeskDecision]]) -> Counter[str]:
    """Return how often each manner of telling was used; the first message of a story is `root`."""
    used = Counter(delivery.manner for _, decision in told for delivery in decision.deliveries)
    return used - Counter({"thread": 1}) + Counter({"root": 1})


def test_twenty_feeds_with_one_event_are_one_message_three_replies_and_a_broadcast_correction(
    shipped: Matcher,
) -> None:
    told = carried(shipped, TWENTY)

    assert {alert.story_id for alert, _ in told} == {told[0][0].story_id}
    assert len(told[-1][0].sources) == 20
    used = manners(told)
    assert (used["root"], used["broadcast"]) == (1, 1)
    assert used["thread"] <= 3
    assert used["edit_root"] == 20 - 2 - used["thread"]


def test_whatever_the_order_there_is_one_story_and_every_correction_is_broadcast(shipped: Matcher) -> None:
    replies = []
    for seed in range(5):
        feeds = list(TWENTY)
        Random(seed).shuffle(feeds)
        told = carried(shipped, feeds)
        corrections = [decision for alert, decision in told if alert.relation is Relation.CORRECTION]
        replies.append(manners(told)["thread"])

        assert len(told[-1][0].sources) == 20
        assert feeds[0].title.startswith("CORRECTED") or len(corrections) == 1
        assert all(sent.manner == "broadcast" for one in corrections for sent in one.deliveries)

    assert max(replies) <= 5


def test_a_figure_that_nobody_told_is_never_lost_among_paraphrases(shipped: Matcher) -> None:
    told = carried(shipped, CHIPS)

    news = {
        one.publisher: [token.value for token in alert.whats_new] for one, (alert, _) in zip(CHIPS, told, strict=True)
    }
    assert "USD 1500000000" in news["Wire Two"]
    assert news["Capital News"] == ["45"]
    assert [alert.head.publisher for alert, _ in told if alert.relation is Relation.UPDATE] == [
        "Wire Two",
        "Capital News",
    ]


def test_a_story_that_changes_at_each_telling_is_told_each_time(shipped: Matcher) -> None:
    feeds = [Told(f"Wire {number}", "en", f"China to cut tariffs by {number} percent") for number in range(10, 15)]

    used = manners(carried(shipped, feeds))

    assert (used["root"], used["thread"]) == (1, 4)
