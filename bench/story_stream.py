"""The alert stage's own grouping over a stream, with the time that it takes for each article."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time

from bench.story_data import Told
from streams.alerts.arrival import arrival_of
from streams.alerts.decide import Decided, decide
from streams.ids import ArticleId, StoryId, story_id
from streams.stories.book import Change, StoryBook
from streams.stories.clustering import Clusterer, Placement
from streams.stories.growth import article_of, grown, joined, opened
from streams.stories.story import Arrival, Label, Story, TermCounts
from streams.stories.terms import terms_of

UNLABELLED = Label(relation="first")


@dataclass
class Spent:
    """Seconds for each article: by the wall's clock, and of CPU."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)

    def wall_us(self, share: float) -> float:
        """Return the microseconds of wall time that this share of the articles stayed within."""
        return _quantile(self.walls, share) * 1e6

    def cpu_us(self, share: float) -> float:
        """Return the microseconds of CPU that this share of the articles stayed within."""
        return _quantile(self.cpus, share) * 1e6

    @property
    def mean_cpu_us(self) -> float:
        """Return the mean CPU time of an article in microseconds."""
        return sum(self.cpus) / max(1, len(self.cpus)) * 1e6

    @contextmanager
    def article(self) -> Iterator[None]:
        """Count what happens inside as one article."""
        started, cpu = perf_counter(), process_time()
        yield
        self.cpus.append(process_time() - cpu)
        self.walls.append(perf_counter() - started)


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def decided(book: StoryBook, told: Told, offset: int) -> Decided:
    """Return what the alert stage decides for an article, with it in the book. Raises: TypeError if it is dropped."""
    found = decide(book, told.match, offset=offset, at=told.at)
    if not isinstance(found, Decided):
        raise TypeError(f"article {offset} was dropped: {found}")
    book.apply(found.change, found.frequencies)
    return found


def groups_of(stream: Iterable[Told], joins: float) -> list[StoryId]:
    """Return the story of each article as the alert stage decides, with nothing left out."""
    book = StoryBook(Clusterer(joins=joins))
    return [decided(book, told, offset).change.story.story_id for offset, told in enumerate(stream)]


def names_of(stream: Iterable[Told], joins: float) -> list[StoryId]:
    """Return the same as `groups_of` by the stories' part of the decision alone, which costs a third."""
    book = StoryBook(Clusterer(joins=joins))
    return [
        _grouped(book, arrival_of(told.match, offset=offset, at=max(told.at, book.latest_at)))
        for offset, told in enumerate(stream)
    ]


def stage_time(stream: Iterable[Told], *, encode: bool) -> Spent:
    """Return what a decision costs in the alert stage, alert and label included, and the JSON if it is asked for."""
    book, spent = StoryBook(), Spent()
    for offset, told in enumerate(stream):
        with spent.article():
            found = decided(book, told, offset)
            for record in (found.alert, found.change.article, found.change.story, found.change.counts):
                if encode and record is not None:
                    record.to_json()
    return spent


def stories_time(stream: Iterable[Told], book: StoryBook) -> tuple[Spent, list[StoryId]]:
    """Return what the stories cost: terms, place, grown, the article's record, apply; with the stories' names.

    These are the calls that `decide` makes for a new article, in its order, without its label and its alert.
    """
    spent, names = Spent(), list[StoryId]()
    for offset, told in enumerate(stream, book.offset + 1):
        with spent.article():
            names.append(_grouped(book, arrival_of(told.match, offset=offset, at=max(told.at, book.latest_at))))
    return spent, names


def grouping_time(stream: Iterable[Told]) -> Spent:
    """Return what grouping alone costs, which is all that MinHash LSH does: terms, place, the centroid, the index."""
    book, spent = StoryBook(), Spent()
    for offset, told in enumerate(stream):
        arrival = arrival_of(told.match, offset=offset, at=told.at)
        frequencies, counts = book.entered(told.at, offset)
        head, surfaces = told.match.head, {span.surface for span in told.match.spans if span.entity_id}
        with spent.article():
            terms_of(head.title, head.lead, arrival.entities, surfaces)  # those that the arrival holds
            placement = book.clusterer.place(arrival, frequencies)
            story = _placed(placement, arrival)
            book.clusterer.put(story, placement.vector)
        book.apply(_change(arrival, counts, story), frequencies)
    return spent


def _grouped(book: StoryBook, arrival: Arrival) -> StoryId:
    frequencies, counts = book.entered(arrival.at, arrival.offset)
    placement = book.clusterer.place(arrival, frequencies)
    story = grown(_placed(placement, arrival), arrival)
    room_for = 0 if story.story_id in book.clusterer.stories else 1
    closed = book.clusterer.closing(arrival.at, room_for=room_for)
    forgotten = book.forgetting(arrival.at)
    change = _change(arrival, counts, story, closed=closed, forgotten=forgotten, added=placement.vector)
    book.apply(change, frequencies)
    return story.story_id


def _change(
    arrival: Arrival,
    counts: TermCounts | None,
    story: Story,
    *,
    closed: Iterable[StoryId] = (),
    forgotten: Iterable[ArticleId] = (),
    added: Mapping[str, float] | None = None,
) -> Change:
    return Change(
        counts=counts,
        forgotten=tuple(forgotten),
        closed=tuple(name for name in closed if name != story.story_id),
        article=article_of(arrival, UNLABELLED, story, earlier=None, further_part=False),
        story=story,
        added=added,
    )


def _placed(placement: Placement, arrival: Arrival) -> Story:
    if placement.story is not None:
        return joined(placement.story, placement.vector)
    return opened(story_id(arrival.head.article_id, arrival.head.revision), arrival, placement.vector)
