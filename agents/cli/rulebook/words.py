"""Differences and versions of rules as people read them: each field on lines of its own, old before new."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from pydantic import JsonValue

from agents.cli.explaining.sheet import heading, lines
from agents.cli.output import styled
from agents.cli.rulebook.differences import Difference, FieldChange, Plan
from streams.routing.render_text import plain

STYLES = {"-": "bad", "+": "good"}
WORDS = {"new": "new", "change": "changed", "delete": "deleted", "foreign": "refused", "broken": "broken"}
MOST_USERS = 8
LONG = 100  # characters of a text that is shown whole
AROUND = 5


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
    """Yield a field's name, and what went and came; of lists the members that differ, of a new one all in a row.

    Of a long text that changed the words that did are shown, with those around them.
    """
    signed = list(_signed(_members(change.old), _members(change.new)))
    yield f"  {plain(change.field)}{'' if signed else ': in another order'}"
    for sign, text in signed:
        for number, line in enumerate(lines("", text, room=room, styled=False)):
            said = f"    {' ' if number else sign} {line.strip()}"
            yield styled(said, STYLES[sign]) if sign in STYLES else said


def _signed(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    gone = [one for one in old if one not in new]
    come = [one for one in new if one not in old]
    if len(gone) == len(come) == 1 and min(len(gone[0]), len(come[0])) > LONG:
        yield from _words(gone[0].split(), come[0].split())
        return
    yield from (("-", one) for one in gone)
    yield from (("+", one) for one in (["; ".join(come)] if come and not old else come))


def _words(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the words that went and came, and the five before and behind them."""
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        for tag, first, last, begin, end in group:
            if tag == "equal":
                before = "… " if first and first == group[0][1] else ""
                after = " …" if last < len(old) and last == group[-1][2] else ""
                yield " ", f"{before}{' '.join(old[first:last])}{after}"
                continue
            yield from (("-", " ".join(old[first:last])) for _ in range(last > first))
            yield from (("+", " ".join(new[begin:end])) for _ in range(end > begin))


def _members(value: JsonValue) -> list[str]:
    if value is None:
        return []
    return [_said(one) for one in value] if isinstance(value, list) else [_said(value)]


def _said(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_said(one)}" for name, one in value.items())
    return " ".join(map(_said, value)) if isinstance(value, list) else " ".join(str(value).split())
