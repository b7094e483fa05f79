"""What a text denies: "did not sign" denies signing, 否认 and "denies" deny what was said.

A denial of an act that the shipped languages all name is one fact in all of them: "no deal", 未达成协议 and "keine
Einigung" are `not agree`. Any other is the stem of the word behind the negation.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import islice

from streams.matching.stated.called_off import CALLED_OFF, act_of, called_off, is_open
from streams.matching.stated.figure_words import NUMERALS
from streams.matching.stated.negation_words import (
    ABSENCES,
    ACTS,
    DENIALS,
    DENIES,
    DROPPED,
    EMPTY,
    GERMAN,
    IDLE,
    NEGATORS,
    REFUSES,
)
from streams.text.fold import fold
from streams.text.stem import stem

FIRST_WIDE = 0x3000  # where the scripts without blanks begin
REACH_CHARS, REACH_WORDS = 60, 5
MOST_SITES = 1_000
TRIGGERS = frozenset({*NEGATORS, *ABSENCES, *DROPPED, *DENIALS})
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CLAUSE_END = re.compile(r"[.,;:!?()\n\"“”]")
GOING_ON = re.compile(r" (?:go|move|going|moving) (?:ahead|forward) with\b| (?:proceed|follow through) with\b")
COMING = re.compile(
    r" (?:go ahead|go forward|proceed|take effect|take place|happen|come into (?:force|effect)|be held)\b"
)
WIDE_ACTS = tuple((word, act) for word, act in ACTS.items() if ord(word[0]) >= FIRST_WIDE)
HAN_ACTS = "|".join(word for word, _ in WIDE_ACTS)
SITE = re.compile("[否辟闢부반拒거并並尚未不没沒无無从從]")
WIDE = re.compile(
    rf"(?<![未没沒不无無])(?:(?P<{DENIES}>否认|否認|否定(?!的)|辟谣|闢謠|부인(?=했|하|한|해)|반박)"
    rf"|(?P<{REFUSES}>拒绝|拒絕|拒否|거부|거절))"
    r"|(?:并未|並未|尚未|未能|不会|不會|不再|不打算)(?!仅|僅)"
    rf"(?P<object>[^\s。，,、；！？]{{0,16}}?(?:{HAN_ACTS})|[\u4e00-\u9fff]{{2}})"
    r"|(?:没有|沒有|不愿|不願|不能|无法|無法|从未|從未|未|不)(?!仅|僅|少|但|断|斷|过|過|同|管|安|明|满|滿|足|来|來"
    r"|久|确定|確定|得不|排除)"
    rf"(?P<behind>[^\s。，,、；！？]{{0,5}}?(?:{HAN_ACTS}))"
)
ENDING = re.compile(r"ない|なかった|ず(?=[、。,」 \n]|$)|ません|見送|않|못|없")
ACT_BEFORE = re.compile(rf"({HAN_ACTS})(?:[ぁ-ん至達成]{{0,7}}|[가-힣]{{0,3}} ?[가-힣]{{0,2}})\Z")
ENDING_CHARS = 14


def negations(text: str, words: AbstractSet[str]) -> Iterator[tuple[int, int, str]]:
    """Yield each denial as start, end and what it denies. `text` is in lower case, `words` are all of its words.

    "Not only", "no doubt", 不仅, 不少 and what pages say of sources ("did not immediately respond") deny nothing.
    """
    for word, start, end in islice(_sites(text, words), MOST_SITES):
        yield from _denied(text, word, start, end)
    yield from called_off(text, words)
    if not text.isascii():
        yield from _wide(text)


def _sites(text: str, words: AbstractSet[str]) -> Iterator[tuple[str, int, int]]:
    for word in sorted(TRIGGERS & words):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if not text[start - 1 : start].isalpha() and not text[end : end + 1].isalpha():
                yield word, start, end
            start = text.find(word, end)


def asserts(text: str, denial: str) -> bool:
    """Return whether a text says what a denial denies: "signed" for `not sign`, "confirms" for `denies`."""
    meant = {DENIES: "confirm", REFUSES: "agree"}.get(denial) or denial.removeprefix("not ")
    lower = text.lower()
    words = (ACTS.get(word) or ACTS.get(stem(fold(word))) or stem(fold(word)) for word in WORD.findall(lower))
    return meant in words or any(act == meant and word in lower for word, act in WIDE_ACTS)


def _denied(text: str, word: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield what one negation denies, if it is more than a turn of phrase."""
    if word in DENIALS:
        words = text[max(0, start - REACH_CHARS) : start].split()
        yield from [] if words and words[-1] in NEGATORS else [(start, end, DENIALS[word])]
        return
    behind = CLAUSE_END.split(text[end : end + REACH_CHARS], maxsplit=1)[0]
    before = CLAUSE_END.split(text[max(0, start - REACH_CHARS) : start])[-1]
    if (word in DROPPED and is_open(before)) or (word in GERMAN and CALLED_OFF.match(behind, 1)):
        return  # "may drop", "nicht vom Tisch"
    skipped = GOING_ON.match(behind)
    reached = list(WORD.finditer(behind, skipped.end() if skipped else 0))[:REACH_WORDS]
    telling = [found for found in reached if found[0] not in EMPTY]
    following = telling[0][0] if telling else ""
    if following in IDLE or stem(following) in IDLE or following in NUMERALS:
        return
    acts = [(found.end(), act) for found in telling[: 1 if word in DROPPED else 2] if (act := act_of(found[0]))]
    if acts:
        reach, act = acts[-1 if word in GERMAN else 0]  # a German verb stands last
        yield start, end + reach, f"not {act}"
        return
    known = [act for found in WORD.findall(before)[-REACH_WORDS:] if (act := act_of(found))]
    if word in GERMAN or (word in NEGATORS and known and not skipped and COMING.match(behind)):
        yield from ((start, end, f"not {act}") for act in known[-1:])
    elif word in NEGATORS and following and not behind.lstrip()[:1].isdecimal():
        yield start, end + telling[0].end(), f"not {stem(fold(telling[0][0]))}"


def _wide(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what Chinese, Japanese and Korean words deny: an act behind the negation, or before it."""
    for site in islice(SITE.finditer(text), MOST_SITES):
        found = WIDE.match(text, site.start())
        if found and (denial := found.lastgroup):
            denied = denial if denial in {DENIES, REFUSES} else f"not {_wide_act(found[denial])}"
            yield (*found.span(), denied)
    for ending in islice(ENDING.finditer(text), MOST_SITES):
        before = ACT_BEFORE.search(text, max(0, ending.start() - ENDING_CHARS), ending.start())
        if before:
            yield before.start(), ending.end(), f"not {ACTS[before[1]]}"


def _wide_act(words: str) -> str:
    return next((ACTS[words[at:]] for at in range(len(words)) if words[at:] in ACTS), words)
