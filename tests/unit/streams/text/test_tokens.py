import pytest

from streams.text.tokens import LONGEST_RUN, is_wide, tokenise


def words(text: str) -> list[str]:
    return [token.word for token in tokenise(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("China's tariffs", ["China", "tariffs"], id="a possessive is no part of the word"),
        pytest.param("China’s TRUMP’S", ["China", "TRUMP"], id="nor is a curly one"),
        pytest.param("腾讯's 網路’s ソニー's 삼성's", list("腾讯網路ソニー삼성"), id="nor one behind another script"),
        pytest.param("don't", ["don", "t"], id="another apostrophe splits"),
        pytest.param("'s it's_x", ["s", "it", "s", "x"], id="s alone is a word"),
        pytest.param("U.S.-led", ["U", "S", "led"], id="full stops and hyphens split"),
        pytest.param("snake_case", ["snake", "case"], id="so do underscores"),
        pytest.param("G20 25%", ["G20", "25"], id="letters and digits run together"),
        pytest.param("稀土の", ["稀", "土", "の"], id="each Han and kana character is a word"),
        pytest.param("희토류", ["희", "토", "류"], id="each hangul syllable is a word"),
        pytest.param("\u1112\u1174", ["희"], id="jamo are composed"),
        pytest.param("ﾍﾞｾﾝﾄ", ["ベ", "セ", "ン", "ト"], id="half-width kana becomes full-width"),
        pytest.param("ＵＳＡ’s １０", ["USA", "10"], id="full-width letters and digits become narrow"),
        pytest.param("中国China経済", ["中", "国", "China", "経", "済"], id="scripts split from each other"),
        pytest.param("Zo\u0308lle", ["Zölle"], id="a word is in NFC"),
        pytest.param("ta\u00adriffs", ["tariffs"], id="a soft hyphen is no part of a word"),
        pytest.param("葛\U000e0100城", ["葛", "城"], id="a variation selector is no part of a character"),
        pytest.param("हिन्दी शुल्क", ["हिन्दी", "शुल्क"], id="vowel signs are part of a word"),
        pytest.param("\u0301\u0302 \ud800 … 🙂", [], id="marks, surrogates and signs are no words"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_text_is_read_as_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_knows_its_place_in_the_original_text() -> None:
    text = "“Zo\u0308lle” – Ｔrump’s 稀土"
    assert [text[token.start : token.end] for token in tokenise(text)] == ["Zo\u0308lle", "Ｔrump", "稀", "土"]


@pytest.mark.parametrize(
    ("text", "tickers"),
    [
        pytest.param("$NVDA rose", ["$NVDA"], id="a dollar sign before letters"),
        pytest.param("($tsm)", ["$tsm"], id="in lower case"),
        pytest.param("$5bn and US$bn", [], id="money is none"),
        pytest.param("$TOOLONG $A1", [], id="nor is a longer word, or one with digits"),
        pytest.param("NVDA", [], id="nor is a bare word"),
    ],
)
def test_a_dollar_sign_makes_a_ticker(text: str, tickers: list[str]) -> None:
    assert [text[token.start : token.end] for token in tokenise(text) if token.ticker] == tickers


def test_a_run_without_end_becomes_several_words() -> None:
    assert [len(word) for word in words("a" * (2 * LONGEST_RUN + 1))] == [LONGEST_RUN, LONGEST_RUN, 1]
    assert [len(word) for word in words("é" * (LONGEST_RUN + 1))] == [LONGEST_RUN, 1]


def test_only_characters_that_stand_alone_are_wide() -> None:
    assert [is_wide(term) for term in ("稀", "ト", "희", "tariff", "пошлины", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
