"""What grouping costs at its bounds: very many stories at once, one article again and again, one story for ever."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from time import process_time

from bench.story_data import Told
from bench.story_stream import decided
from streams.matching.match import Facts
from streams.stories.book import StoryBook
from tests.support.alerting import match

BEGINS = datetime.fromisoformat("2026-01-05T00:00:00+00:00")
VOCABULARY = 60_000
TITLE_WORDS, LEAD_WORDS = 9, 30
SKETCH = 40
Figures = dict[str, float | int]


def invented(count: int, *, per_minute: int, seed: int = 1) -> Iterator[Told]:
    """Yield articles of words in the frequencies of a language (Zipf), so that nearly each is a story of its own."""
    chance = random.Random(seed)
    weights = list(accumulate(1 / rank for rank in range(10, VOCABULARY + 10)))
    for number in range(count):
        words = [
            f"w{word:x}q" for word in chance.choices(range(VOCABULARY), cum_weights=weights, k=TITLE_WORDS + LEAD_WORDS)
        ]
        sketch = tuple(f"{chance.getrandbits(64):016x}" for _ in range(SKETCH))
        title, lead = " ".join(words[:TITLE_WORDS]), " ".join(words[TITLE_WORDS:])
        given = match(
            f"{number:016x}",
            title=title,
            lead=lead,
            facts=Facts(numbers=(str(chance.randrange(100_000)), str(chance.randrange(1_000)))),
            extra={"sketch": sketch, "text_hash": f"{number:032x}"},
        )
        yield Told("", BEGINS + number * timedelta(minutes=1) / per_minute, title, given)


def resident_mb() -> float:
    """Return the memory that this process holds, in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4_096 / 1e6


def many_stories(count: int) -> Figures:
    """Return the memory and the time of a book that holds this many articles, 1,000 a minute."""
    book, before, cpus = StoryBook(), resident_mb(), list[float]()
    for offset, told in enumerate(invented(count, per_minute=1_000)):
        started = process_time()
        decided(book, told, offset)
        cpus.append(process_time() - started)
    last = sorted(cpus[-len(cpus) // 10 :])
    return {
        "bound_stories": len(book.clusterer.stories),
        "bound_articles": len(book.articles),
        "bound_mb": resident_mb() - before,
        "bound_p50_us": last[len(last) // 2] * 1e6,
        "bound_p99_us": last[len(last) * 99 // 100] * 1e6,
    }


def one_story(count: int) -> Figures:
    """Return what the story of this many articles weighs as a record, and how much slower its last articles were."""
    book, cpus, size = StoryBook(), list[float](), 0
    told = next(invented(1, per_minute=1))
    for offset in range(count):
        head = told.match.head.model_copy(update={"article_id": f"{offset:016x}", "publisher": f"p{offset}"})
        facts = Facts(numbers=(str(offset),))
        given = replace(told, match=told.match.model_copy(update={"head": head, "facts": facts}))
        started = process_time()
        change = decided(book, given, offset).change
        cpus.append(process_time() - started)
        size = max(size, len(change.story.to_json())) if offset % 1_000 == 999 else size
    tenth = max(1, count // 10)
    return {
        "long_story_kb": size / 1e3,
        "long_story_stories": len(book.clusterer.stories),
        "long_story_us": sum(cpus[-tenth:]) / tenth * 1e6,
    }


def one_article(count: int) -> Figures:
    """Return what an article weighs as a record after this many revisions, and whether each was decided."""
    book = StoryBook()
    told = next(invented(1, per_minute=1))
    sizes = []
    for offset in range(count):
        head = told.match.head.model_copy(update={"revision": f"{offset + 1}-0a0a0a0a"})
        change = decided(book, replace(told, match=told.match.model_copy(update={"head": head})), offset).change
        sizes.append(len(change.article.to_json()) + len(change.story.to_json()))
    grows = sum(later > earlier + 8 for earlier, later in pairwise(sizes[10:]))
    return {"one_article_kb": sizes[-1] / 1e3, "one_article_grows": grows, "one_article_stories": len(book.articles)}
