"""Words that make figures of numbers, in the shipped languages: scales, currencies, per cent, months, numerals."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType


def either(words: Iterable[str]) -> str:
    """Return an expression for any of the words, the longest first; a Latin word ends where its letters end."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(
        re.escape(word).replace(r"\ ", "[ \u00a0-]")
        + (r"(?![a-zà-ÿ])" if word[-1].isascii() and word[-1].isalpha() else "")
        for word in ordered
    )


SCALES: Mapping[str, int] = MappingProxyType({
    word: zeros
    for zeros, words in (
        (2, "hundred hundert"),
        (3, "thousand tausend tsd k 천 千"),
        (4, "万 萬 만"),
        (6, "million millions millionen mn mln mio m"),
        (7, "千万 千萬 천만"),
        (8, "亿 億 억"),
        (9, "billion billions milliarde milliarden bn bln mrd b"),
        (11, "千亿 千億 천억"),
        (12, "trillion trillions billionen tn trn bio 万亿 萬億 兆 조"),
    )
    for word in words.split()
})  # fmt: skip
SYMBOLS: Mapping[str, str] = MappingProxyType({  # what stands before an amount
    word: code
    for code, words in (
        ("USD", "$ us$ usd"),
        ("EUR", "€ eur"),
        ("GBP", "£ gbp"),
        ("CNY", "cny rmb cn¥ 人民币 人民幣"),
        ("JPY", "jpy jp¥"),
        ("KRW", "₩ krw"),
        ("HKD", "hk$ hkd"),
        ("TWD", "nt$ twd 新台币 新台幣 新臺幣"),
        ("CAD", "c$ ca$ cad"),
        ("AUD", "a$ au$ aud"),
        ("CHF", "chf sfr"),
        ("INR", "₹ inr rs"),
        ("¥", "¥"),  # yen or yuan: the text decides
    )
    for word in words.split()
})  # fmt: skip
CURRENCIES: Mapping[str, str] = MappingProxyType(
    {word: code for word, code in SYMBOLS.items() if word not in {"rs", "a$", "c$"}}
    | {
        word: code
        for code, words in (
            ("USD", "dollar dollars dlr dlrs us-dollar us-dollars greenbacks 美元 美金 ドル 米ドル 달러"),
            ("EUR", "euro euros 欧元 歐元 ユーロ 유로"),
            ("GBP", "pounds stg pfund 英镑 英鎊 ポンド 파운드"),
            ("CNY", "yuan renminbi 元 人民币 人民幣 人民元 위안"),
            ("JPY", "yen 円 日元 日圆 日圓 엔"),
            ("KRW", "won 韩元 韓元 ウォン 원"),
            ("HKD", "港元 港币 港幣 香港ドル"),
            ("TWD", "台币 台幣 臺幣 台湾ドル"),
            ("CAD", "加元"),
            ("AUD", "澳元 豪ドル"),
            ("CHF", "francs franken 瑞郎 瑞士法郎"),
            ("INR", "rupees rupien 卢比 盧比 ルピー 루피"),
            ("RUB", "roubles rubles rubel 卢布 盧布 ルーブル 루블"),
        )
        for word in words.split()
    }
)
PERCENT = ("%", "percent", "per cent", "pct", "prozent", "퍼센트", "パーセント", "프로")
POINTS = (  # a rate that moves from 3 to 4 percent moves by one point
    "percentage points", "percentage point", "percent points", "prozentpunkte", "prozentpunkten", "prozentpunkt", "pp",
    "个百分点", "個百分點", "百分点", "百分點", "パーセントポイント", "%ポイント", "%포인트", "퍼센트포인트", "%p",
)  # fmt: skip
BASIS_POINTS = (
    "basis points", "basis point", "basispunkte", "basispunkten", "basispunkt", "bps", "bp",
    "个基点", "個基點", "基点", "基點", "ベーシスポイント", "베이시스포인트", "bp",
)  # fmt: skip
TENTHS = ("成", "割")
MONTHS: Mapping[str, int] = MappingProxyType({
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner", "feb february februar", "mar march märz", "apr april", "may mai",
            "jun june juni", "jul july juli", "aug august", "sep sept september", "oct okt october oktober",
            "nov november", "dec dez december dezember",
        ),
        start=1,
    )
    for name in names.split()
})  # fmt: skip
_ENGLISH = (
    "two three four five six seven eight nine ten eleven twelve thirteen"
    " fourteen fifteen sixteen seventeen eighteen nineteen"
)
_GERMAN = (
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn"
    " vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
)
TENS = MappingProxyType({
    word: 10 * number
    for words in (
        "twenty thirty forty fifty sixty seventy eighty ninety",
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    )
    for number, word in enumerate(words.split(), start=2)
})  # fmt: skip
NUMERALS = MappingProxyType(
    {word: number for words in (_ENGLISH, _GERMAN) for number, word in enumerate(words.split(), start=2)}
    | dict(TENS)
    | {
        f"{unit}und{ten}": value + number
        for ten, value in TENS.items()
        if ten.endswith(("zig", "ßig"))
        for number, unit in enumerate(("ein", *_GERMAN.split()[:8]), start=1)
    }
)
HAN_DIGITS: Mapping[str, int] = MappingProxyType(
    {digit: number for digits in ("〇一二三四五六七八九", "零壹两") for number, digit in enumerate(digits)} | {"兩": 2}
)
HAN_TENS = MappingProxyType({"十": 10, "百": 100, "千": 1000})
KOREAN: Mapping[str, int] = MappingProxyType(
    {"두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
)
