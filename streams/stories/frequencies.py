"""Document frequencies: how common a term is. They change only when the event time enters a new hour."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import accumulate
from math import log

from streams.stories.story import TermCounts

MOST_TERMS = 30_000  # about 600 kB as a record, below the topic's limit
MOST_DOCUMENTS = 100_000  # then every count is halved, so that old news weighs less
MOST_PENDING = 20_000  # documents of one hour; then they count, though the hour has not ended
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Frequencies:
    """The counts that are in force during one hour; a value that never changes."""

    def __init__(self, hour: datetime = BEGINNING, documents: int = 0, counts: Mapping[str, int] | None = None) -> None:
        self.hour = hour
        self.documents = documents
        self.counts = counts or {}
        self._weights = _Weights(documents)

    @classmethod
    def of(cls, record: TermCounts) -> "Frequencies":
        """Return the frequencies that a record holds."""
        return cls(record.hour, record.documents, record.counts)

    def to_record(self, offset: int) -> TermCounts:
        """Return the record for `stories`; the match at `offset` is the first that is not counted.

        It is built without a check, which would look at 30,000 numbers of our own making for 5 ms.
        """
        return TermCounts.model_construct(
            hour=self.hour, documents=self.documents, counts=self.counts, matches_offset=offset
        )

    def weight(self, term: str) -> float:
        """Return the squared inverse document frequency, 1 for a term that every article holds, more for a rare one.

        Squared, because an article of a lead holds thirty words that tell nothing, and together they outweigh a name.
        """
        return self._weights[self.counts.get(term, 0)]

    def weighed(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Return each term's weight times its inverse document frequency, in the order of the terms."""
        weights, count = self._weights, self.counts.get
        return {term: given * weights[count(term, 0)] for term, given in terms.items()}

    def share(self, term: str) -> float:
        """Return the share of articles that hold the term, 0 to 1."""
        return self.counts.get(term, 0) / max(1, self.documents)

    def entered(self, hour: datetime, pending: Mapping[str, int], documents: int) -> "Frequencies":
        """Return the frequencies of a new hour, with what was counted since the last one.

        Terms stand in the order in which hours brought them, those of one hour by name: so a record's bytes tell
        nothing of the order of articles, and an hour costs what it brings. Beyond 30,000 the rarest counts go.
        """
        total = self.documents + documents
        counts = dict(self.counts)
        counts |= dict.fromkeys(sorted([term for term in pending if term not in counts]), 0)
        for term, count in pending.items():
            counts[term] += count
        if total > MOST_DOCUMENTS:
            total, counts = total // 2, {term: count // 2 for term, count in counts.items() if count > 1}
        return Frequencies(hour, total, _commonest(counts))


class _Weights(dict[int, float]):
    """The weight of a term by its count, computed when it is first asked for: a count is that of many terms."""

    def __init__(self, documents: int) -> None:
        super().__init__()
        self._documents = documents

    def __missing__(self, count: int) -> float:
        rarity = 1.0 + log((1 + self._documents) / (1 + count))
        found = self[count] = rarity * rarity
        return found


def hour_of(moment: datetime) -> datetime:
    """Return the start of the hour (UTC) that the moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _commonest(counts: dict[str, int]) -> dict[str, int]:
    """Return the terms of the highest counts, 30,000 at most; of equal counts all go, or all stay."""
    if len(counts) <= MOST_TERMS:
        return counts
    by_count = sorted(Counter(counts.values()).items(), reverse=True)
    totals = accumulate(terms for _, terms in by_count)
    least = next(count for (count, _), total in zip(by_count, totals, strict=True) if total > MOST_TERMS)
    return {term: count for term, count in counts.items() if count > least}
