"""What a text calls off behind its name: "tariffs off the table", "summit called off", 会晤取消, "Treffen abgesagt".

It denies the act, as "no tariffs" and "will not meet" do. What may be called off, or is not, denies nothing.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import islice

from streams.matching.stated.negation_words import ACTS, EMPTY, GERMAN, NEGATORS, OFF, OPEN
from streams.text.stem import stem

FIRST_WIDE = 0x3000  # where the scripts without blanks begin
REACH_CHARS, REACH_WORDS, WIDE_CHARS = 60, 7, 12
MOST_SITES = 256
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CLAUSE_END = re.compile(r"[.,;:!?()\n\"“”]|\b(?:and|but|while|und|aber|während)\b")
CALLED_OFF = re.compile(
    r"\b(?:off the table|call(?:s|ed|ing)? off|cancell?ed|scrapped|shelved|abandoned|axed"
    r"|(?:is|are|was|were|been|be) (?:dropped|(?:now |effectively )?off(?= ?['\"”]?(?:[.,;:!?)\n]|\Z)))"
    r"|vom tisch|abgesagt|abgeblasen|geplatzt|gestrichen|gekippt)(?!\w)"
)
PHRASES = (
    *(f"{word} off" for word in ("call", "calls", "called", "calling", "now", "effectively")),
    *(f"{word} {gone}" for word in ("is", "are", "was", "were", "been", "be") for gone in ("off", "dropped")),
    *("off the table", "fall through", "falls through", "fell through", "break down", "breaks down", "broke down"),
)
PARTICLES = frozenset(
    {"off", "through", "down", "dropped"}
)  # most texts hold one: they are read once a phrase of it is there
BROKEN_OFF = re.compile(r"\b(?:collapse[sd]?|f[ae]lls? through|breaks? down|broke down)\b")
BREAKABLE = frozenset({"agree", "talk", "meet"})  # "sales collapse" denies no sale
WIDE_ACTS = "|".join(word for word, act in ACTS.items() if ord(word[0]) >= FIRST_WIDE and act != "lift")
WIDE_SITE = re.compile("[取搁擱叫终終撤放作泡告破中見決취철무백결]")
WIDE_OFF = re.compile(
    r"(?P<verb>取消|搁置|擱置|叫停|终止|終止|撤销|撤銷|放弃|放棄)(?!し)|作罢|作罷|泡汤|泡湯|告吹|破裂|破局"
    r"|(?:中止|取りやめ|撤回|見合わせ|決裂|취소|철회|무산|백지화|결렬)"
    r"(?!し?ない|せず|され?ない|[をも]?検討|も辞|の可能性|の恐れ|を?示唆"
    r"|하지|되지|될 수|할 수| 가능| 검토| 위협| 시사| 경고)"
)
BEHIND = re.compile(rf"[^\s。，,、；！？：:]{{0,{WIDE_CHARS}}}?({WIDE_ACTS})")
BEFORE = re.compile(rf"({WIDE_ACTS})[^\s。，,、；！？：:をがはも을를이가은는]{{0,2}}[をがはも을를이가은는]? ?\Z")
WIDE_OPEN = re.compile(r"可能|[或恐拟擬若]|威[胁脅]|考[虑慮]|如果|要求|呼[吁籲]|[未没沒]|不[会會]|并非|並非")


def called_off(text: str, words: AbstractSet[str]) -> Iterator[tuple[int, int, str]]:
    """Yield each act that a text in lower case calls off, as start, end and `not` with the act."""
    said = OFF & words
    if said - PARTICLES or (said and any(phrase in text for phrase in PHRASES)):
        yield from _latin(text, CALLED_OFF, frozenset(ACTS.values()))
        yield from _latin(text, BROKEN_OFF, BREAKABLE)
    if not text.isascii():
        yield from _wide(text)


def act_of(word: str) -> str | None:
    """Return the act that a Latin word in lower case names, if any."""
    return ACTS.get(word) or ACTS.get(stem(word))


def is_open(words: str) -> bool:
    """Return whether words say that something is not so, or not yet: "may", "threatens to", "not"."""
    return not (OPEN | NEGATORS | GERMAN).isdisjoint(WORD.findall(words))


def _latin(text: str, pattern: re.Pattern[str], acts: AbstractSet[str]) -> Iterator[tuple[int, int, str]]:
    for found in islice(pattern.finditer(text), MOST_SITES):
        start, end = found.span()
        clause = CLAUSE_END.split(text[max(0, start - REACH_CHARS) : start])[-1]
        if is_open(clause):
            continue
        before = [(word, act) for word in list(WORD.finditer(clause))[-REACH_WORDS:] if (act := act_of(word[0]))]
        if before:
            word, act = before[-1]
            named = [(start - len(clause) + word.start(), end, act)]
        elif found[0].endswith(" off"):  # "calls off its talks"
            behind = CLAUSE_END.split(text[end : end + REACH_CHARS])[0]
            telling = [word for word in WORD.finditer(behind) if word[0] not in EMPTY]
            named = [(start, end + word.end(), act) for word in telling[:1] if (act := act_of(word[0]))]
        else:
            continue
        yield from ((first, last, f"not {act}") for first, last, act in named if act in acts)


def _wide(text: str) -> Iterator[tuple[int, int, str]]:
    sites = (WIDE_OFF.match(text, site.start()) for site in WIDE_SITE.finditer(text))
    for off in islice(filter(None, sites), MOST_SITES):
        start, end = off.span()
        before = BEFORE.search(text, max(0, start - WIDE_CHARS), start)
        behind = BEHIND.match(text, end) if off["verb"] and not before else None
        named = before or behind
        if named and not WIDE_OPEN.search(text, max(0, min(start, named.start()) - WIDE_CHARS), start):
            yield min(start, named.start()), max(end, named.end()), f"not {ACTS[named[1]]}"
