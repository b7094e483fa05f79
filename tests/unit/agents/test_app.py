"""What every process does before its stages."""

import gc
from collections.abc import Iterator

import pytest

from agents.app import Process
from agents.collector import COLLECTED_AFTER
from config.settings import Settings


class WiredError(Exception):
    """The stages would come now."""


@pytest.fixture
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_collector")
async def test_a_process_has_the_collector_look_seldom_at_what_lives() -> None:
    async def wire(_: Process) -> None:
        raise WiredError

    with pytest.raises(WiredError):
        await Process(Settings(bootstrap=None, metrics_port=0)).run(wire)
    assert gc.get_threshold() == COLLECTED_AFTER
