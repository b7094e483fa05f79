from itertools import pairwise

import pytest

from streams.stories.terms import terms_of


def test_words_of_the_title_weigh_twice_those_of_the_lead_and_names_more() -> None:
    terms = terms_of("tariffs on China rise again today", "tariffs hurt soybeans", [])

    assert terms["tariffs"] == 1.0
    assert terms["soybeans"] == 0.5
    assert terms["china"] == pytest.approx(1.6)


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
