"""How many alerts matches lead to: the alert stage's own grouping and labels, over the matches of a backtest."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush

from streams.alerts.alert import Alert, Relation
from streams.alerts.decide import Decided, decide
from streams.ids import RuleId
from streams.matching.backtest import Taken
from streams.matching.match import Match
from streams.stories.book import StoryBook
from streams.stories.story import StoryArticle

WAITING = 2_000  # matches that wait for older ones of another partition
KEPT = 10_000  # articles and stories that a side remembers; a rule that takes everything would fill gigabytes
NEWS = frozenset({Relation.FIRST, Relation.UPDATE, Relation.CORRECTION, Relation.RETRACT})


class Alerts:
    """Counts, per rule, the alerts of matches that come in order: the first of a story, and what brings news after.

    Copies and confirmations that tell a rule's readers nothing new are not counted. It groups the matches of the rules
    that it is given, so it is an estimate: the live stage groups by all rules, and a desk may have been told already.
    """

    def __init__(self) -> None:
        self.counts: Counter[RuleId] = Counter()
        self._book = StoryBook()

    def take(self, match: Match, at: datetime) -> None:
        """Count what the match leads to. Cost: 0.4 ms."""
        decided = decide(self._book, match, offset=self._book.offset + 1, at=at)
        if not isinstance(decided, Decided):
            return
        self._book.apply(decided.change, decided.frequencies)
        self.counts.update(told(decided.alert))
        self._forget(decided.change.article)

    def _forget(self, article: StoryArticle) -> None:
        """Keep of an article what a next revision is compared with, and of all of them the last 10,000."""
        articles, stories = self._book.articles, self._book.clusterer.stories
        head = article.head.model_copy(update={"lead": ""})
        articles[article.article_id] = article.model_copy(update={"head": head, "terms": ()})
        if len(articles) > KEPT:
            del articles[next(iter(articles))]
        if len(stories) > KEPT:
            self._book.clusterer.remove(next(iter(stories)))


def told(alert: Alert) -> Iterator[RuleId]:
    """Yield the rules whose readers hear something new by the alert."""
    for rule in alert.rules:
        if not rule.taken_over and (rule.revision == 1 or alert.relation in NEWS):
            yield rule.rule_id


class BothSides:
    """The alerts of the live rules and of the proposed ones, in the order of time as far as 2,000 matches can wait."""

    def __init__(self) -> None:
        self.live, self.proposed = Alerts(), Alerts()
        self._waiting: list[tuple[datetime, int, Taken]] = []
        self._number = 0

    def take(self, taken: Taken, at: datetime) -> None:
        """Take the matches of one article."""
        if taken.live is None and taken.proposed is None:
            return
        self._number += 1
        heappush(self._waiting, (at, self._number, taken))
        if len(self._waiting) > WAITING:
            self._oldest()

    def finish(self) -> None:
        """Count what still waits."""
        while self._waiting:
            self._oldest()

    def _oldest(self) -> None:
        at, _, taken = heappop(self._waiting)
        for side, match in ((self.live, taken.live), (self.proposed, taken.proposed)):
            if match is not None:
                side.take(match, at)
