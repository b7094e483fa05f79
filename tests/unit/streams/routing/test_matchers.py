import pytest

from streams.routing.matchers import holds, match_all
from streams.routing.route import Matcher

LABELS = {"topic": "trade", "urgency": "flash"}


@pytest.mark.parametrize(
    ("label", "op", "value", "expected"),
    [
        pytest.param("topic", "=", "trade", True, id="equal"),
        pytest.param("topic", "=", "tra", False, id="equal is whole"),
        pytest.param("topic", "!=", "trade", False, id="not equal"),
        pytest.param("topic", "!=", "fx", True, id="other value"),
        pytest.param("urgency", "=~", "flash|urgent", True, id="one of two"),
        pytest.param("topic", "=~", "tra", False, id="patterns are anchored"),
        pytest.param("topic", "!~", "tra.*", False, id="pattern that must not hold"),
        pytest.param("topic", "!~", "fx", True, id="pattern that does not hold"),
        pytest.param("region", "=", "", True, id="an absent label is empty"),
        pytest.param("region", "!=", "asia", True, id="an absent label is not asia"),
        pytest.param("topic", "=~", "(", False, id="a broken pattern holds for nothing"),
        pytest.param("topic", "!~", "(", False, id="nor does its opposite"),
    ],
)
def test_a_matcher_holds_as_alertmanagers_does(label: str, op: str, value: str, *, expected: bool) -> None:
    matcher = Matcher.model_validate({"label": label, "op": op, "value": value})

    assert holds(matcher, LABELS) is expected


def test_every_matcher_must_hold() -> None:
    trade, fx = (Matcher(label="topic", op="=", value=value) for value in ("trade", "fx"))

    assert match_all([], LABELS)
    assert match_all([trade], LABELS)
    assert not match_all([trade, fx], LABELS)
