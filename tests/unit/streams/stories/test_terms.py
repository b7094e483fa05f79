from itertools import pairwise

import pytest

from streams.stories import terms as module
from streams.stories.terms import terms_of


def test_words_of_the_title_weigh_more_than_those_of_the_lead_and_names_most() -> None:
    terms = terms_of("tariffs on China rise again today", "tariffs hurt wheat", ["china"])

    assert terms["tariff"] == 1.0
    assert terms["wheat"] == 0.7
    assert terms["china"] == pytest.approx(1.6)
    assert terms["@china"] == 1.6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("tariffs", "tariff", id="a plural"),
        pytest.param("negotiating", "negotiations", id="another form"),
        pytest.param("Verhandlungen", "Verhandlung", id="German"),
        pytest.param("тарифы", "тарифы", id="Russian"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert list(terms_of(one, "", [])) == list(terms_of(other, "", []))


@pytest.mark.parametrize(
    ("word", "term"),
    [
        pytest.param("gas", "gas", id="a short word keeps its s"),
        pytest.param("congress", "congre", id="a double s is no plural"),
        pytest.param("1000000", "1000000", id="a figure is never cut"),
        pytest.param("q4results", "q4results", id="nor is what holds a digit"),
    ],
)
def test_what_is_no_plural_stays(word: str, term: str) -> None:
    assert list(terms_of(word, "", [])) == [term]


def test_a_script_without_spaces_becomes_pairs_and_a_long_run_ends() -> None:
    assert len(terms_of("ภาษีนำเข้า", "", [])) > 3
    assert len(terms_of("ก" + "ขค" * 5_000, "", [])) < 10


def test_the_words_of_an_entity_count_as_the_entity_alone() -> None:
    terms = terms_of("China and the United States trade", "", ["china", "united_states"], ["China", "United States"])

    assert terms == {"trade": 1.0, "@china": 1.6, "@united_states": 1.6}


def test_in_a_title_of_capitals_a_capital_is_no_name() -> None:
    assert terms_of("China Halts Rare Earths Exports", "", [])["china"] == 1.0


def test_an_entity_is_the_same_term_in_every_language() -> None:
    english = terms_of("China halts exports", "", ["china", "rare_earths"])
    chinese = terms_of("中国暂停稀土出口", "", ["china", "rare_earths"])

    assert {"@china", "@rare_earths"} <= set(english) & set(chinese)


def test_chinese_becomes_pairs_of_characters() -> None:
    assert list(terms_of("稀土出口", "", [])) == ["".join(pair) for pair in pairwise("稀土出口")]
    assert list(terms_of("税", "", [])) == ["税"]


def test_function_words_and_width_do_not_count() -> None:
    assert list(terms_of("\uff34\uff41\uff58 of the year", "", [])) == ["tax", "year"]


def test_nothing_gives_no_terms() -> None:
    assert terms_of("", "", []) == {}


@pytest.mark.parametrize("mark", [chr(code) for code in range(128)])
def test_an_ascii_text_is_read_as_any_other(mark: str) -> None:
    title = f"Oil{mark}gas {mark}Tin 7{mark}5"

    plain, wide = terms_of(title, "", []), terms_of(f"{title} \u0416", "", [])

    assert list(plain) == [term for term in wide if term != "\u0436"]


def test_what_was_forgotten_for_want_of_room_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_WORDS", 3)
    monkeypatch.setattr(module, "_READ", module._Words())
    title = "Oil prices fall while gas and tin rise"

    twice = [terms_of(title, "", []) for _ in range(2)]

    assert list(twice[0]) == list(twice[1]) == ["oil", "price", "fall", "while", "gas", "tin", "rise"]
    assert len(module._READ) <= 3
