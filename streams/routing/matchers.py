"""Matchers upon labels, as Alertmanager has them: a label that is absent is the empty string."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from streams.routing.route import Matcher

MOST_PATTERNS = 4_096


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether every matcher holds; no matchers hold always."""
    return all(holds(matcher, labels) for matcher in matchers)


def holds(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Return whether one matcher holds. A pattern that does not compile holds for nothing."""
    value = labels.get(matcher.label, "")
    if matcher.op in {"=", "!="}:
        return (value == matcher.value) is (matcher.op == "=")
    pattern = _compiled(matcher.value)
    return pattern is not None and (pattern.fullmatch(value) is not None) is (matcher.op == "=~")


@lru_cache(MOST_PATTERNS)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None  # config/ reports it with its place; here one bad matcher must not stop the others
