"""One attempt at a receiver: what a channel is given."""

from dataclasses import dataclass

from streams.latency import Ledger
from streams.routing.notification import Delivery, Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A delivery with its latency ledger and the story's root message at this receiver, if there is one.

    `doubtful`: an earlier attempt may have arrived, so a receiver that can be asked is asked first. `members`: what a
    digest tells, in one message; empty for any other delivery.
    """

    delivery: Delivery
    ledger: Ledger
    thread: Thread | None = None
    doubtful: bool = False
    members: tuple[Delivery, ...] = ()
