import pytest

from streams.text.fold import fold


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        pytest.param("Tariff", "tariff", id="ASCII loses its case"),
        pytest.param("Zölle", "zolle", id="Latin letters lose their accents"),
        pytest.param("Zo\u0308lle", "zolle", id="so do letters with the accent behind them"),
        pytest.param("Straße", "strasse", id="sharp s is two letters"),
        pytest.param("Трамп", "трамп", id="Cyrillic loses its case"),
        pytest.param("йод", "йод", id="Cyrillic keeps its marks"),
        pytest.param("हिन्दी", "हिन्दी", id="Devanagari keeps its vowels"),
        pytest.param("ガ", "ガ", id="kana keeps its voicing"),
        pytest.param("관세", "관세", id="hangul stays composed"),
        pytest.param("貝", "贝", id="a traditional character counts as its simplified one"),
        pytest.param("\uf90a", "金", id="a compatibility character as its own"),
    ],
)
def test_words_are_compared_without_case_and_latin_accents(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_folding_twice_changes_nothing_more() -> None:
    assert all(fold(fold(word)) == fold(word) for word in ("İstanbul", "ǅ", "ﬁn", "Ÿ"))
