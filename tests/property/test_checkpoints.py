"""For any matches and any crashes, a stage that is restored decides as one that never died, byte for byte."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.kafka import Incoming
from streams.matching.match import Match
from streams.stories import clustering, frequencies
from streams.stories.checkpoint import Checkpoint
from tests.support.alerting import NOW, match, read_match
from tests.support.crashing_alerts import World, replayed

PAUSES = [timedelta(0), *(timedelta(hours=hours) for hours in (0.3, 1, 13, 30, 75, 170, 200))]


def told(article_id: str, kind: str, **fields: Any) -> Match:  # noqa: ANN401 - a match's fields
    """Return a match; a heartbeat and a feed's health have ids of their own, as the poller gives them."""
    return match(article_id if kind == "new" else f"{kind}-{article_id}", kind=kind, **fields)


articles = st.builds(
    told,
    article_id=st.integers(1, 7).map("a{}".format),
    revision=st.sampled_from(["1-0a0a0a0a", "2-0b0b0b0b"]),
    kind=st.sampled_from(["new", "new", "new", "new", "heartbeat", "health"]),
    title=st.sampled_from(["China halts rare earths exports", "China halts exports", "Floods in Bangladesh"]),
    language=st.sampled_from(["en", "zh"]),
    rules=st.lists(st.sampled_from(["r1", "r2"]), max_size=2, unique=True),
    entities=st.lists(st.sampled_from(["china", "us", "eu"]), max_size=3, unique=True),
    numbers=st.lists(st.sampled_from(["1", "2"]), max_size=1),
    publisher=st.sampled_from(["Reuters", "BBC"]),
    part=st.integers(0, 1),
    extra=st.fixed_dictionaries({"text_hash": st.sampled_from(["", "t1", "t2"])}),
)
streams = st.lists(st.tuples(articles, st.sampled_from(PAUSES)), min_size=1, max_size=25)
crashes = st.lists(st.integers(0, 30), max_size=5)


@pytest.fixture(autouse=True, scope="module")
def _small_limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clustering, "MOST_STORIES", 4)
        patch.setattr(frequencies, "MOST_DOCUMENTS", 8)
        yield


def records(stream: list[tuple[Match, timedelta]]) -> list[Incoming]:
    at, found = NOW, []
    for offset, (one, pause) in enumerate(stream):
        at += pause
        found.append(read_match(one, offset=offset, at=at))
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams, crashes, st.integers(1, 9), st.booleans())
def test_crashes_leave_no_trace(
    stream: list[tuple[Match, timedelta]], crashes: list[int], batch: int, compacting: bool
) -> None:
    matches = records(stream)
    whole, killed = World(matches), World(matches, batch=batch, compacting=compacting)
    whole.live()

    for effects in crashes:
        killed.live(effects)
    killed.live()

    assert killed.alerts == whole.alerts
    assert killed.checkpoint_values() == whole.checkpoint_values()
    assert killed.committed == len(matches)
    killed.live()  # a restart without a crash
    if killed.states:
        killed.stage._memory.settle()
        assert killed.memory() == whole.memory()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams)
def test_a_replay_from_any_checkpoint_gives_the_same_alerts(stream: list[tuple[Match, timedelta]]) -> None:
    matches = records(stream)
    whole = World(matches)
    whole.live()

    assert whole.checkpoints or not whole.states
    for part in whole.checkpoints:
        read = Checkpoint.from_json(part.value)
        before = World(matches[: read.matches_offset])
        before.live()
        made = replayed([read], matches)
        assert made == {name: values for name, values in whole.alerts.items() if name not in before.alerts}
