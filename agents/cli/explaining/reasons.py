"""A routing's reason, which goes rule by rule, in as few words as a person needs."""

import re
from collections.abc import Iterator

from streams.routing.told import Routing


def reasons(routing: Routing, *, rule: str | None = None) -> list[str]:
    """Return what was decided for which rules: those with equal words stand together, in the order of the reason.

    With `rule`, what was decided for that one, if the reason says it apart.
    """
    rules: dict[str, list[str]] = {}
    parts = list(_parts(routing))
    for name, why in [one for one in parts if one[0] == rule] or parts:
        rules.setdefault(why, []).append(name)
    return [f"{', '.join(names)}: {why}" for why, names in rules.items()] or [routing.reason]


def _parts(routing: Routing) -> Iterator[tuple[str, str]]:
    """Yield each rule with its words; a reason may hold the separator too, so the rules' names say where one begins."""
    names = "|".join(map(re.escape, sorted(routing.rules, key=len, reverse=True)))
    starts = list(re.finditer(rf"(?:^|; )({names}): ", routing.reason)) if names else []
    ends = [*(start.start() for start in starts[1:]), len(routing.reason)]
    for start, end in zip(starts, ends, strict=False):
        yield start[1], routing.reason[start.end() : end]
