"""Document frequencies: how common a term is. They change only when the event time enters a new hour."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import log

from streams.stories.story import TermCounts

MOST_TERMS = 30_000  # about 600 kB as a record, below the topic's limit
MOST_DOCUMENTS = 100_000  # then every count is halved, so that old news weighs less
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Frequencies:
    """The counts that are in force during one hour; a value that never changes."""

    def __init__(self, hour: datetime = BEGINNING, documents: int = 0, counts: Mapping[str, int] | None = None) -> None:
        self.hour = hour
        self.documents = documents
        self.counts = counts or {}
        self._weights: dict[str, float] = {}

    @classmethod
    def of(cls, record: TermCounts) -> "Frequencies":
        """Return the frequencies that a record holds."""
        return cls(record.hour, record.documents, record.counts)

    def to_record(self, offset: int) -> TermCounts:
        """Return the record for `stories`; the match at `offset` is the first that is not counted."""
        return TermCounts(hour=self.hour, documents=self.documents, counts=self.counts, matches_offset=offset)

    def weight(self, term: str) -> float:
        """Return the inverse document frequency, 1 for a term that every article holds, and more for a rare one."""
        found = self._weights.get(term)
        if found is None:
            found = self._weights[term] = 1.0 + log((1 + self.documents) / (1 + self.counts.get(term, 0)))
        return found

    def share(self, term: str) -> float:
        """Return the share of articles that hold the term, 0 to 1."""
        return self.counts.get(term, 0) / max(1, self.documents)

    def entered(self, hour: datetime, pending: Mapping[str, int], documents: int) -> "Frequencies":
        """Return the frequencies of a new hour, with what was counted since the last one."""
        total = self.documents + documents
        counts = dict(self.counts)
        for term, count in pending.items():
            counts[term] = counts.get(term, 0) + count
        if total > MOST_DOCUMENTS:
            total, counts = total // 2, {term: count // 2 for term, count in counts.items() if count > 1}
        return Frequencies(hour, total, _commonest(counts))


def hour_of(moment: datetime) -> datetime:
    """Return the start of the hour (UTC) that the moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _commonest(counts: dict[str, int]) -> dict[str, int]:
    """Return the commonest terms in the order of their names, so that a record's bytes tell nothing of its history."""
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
    return dict(sorted(kept))
