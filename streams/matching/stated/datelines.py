"""What a page says of itself and not of the event: datelines, the serial of a marker, rates of exchange, bylines."""

import re
from itertools import islice

DATELINE_CHARS = 90
MONTH_DAY = r"(?:[a-zä]{3,9}\.? \d{1,2}|\d{1,2}\.? [a-zä]{3,9})"
AGENCIES = (
    "reuters|ap|afp|dpa|upi|bloomberg|dow jones|xinhua|kyodo|yonhap|jiji|rtr|dpa-afx|afx|efe|ansa|bbc|cnn|cnbc|"
    "路透社?|新华社|新華社|中新社|中央社|法新社|ロイター|共同|時事|로이터|연합뉴스|연합인포맥스"
)
DATELINE = re.compile(
    rf"[^\n(（\d]{{0,40}}[,，/] ?{MONTH_DAY}(?:,? \d{{4}})?"
    rf" ?[(（/](?:{AGENCIES})[^)）\n]{{0,20}}[)）]"  # KUALA LUMPUR, Oct 26 (Reuters)
    rf"|[^\n(（\d]{{2,40}}, ?{MONTH_DAY}(?:,? \d{{4}})? ?\([^)\n]{{2,30}}\) ?(?:-|–|—)"  # any other agency
    rf"|[^\n(（\d]{{0,40}}[(（](?:{AGENCIES}) ?[,/] ?{MONTH_DAY}[^)）\n]{{0,12}}[)）]"
    r"|[^\n]{0,24}?\d{1,2}月\d{1,2}日(?:电|電|讯|訊|专电|專電)"  # 新华社吉隆坡10月26日电
    r"|[(（【\[［][^\n)）】\]］]{0,24}\d{1,2}[月월 ]?\d{0,2}[日일][^\n)）】\]］]{0,16}[)）】\]］]"
    rf"|[A-Za-zäöüß /]{{3,40}}[,-] ?{MONTH_DAY}(?:,? \d{{4}})? ?(?:[-–—:]|--) "  # BEIJING, Oct. 26 --
)
SERIAL = re.compile(
    r"(?:\d{1,2}(?:st|nd|rd|th) (?:update|lead|ld)\b|(?:update|updates|wrapup|wrap|roundup|refile|rpt|ld|lead"
    r"|aktualisierung)"
    r"(?: ?[-#] ?| )\d{1,2}(?=[\s\-–—:/)\]]|$)|(?:更新|最新|アップデート|업데이트|[12]보) ?[(（]?\d{0,2}[)）]?"
    r"|\d{1,2} ?(?:报|報|보|次更新))"
)
HEADLINE_CHARS, DATELINES = 60, 12  # a dateline stands where title, lead or body begins
RATE = re.compile(
    r"[(（\[](?:us)?[$€£¥1] ?1? ?(?:u\.?s\.? )?(?:dollar|euro)?s? ?= ?[^)）\n]{0,60}[)）\]]"
)  # ($1 = 7.12 yuan)
COUNTED_PAGE = re.compile(r"(?:photo|page|slide|image|bild|seite|part|teil) \d{1,3} (?:of|von|/) \d{1,3}")
COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright) ?(?:19|20)\d\d")
MOST_NOTES = 256
DIGIT = re.compile(r"\d")


def furniture(text: str) -> list[tuple[int, int]]:
    """Return the places, start and end, where a text in lower case speaks of itself; in no order."""
    found = [serial.span() for serial in SERIAL.finditer(text[:HEADLINE_CHARS].partition("\n")[0])]
    start = 0
    for line in text.split("\n", DATELINES)[:DATELINES]:
        dateline = DATELINE.match(line[:DATELINE_CHARS]) if DIGIT.search(line, 0, DATELINE_CHARS) else None
        if dateline:
            found.append((start, start + dateline.end()))
        start += len(line) + 1
    notes = [RATE] if 0 < text.count("=") <= MOST_NOTES else []
    notes += [COUNTED_PAGE] if " of " in text or " von " in text else []
    notes += [COPYRIGHT] if "©" in text or "copyright" in text else []
    return found + [note.span() for pattern in notes for note in islice(pattern.finditer(text), MOST_NOTES)]
