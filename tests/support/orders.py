"""One event in many feeds, in many orders, through the shipped rules and the pure stages, as one desk is told of it.

`python -m tests.support.orders [ORDERS]` prints how many replies each event makes: the order in which it is written,
then seeded shuffles.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType

from config.rules import load_rules
from streams.alerts.alert import Alert, Relation
from streams.alerts.decide import Decided
from streams.ids import DeskId, StoryId
from streams.matching.match import Match
from streams.matching.matcher import Matcher
from streams.routing.decide import DeskDecision, decide
from streams.routing.told import DeskStory
from tests.support.alerting import NOW, Stage, moment, routes
from tests.support.matching import article, change
from tests.support.other_events import RATES, SUMMIT, TRUCE
from tests.support.twenty_feeds import CHIPS, TWENTY, Told

APART = timedelta(seconds=40)
DESK = DeskId("fx")
EVENTS = MappingProxyType({"twenty": TWENTY, "chips": CHIPS, "summit": SUMMIT, "rates": RATES, "truce": TRUCE})
FED = change(
    "rule", "fed", {"id": "fed", "query": "@federal_reserve", "urgency": "urgent", "labels": {"topic": "rates"}}
)
Telling = tuple[Alert, DeskDecision]


class Newsroom:
    """The shipped rules, and one for the Fed; what an article matches is found once."""

    def __init__(self) -> None:
        entries = load_rules(Path("no-folder-of-this-name"))
        changes = [*(change(entry.kind, entry.id, entry.body) for entry in entries), FED]
        self._matcher = Matcher.empty().apply(list(enumerate(changes)))
        self._found: dict[Told, Match] = {}

    def carried(self, feeds: Sequence[Told]) -> list[Telling]:
        """Return each article's alert with what the desk is told of it, 40 s after the one before.

        What no rule asks for is left out.
        """
        stage, known, told = Stage(), dict[StoryId, DeskStory](), list[Telling]()
        for number, one in enumerate(feeds):
            decided = stage.take(self._match(one, number), after=number * APART)
            if isinstance(decided, Decided):
                story = decided.alert.story_id
                states = {DESK: known[story]} if story in known else {}
                (decision,) = decide(decided.alert, moment(routes(), offset=number, at=NOW + number * APART), states)
                known |= {story: decision.state} if decision.state else {}
                told.append((decided.alert, decision))
        return told

    def _match(self, one: Told, number: int) -> Match:
        if one not in self._found:
            name = f"a-{one.publisher}"
            given = article(
                one.title, one.lead, one.body, article_id=name, publisher=one.publisher, language=one.language
            )
            self._found[one] = self._matcher.match(given)
        found, at = self._found[one], NOW + number * APART
        head = found.head.model_copy(update={"first_seen_at": at, "fetched_at": at})
        return found.model_copy(update={"head": head})


def orders(feeds: Sequence[Told], count: int) -> Iterator[list[Told]]:
    """Yield the feeds as they stand, then in seeded shuffles."""
    yield list(feeds)
    for seed in range(count - 1):
        shuffled = list(feeds)
        Random(seed).shuffle(shuffled)
        yield shuffled


def replies(told: Sequence[Telling]) -> list[Telling]:
    """Return the replies; the first message of each story is none."""
    heard, found = set[StoryId](), list[Telling]()
    for alert, decision in told:
        threads = [delivery for delivery in decision.deliveries if delivery.manner == "thread"]
        found += [(alert, decision)] if threads and alert.story_id in heard else []
        heard |= {alert.story_id} if decision.deliveries else set()
    return found


def why(reply: Telling) -> list[str]:
    """Return why a reply was sent: each fact that was new, or each rule with entities that had not been told."""
    alert, decision = reply
    if alert.relation is Relation.UPDATE:
        return [f"{token.kind} {token.value}" for token in alert.whats_new]
    return [part for part in decision.routing.reason.split("; ") if part.endswith("not told before")]


def main(count: int) -> None:
    """Print the replies of each event: how often each number of them came, and why."""
    newsroom = Newsroom()
    for name, feeds in EVENTS.items():
        runs = [newsroom.carried(order) for order in orders(feeds, count)]
        numbers = Counter(len(replies(told)) for told in runs)
        stories = Counter(len({alert.story_id for alert, _ in told}) for told in runs)
        print(f"{name}: {count} orders, replies {dict(sorted(numbers.items()))}, stories {dict(stories)}")
        reasons = Counter(reason for told in runs for reply in replies(told) for reason in why(reply))
        for reason, times in reasons.most_common():
            print(f"  {times:4} {reason}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 201)
