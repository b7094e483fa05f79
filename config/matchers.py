"""Conditions upon labels, as routes and silences write them: `topic="trade"`, `urgency=~"flash|urgent"`."""

import re
from collections.abc import Mapping

from config.problems import did_you_mean
from streams.alerts.alert import Relation
from streams.matching.rule import Urgency
from streams.routing.route import Matcher

MOST_PATTERN = 1_000
_MATCHER = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))\s*', re.DOTALL)
_REPEATED_REPEAT = re.compile(r"[+*}]\)\s*[+*{]")
KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "urgency": tuple(urgency.value for urgency in Urgency),
    "relation": tuple(relation.value for relation in Relation),
}


def parse_matcher(text: str) -> Matcher:
    """Return the condition that the text states.

    Raises: ValueError that says what is wrong and how it is written.
    """
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(f'not a condition: {text} (write label="value", or !=, =~, !~ for =)')
    label, op, quoted, bare = found.groups()
    value = bare if quoted is None else re.sub(r'\\(["\\])', r"\1", quoted)
    if op in ("=~", "!~"):
        _check_pattern(value)
    elif value not in KNOWN_VALUES.get(label, (value,)):
        choices = KNOWN_VALUES[label]
        raise ValueError(f'{label} is one of {", ".join(choices)}, never "{value}"{did_you_mean(value, choices)}')
    return Matcher.model_validate({"label": label, "op": op, "value": value})


def parse_labels(text: str) -> dict[str, str]:
    """Return the labels of a text such as `rule=rare-earths,topic=trade`.

    Raises: ValueError that names the part that is no label.
    """
    labels: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise ValueError(f'"{part}" is no label: write name=value, with commas between')
        labels[name.strip()] = value.strip()
    return labels


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as err:
        raise ValueError(f'"{pattern}" is no regular expression: {err}') from None
    if len(pattern) > MOST_PATTERN:
        raise ValueError(f"a pattern of {len(pattern)} characters is too long: {MOST_PATTERN} at most")
    if _REPEATED_REPEAT.search(pattern):
        raise ValueError(f'"{pattern}" repeats a repetition, which can take for ever: write a+ for (a+)+')
