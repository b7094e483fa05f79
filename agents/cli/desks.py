"""The desks that a command is about: those of the live routes, or the one that is named."""

from agents.apply import live_routes
from config.problems import did_you_mean
from config.settings import Settings
from streams.errors import ConfigurationError
from streams.routing.route import Desk
from streams.topics import Topic, desk_topic


async def live_desks(settings: Settings, named: str | None = None) -> list[Desk]:
    """Return the live desks by name, or the one that is named. Raises: ConfigurationError for a name of none."""
    version = await live_routes(settings)
    desks = dict(version.body.desks) if version else {}
    if named is not None and named not in desks:
        there = ", ".join(sorted(desks)) or "none"
        raise ConfigurationError(f'no desk "{named}" is live{did_you_mean(named, desks)}: there are {there}')
    return [desk for name, desk in sorted(desks.items()) if named in {None, name}]


async def desk_topics(settings: Settings, named: str | None = None) -> list[Topic]:
    """Return the topics of the live desks, or of the one that is named. Raises: ConfigurationError as `live_desks`."""
    return [desk_topic(desk.desk_id) for desk in await live_desks(settings, named)]
