"""What a publisher says of its own article: corrected, withdrawn, update 2."""

import re
from collections.abc import Iterable

from streams.matching.match import Markers

BEGINNING = 300  # a marker stands where the text begins, or in a note at either end of it
NOTE_CHARS = 400
RETRACTED = (
    "withdrawn|withdraws|withdrawal notice|retracted|retraction|retracts|story kill|mandatory kill|advisory kill|"
    "story withdrawn|article withdrawn|headline withdrawn|story retracted|article retracted|"
    "zurückgezogen|artikel zurückgezogen|meldung zurückgezogen|"
    "撤稿|撤回|撤销报道|撤銷報導|撤回报道|撤回報導|撤回報道|取り消し|記事取り消し|記事の取り消し|記事撤回|記事削除"
    "|配信取り消し|全文取り消し|"
    "철회|기사 철회|기사 취소|기사 삭제|전문 취소|전문취소"
)
KILLED = r"KILL(?: KILL){0,4}"  # in capitals only: "Killed: five soldiers" is news
CORRECTED = (
    "corrected|corrects|correction|corrections|refile|refiled|refiles|clarification|clarifies|erratum|"
    "korrektur|korrigiert|korrigierte fassung|berichtigung|berichtigt|"
    "更正|订正|訂正|勘误|勘誤|修正|更正启事|更正啟事|記事訂正|訂正配信|差し替え|"
    "정정|기사 정정|정정보도|바로잡습니다|rectificatif|corrección"
)
UPDATED = "update|updated|updates|wrapup|roundup|aktualisiert|aktualisierung|更新|アップデート|업데이트|종합"
NUMBERED = (  # the number stands before, or makes the marker: "2nd UPDATE", "(3rd LD)", 最新2, (종합2보)
    r"(\d{1,2})(?:st|nd|rd|th) (?:UPDATE|LEAD|LD)\b"
    r"|^\W{0,4}(?:最新|更新)(\d{1,2})\b"
    r"|[(\[<〈]종?합?(\d{1,2})보[)\]>〉]"
)
WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
LEAD_IN = (  # such as "REUTERS - ", "UPDATE 2-" or 再送-; "Over-correction" has none
    rf"^\W{{0,4}}(?:[A-Z]{{2,12}}(?: \d{{1,2}})? ?[-:–—/|] ?|[A-Za-z]{{1,12}}(?: [-–—/|] ?|[:：] ?)"
    rf"|[{WIDE}]{{1,6}}[-－:：|] ?)?"
)
OPEN, CLOSE = r"[(\[（【〔<＜〈［]", r"[)\]）】〕>＞〉］]"
WITHDRAWN_NOTE = re.compile(
    r"\bthis (?:story|article|report|item) (?:has been|was|is) (?:withdrawn|retracted)\b"
    r"|dieser (?:artikel|bericht) wurde zurückgezogen|diese meldung wurde zurückgezogen"
    r"|本文已(?:被)?撤[回稿]|本(?:报道|報導|報道)已撤回|この記事は(?:取り消|撤回)|이 기사는 (?:철회|취소)",
    re.IGNORECASE,
)
CORRECTION_NOTE = re.compile(
    r"(?:^|[(\[（【])\s*(?:corrects|corrected|refiles|refiled|clarifies|correction|clarification|korrigiert"
    r"|berichtigt|korrektur|"
    r"berichtigung|korrekturhinweis)\s*[:：]"
    r"|(?:^\W*(?:corrects|refiles|clarifies|korrigiert)|[(\[（【]\s*(?:corrects|corrected|refiles|refiled|clarifies"
    r"|korrigiert|berichtigt))"
    r"(?! for\b)\s+(?:\w+\s+){0,8}?(?:to|in|paragraph|paragraphs|para|headline|spelling|figure|date|day|name|typo"
    r"|from|im)\b"
    r"|\b(?:an earlier|a previous) version of this (?:story|article|report)\b"
    r"|frühere version dieses (?:artikels|berichts)|本文(?:已)?更正|本(?:报道|報導|報道)已更正|記事を訂正|기사를 정정",
    re.IGNORECASE | re.MULTILINE,
)


def marked(words: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return how a marker is written: before a colon, in brackets, or in capitals before a hyphen (CORRECTED-).

    "Withdrawn troops return" and "Correction-hit stocks rise" hold no marker. A number may follow: group 1 or 2.
    """
    number = r"(?: ?[-#]? ?(\d{1,2}))?"
    spoken = re.compile(
        rf"{LEAD_IN}(?i:{words}){number}(?:\s*[:：|)\]）】〕>]|\s+[-–—]\s|\s*$)|{OPEN}(?i:{words}){number}{CLOSE}"
    )
    aside = r"(?:[(（][^)）]{1,20}[)）])?"
    return spoken, re.compile(rf"{LEAD_IN}(?:{words.upper()}){number}{aside}[-–—－/]")


KILL = re.compile(rf"{LEAD_IN}{KILLED}(?:\s*[:/]|-|\s+[-–—]\s|\s*$)|{OPEN}{KILLED}{CLOSE}")
RETRACT, CORRECTION, UPDATE = (*marked(RETRACTED), KILL), marked(CORRECTED), (*marked(UPDATED), re.compile(NUMBERED))


def first_of(patterns: Iterable[re.Pattern[str]], texts: tuple[str, ...]) -> re.Match[str] | None:
    """Return the first place of a marker, None if there is none."""
    return next((found for text in texts for pattern in patterns if (found := pattern.search(text))), None)


def markers(title: str, lead: str, body: str) -> Markers:
    """Return what the publisher says of its own article, in the shipped languages.

    A marker stands at the beginning of the title or of the text; a note ("Corrects day in paragraph 3") also
    in the last lines. `update` is the number of UPDATE n, 1 for UPDATE without one.
    Raises: nothing. Cost: O(1), it reads the ends only.
    """
    begins = (title[:BEGINNING], *(text[:BEGINNING].partition("\n")[0] for text in (lead, body) if text))
    notes = ("\n".join((lead[:NOTE_CHARS], body[:NOTE_CHARS], body[-NOTE_CHARS:])),)
    found = first_of(UPDATE, begins[:1])
    return Markers(
        retract=first_of(RETRACT, begins) is not None or first_of((WITHDRAWN_NOTE,), notes) is not None,
        correction=first_of(CORRECTION, begins) is not None or first_of((CORRECTION_NOTE,), notes) is not None,
        update=int(next(filter(None, found.groups()), 1)) if found else None,
    )
