from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from streams.audit import STOPPED, Action, AuditEntry, Chain, Fault, Verification, is_sealed, sealed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def action(number: int, what: str = "applied") -> Action:
    return Action(at=NOON, action=what, subject=f"rule/{number}", before=None, after={"version": number})


def chain(length: int, *, writer: str = "deliver/1/a") -> list[AuditEntry]:
    made = Chain(writer)
    return [made.add(action(number)) for number in range(1, length + 1)]


def verified(entries: Iterable[AuditEntry], *, from_the_start: bool = True) -> Verification:
    verification = Verification(from_the_start=from_the_start)
    for place, entry in enumerate(entries):
        verification.take(place, entry.to_json())
    return verification


def faults(entries: Iterable[AuditEntry], *, from_the_start: bool = True) -> list[tuple[int, str]]:
    found = verified(entries, from_the_start=from_the_start).findings
    return [(finding.place, finding.fault.value) for finding in found]


def test_an_unbroken_chain_holds() -> None:
    assert faults(chain(4)) == []


def test_writers_do_not_disturb_each_other() -> None:
    one, other = chain(3), chain(3, writer="deliver/2/b")
    assert faults([one[0], other[0], other[1], one[1], one[2], other[2]]) == []


def test_a_removed_entry_shows_at_the_next_one() -> None:
    one, two, three, four = chain(4)
    (found,) = verified([one, two, four]).findings
    assert (found.place, found.fault, found.detail) == (2, Fault.GAP, "3 is missing")
    (found,) = verified([one, four]).findings
    assert found.detail == "2 to 3 are missing"
    del three


@pytest.mark.parametrize(
    ("field", "value"),
    [("subject", "edited"), ("action", "edited"), ("user", "eve"), ("previous_hash", "edited"), ("hash", "edited")],
)
def test_an_edited_entry_shows(field: str, value: str) -> None:
    entries = chain(3)
    entries[1] = entries[1].model_copy(update={field: value})
    assert (1, "edited") in faults(entries)


@pytest.mark.parametrize(("field", "value"), [("number", 9), ("writer", "deliver/2/b")])
def test_an_entry_that_was_moved_by_an_edit_shows_and_nobody_is_measured_by_it(field: str, value: object) -> None:
    entries = chain(4)
    entries[1] = entries[1].model_copy(update={field: value})
    assert faults(entries) == [(1, "edited"), (2, "gap")]


def test_an_edit_that_is_sealed_again_shows_at_the_next_entry() -> None:
    entries = chain(3)
    entries[1] = sealed(entries[1].model_copy(update={"subject": "edited"}))
    assert faults(entries) == [(2, "replaced")]


def test_a_field_that_was_added_shows_though_nobody_reads_it() -> None:
    (entry,) = chain(1)
    value = entry.to_json().replace(b'"writer"', b'"note":"x","writer"')
    assert AuditEntry.from_json(value) == entry
    assert not is_sealed(value, entry)


def test_an_entry_of_a_newer_program_holds_with_what_this_one_does_not_know() -> None:
    (entry,) = chain(1)
    newer = entry.to_json().replace(b'"hash":', b'"place":"desk","hash":').replace(entry.hash.encode(), b"")
    seal = sealed_bytes(newer)
    assert is_sealed(seal, AuditEntry.from_json(seal))


def sealed_bytes(value: bytes) -> bytes:
    return value.removesuffix(b'"}') + sha256(value).hexdigest().encode() + b'"}'


def test_swapped_entries_show_both_places() -> None:
    one, two, three, four = chain(4)
    assert faults([one, three, two, four]) == [(1, "gap"), (2, "order")]


def test_a_number_that_says_two_things_shows() -> None:
    one, two, three = chain(3)
    other = sealed(two.model_copy(update={"subject": "edited"}))
    assert faults([one, two, other, three]) == [(2, "doubled")]


def test_a_copy_is_shown_and_is_no_break() -> None:
    one, two, three = chain(3)
    found = verified([one, two, one, two, three]).findings
    assert [(finding.place, finding.fault) for finding in found] == [(2, Fault.COPY), (3, Fault.COPY)]
    assert not any(finding.is_break for finding in found)


def test_a_chain_that_begins_late_is_broken_only_if_nothing_can_have_expired() -> None:
    assert faults(chain(3)[1:]) == [(0, "gap")]
    kept = verified(chain(3)[1:], from_the_start=False)
    assert (kept.findings, [seen.begins_late for seen in kept.chains.values()]) == ([], [True])


def test_an_earlier_number_behind_a_chain_that_began_late_is_out_of_order() -> None:
    one, two, three = chain(3)
    assert faults([two, three, one], from_the_start=False) == [(2, "order")]


@pytest.mark.parametrize("number", [0, -3, 1])
def test_what_is_no_beginning_does_not_pass_for_one(number: int) -> None:
    entry = sealed(chain(1)[0].model_copy(update={"number": number, "previous_hash": "x"}))
    assert faults([entry]) == [(0, "replaced")]


def test_a_chain_is_closed_by_its_last_entry_and_nothing_follows() -> None:
    made = Chain("deliver/1/a")
    entries = [made.add(action(1)), made.add(action(2, STOPPED))]
    (seen,) = verified(entries).chains.values()
    assert (seen.closed, seen.entries) == (True, 2)
    (seen,) = verified(entries[:1]).chains.values()
    assert not seen.closed
    assert faults([*entries, made.add(action(3))]) == [(2, "after_end")]


@pytest.mark.parametrize("value", [b"{", b"", b"[]", b'{"writer":"x"}', b"\xff", None])
def test_what_is_no_entry_shows_with_its_place(value: bytes | None) -> None:
    verification = Verification(from_the_start=True)
    verification.take(7, value)
    (found,) = verification.findings
    assert (found.place, found.fault, found.is_break) == (7, Fault.UNREADABLE, True)
