"""Dead letters whose records are written to their topics again: from the topic, or from the bytes that were kept."""

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from agents.audit import acted
from agents.cli.acting import act
from agents.cli.reading import Found, collect
from agents.cli.redriving import deliveries as redriving
from agents.cli.redriving.deliveries import Redrive, States
from agents.cli.states import all_states
from agents.dead_letters import written
from agents.deliver.effects import STAGE as DELIVER
from agents.deliver.effects import named_in
from agents.kafka import Incoming, Outgoing, partition
from agents.loops.follower import Reader
from config.settings import Settings
from streams.dead_letter import KEPT_BYTES, DeadLetter
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.topics import CATALOGUE, DEAD_LETTERS, Names, Topic

FROM_HEADER = "tocsin-redriven-from"
PAGE = 500  # dead letters whose bytes are held at a time: 64 kB each, and their records
Key = tuple[str, str, str]
KEY_HEADER = "ce_subject"  # which holds the key of every record that tocsin writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """One dead letter that somebody wants to be tried again.

    `output` is its record, `redrive` the delivery that is sent anew instead; else `why` says what stands in the way.
    `about` is the record's place or the delivery: several letters may be about one.
    """

    letter: DeadLetter
    about: str
    why: str = ""
    output: Outgoing | None = None
    ended: DeliveryState | None = None
    redrive: Redrive | None = None

    @property
    def possible(self) -> bool:
        """Return whether anything will be written."""
        return self.output is not None or (self.redrive is not None and self.redrive.delivery is not None)

    def row(self) -> dict[str, object]:
        """Return what is shown of it."""
        sent_as = self.redrive.delivery.delivery_id if self.redrive and self.redrive.delivery else None
        return {
            "origin": self.letter.origin,
            "stage": self.letter.stage,
            "reason": self.letter.reason.value,
            "to": self.output.topic.name if self.output else None,
            "delivery": sent_as,
            "why": self.why or (self.redrive.why if self.redrive else ""),
        }


@dataclass(slots=True)
class Originals:
    """The records that dead letters are of, where their topics still hold them."""

    found: dict[str, Incoming] = field(default_factory=dict)

    async def fetch(self, settings: Settings, letters: Iterable[DeadLetter], topics: Mapping[str, Topic]) -> None:
        """Read the one record of each letter; one that retention took is left out."""
        places: dict[Any, list[int]] = {}
        for letter in letters:
            if letter.topic in topics and letter.partition < topics[letter.topic].partitions:
                places.setdefault(partition(letter.topic, letter.partition), []).append(letter.offset)
        if not places:
            return
        async with Reader(settings, sorted(places)) as reader:
            begins, ends = await reader.begins(), await reader.ends()
        for place, offsets in places.items():
            async with Reader(settings, [place]) as reader:
                for offset in sorted(offset for offset in offsets if begins[place] <= offset < ends[place]):
                    reader.seek(place, offset)
                    await reader.read_to({place: offset + 1}, self._take)

    def _take(self, record: Incoming) -> None:
        self.found[f"{record.topic}/{record.partition}/{record.offset}"] = record


def newest(letters: Iterable[Found[DeadLetter]]) -> list[Found[DeadLetter]]:
    """Return the last copy of each dead letter, oldest first: one that was redriven says so in a later copy."""
    kept = {_key(found.record): found for found in letters}
    return sorted(kept.values(), key=lambda found: found.record.last_seen_at)


async def headings(settings: Settings) -> list[DeadLetter]:
    """Return the last copy of each dead letter without its bytes, in the order of their records."""
    kept: dict[Key, DeadLetter] = {}

    def take(letter: DeadLetter) -> bool:
        kept[_key(letter)] = letter.model_copy(update={"first_64k": "", "headers": ()})
        return False

    await collect(settings, DEAD_LETTERS, DeadLetter, take)
    return sorted(kept.values(), key=_place)


async def redrive(settings: Settings, wanted: Sequence[DeadLetter], *, dry_run: bool) -> list[dict[str, object]]:
    """Try each again that can be, page by page, so that one page's bytes are held at a time; return what is shown.

    `wanted` are headings, whose order keeps the letters of one record together: they come in one page.
    """
    of_deliver = any(letter.stage == DELIVER for letter in wanted)
    states = await all_states(settings) if of_deliver else {}
    rows: list[dict[str, object]] = []
    for page in _pages(wanted):
        keys = set(map(_key, page))
        letters = newest(await collect(settings, DEAD_LETTERS, DeadLetter, lambda letter: _key(letter) in keys))  # noqa: B023 - awaited within the turn
        planned = await plan(settings, [found.record for found in letters], states)
        if not dry_run:
            await perform(settings, planned)
        rows += [each.row() for each in planned]
    return rows


def _pages(wanted: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    page: list[DeadLetter] = []
    for _, letters in groupby(wanted, key=_place):
        page += letters
        if len(page) >= PAGE:
            yield page
            page = []
    if page:
        yield page


def _key(letter: DeadLetter) -> Key:
    return letter.origin, letter.stage, letter.reason.value


def _place(letter: DeadLetter) -> tuple[str, int, int]:
    return letter.topic, letter.partition, letter.offset


async def plan(settings: Settings, letters: Sequence[DeadLetter], states: States) -> list[Resend]:
    """Return what becomes of each, in the order of their records, if it is tried again now.

    A record with two letters is written once.
    """
    names = Names(settings.topic_prefix)
    topics = {names.of(topic): topic for topic in CATALOGUE}
    originals = Originals()
    await originals.fetch(settings, letters, topics)
    planned: list[Resend] = []
    taken: set[str] = set()
    for letter in sorted(letters, key=_place):
        kept = originals.found.get(letter.origin) or _kept(letter)
        first = _ended(letter, kept, states)
        about = first.delivery_id if first else letter.origin
        if about in taken:
            planned.append(Resend(letter=letter, about=about, why="it is tried once, for another of its letters"))
            continue
        taken.add(about)
        planned.append(_planned(letter, kept, first, topics, about=about))
    return await _with_redrives(settings, states, planned)


async def perform(settings: Settings, resends: Sequence[Resend]) -> None:
    """Write the records, and only then mark their letters: torn in between, one is written twice, and none is lost."""
    possible = [each for each in resends if each.possible]
    outputs = [each.output for each in possible if each.output]
    actions = [acted(settings, "redriven", f"dead-letter/{each.letter.origin}") for each in possible]
    await redriving.perform(settings, [each.redrive for each in possible if each.redrive])
    done, now = {each.about for each in possible}, datetime.now(UTC)
    marks = [written(each.letter.model_copy(update={"redriven_at": now})) for each in resends if each.about in done]
    await act(settings, actions, outputs, marks)


def _ended(letter: DeadLetter, record: Incoming | None, states: States) -> DeliveryState | None:
    """Return the final state of the delivery that the letter is about, of a redrive that of the first; else None."""
    delivery = named_in(record) if letter.stage == DELIVER and record else None
    state = states.get(delivery[0]) if delivery else None
    if state is None or not state.state.final:
        return None
    return states.get(state.redrive_of, state) if state.redrive_of else state


def _planned(
    letter: DeadLetter,
    record: Incoming | None,
    ended: DeliveryState | None,
    topics: Mapping[str, Topic],
    *,
    about: str,
) -> Resend:
    topic = topics.get(letter.topic)
    if letter.redriven_at is not None:
        return Resend(letter=letter, about=about, why=f"it was redriven at {letter.redriven_at:%Y-%m-%d %H:%M} UTC")
    if topic is None:
        return Resend(letter=letter, about=about, why=f"{letter.topic} is no topic of this installation")
    if topic.compact:
        return Resend(
            letter=letter, about=about, why=f"{letter.topic} holds the newest of each key, which this may not be: apply"
        )
    if ended is not None:
        dead = ended.state is DeliveryStatus.DEAD
        return Resend(
            letter=letter, about=about, why="" if dead else f"{ended.delivery_id} is {ended.state} by now", ended=ended
        )
    if record is None:
        return Resend(letter=letter, about=about, why=_why_gone(letter))
    headers = (*(each for each in record.headers if each[0] != FROM_HEADER), (FROM_HEADER, letter.origin.encode()))
    output = Outgoing(topic=topic, partition=letter.partition, key=record.key, value=record.value, headers=headers)
    return Resend(letter=letter, about=about, output=output)


async def _with_redrives(settings: Settings, states: States, planned: Sequence[Resend]) -> list[Resend]:
    """Return the same, with the delivery that is sent anew for each whose delivery is dead: the ledger holds it."""
    dead = [each.ended for each in planned if each.ended and not each.why]
    found = {each.state.delivery_id: each for each in await redriving.plan(settings, states, dead)} if dead else {}
    return [
        replace(each, redrive=found[each.ended.delivery_id]) if each.ended and not each.why else each
        for each in planned
    ]


def _kept(letter: DeadLetter) -> Incoming | None:
    """Return the record as far as the letter kept it; None if bytes or key are lacking."""
    headers = tuple(_headers(letter))
    key = dict(headers).get(KEY_HEADER)
    if letter.size_bytes > KEPT_BYTES or key is None:
        return None
    return Incoming(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        key=key.decode("utf-8", "replace"),
        value=b64decode(letter.first_64k) or None,
        headers=headers,
        appended_at=letter.first_seen_at,
    )


def _headers(letter: DeadLetter) -> Iterator[tuple[str, bytes]]:
    return ((name, b64decode(value)) for name, value in letter.headers)


def _why_gone(letter: DeadLetter) -> str:
    gone = f"{letter.topic} does not hold it any more"
    if letter.size_bytes > KEPT_BYTES:
        return f"{gone}, and the letter kept {KEPT_BYTES:,} of its {letter.size_bytes:,} bytes"
    return f"{gone}, and the letter does not hold its key"
