"""Where sentences and paragraphs end."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from streams.text.tokens import Token

SENTENCE_END = re.compile("[.!?…][\"'”’)\\]]*(?:\\s|$)|[。！？｡]|\n")
ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "st", "vs", "inc", "corp", "co", "ltd"}
    | {"no", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
)

Ends = Callable[[Token, str], bool]


def ends_paragraph(_token: Token, gap: str) -> bool:
    """Return whether a paragraph ends behind the token; a line is a paragraph."""
    return "\n" in gap


def ends_sentence(token: Token, gap: str) -> bool:
    """Return whether a sentence ends behind the token, `gap` being the text up to the next one.

    Initials and abbreviations end none.
    """
    found = SENTENCE_END.search(gap)
    if found is None:
        return False
    initial = found[0].startswith(".") and (len(token.term) == 1 or token.term in ABBREVIATIONS)
    return "\n" in gap or not initial


def numbered(text: str, tokens: Sequence[Token], ends: Ends) -> list[int]:
    """Return for each token the number of its sentence or paragraph, from 0. Cost: O(text)."""
    numbers = [0] * len(tokens)
    for at, (token, following) in enumerate(pairwise(tokens), start=1):
        numbers[at] = numbers[at - 1] + ends(token, text[token.end : following.start])
    return numbers
