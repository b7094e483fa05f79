"""The alert stage over a log in memory, in the order of effects of agents.loops.batch, dying wherever it is told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from agents.alert import AlertStage
from agents.kafka import Incoming, Outgoing
from agents.metrics import Metrics
from streams.stories.checkpoint import Checkpoint
from streams.topics import ALERTS, CHECKPOINTS, STORIES
from tests.support.alerting import written

STAMPED_AT = datetime(2030, 1, 1, tzinfo=UTC)


def new_stage() -> AlertStage:
    """Return a stage that owns its partition and knows nothing."""
    stage = AlertStage(Metrics(CollectorRegistry()))
    stage.begin(0)
    return stage


@dataclass
class World:
    """What stands on the topics, and the stage of the moment. A world that is killed goes on with a new stage."""

    matches: Sequence[Incoming]
    batch: int = 1
    compacting: bool = False
    committed: int = 0
    alerts: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    checkpoints: list[Outgoing] = field(default_factory=list)
    states: list[Outgoing] = field(default_factory=list)
    stage: AlertStage = field(default_factory=new_stage)

    def live(self, effects: int | None = None) -> None:
        """Take what is not committed; die after so many effects, a commit being one, or live to the end."""
        left = float("inf") if effects is None else effects
        self.stage = self._restarted()
        while self.committed < len(self.matches):
            given = self.matches[self.committed : self.committed + self.batch]
            decisions = [self.stage.decide(record, stamped_at=STAMPED_AT) for record in given]
            outputs = [output for decision in decisions for output in decision.outputs]
            parts = [part for decision in decisions for part in decision.snapshot]
            states = [state for decision in decisions for state in decision.states]
            for effect in (*outputs, *parts, *states):
                if left < 1:
                    return
                self._take(effect)
                left -= 1
            if left < 1:
                return
            self.committed += len(given)
            left -= 1

    def checkpoint_values(self) -> dict[str, set[bytes]]:
        """Return the values of each part of each checkpoint."""
        found: dict[str, set[bytes]] = defaultdict(set)
        for part in self.checkpoints:
            assert part.value is not None
            found[name_of(part)].add(part.value)
        return found

    def memory(self) -> list[bytes]:
        """Return everything that the stage of the moment remembers, in its order."""
        memory = self.stage._memory
        records = (memory.counts, *memory.book.articles.values(), *memory.book.clusterer.stories.values())
        return [record.to_json() for record in records if record is not None]

    def _take(self, effect: Outgoing) -> None:
        if effect.topic is ALERTS:
            assert effect.value is not None
            self.alerts[name_of(effect)].add(effect.value)
        else:
            {CHECKPOINTS.name: self.checkpoints, STORIES.name: self.states}[effect.topic.name].append(effect)

    def _restarted(self) -> AlertStage:
        stage = new_stage()
        if self.compacting:
            self.states = compacted(self.states)
        for offset, state in enumerate(self.states):
            stage.restore(written(state, offset=offset))
        return stage


def name_of(output: Outgoing) -> str:
    """Return the id of an output with its event time: an article that comes again after a week has its old ids."""
    headers = dict(output.headers)
    return f"{headers['ce_id'].decode()} {headers['ce_time'].decode()}"


def compacted(states: Sequence[Outgoing]) -> list[Outgoing]:
    """Return the newest record of each key up to the last story; what follows is in the segment that is written to."""
    last = max((number for number, state in enumerate(states) if state.key.isalnum() and state.value), default=-1)
    newest = {state.key: number for number, state in enumerate(states[: last + 1])}
    return [*(states[number] for number in sorted(newest.values())), *states[last + 1 :]]


def replayed(parts: Iterable[Checkpoint], matches: Sequence[Incoming]) -> dict[str, set[bytes]]:
    """Return the alerts that a stage gives which resumes at a checkpoint, from its match on."""
    stage, alerts = new_stage(), dict[str, set[bytes]]()
    first = 0
    for part in parts:
        stage.resume(part)
        first = part.matches_offset
    for record in matches[first:]:
        for output in stage.decide(record, stamped_at=STAMPED_AT).outputs:
            assert output.value is not None
            alerts.setdefault(name_of(output), set()).add(output.value)
    return alerts
