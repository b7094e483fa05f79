"""For any articles: the index finds what a look at every story finds, and a book read back decides byte for byte."""

from collections.abc import Sequence
from datetime import timedelta
from math import exp, log, sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.alerts.arrival import arrival_of
from streams.alerts.decide import Decided, decide
from streams.matching.match import Match
from streams.record import Record
from streams.stories import book as books
from streams.stories import clustering
from streams.stories.book import StoryBook
from streams.stories.checkpoint import Memory
from streams.stories.frequencies import Frequencies
from streams.stories.story import Arrival, Story, StoryArticle, TermCounts
from tests.support.alerting import NOW, Stage, match

WORDS = [
    "china", "halts", "rare", "earths", "exports", "floods", "hit", "bangladesh",
    "summit", "tariffs", "rise", "gas", "prices", "fall", "again",
]  # fmt: skip
titles = st.lists(st.sampled_from(WORDS), min_size=0, max_size=7).map(" ".join)
articles = st.builds(
    match,
    article_id=st.integers(1, 40).map("a{}".format),
    revision=st.sampled_from(["1-0a0a0a0a", "1-0a0a0a0a", "2-0b0b0b0b"]),
    title=titles,
    lead=titles,
    language=st.sampled_from(["en", "zh"]),
    entities=st.lists(st.sampled_from(["china", "us", "eu", "opec"]), max_size=3, unique=True),
    numbers=st.lists(st.sampled_from(["1", "2"]), max_size=1),
)
pauses = st.sampled_from([timedelta(0), *(timedelta(hours=hours) for hours in (0.2, 1, 20, 80))])
streams = st.lists(st.tuples(articles, pauses), min_size=1, max_size=30)
Log = list[tuple[str, Record | None]]


def spread(stream: Sequence[tuple[Match, timedelta]]) -> list[tuple[Match, timedelta]]:
    after, found = timedelta(), []
    for one, pause in stream:
        after += pause
        found.append((one, after))
    return found


def nearness(arrival: Arrival, story: Story, frequencies: Frequencies) -> float:
    """Return what the clusterer promises, in the plainest words."""
    rarity = {
        term: (1 + log((1 + frequencies.documents) / (1 + frequencies.counts.get(term, 0)))) ** 2
        for term in {*arrival.terms, *story.terms}
    }
    article = {term: weight * rarity[term] for term, weight in arrival.terms.items()}
    shared = article.keys() & story.terms.keys()
    age_s = max(0.0, (arrival.at - story.last_article_at).total_seconds())
    if not shared or age_s > 72 * 3_600:
        return 0.0
    cosine = sum(article[term] * story.terms[term] for term in shared) / sqrt(
        sum(weight**2 for weight in article.values()) * sum(weight**2 for weight in story.terms.values())
    )
    crowd = 1 + 0.4 * min(4.0, log(story.articles))
    return cosine * crowd * exp(-((age_s / 259_200) ** 2) / 2) * (0.65 if len(shared) == 1 < len(article) else 1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams)
def test_an_article_joins_the_nearest_story_of_all(stream: list[tuple[Match, timedelta]]) -> None:
    stage = Stage()
    for one, after in spread(stream):
        arrival = arrival_of(one.model_copy(update={"entities": ()}), offset=stage.offset + 1, at=NOW + after)
        frequencies, _ = stage.book.entered(arrival.at, arrival.offset)
        near = {
            name: nearness(arrival, story, frequencies)
            for name, story in stage.book.clusterer.stories.items()
            if arrival.head.language in story.languages
        }
        placed = stage.book.clusterer.place(arrival, frequencies)

        best = max(near.values(), default=0.0)
        if placed.story is None:
            assert best < 0.25 + 1e-5
        elif arrival.head.language in placed.story.languages:
            assert best - 1e-5 <= near[placed.story.story_id]
            assert best >= 0.25 - 1e-5
        stage.take(one, after=after)


def log_of(book: StoryBook, stream: Sequence[tuple[Match, timedelta]], first: int) -> tuple[Log, list[bytes]]:
    """Return what the alert stage writes, in its order, and its alerts."""
    written: Log = []
    alerts = []
    for offset, (one, after) in enumerate(stream):
        found = decide(book, one, offset=offset, at=NOW + after) if offset >= first else None
        if isinstance(found, Decided):
            change = found.change
            written += [(f"article/{name}", None) for name in change.forgotten]
            written += [(name, None) for name in change.closed]
            kept = [change.counts, change.article, change.story]
            written += [
                (record.story_id if isinstance(record, Story) else record.key, record) for record in kept if record
            ]
            book.apply(change, found.frequencies)
            alerts.append(found.alert.to_json())
    return written, alerts


def read_back(written: Log, *, compacted: bool) -> StoryBook:
    """Return a book restored; the broker compacts what is done, never the tail that is still being written."""
    done = max((number + 1 for number, (_, record) in enumerate(written) if isinstance(record, Story)), default=0)
    newest = {key: number for number, (key, _) in enumerate(written[:done])}
    made = Memory()
    for number, (key, record) in enumerate(written):
        if compacted and number < done and newest[key] != number:
            continue
        if record is None:
            made.restore_deletion(key)
        else:
            assert isinstance(record, Story | StoryArticle | TermCounts)
            made.restore(type(record).from_json(record.to_json()))
    made.settle()
    return made.book


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams, st.floats(0, 1), st.booleans())
def test_a_book_read_back_after_any_record_decides_the_rest_byte_for_byte(
    stream: list[tuple[Match, timedelta]], crash: float, compacted: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module, name, bound in (
            (clustering, "MOST_STORIES", 6),
            (clustering, "MOST_POSTINGS", 5),
            (clustering, "MOST_PROPOSED", 2),
            (books, "MOST_ARTICLES", 12),
            (books, "MOST_PENDING", 7),
        ):
            patch.setattr(module, name, bound)
        given = spread(stream)
        whole, alerts = log_of(StoryBook(), given, 0)
        until = round(crash * len(whole))

        again = read_back(whole[:until], compacted=compacted)
        done = again.offset + 1
        rest, further = log_of(again, given, done)

        stories = sum(isinstance(record, Story) for _, record in whole[:until])
        assert further == alerts[stories:]
        assert states(rest) == states(after_story(whole, stories))


def states(written: Log) -> list[tuple[str, bytes]]:
    """Return the stories and articles; frequencies that stand on the topic before a crash are not written again."""
    return [(key, record.to_json()) for key, record in written if isinstance(record, Story | StoryArticle)]


def after_story(written: Log, count: int) -> Log:
    """Return what was written after so many stories: a match is done when its story is."""
    ends = [number + 1 for number, (_, record) in enumerate(written) if isinstance(record, Story)]
    return written[ends[count - 1] if count else 0 :]
