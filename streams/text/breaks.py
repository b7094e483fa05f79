"""Where sentences and paragraphs end."""

import re
from collections.abc import Callable, Sequence

from streams.text.tokens import Token

SENTENCE_END = re.compile("[.!?…][\"'”’)\\]]*(?:\\s|$)|[。！？｡]|\n")
ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "st", "vs", "inc", "corp", "co", "ltd"}
    | {"no", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
)

Ends = Callable[[Token, str], bool]


def paragraphs(text: str, tokens: Sequence[Token]) -> list[int]:
    """Return for each token the number of its paragraph, from 0; a line is a paragraph."""
    return numbered(text, tokens, lambda _token, gap: "\n" in gap)


def sentences(text: str, tokens: Sequence[Token]) -> list[int]:
    """Return for each token the number of its sentence, from 0; initials and abbreviations end none."""
    return numbered(text, tokens, ends_sentence)


def ends_sentence(token: Token, gap: str) -> bool:
    """Return whether a sentence ends between the token and the next one, `gap` being the text between them."""
    found = SENTENCE_END.search(gap)
    if found is None:
        return False
    initial = found[0].startswith(".") and (len(token.term) == 1 or token.term in ABBREVIATIONS)
    return "\n" in gap or not initial


def numbered(text: str, tokens: Sequence[Token], ends: Ends) -> list[int]:
    """Return for each token how often `ends` held before it."""
    number, numbers = 0, []
    for token, following in zip(tokens, (*tokens[1:], None), strict=True):
        numbers.append(number)
        if following is not None:
            number += ends(token, text[token.end : following.start])
    return numbers
