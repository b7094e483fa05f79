"""Folding: the form in which words are compared. Always per token, because folding changes lengths."""

from functools import lru_cache
from unicodedata import combining, normalize

REMEMBERED_WORDS = 1 << 17
LATIN = ((0x00C0, 0x0250), (0x1E00, 0x1F00), (0x0300, 0x0370))


@lru_cache(maxsize=REMEMBERED_WORDS)
def fold(word: str) -> str:
    """Return the word without case, and without the accents of Latin letters; other scripts keep their marks.

    Marks carry the meaning in Devanagari, Thai or kana, so they are dropped from Latin letters only.
    Raises: nothing. Cost: about 1 us for a new word.
    """
    if word.isascii():
        return word.lower()
    return "".join(without_accent(char) for char in normalize("NFC", word.casefold()))


def without_accent(char: str) -> str:
    """Return a Latin letter without its marks, another character as it is."""
    if not any(low <= ord(char) < high for low, high in LATIN):
        return char
    return "".join(part for part in normalize("NFD", char) if not combining(part))
