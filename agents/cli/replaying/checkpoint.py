"""The checkpoint that a replay begins at: the newest complete one before its first match."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.alert import AlertStage
from agents.cli.replaying.reading import Reader, Times, opened, told
from agents.metrics import new_metrics
from config.settings import Settings
from streams.errors import ConfigurationError, PoisonError
from streams.stories.checkpoint import Checkpoint, CheckpointHead
from streams.topics import CHECKPOINTS


@dataclass(slots=True)
class Kept:
    """Where the parts of one checkpoint are; the first writing of each counts, as a second one is equal."""

    head: CheckpointHead
    parts: int = 0
    offsets: dict[int, int] = field(default_factory=dict)

    def add(self, head: CheckpointHead, offset: int) -> None:
        """Take in where a part is."""
        self.parts = head.parts or self.parts
        self.offsets.setdefault(head.part, offset)

    @property
    def complete(self) -> bool:
        """Return whether every part is there."""
        return self.parts > 0 and self.offsets.keys() == set(range(self.parts))


async def resumed(settings: Settings, *, begin: int, first: int, times: Times) -> tuple[int, AlertStage]:
    """Return the offset on `matches` to replay from, and the alert stage as it was before that match.

    `begin` is the first offset that `matches` holds, `first` that of the first match in the times.
    Raises: ConfigurationError, with the cure, when no state is known that early.
    """
    stage = AlertStage(new_metrics())
    stage.begin(0)
    async with opened(settings, CHECKPOINTS) as reader:
        complete = [one for one in (await _kept(reader)).values() if one.complete and one.head.matches_offset >= begin]
        chosen = max(
            (one for one in complete if one.head.matches_offset <= first),
            key=lambda one: one.head.matches_offset,
            default=None,
        )
        if chosen is not None:
            await _resume(stage, reader, chosen.offsets)
            return chosen.head.matches_offset, stage
    if begin == 0:
        return 0, stage
    raise ConfigurationError(_cure(complete, times))


async def _kept(reader: Reader) -> Mapping[tuple[str, int], Kept]:
    kept: dict[tuple[str, int], Kept] = {}
    async for record in reader.records(await reader.begins(), await reader.ends()):
        try:
            head = CheckpointHead.from_json(record.value, schema=record.schema)
        except PoisonError:
            continue
        kept.setdefault((told(head.at), head.matches_offset), Kept(head)).add(head, record.offset)
    return kept


async def _resume(stage: AlertStage, reader: Reader, offsets: Mapping[int, int]) -> None:
    wanted = set(offsets.values())
    async for record in reader.records({0: min(wanted)}, {0: max(wanted) + 1}):
        if record.offset in wanted:
            stage.resume(Checkpoint.from_json(record.value, schema=record.schema))


def _cure(complete: list[Kept], times: Times) -> str:
    why = f"the alert stage's state before {told(times.begin)} is not known"
    if not complete:
        return f"{why}, as there is no complete checkpoint yet: one is written with the first match of each UTC day"
    oldest = min(complete, key=lambda one: one.head.matches_offset)
    return f"{why}: give --from {told(oldest.head.at)}, of which the oldest checkpoint is, or later"
