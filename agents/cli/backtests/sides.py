"""The two sides of a backtest: the rules that are live, or in another folder, and those that are proposed."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from agents.apply import rule_differences
from agents.cli.options import connected
from agents.cli.rulebook.book import compiled, entries_of, live_changes
from agents.cli.rulebook.differences import broken, proposed
from config import entities
from config.entities import Entry
from config.rules import Known, load_rules, read_all, read_rules
from config.settings import Settings
from config.yaml_source import load, load_file
from streams.errors import ConfigurationError
from streams.matching.matcher import Matcher

NOTHING = "nothing: there is no broker, and no --against"


def live_side(settings: Settings, against: Path | None, *, optional: bool) -> tuple[Matcher, str]:
    """Return what the proposed rules are compared with, and what to call it.

    Raises: ConfigurationError without a broker, unless it is optional: then they are compared with nothing.
    """
    if against is not None:
        if not against.is_dir():
            raise ConfigurationError(f"--against: {against} is no folder")
        return compiled(load_rules(against), settings), str(against)
    if settings.bootstrap is None and optional:
        return Matcher.empty(), NOTHING
    changes = asyncio.run(live_changes(connected(settings)))
    return Matcher.empty().apply(changes), "what is live"


def proposed_side(settings: Settings, live: Matcher, file: Path | None, *, draft: bool) -> Matcher:
    """Return the rules as they would be after an apply of the files, with `file` in the place of rules.yaml.

    A draft only adds rules and changes those of its ids. Raises: ConfigurationError with every problem of the files,
    and for a live rule that would stop running.
    """
    entries = _entries(settings, live, file, draft=draft)
    changes = rule_differences(live.heads.heads(), entries, settings=settings, now=datetime.now(UTC))
    after = proposed(live, [change for change in changes if not (draft and (change.deleted or change.kind != "rule"))])
    if problems := [f"{one.kind} {one.id} would not run: {one.why}" for one in broken(live, after)]:
        raise ConfigurationError(*problems)
    return after


def _entries(settings: Settings, live: Matcher, file: Path | None, *, draft: bool) -> list[Entry]:
    if file is None:
        return entries_of(settings)
    return _draft(file, live) if draft else _with(file, settings)


def _with(file: Path, settings: Settings) -> list[Entry]:
    """Return the rules of the file, with the entities beside it, else those of the configuration."""
    beside = file.parent if (file.parent / entities.FILE).exists() else settings.config_dir
    entity_root, rule_root = load_file(beside, entities.FILE), load(file)
    found = read_all(entity_root, rule_root)
    if problems := [*entity_root.source.report(), *rule_root.source.report()]:
        raise ConfigurationError(*problems)
    return found


def _draft(file: Path, live: Matcher) -> list[Entry]:
    """Return the rules of the file, which may name the entities and lists that are live."""
    heads = live.heads.heads().items()
    names = {
        kind: [name for (own, name), head in heads if own == kind and not head.deleted] for kind in ("entity", "list")
    }
    root = load(file)
    found = read_rules(root, Known(entities=names["entity"], lists=names["list"], desks=None))
    if problems := root.source.report():
        raise ConfigurationError(*problems)
    return found
