import pytest

from agents.cli.silences import unmet
from config.matchers import parse_matcher

RULES = {"chips": {"topic": "trade"}, "yen": {"topic": "currencies", "region": "asia"}}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        pytest.param('topic="trade"', [], id="a label of a rule"),
        pytest.param('topic="trades"', ['no live rule has topic="trades" (did you mean trade?)'], id="a value of none"),
        pytest.param('topc="trade"', ["no live rule has a label topc (did you mean topic?)"], id="a label of none"),
        pytest.param('rule="chip"', ['no live rule has rule="chip" (did you mean chips?)'], id="a rule's name"),
        pytest.param('topic="oil"', ['no live rule has topic="oil" (there are currencies, trade)'], id="what is there"),
        pytest.param('urgency="flash"', [], id="an urgency"),
        pytest.param('relation="copy"', [], id="a relation"),
        pytest.param('source="Anybody"', [], id="what an article brings along"),
        pytest.param('topic=~"trades?"', [], id="an expression"),
        pytest.param('topic!="trades"', [], id="what it must not be"),
    ],
)
def test_a_condition_that_no_alert_can_meet_is_named(condition: str, said: list[str]) -> None:
    assert list(unmet([parse_matcher(condition)], RULES)) == said
