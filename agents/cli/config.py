"""`tocsin config`: check all files at once; show every setting and where it comes from."""

from pydantic import SecretStr

from agents.cli.options import Json, with_origins, with_settings
from agents.cli.output import print_json, print_rows
from config import entities, feeds, routes, rules
from config.ambiguity import ambiguities
from config.feeds import load_feeds, read_feeds
from config.poll_settings import from_file
from config.routes import read_routes
from config.rules import read_all
from config.settings import Settings, origin
from config.yaml_source import load_file, unread_files
from streams.errors import ConfigurationError


@with_settings
def check(settings: Settings, *, json: Json = False) -> None:
    """Check feeds, entities, rules and routes together.

    Every problem is shown with its place and its cure.
    """
    folder = settings.config_dir
    route_root, feed_root = load_file(folder, routes.FILE), load_file(folder, feeds.FILE)
    entity_root, rule_root = load_file(folder, entities.FILE), load_file(folder, rules.FILE)
    found_routes = read_routes(route_root)
    desks = None if route_root.source.problems else found_routes.desks
    entries = read_all(entity_root, rule_root, desks=desks)
    file = read_feeds(feed_root, managed_by=settings.managed_by, contact=settings.contact)
    roots = (feed_root, entity_root, rule_root, route_root)
    if problems := [line for root in roots for line in root.source.report()]:
        raise ConfigurationError(*problems)
    kinds = [entry.kind for entry in entries]
    held = {"entities": kinds.count("entity"), "lists": kinds.count("list"), "rules": kinds.count("rule")}
    counts = {
        "feeds": len(file.feeds),
        **held,
        "desks": len(found_routes.desks),
        "receivers": len(found_routes.receivers),
    }
    rows = [{"file": root.source.name, "problems": 0} for root in roots]
    if json:
        print_json({"files": [row["file"] for row in rows], **counts, "ambiguities": ambiguities(entries)})
        return
    print_rows(rows, as_json=False)
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    for line in (*ambiguities(entries), *unread_files(folder)):
        print(f"note: {line}")


@with_origins
def show(settings: Settings, flags: set[str], *, json: Json = False) -> None:
    """Show every setting and where its value comes from.

    That is a flag, a variable, feeds.yaml or the default.
    """
    file = from_file(
        settings, load_feeds(settings.config_dir, managed_by=settings.managed_by, contact=settings.contact)
    )
    shown = settings.model_copy(update=file)
    rows = [
        {
            "setting": name,
            "value": _value(getattr(shown, name)),
            "origin": origin(settings, name, flags=flags, file=file),
        }
        for name in Settings.model_fields
    ]
    print_rows(rows, as_json=json)


def _value(value: object) -> object:
    if isinstance(value, SecretStr):
        return "(secret)"
    return list(value) if isinstance(value, tuple) else str(value) if value is not None else None


COMMANDS = {"check": check, "show": show}
