"""Text made harmless for a screen: no control or direction characters, cut to length, marks kept."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.matching.match import Field, Span

# Controls, line and paragraph separators, bidi marks, embeddings and isolates, zero-width space and BOM, lone
# surrogates, noncharacters. The joiners U+200C and U+200D stay: Persian and emoji need them.
_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_HARMFUL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r" {2,}")
_ACCENTS = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20f0]"
_STACKED = re.compile(rf"({_ACCENTS}{{4}}){_ACCENTS}+")
_MENTION = re.compile(r"<(?=[!@#])")
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, and whether a rule needed it."""

    text: str
    marked: bool = False


def plain(text: str) -> str:
    """Return the text on one line without characters that could hide, reorder or break what is shown."""
    one_line = _HARMFUL.sub("", _BREAKS.sub(" ", text))
    return _SPACES.sub(" ", _STACKED.sub(r"\1", one_line))


def calm(text: str) -> str:
    """Return the text with `<!`, `<@` and `<#` opened by another character, so that no client reads a mention."""
    return _MENTION.sub("\u2039", text)


def shortened(text: str, most: int) -> str:
    """Return the text, cut to `most` characters of which the last is an ellipsis if anything was lost."""
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + ELLIPSIS


def pieces(text: str, spans: Iterable[Span], field: Field, most: int) -> tuple[Piece, ...]:
    """Return the field's text in runs, marked where a span of that field lies, `most` characters at most.

    Spans count code points of the original text, so it is cut into runs first and made plain after.
    """
    kept = text[:most]
    runs: list[Piece] = []
    at = 0
    for start, end in _merged(spans, field, len(kept)):
        runs += [Piece(plain(kept[at:start])), Piece(plain(kept[start:end]), marked=True)]
        at = end
    runs.append(Piece(plain(kept[at:]) + (ELLIPSIS if len(text) > most else "")))
    return tuple(run for run in runs if run.text)


def _merged(spans: Iterable[Span], field: Field, length: int) -> Sequence[tuple[int, int]]:
    places = sorted((max(span.start, 0), min(span.end, length)) for span in spans if span.field == field)
    merged: list[tuple[int, int]] = []
    for start, end in places:
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
