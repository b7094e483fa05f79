"""Stems of English words, so that a rule for `tariff` finds tariffs."""

from functools import lru_cache

from snowballstemmer.english_stemmer import EnglishStemmer

from streams.text.fold import REMEMBERED_WORDS

LONGEST_WORD = 32  # longer runs of letters are no English words


@lru_cache(maxsize=REMEMBERED_WORDS)
def stem(term: str) -> str:
    """Return the Snowball English stem of a folded word; digits and other scripts come back as they are.

    Raises: nothing. Cost: about 30 us for a new word, then a look-up. A stemmer for each new word,
    because one that two threads share would remember a wrong stem for ever.
    Source: snowballstem.org/algorithms/english/stemmer.html
    """
    if len(term) > LONGEST_WORD or not (term.isascii() and term.isalpha()):
        return term
    return str(EnglishStemmer().stemWord(term))
