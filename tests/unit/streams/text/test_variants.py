from itertools import pairwise

import pytest

from streams.text.fold import fold
from streams.text.tokens import tokenise
from streams.text.variants import variants
from tests.support.data import shared_data
from tests.support.matching import article, matcher, surfaces

LARGEST_CLASS = 5


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param("贝 貝", id="one to one"),
        pytest.param("关税 關稅", id="a word"),
        pytest.param("头发 頭髮", id="one simplified for two traditional ones, here hair"),
        pytest.param("发展 發展", id="and here growth"),
        pytest.param("干部 幹部", id="one for three, here cadre"),
        pytest.param("干燥 乾燥", id="and here dry"),
        pytest.param("后来 後來", id="one that traditional has as well, here later"),
        pytest.param("皇后 皇后", id="and here empress"),
        pytest.param("这里 這裡 這裏", id="two traditional forms"),
        pytest.param("台湾 台灣 臺灣", id="two of a place"),
        pytest.param("温州 溫州", id="a form of the mainland"),
        pytest.param("何立峰 何立峯", id="a print form of Hong Kong"),
        pytest.param("卫生 衛生 衞生", id="another one"),
        pytest.param("说明 說明 説明", id="unified twins"),
        pytest.param("公布 公佈", id="a form of usage"),
        pytest.param("关税 関税", id="a Japanese form that Chinese lists hold"),
    ],
)
def test_both_scripts_are_one_word(forms: str) -> None:
    assert len({tuple(token.term for token in tokenise(form)) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("經", "経", id="a Japanese form"),
        pytest.param("未", "末", id="two that look alike"),
        pytest.param("干", "千", id="two more"),
        pytest.param("里", "理", id="two that sound alike"),
    ],
)
def test_other_characters_stay_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_every_character_stands_in_one_class_and_no_class_chains_on() -> None:
    table = variants()
    assert not set(table) & set(table.values())
    sizes = dict.fromkeys(table.values(), 1)
    for target in table.values():
        sizes[target] += 1
    assert max(sizes.values()) == LARGEST_CLASS
    assert len(table) > 6_500


@pytest.mark.parametrize(
    "query", ["关税", "關稅", '"中国 关税"', '"中國 關稅"', "=關稅", "@tariffs", "中国 PRE/1 關稅"]
)
def test_a_rule_in_either_script_finds_both_and_marks_what_is_written(query: str) -> None:
    made = matcher({"r": query}, entities={"tariffs": {"names": {"zh": ["關稅"]}}})
    for body in ("今天中国关税", "今天中國關稅"):
        found = "".join(surfaces(made.match(article(body=body)), "r"))
        assert found in {body[2:], body[4:]}


def test_case_asks_for_the_character_as_written() -> None:
    made = matcher({"r": "CASE(貝森特)"})
    assert surfaces(made.match(article(body="貝森特 贝森特")), "r") == ["貝森特"]


@pytest.mark.corpus
def test_every_pair_of_the_development_table_is_one() -> None:
    lines = (shared_data("hard_text") / "hans_hant.tsv").read_text("utf-8").splitlines()[1:]
    pairs = [line.split("\t") for line in lines]
    assert [pair for pair in pairs if any(fold(one) != fold(other) for one, other in pairwise(pair))] == []
    assert len(pairs) > 6_000
