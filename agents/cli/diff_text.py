"""Differences and versions of rules as people read them: each field on lines of its own, old before new."""

from collections.abc import Iterator

from pydantic import JsonValue

from agents.cli.diff_rules import Difference, FieldChange, Plan
from agents.cli.output import styled
from agents.cli.sheet import heading, lines
from streams.routing.render_text import plain

STYLES = {"-": "bad", "+": "good"}
WORDS = {"new": "new", "change": "changed", "delete": "deleted", "foreign": "refused", "broken": "broken"}
MOST_USERS = 8


def plan_lines(plan: Plan, *, room: int | None) -> Iterator[str]:
    """Yield what an apply would do, one paragraph a difference, and what it would leave as it is."""
    for found in plan.differences:
        yield heading(f"{WORDS[found.what]} {found.kind} {found.id}{_version(found)}")
        if found.why:
            yield from lines("", found.why, room=room, styled=False)
        if found.used_by and found.kind != "rule":
            yield from lines("named by", named(found.used_by), room=room, styled=False)
        if found.what != "delete":
            for change in found.fields:
                yield from field_lines(change, room=room)
    yield f"{len(plan.differences)} differences, {plan.kept} kept as they are"


def _version(found: Difference) -> str:
    return f" (live since {found.before.made_at:%Y-%m-%d %H:%M} UTC, by {found.before.author})" if found.before else ""


def named(rules: tuple[str, ...]) -> str:
    """Return the names of rules, the first of many."""
    more = f" and {len(rules) - MOST_USERS} more" if len(rules) > MOST_USERS else ""
    return f"{'rule' if len(rules) == 1 else 'rules'} {', '.join(rules[:MOST_USERS])}{more}"


def field_lines(change: FieldChange, *, room: int | None) -> Iterator[str]:
    """Yield a field's name, and what went and came; of lists the members that differ, of a new one all in a row."""
    old, new = _members(change.old), _members(change.new)
    gone = [one for one in old if one not in new]
    come = [one for one in new if one not in old]
    if not old and len(come) > 1:
        come = ["; ".join(come)]
    yield f"  {plain(change.field)}{'' if gone or come else ': in another order'}"
    for sign, members in (("-", gone), ("+", come)):
        for member in members:
            for number, line in enumerate(lines("", member, room=room, styled=False)):
                yield styled(f"    {' ' if number else sign} {line.strip()}", STYLES[sign])


def _members(value: JsonValue) -> list[str]:
    if value is None:
        return []
    return [_said(one) for one in value] if isinstance(value, list) else [_said(value)]


def _said(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_said(one)}" for name, one in value.items())
    return " ".join(map(_said, value)) if isinstance(value, list) else " ".join(str(value).split())
