from datetime import UTC, datetime

import pytest

from streams.audit import AuditEntry, holds, sealed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        entry = AuditEntry(
            writer="deliver-1", number=number, at=NOON, action="rule changed", subject=f"rule/{number}",
            previous_hash=entries[-1].hash if entries else "",
        )  # fmt: skip
        entries.append(sealed(entry))
    return entries


def verdicts(entries: list[AuditEntry]) -> list[bool]:
    return [holds(entry, after=before) for before, entry in zip([None, *entries], entries, strict=False)]


def test_an_unbroken_chain_holds() -> None:
    assert verdicts(chain(4)) == [True] * 4


def test_a_removed_entry_shows_at_the_next_one() -> None:
    one, _, three, _ = chain(4)
    assert verdicts([one, three]) == [True, False]


@pytest.mark.parametrize("field", ["subject", "action", "previous_hash", "hash"])
def test_an_edited_entry_shows(field: str) -> None:
    entries = chain(3)
    entries[1] = entries[1].model_copy(update={field: "edited"})
    assert verdicts(entries)[1] is False


def test_an_edit_that_is_sealed_again_shows_at_the_next_entry() -> None:
    entries = chain(3)
    entries[1] = sealed(entries[1].model_copy(update={"subject": "edited"}))
    assert verdicts(entries) == [True, True, False]
