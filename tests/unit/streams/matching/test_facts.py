import pytest

from streams.matching.facts import FACTS, every_fact, facts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1,500 and 1500 and 1.5 thousand", ["numbers 1500"], id="equal numbers are equal"),
        pytest.param("1,234.50 or 1.234,50", ["numbers 1234.5"], id="either mark for decimals"),
        pytest.param("0.5 and 0,125", ["numbers 0.5", "numbers 0.125"], id="decimals below one"),
        pytest.param("2.5 million, 2,5 Mio, 250万", ["numbers 2500000"], id="scales of several languages"),
        pytest.param("25%, 25 percent, 25 per cent, 25 Prozent, 百分之25", ["percentages 25"], id="percentages"),
        pytest.param("$1.5 billion, US$1.5bn, 15亿美元", ["money USD 1500000000"], id="dollars"),
        pytest.param("5 million euros, €5m, 5 Mio. Euro", ["money EUR 5000000"], id="euros"),
        pytest.param("300億円 and 5 yuan", ["money JPY 30000000000", "money CNY 5"], id="yen and yuan"),
        pytest.param("$0 and $007", ["money USD 0", "money USD 7"], id="zeros"),
        pytest.param("$1.2345678 million", ["money USD 1234567.8"], id="more decimals than the scale has zeros"),
        pytest.param(
            "October 26, 2025; 26 Oct 2025; 2025-10-26; 2025年10月26日; 26. Oktober 2025",
            ["dates 2025-10-26"],
            id="a day in five forms",
        ),
        pytest.param("on Oct. 5 and 5 May and 10月6日", ["dates 10-05", "dates 05-05", "dates 10-06"], id="no year"),
        pytest.param("2025-13-40", ["numbers 2025", "numbers 13", "numbers 40"], id="no day of any calendar"),
        pytest.param("did not sign", ["negations not sign"], id="a negation"),
        pytest.param("didn't sign, won’t sign", ["negations not sign"], id="a short one"),
        pytest.param("China denied it; 外交部否认", ["negations denied", "negations 否认"], id="a denial"),
        pytest.param("nothing here", [], id="no facts"),
        pytest.param("", [], id="no text"),
    ],
)  # fmt: skip
def test_equal_facts_are_equal_strings(text: str, expected: list[str]) -> None:
    assert list(every_fact(facts(text))) == expected


def test_a_text_states_64_facts_at_most_and_money_comes_first() -> None:
    found = list(every_fact(facts(" ".join(map(str, range(100))) + " $5 and 25%")))
    assert len(found) == FACTS
    assert found[:2] == ["money USD 5", "percentages 25"]


def test_figures_far_from_each_other_do_not_melt() -> None:
    assert facts("5 " + "word " * 20 + "million").numbers == ("5",)
    assert facts("May " + "word " * 20 + "5").dates == ()
