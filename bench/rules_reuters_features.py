"""What a rule can ask of a story: words and phrases in a field, near the beginning, or several times."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from bench.rules_reuters import Story
from streams.matching.document import Document

FIRST_WORDS = 40
LEAST_STORIES = {False: 4, True: 8}  # a feature of one word, and of two: rarer ones are no evidence
Stems = tuple[str, ...]


class Ask(StrEnum):
    """Where and how often the words have to stand; the value is the query around them."""

    TITLE = "title:{}"
    LEAD = "lead:{}"
    BEGINNING = "FIRST/40({})"
    ANYWHERE = "{}"
    TWICE = "ATLEAST/2({})"
    THRICE = "ATLEAST/3({})"


class Feature(NamedTuple):
    """One condition of a rule."""

    ask: Ask
    stems: Stems


class Vocabulary:
    """Which stories of a set have which feature, as one bit a story, and how its words are written."""

    def __init__(self, given: Sequence[Story], asks: Collection[Ask]) -> None:
        found: dict[Feature, int] = defaultdict(int)
        written: dict[str, Counter[str]] = defaultdict(Counter)
        for number, story in enumerate(given):
            document = Document(story.article, story.article.body)
            for stem, term in zip(document.stems, document.terms, strict=True):
                written[stem][term] += 1
            for feature in features(document):
                found[feature] |= 1 << number
        self.words: Mapping[str, str] = {
            stem: min(terms, key=lambda term: (-terms[term], term)) for stem, terms in written.items()
        }
        self.stories: Mapping[Feature, int] = {
            feature: bits
            for feature, bits in sorted(found.items())
            if feature.ask in asks and bits.bit_count() >= LEAST_STORIES[len(feature.stems) > 1]
        }

    def query(self, feature: Feature) -> str:
        """Return the feature in the query language."""
        return feature.ask.format('"' + " ".join(self.words[stem] for stem in feature.stems) + '"')


def features(document: Document) -> Iterator[Feature]:
    """Yield every feature of an article; some more than once."""
    bounds = list(zip(document.starts, document.ends, strict=True))
    title, lead, _ = (document.stems[start:end] for start, end in bounds)
    yield from of_words(Ask.TITLE, title)
    yield from of_words(Ask.LEAD, lead)
    for start, end in bounds:
        yield from (
            Feature(Ask.ANYWHERE, pair) for pair in pairwise(document.stems[start:end]) if all(map(is_word, pair))
        )
    yield from (Feature(Ask.TITLE, pair) for pair in pairwise(title) if all(map(is_word, pair)))
    words = Counter(stem for stem in document.stems if is_word(stem))
    for ask, least in ((Ask.ANYWHERE, 1), (Ask.TWICE, 2), (Ask.THRICE, 3)):
        yield from (Feature(ask, (stem,)) for stem, count in words.items() if count >= least)
    yield from of_words(Ask.BEGINNING, document.stems[: document.first_words(FIRST_WORDS)])


def of_words(ask: Ask, stems: Iterable[str]) -> Iterator[Feature]:
    """Yield the feature of each word."""
    return (Feature(ask, (stem,)) for stem in stems if is_word(stem))


def is_word(stem: str) -> bool:
    """Return whether a stem is a word; figures say nothing of a topic."""
    return stem != "" and not stem.isdigit()
