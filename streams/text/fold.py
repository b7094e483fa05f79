"""Folding: the form in which words are compared. Always per token, because folding changes lengths."""

from functools import lru_cache
from unicodedata import combining, normalize

from streams.text.variants import variants

REMEMBERED_WORDS = 1 << 17
LATIN = ((0x00C0, 0x0250), (0x1E00, 0x1F00), (0x0300, 0x0370))


@lru_cache(maxsize=REMEMBERED_WORDS)
def fold(word: str) -> str:
    """Return the word without case, without the accents of Latin letters, and in simplified Han characters.

    Marks carry the meaning in Devanagari, Thai or kana, so they are dropped from Latin letters only.
    Raises: nothing. Cost: about 1 us for a new word.
    """
    if word.isascii():
        return word.lower()
    return "".join(map(plain, normalize("NFC", word.casefold())))


def plain(char: str) -> str:
    """Return a Latin letter without its marks, a Han character as the one that stands for it, others as they are."""
    if not any(low <= ord(char) < high for low, high in LATIN):
        return variants().get(char, char)
    return "".join(part for part in normalize("NFD", char) if not combining(part))
