import pytest

from streams.matching.stated.facts import FACTS, comparable, every_fact, facts, stated


def told(text: str) -> list[str]:
    return list(every_fact(facts(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1,500 and 1500 and 1.5 thousand", ["numbers 1500"], id="equal numbers are equal"),
        pytest.param("1,234.50 or 1.234,50", ["numbers 1234.5"], id="either mark for decimals"),
        pytest.param("0.5 and 0,125", ["numbers 0.5", "numbers 0.125"], id="decimals below one"),
        pytest.param("2.5 million, 2,5 Mio, 250万", ["numbers 2500000"], id="scales of several languages"),
        pytest.param("1\u00a0500\u00a0000 Tonnen, 1.500.000 Tonnen", ["numbers 1500000"], id="hard blanks"),
        pytest.param("2,911 Millionen Menschen, 2.911.000 Menschen", ["numbers 2911000"], id="a German comma"),
        pytest.param("2,911 million people", ["numbers 2911000000"], id="an English comma"),
        pytest.param("two hundred ships, 200 ships", ["numbers 200"], id="hundreds"),
        pytest.param("twenty-five ships, fünfundzwanzig Schiffe, 二十五艘", ["numbers 25"], id="spelled numbers"),
        pytest.param("a weight of eight ships, 8 ships", ["numbers 8"], id="a numeral within a word"),
        pytest.param("twenty ships, zwanzig Schiffe, 二十艘", ["numbers 20"], id="spelled tens"),
        pytest.param("一百二十人, 120 people", ["numbers 120"], id="han hundreds"),
        pytest.param("2万5000人, 25,000 people", ["numbers 25000"], id="a scale within"),
        pytest.param("20th congress, 第20届, 第二十届, 제20차", ["numbers #20"], id="ordinals"),
        pytest.param(
            "25%, 25 percent, 25 per cent, 25 pct, 25 Prozent, 百分之25, 百分之二十五, 25パーセント, 25퍼센트, ２５％",
            ["percentages 25"],
            id="percentages",
        ),
        pytest.param("三成, 3割, 30%", ["percentages 30"], id="tenths"),
        pytest.param(
            "25 basis points, 0.25 percentage points, 25 Basispunkte, 0,25 Prozentpunkte, 25个基点, 0.25個百分點, "
            "25bp, "
            "0.25%포인트, 0.25ポイントの利上げ",
            ["percentages 25 bp"],
            id="points are no percentage",
        ),
        pytest.param(
            "$1.5 billion, US$1.5bn, 15亿美元, 1,5 Mrd. Dollar, 1.5 billion U.S. dollars, 15億ドル, 15억 달러, "
            "十五亿美元",
            ["money USD 1500000000"],
            id="dollars",
        ),
        pytest.param("5 million euros, €5m, 5 Mio. Euro", ["money EUR 5000000"], id="euros"),
        pytest.param("300億円 and 5 yuan", ["money JPY 30000000000", "money CNY 5"], id="yen and yuan"),
        pytest.param("¥500 a share", ["money JPY 500"], id="a yen sign"),
        pytest.param("价格为¥500", ["money CNY 500"], id="the same sign in Chinese"),
        pytest.param("価格は¥500", ["money JPY 500"], id="and in Japanese"),
        pytest.param(
            "1億2000万円, 1억2천만 원",
            ["money JPY 120000000", "money KRW 120000000"], id="sums in two parts",
        ),
        pytest.param("$0 and $007", ["money USD 0", "money USD 7"], id="zeros"),
        pytest.param("$1.2345678 million", ["money USD 1234567.8"], id="more decimals than the scale has zeros"),
        pytest.param(
            "October 26, 2025; 26 Oct 2025; 2025-10-26; 2025/10/26; 26.10.2025; 26. Oktober 2025; 2025年10月26日; "
            "2025년 10월 26일; October 26th, 2025",
            ["dates 2025-10-26"],
            id="a day in many forms",
        ),
        pytest.param("on Oct. 5; 5 June; 10月6日", ["dates 10-05", "dates 06-05", "dates 10-06"], id="no year"),
        pytest.param(
            "Oct 26-27; 26 to 27 October; 26. bis 27. Oktober; 10月26日至27日",
            ["dates 10-26", "dates 10-27"],
            id="two days",
        ),
        pytest.param("October 2025, 2025年10月", ["dates 2025-10"], id="a month"),
        pytest.param("in 2030. Bis 2030, 2030年", ["dates 2030"], id="a year"),
        pytest.param("2000 ships", ["numbers 2000"], id="a round hundred is no year"),
        pytest.param(
            "Q3, third quarter, drittes Quartal, 3. Quartal, 第三季度, 第3四半期, 3분기",
            ["dates Q3"], id="quarters",
        ),
        pytest.param("Q3 2025, third quarter of 2025, 2025年第三季度", ["dates 2025-Q3"], id="a quarter of a year"),
        pytest.param("2025-13-40", ["dates 2025", "numbers 13", "numbers 40"], id="no day of any calendar"),
        pytest.param("40 May", ["numbers 40"], id="no day of May"),
        pytest.param(
            "5-7 percent, 5 to 7%, 5%至7%, fünf bis sieben Prozent",
            ["percentages 5", "percentages 7"], id="ranges",
        ),
        pytest.param("$5-7 billion", ["money USD 5000000000", "money USD 7000000000"], id="a range of money"),
        pytest.param("$5 to 7", ["money USD 5", "money USD 7"], id="a range of small money"),
        pytest.param("€5 and $7", ["money EUR 5", "money USD 7"], id="two currencies are no range"),
        pytest.param("2024 to 2,500 cars", ["dates 2024", "numbers 2500"], id="a year begins no range"),
        pytest.param("from 7 to 5 percent", ["percentages 5", "numbers 7"], id="a fall is no range"),
        pytest.param("nothing here", [], id="no facts"),
        pytest.param("", [], id="no text"),
    ],
)  # fmt: skip
def test_equal_facts_are_equal_strings(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("S&P 500, Stoxx 600, CSI 300, Boeing 737, Section 301, 沪深300", id="names"),
        pytest.param("G20, F-35, COVID-19, #7 @8 A/9", id="identifiers"),
        pytest.param(
            "at 9:30 a.m. ET, 7:41 GMT, 5 p.m., um 14 Uhr, 午後3時30分, 上午10点30分, 오후 3시", id="times of the day"
        ),
        pytest.param("3 min read, 2 hours ago, 5 comments, 3分钟前", id="what a page adds"),
        pytest.param(
            "两国 and both sides, the two of them, the two sides, zwei Seiten, two days of talks, 两天", id="two"
        ),
        pytest.param("统一, 一起, 十分重要, 三星电子, 万一, 五角大楼, 一带一路, 二十国集团", id="han digits in words"),
        pytest.param("two-thirds of firms, three quarters", id="fractions"),
        pytest.param("on the 26日, in 10月", id="a day or a month alone"),
        pytest.param("UPDATE 1-China buys", id="a serial before a hyphen"),
        pytest.param("(2nd UPDATE) China buys", id="a serial before the word"),
        pytest.param("〔更新2〕買い付け", id="a Japanese serial"),
        pytest.param("China buys (Update 3)", id="a serial at the end"),
        pytest.param("China\nKUALA LUMPUR, Oct 26 (Reuters) - Buys", id="a dateline"),
        pytest.param("China\nBEIJING, 26 October (The Agency) — Buys", id="a dateline of another agency"),
        pytest.param("China\nBEIJING, Oct. 26 -- Buys", id="a dateline without agency"),
        pytest.param("中美\n新华社吉隆坡10月26日电 会谈", id="a Chinese dateline"),
        pytest.param("米中\n[東京 26日 ロイター] - 会談", id="a Japanese dateline"),
        pytest.param("Rates\n($1 = 7.12 yuan)", id="a rate of exchange"),
        pytest.param("China\nPhoto 3 of 5", id="a page of pages"),
        pytest.param("China\n© 2025 The Wire", id="a copyright"),
    ],
)
def test_what_is_no_figure_of_the_news_is_none(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("did not sign; didn't sign; won’t sign; 没有签署; 署名しない; nicht unterzeichnen", ["not sign"]),
        ("no deal; without an agreement; keine Einigung; 未达成协议; 合意に至らず; 합의하지 않았다", ["not agree"]),
        ("China und Japan einigten sich nicht", ["not agree"]),
        ("drops its 100% tariff; verzichtet auf Zölle; no tariff; 不会加征关税", ["not impose"]),
        ("China denies it; Peking dementiert; 外交部否认; 否定した; 부인했다", ["denies"]),
        ("refuses to go; lehnt ab; 拒绝; 拒否; 거부", ["refuses"]),
        ("will not blink", ["not blink"]),
        ("he says 'no deal'; \"no deal\"; “no deal”; 'no deal' it is; „kein Abkommen“", ["not agree"]),
        ("央行不会购入", ["not 购入"]),
        ("not only tariffs; nicht nur Zölle; 不仅; 不少; 不断; no doubt; nothing but", []),
        ("did not immediately respond; has not commented; could not be reached", []),
        ("not 5 but 6; not.", []),
        ("prices drop after the deal", []),
        ("did not reject it; 从未拒绝对话", ["not reject"]),
        ("問題はない; 문제없다", []),
        ("noted, Nichte, denim, knot", []),
        ("no rain; kein Regen; nicht heute", []),
        ("法案を否定的に見る", []),
    ],
)  # fmt: skip
def test_a_negation_is_what_it_denies_in_every_language(text: str, expected: list[str]) -> None:
    assert [fact.value for fact in stated(text) if fact.kind == "negations"] == expected * len(text.split(";")) or list(
        facts(text).negations
    ) == expected


