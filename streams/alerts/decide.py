"""What one part of a match leads to: an alert and a change of the book, or a reason why nothing follows."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from streams.alerts.alert import Alert, Relation
from streams.alerts.arrival import arrival_of, taken_over
from streams.alerts.build import alert_of
from streams.alerts.relation import relate
from streams.articles.article import ArticleKind
from streams.ids import StoryId, story_id
from streams.matching.match import Match
from streams.stories.book import Change, StoryBook
from streams.stories.clustering import Placement
from streams.stories.frequencies import Frequencies
from streams.stories.growth import article_of, grown, joined, opened
from streams.stories.story import Arrival, Label, Story, StoryArticle, StoryRule

TAKES_BACK = frozenset({Relation.CORRECTION, Relation.RETRACT})


class Dropped(StrEnum):
    """Why a match leads to no alert."""

    DECIDED_BEFORE = "decided_before"
    DUPLICATE = "duplicate"
    NO_RULES = "no_rules"


@dataclass(frozen=True, slots=True)
class Decided:
    """The alert, and what it does to the book; `book.apply(change, frequencies)` when both are safe."""

    alert: Alert
    change: Change
    frequencies: Frequencies


def decide(book: StoryBook, match: Match, *, offset: int, at: datetime) -> Decided | Dropped:
    """Return what follows from a part of a match, without changing the book.

    `at` is the append time of the match (UTC), `offset` its place on `matches`. A match that the book has seen, by its
    offset or by its article, revision and part, is dropped; so is one without rules of its own, its article's or its
    story's. Stories' time never runs backwards, whatever the broker's clock does; how late news is, is told by `at`
    alone, or one leap ahead would make all news late until the clock has come there.
    """
    earlier = book.articles.get(match.head.article_id)
    if offset <= book.offset:
        return Dropped.DECIDED_BEFORE
    if earlier and _known(match, earlier):
        return Dropped.DUPLICATE
    arrival = arrival_of(match, offset=offset, at=max(at, book.latest_at))
    frequencies, counts = book.entered(arrival.at, offset)
    placement = _place(book, arrival, earlier, frequencies)
    home = earlier if earlier and placement.story and earlier.story_id == placement.story.story_id else None
    further_part = home is not None and home.revision == match.head.revision
    label = home.label if home and further_part else relate(arrival, match.markers, placement, home)
    before = _taken_over(match, label, _rules_before(earlier, placement.story))
    if not match.rules and not before:
        return Dropped.NO_RULES
    if before:
        arrival = replace(arrival, rules=(*arrival.rules, *before))
    story = grown(_story(placement, arrival, home), arrival)
    change = Change(
        counts=counts,
        forgotten=tuple(name for name in book.forgetting(arrival.at) if name != arrival.head.article_id),
        closed=_closing(book, arrival, story),
        article=article_of(arrival, label, story, earlier=earlier, further_part=further_part),
        story=story,
        added=placement.vector,
    )
    alert = alert_of(match, label, story, book.clusterer, at=at, before=taken_over(before))
    return Decided(alert, change, frequencies)


def _known(match: Match, earlier: StoryArticle) -> bool:
    """Return whether this part, or a newer revision, came before: a matcher that was killed appends matches twice.

    A lower number that was fetched later is no older revision: the feed's state was lost, and it counts anew.
    """
    if match.head.revision == earlier.revision:
        return match.part in earlier.parts
    return match.head.ordinal < earlier.head.ordinal and match.head.fetched_at <= earlier.head.fetched_at


def _place(book: StoryBook, arrival: Arrival, earlier: StoryArticle | None, frequencies: Frequencies) -> Placement:
    home = book.clusterer.open_story(earlier.story_id, arrival.at) if earlier else None
    if home is not None:
        return Placement(home, book.clusterer.similarity(arrival, home, frequencies))
    if arrival.head.kind is ArticleKind.HEALTH:
        return Placement()
    return book.clusterer.place(arrival, frequencies)


def _taken_over(match: Match, label: Label, before: tuple[StoryRule, ...]) -> tuple[StoryRule, ...]:
    """Return the rules that do not match any more, whose desks must hear of this all the same.

    They are all that a match without rules has. A correction or a retraction carries them beside its own: it may
    correct the very word by which a desk was told. What is split into parts says nothing of the rules elsewhere.
    """
    own = {rule.rule_id for rule in match.rules}
    if own and (match.parts > 1 or label.relation not in TAKES_BACK):
        return ()
    return tuple(rule for rule in before if rule.rule_id not in own)


def _rules_before(earlier: StoryArticle | None, story: Story | None) -> tuple[StoryRule, ...]:
    if earlier and earlier.rules:
        return earlier.rules
    return story.rules if story else ()


def _story(placement: Placement, arrival: Arrival, home: StoryArticle | None) -> Story:
    if placement.story is None:
        name = story_id(arrival.head.article_id, arrival.head.revision)
        return opened(name, arrival, placement.vector)
    return placement.story if home else joined(placement.story, placement.vector)


def _closing(book: StoryBook, arrival: Arrival, story: Story) -> tuple[StoryId, ...]:
    room_for = 0 if story.story_id in book.clusterer.stories else 1
    ending = book.clusterer.closing(arrival.at, room_for=room_for)
    return tuple(name for name in ending if name != story.story_id)
