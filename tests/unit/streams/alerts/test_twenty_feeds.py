"""Events in ten and twenty feeds, through the shipped rules and the pure stages, as one desk is told of them."""

from collections import Counter
from collections.abc import Sequence

import pytest

from streams.alerts.alert import Relation
from tests.support.orders import EVENTS, Newsroom, Telling, orders, replies, why
from tests.support.twenty_feeds import CHIPS, TWENTY, Told

ORDERS = 21


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom()


def manners(told: Sequence[Telling]) -> Counter[str]:
    """Return how often each manner of telling was used; the first message of a story is `root`."""
    used = Counter(delivery.manner for _, decision in told for delivery in decision.deliveries)
    return used - Counter({"thread": 1}) + Counter({"root": 1})


def test_twenty_feeds_with_one_event_are_one_message_three_replies_and_a_broadcast_correction(
    newsroom: Newsroom,
) -> None:
    told = newsroom.carried(TWENTY)

    assert {alert.story_id for alert, _ in told} == {told[0][0].story_id}
    assert len(told[-1][0].sources) == 20
    used = manners(told)
    assert (used["root"], used["broadcast"]) == (1, 1)
    assert used["thread"] <= 3
    assert used["edit_root"] == 20 - 2 - used["thread"]


def test_whatever_the_order_all_sources_are_counted_and_every_correction_is_broadcast(newsroom: Newsroom) -> None:
    for feeds in orders(TWENTY, 6):
        told = newsroom.carried(feeds)
        corrections = [decision for alert, decision in told if alert.relation is Relation.CORRECTION]

        assert len(told[-1][0].sources) == 20
        assert feeds[0].title.startswith("CORRECTED") or len(corrections) == 1
        assert all(sent.manner == "broadcast" for one in corrections for sent in one.deliveries)


@pytest.mark.parametrize(
    ("event", "most", "news"),
    [
        pytest.param(
            "twenty", 6,
            "date 11-01, percentage 100, negation not impose, number 1, entity united_states, entity tariffs, "
            "entity export_controls",
            id="twenty feeds",
        ),
        pytest.param(
            "chips", 8,
            "number 45, number 42, money USD 1500000000, money USD 1460000000, entity semiconductors, "
            "entity united_states",
            id="a list that grows",
        ),
        pytest.param(
            "summit", 4, "date 10-30, date 10-31, entity white_house, entity south_korea",
            id="a day that moves",
        ),
        pytest.param(
            "rates", 3,
            "number 10, number 2, negation not foregon, percentage 3.75, percentage 4, entity united_states",
            id="a quarter point",
        ),
        pytest.param(
            "truce", 6,
            "percentage 10, percentage 145, number 90, number 3, date 11-10, entity donald_trump, entity china, "
            "entity united_states",
            id="a truce that goes on",
        ),
    ],
)  # fmt: skip
def test_whatever_the_order_a_reply_brings_a_fact_of_the_event_or_entities_of_a_rule_that_nobody_told(
    newsroom: Newsroom, event: str, most: int, news: str
) -> None:
    """In shuffled orders more than three replies can be news: each further rule, set of entities, figure or day."""
    for feeds in orders(EVENTS[event], ORDERS):
        found = replies(newsroom.carried(feeds))
        given = [(reply[0].story_id, reason) for reply in found for reason in why(reply)]
        facts = [(story, reason) for story, reason in given if "not told before" not in reason]

        assert len(found) <= most
        assert all(map(why, found))
        assert len(set(facts)) == len(facts), "nothing is new twice"
        assert {reason for _, reason in facts} <= set(news.split(", "))


def test_a_figure_that_nobody_told_is_never_lost_among_paraphrases(newsroom: Newsroom) -> None:
    told = newsroom.carried(CHIPS)

    news = {
        one.publisher: [token.value for token in alert.whats_new] for one, (alert, _) in zip(CHIPS, told, strict=True)
    }
    assert "USD 1500000000" in news["Wire Two"]
    assert news["Capital News"] == ["45"]
    assert [alert.head.publisher for alert, _ in told if alert.relation is Relation.UPDATE] == [
        "Wire Two",
        "Capital News",
    ]


def test_a_story_that_changes_at_each_telling_is_told_each_time(newsroom: Newsroom) -> None:
    feeds = [Told(f"Wire {number}", "en", f"China to cut tariffs by {number} percent") for number in range(10, 15)]

    used = manners(newsroom.carried(feeds))

    assert (used["root"], used["thread"]) == (1, 4)
