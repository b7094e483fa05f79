"""The terms of an article: words of title and lead with weights, and its entities, which know no language."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from streams.ids import EntityId

TITLE_WEIGHT, LEAD_WEIGHT = 1.0, 0.7
NAME_WEIGHT = 1.6  # capitals and entities: names tell events apart
ENTITY_MARK = "@"
CAPITALISED_TITLE = 0.5  # above this share of capitals, a title's capitals say nothing about names
ROOT_LETTERS = 6  # as good as English stems on the labelled stories, in any alphabet, and free
REMEMBERED_WORDS, REMEMBERED_SURFACES = 1 << 16, 1 << 12
LEAST_PLURAL = 3
LONGEST_RUN = 200
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
_PAIRED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af" + _UNSPACED
_WORD = re.compile(rf"[{_PAIRED}]{{1,{LONGEST_RUN}}}|[^\W_{_PAIRED}]+")
_ASCII = "".join(char if char.isalnum() else " " for char in map(chr, range(128)))  # as `_WORD` has it
_IS_PAIRED = re.compile(rf"[{_PAIRED}]")
_FUNCTION_WORDS = frozenset({
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into",
    "is", "it", "its", "may", "more", "no", "not", "of", "on", "or", "our", "out", "over", "s", "said", "say",
    "says", "she", "so", "than", "that", "the", "their", "them", "there", "they", "this", "to", "under", "up",
    "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
})  # fmt: skip


def terms_of(title: str, lead: str, entities: Iterable[EntityId], surfaces: Iterable[str] = ()) -> Mapping[str, float]:
    """Return each term with its weight; words in order of appearance, then entities as `@entity_id`.

    `surfaces` are the entities' own words: they count as the entity alone, or naming one twice would be two things.

    A word of the title weighs 1, of the lead 0.7; a capitalised word and an entity weigh 1.6 times as much. Words
    are folded (NFKC, case) and count by their first six letters without a plural s; runs of Chinese, Japanese, Korean
    and of scripts without spaces become pairs of characters. Cost: about 6 us for a title.
    """
    weights = _weighed(title, TITLE_WEIGHT)
    for term, weight in _weighed(lead, LEAD_WEIGHT).items() if lead else ():
        if weights.get(term, 0.0) < weight:
            weights[term] = weight
    for surface in surfaces:
        for term in _terms_of(surface):
            weights.pop(term, None)
    for entity in entities:
        weights[ENTITY_MARK + entity] = NAME_WEIGHT
    return weights


def entity_term(entity: EntityId) -> str:
    """Return the term that stands for an entity in every language."""
    return ENTITY_MARK + entity


def is_word(term: str) -> bool:
    """Return whether a term is a word, not an entity."""
    return not term.startswith(ENTITY_MARK)


def _weighed(text: str, weight: float) -> dict[str, float]:
    """Return the terms of title or lead; those of a capitalised word weigh more, unless most words are."""
    read = [word for word in map(_READ.__getitem__, _words(text)) if word[1]]
    weights = dict.fromkeys([term for _, terms in read for term in terms], weight)
    names = [terms for capital, terms in read if capital]
    if len(names) <= CAPITALISED_TITLE * len(read):
        for terms in names:
            for term in terms:
                weights[term] = weight * NAME_WEIGHT
    return weights


def _words(text: str) -> list[str]:
    """Return the words of a text; where it is ASCII, which is most of it, in a third of the time."""
    return text.translate(_ASCII).split() if text.isascii() else _WORD.findall(text)


@lru_cache(maxsize=REMEMBERED_SURFACES)
def _terms_of(surface: str) -> tuple[str, ...]:
    return tuple(term for word in _words(surface) for term in _READ[word][1])


class _Words(dict[str, tuple[bool, tuple[str, ...]]]):
    """Whether a word begins with a capital, and its terms: what is read once is remembered, until there is too much.

    A dict, because a `lru_cache` moves three of its links at each look, which are seldom in the processor's cache.
    """

    def __missing__(self, word: str) -> tuple[bool, tuple[str, ...]]:
        read = word[0].isupper(), _terms(word)
        if _IS_PAIRED.match(word):
            return read  # a run of a script without blanks hardly comes again
        if len(self) >= REMEMBERED_WORDS:
            self.clear()
        self[word] = read
        return read


_READ = _Words()


def _terms(word: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", word).casefold()
    if _IS_PAIRED.match(word):
        return tuple(folded[at : at + 2] for at in range(max(1, len(folded) - 1)))
    return () if folded in _FUNCTION_WORDS else (_root(folded),)


def _root(word: str) -> str:
    """Return a word's first six letters, without the s of a plural; what holds a digit is no word."""
    if not word.isalpha():
        return word
    is_plural = len(word) > LEAST_PLURAL and word[-1] == "s" and word[-2] not in "su"
    return word[:-1][:ROOT_LETTERS] if is_plural else word[:ROOT_LETTERS]
