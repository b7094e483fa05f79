from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from agents.net.address_guard import connector
from tests.support.slack_desk import Desk, built
from tests.support.slack_emulator import SlackEmulator


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, slack: SlackEmulator) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession(connector=connector(slack.allow)) as session:
        yield Desk(built(tmp_path, slack, session), session)
