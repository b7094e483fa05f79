"""The terms of an article: words of title and lead with weights, and its entities, which know no language."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from streams.ids import EntityId

TITLE_WEIGHT, LEAD_WEIGHT = 1.0, 0.5
NAME_WEIGHT = 1.6  # capitals and entities: names tell events apart; bench/stories.py shows what it gives
ENTITY_MARK = "@"
CAPITALISED_TITLE = 0.5  # above this share of capitals, a title's capitals say nothing about names
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_FUNCTION_WORDS = frozenset({
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into",
    "is", "it", "its", "may", "more", "no", "not", "of", "on", "or", "our", "out", "over", "s", "said", "say",
    "says", "she", "so", "than", "that", "the", "their", "them", "there", "they", "this", "to", "under", "up",
    "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
})  # fmt: skip


def terms_of(title: str, lead: str, entities: Iterable[EntityId]) -> Mapping[str, float]:
    """Return each term with its weight; words in order of appearance, then entities as `@entity_id`.

    A word of the title weighs 1, of the lead 0.5; a capitalised word and an entity weigh 1.6 times as much. Words
    are folded (NFKC, case); Chinese, Japanese and Korean runs become pairs of characters.
    """
    weights: dict[str, float] = {}
    for text, weight in ((title, TITLE_WEIGHT), (lead, LEAD_WEIGHT)):
        names_show = _names_show(text)
        for word in _WORD.findall(text):
            factor = NAME_WEIGHT if names_show and word[0].isupper() else 1.0
            for term in _folded(word):
                weights[term] = max(weights.get(term, 0.0), weight * factor)
    for entity in entities:
        weights[entity_term(entity)] = TITLE_WEIGHT * NAME_WEIGHT
    return weights


def entity_term(entity: EntityId) -> str:
    """Return the term that stands for an entity in every language."""
    return ENTITY_MARK + entity


def _names_show(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if word.casefold() not in _FUNCTION_WORDS]
    capitals: int = sum(word[0].isupper() for word in words)
    return capitals <= CAPITALISED_TITLE * len(words)


def _folded(word: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", word).casefold()
    if _IS_CJK.match(word):
        yield from (folded[at : at + 2] for at in range(max(1, len(folded) - 1)))
    elif folded not in _FUNCTION_WORDS:
        yield folded
