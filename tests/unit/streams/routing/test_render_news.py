import pytest

from streams.alerts.alert import NewToken
from streams.routing.render_news import news_words
from tests.support.notices import alert, head


def token(kind: str, value: str) -> NewToken:
    return NewToken(value=value, kind=kind)


@pytest.mark.parametrize(
    ("title", "tokens", "line"),
    [
        pytest.param("Sum of $1.5 billion", [token("money", "USD 1500000000")], "$1.5 billion", id="money as written"),
        pytest.param("金额15亿美元", [token("money", "USD 1500000000")], "15亿美元", id="money in Chinese"),
        pytest.param("Tariff of 25 percent", [token("percentage", "25")], "25 percent", id="a percentage as written"),
        pytest.param("U.S. won't extend", [token("negation", "not extend")], "won't extend", id="a negation"),
        pytest.param("Talks on Oct. 30", [token("date", "10-30")], "Oct. 30", id="a date"),
        pytest.param("Adds 42 firms", [token("number", "42")], "42", id="a number"),
        pytest.param("Rates up 25 bps", [token("percentage", "25 bp")], "25 bps", id="points"),
        pytest.param("x", [token("entity", "china")], "@china", id="an entity has its mark"),
        pytest.param("x", [token("update", "2")], "update 2", id="the number of an update"),
        pytest.param("x", [token("percentage", "25")], "25%", id="a percentage of the body"),
        pytest.param("x", [token("percentage", "25 bp")], "25 bp", id="points of the body"),
        pytest.param("x", [token("percentage", "25 %")], "25 %", id="a percentage of an earlier version"),
        pytest.param("x", [token("number", "#20")], "20", id="an ordinal of the body"),
        pytest.param("x", [token("money", "USD 86000000000")], "USD 86 billion", id="billions of the body"),
        pytest.param("x", [token("money", "EUR 1250000.5")], "EUR 1.25 million", id="millions of the body"),
        pytest.param("x", [token("money", "JPY 3000000000000")], "JPY 3 trillion", id="trillions of the body"),
        pytest.param("x", [token("money", "USD 900000")], "USD 900000", id="small money"),
        pytest.param("x", [token("number", "1"), token("date", "1")], "1", id="the same twice"),
        pytest.param("x", [token("number", str(n)) for n in range(5)], "0, 1, 2, 2 more", id="many"),
        pytest.param("UPDATE 1-Adds 42 firms", [], "", id="nothing new"),
    ],
)
def test_what_is_new_stands_as_the_text_writes_it(title: str, tokens: list[NewToken], line: str) -> None:
    shown = alert(head=head(title=title, lead=""), spans=(), rules=(), whats_new=tuple(tokens))
    assert news_words(shown, 3) == line


def test_the_lead_gives_the_words_that_the_title_lacks() -> None:
    shown = alert(head=head(title="x", lead="It is up 3 percent"), whats_new=(token("percentage", "3"),))
    assert news_words(shown, 3) == "3 percent"
