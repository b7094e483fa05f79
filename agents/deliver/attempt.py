"""One attempt at a receiver: what a channel is given."""

from dataclasses import dataclass

from streams.latency import Ledger
from streams.routing.digest import MOST_ITEMS, Digest, digest_of
from streams.routing.notification import Delivery, Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A delivery with its latency ledger and the story's root message at this receiver, if there is one.

    `doubtful`: an earlier attempt may have arrived, so a receiver that can be asked is asked first. `members`: what a
    digest tells, in one message, `most_items` of them with their headline; empty for any other delivery.
    """

    delivery: Delivery
    ledger: Ledger
    thread: Thread | None = None
    doubtful: bool = False
    members: tuple[Delivery, ...] = ()
    most_items: int = MOST_ITEMS

    def digest(self) -> Digest:
        """Return the digest of the members."""
        return digest_of(self.members, most_items=self.most_items)
