import pytest

from streams.text.language import detect


@pytest.mark.parametrize(
    ("text", "language", "how"),
    [
        pytest.param("中国扩大稀土出口管制", "zh", "script", id="Han is Chinese"),
        pytest.param("米国、関税の発動を延期", "ja", "script", id="Han with kana is Japanese"),
        pytest.param("희토류 수출 통제", "ko", "script", id="hangul is Korean"),
        pytest.param("ภาษีศุลกากร", "th", "script", id="Thai"),
        pytest.param("Δασμοί", "el", "script", id="Greek"),
        pytest.param("China tightens rare earth export licences", "en", "detector", id="English"),
        pytest.param("Trump kündigt neue Zölle auf Stahl aus Europa an", "de", "detector", id="German"),
        pytest.param("Трамп вводит новые пошлины на сталь", "ru", "detector", id="Russian"),
        pytest.param(
            "Apple and Samsung のニュース of the week in technology", "en", "detector", id="English with a kana word"
        ),
        pytest.param("25% – 30%", "und", "none", id="no letters, no language"),
        pytest.param("", "und", "none", id="nothing"),
    ],
)
def test_the_script_tells_the_language_and_else_the_detector(text: str, language: str, how: str) -> None:
    assert detect(text) == (language, how)


def test_an_unpaired_surrogate_stops_nobody() -> None:
    assert detect("The tariffs on steel \ud800 and the talks go on") == ("en", "detector")
