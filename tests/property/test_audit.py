"""Whatever is done to the middle of a chain, the verification finds it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import audit
from streams.audit import Action, AuditEntry, Chain, Verification, sealed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITERS = ("deliver/1/a", "deliver/2/b", "command/-/c")
LEAST = 4


@st.composite
def logs(draw: st.DrawFn) -> list[AuditEntry]:
    """Return the entries of up to three writers as they came in between each other, each with a few at least."""
    turns = draw(st.lists(st.sampled_from(WRITERS), max_size=12))
    turns = draw(st.permutations([*turns, *(writer for writer in set(turns) for _ in range(LEAST))]))
    chains = {writer: Chain(writer) for writer in WRITERS}
    afters = st.none() | st.text(max_size=5) | st.dictionaries(st.text(max_size=3), st.integers() | st.floats(width=32))
    return [
        chains[turn].add(Action(at=NOON, action=draw(st.text(max_size=5)), subject="x", after=draw(afters)))
        for turn in turns
    ]


def breaks(values: list[bytes], *, from_the_start: bool = True) -> int:
    verification = Verification(from_the_start=from_the_start)
    for place, value in enumerate(values):
        verification.take(place, value)
    return sum(finding.is_break for finding in verification.findings)


def middle(entries: list[AuditEntry], draw: st.DataObject) -> int:
    """Return the place of an entry that is neither the first nor the last of its writer."""
    numbers = {writer: [entry.number for entry in entries if entry.writer == writer] for writer in WRITERS}
    inner = [place for place, each in enumerate(entries) if 1 < each.number < numbers[each.writer][-1]]
    return draw.draw(st.sampled_from(inner))


@given(logs())
def test_what_nobody_touched_holds(entries: list[AuditEntry]) -> None:
    assert breaks([entry.to_json() for entry in entries]) == 0


@given(logs().filter(len), st.data())
def test_a_removal_in_the_middle_is_found(entries: list[AuditEntry], draw: st.DataObject) -> None:
    place = middle(entries, draw)
    values = [entry.to_json() for entry in entries]
    assert breaks(values[:place] + values[place + 1 :], from_the_start=False) > 0


@given(logs().filter(len), st.data())
def test_a_changed_byte_is_found_anywhere(entries: list[AuditEntry], draw: st.DataObject) -> None:
    values = [entry.to_json() for entry in entries]
    place = draw.draw(st.integers(0, len(values) - 1))
    value = bytearray(values[place])
    at = draw.draw(st.integers(0, len(value) - 1))
    value[at] ^= draw.draw(st.integers(1, 255))
    assert breaks([*values[:place], bytes(value), *values[place + 1 :]], from_the_start=False) > 0


@given(logs().filter(len), st.data())
def test_two_entries_of_a_writer_that_change_places_are_found(entries: list[AuditEntry], draw: st.DataObject) -> None:
    first = middle(entries, draw)
    own = [place for place, entry in enumerate(entries) if entry.writer == entries[first].writer and place != first]
    second = draw.draw(st.sampled_from(own))
    values = [entry.to_json() for entry in entries]
    values[first], values[second] = values[second], values[first]
    assert breaks(values, from_the_start=False) > 0


def rewritten(entries: list[AuditEntry], draw: st.DataObject) -> list[bytes]:
    """Return the log with an entry in the middle changed and sealed again by somebody who knows how."""
    place = middle(entries, draw)
    changed = sealed(entries[place].model_copy(update={"subject": "somebody else"}))
    return [each.to_json() for each in [*entries[:place], changed, *entries[place + 1 :]]]


@given(logs().filter(len), st.data())
def test_an_edit_that_is_sealed_again_is_found(entries: list[AuditEntry], draw: st.DataObject) -> None:
    assert breaks(rewritten(entries, draw), from_the_start=False) > 0


def test_without_the_previous_hash_an_edit_that_is_sealed_again_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutation: the property above fails if nobody looks at the hash before."""
    monkeypatch.setattr(audit, "follows", lambda _entry, _previous_hash: True)
    with pytest.raises(AssertionError):
        test_an_edit_that_is_sealed_again_is_found()
