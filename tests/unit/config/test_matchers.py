import pytest

from config.matchers import parse_labels, parse_matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('topic="trade"', ("topic", "=", "trade"), id="equal"),
        pytest.param("topic!=trade", ("topic", "!=", "trade"), id="without quotes"),
        pytest.param(' urgency =~ "flash|urgent" ', ("urgency", "=~", "flash|urgent"), id="a pattern"),
        pytest.param('source!~"a\\"b"', ("source", "!~", 'a"b'), id="an escaped quote"),
        pytest.param('source=~"a\\.b"', ("source", "=~", "a\\.b"), id="a pattern's own backslash"),
        pytest.param('topic=""', ("topic", "=", ""), id="absent"),
    ],
)
def test_conditions_are_read(text: str, expected: tuple[str, str, str]) -> None:
    matcher = parse_matcher(text)
    assert (matcher.label, matcher.op, matcher.value) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("topic", "not a condition: topic", id="no operator"),
        pytest.param('1a="x"', "not a condition", id="no label"),
        pytest.param('topic="a" topic="b"', "not a condition", id="two in one"),
        pytest.param('urgency="flsh"', r'never "flsh" \(did you mean flash\?\)', id="no urgency"),
        pytest.param('a=~"("', "is no regular expression", id="no pattern"),
        pytest.param('a=~"(x+)+"', "repeats a repetition", id="a pattern that never ends"),
        pytest.param(f'a=~"{"x" * 1_001}"', "is too long", id="a long pattern"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_matcher(text)


def test_labels_are_read_from_a_line() -> None:
    assert parse_labels("rule=rare-earths, topic=trade,,urgency=flash") == {
        "rule": "rare-earths",
        "topic": "trade",
        "urgency": "flash",
    }


def test_a_part_that_is_no_label_is_named() -> None:
    with pytest.raises(ValueError, match='"flash" is no label'):
        parse_labels("topic=trade,flash")
