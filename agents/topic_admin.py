"""Topics at the broker against the catalogue: what differs, and how to make it so."""

from collections.abc import Sequence

from config.settings import Settings
from streams.topics import Topic


async def check_catalogue(settings: Settings, topics: Sequence[Topic]) -> None:
    """Return if every topic is there. Raises: ConfigurationError naming each that is not, and the cure."""