def test_what_stands_in_the_body_alone_is_background_and_so_is_a_negation_outside_the_title() -> None:
    found = facts("No deal, 5% tariff", "7 ships did not sail", "9 ships, 5% again, no deal")

    assert found.numbers == ("7", "9")
    assert found.background == ("negations not sail", "numbers 9")


def test_a_fact_has_its_place_in_the_text() -> None:
    text = "İ sold ２５％ for $1.5 billion, won’t sign"

    assert [text[fact.start : fact.end] for fact in stated(text)] == ["２５％", "$1.5 billion", "won’t sign"]
    assert len(comparable(text)) == len(text)


def test_a_text_states_64_facts_at_most_and_money_comes_first() -> None:
    found = told(" ".join(map(str, range(100))) + " $5 and 25%")
    assert len(found) == FACTS
    assert found[:2] == ["money USD 5", "percentages 25"]


def test_figures_far_from_each_other_do_not_melt() -> None:
    assert facts("5 " + "word " * 20 + "million").numbers == ("5",)
    assert facts("May " + "word " * 20 + "5").dates == ()


def test_a_text_of_nothing_but_figures_or_denials_is_read_to_its_thousandth() -> None:
    assert facts("7 " * 999 + "$5 ").money == ("USD 5",)
    assert facts("7 " * 1_000 + "$5").money == ()
    assert facts("not only " * 1_000 + "not sign").negations == ()
    assert facts("(1=1) " * 300).numbers == ("1",)
