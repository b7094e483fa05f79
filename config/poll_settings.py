"""The poller's settings that feeds.yaml may hold: they count where neither a flag nor a variable says otherwise."""

from config.feeds import FeedFile
from config.settings import Settings

NAMES = ("contact", "requests_per_second", "allow_addresses")


def from_file(settings: Settings, file: FeedFile) -> dict[str, object]:
    """Return the settings, by name, that the file decides."""
    held = {name: getattr(file, name) for name in NAMES}
    return {name: value for name, value in held.items() if value is not None and name not in settings.model_fields_set}


def with_file(settings: Settings, file: FeedFile) -> Settings:
    """Return the settings with what the file decides."""
    return settings.model_copy(update=from_file(settings, file))
