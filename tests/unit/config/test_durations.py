import pytest

from config.durations import duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("250ms", 0.25, id="milliseconds"),
        pytest.param("15s", 15.0, id="seconds"),
        pytest.param("1.5h", 5400.0, id="a fraction"),
        pytest.param("1h30m", 5400.0, id="two units"),
        pytest.param("7d", 604_800.0, id="days"),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "s", "1w", "-1s", "1 s", "1s "])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration: write"):
        duration_s(text)
