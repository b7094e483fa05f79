"""`tocsin rules`: check the files, explain a rule on a text, show and make the differences."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from agents.apply import apply_rules, read_heads, rule_differences
from agents.cli.applying import produce, report
from agents.cli.options import Json, with_broker, with_settings
from agents.cli.output import print_fields, print_json, print_rows
from agents.cli.rule_book import article, compiled, failed_examples
from config.ambiguity import ambiguities
from config.entities import Entry
from config.node import Node
from config.problems import did_you_mean
from config.routes import FILE as ROUTES_FILE
from config.routes import read_routes
from config.rules import load_rules
from config.settings import Settings
from config.yaml_source import load_file
from streams.errors import ConfigurationError
from streams.ids import RuleId


@with_settings
def check(settings: Settings, *, json: Json = False) -> int:
    """Check entities.yaml and rules.yaml, compile them, and try each rule on its examples; exit 1 if one fails."""
    entries = _load(settings)
    matcher = compiled(entries, settings)
    failed = failed_examples(entries, matcher)
    for line in failed:
        print(line, file=sys.stderr)
    kinds = [entry.kind for entry in entries]
    counts = {"rules": kinds.count("rule"), "entities": kinds.count("entity"), "lists": kinds.count("list")}
    print_fields({**counts, "failed_examples": len(failed), "ambiguities": ambiguities(entries)}, as_json=json)
    return 1 if failed else 0


@with_settings
def try_examples(settings: Settings, *, json: Json = False) -> int:
    """Try each rule on its examples and list how that went; exit 1 if one fails."""
    entries = _load(settings)
    matcher = compiled(entries, settings)
    rows = [
        {
            "rule": entry.id,
            "examples": sum(len(entry.place.at("examples").at(key).members) for key in ("match", "no_match")),
            "failed": failed_examples([entry], matcher),
        }
        for entry in entries
        if entry.kind == "rule"
    ]
    print_rows(rows, as_json=json)
    return 1 if any(row["failed"] for row in rows) else 0


@with_settings
def explain(
    settings: Settings,
    rule: str,
    title: Annotated[str, typer.Option(help="The headline to try it on.")],
    lead: Annotated[str, typer.Option(help="Its first paragraph.")] = "",
    body: Annotated[str, typer.Option(help="Its text; - reads it from stdin.")] = "",
    *,
    json: Json = False,
) -> int:
    """Show a rule of the files as a tree, with what of it holds for a text and where; exit 1 if it doesn't match."""
    entries = _load(settings)
    rules = [entry.id for entry in entries if entry.kind == "rule"]
    if rule not in rules:
        raise ConfigurationError(f'no rule "{rule}" in the files{did_you_mean(rule, rules)}')
    text = sys.stdin.read() if body == "-" else body
    explanation = compiled(entries, settings).explain(RuleId(rule), article(title=title, lead=lead, body=text))
    if json:
        print_json({"rule": rule, "matched": explanation.matched, "lines": list(explanation.lines())})
    else:
        print("\n".join(explanation.lines()))
    return 0 if explanation.matched else 1


@with_broker
def diff(settings: Settings, *, json: Json = False) -> int:
    """Show what `apply` would publish; exit 1 if there is anything."""
    heads, _ = asyncio.run(read_heads(settings))
    changes = rule_differences(heads, _load(settings), settings=settings, now=datetime.now(UTC))
    rows = [
        {
            "kind": change.kind,
            "id": change.id,
            "what": "delete" if change.deleted else "change" if change.base else "new",
            "was": heads[change.kind, change.id].author if change.base else None,
        }
        for change in changes
    ]
    print_rows(rows, as_json=json, empty="what is live is what the files say")
    return 1 if rows else 0


@with_broker
def apply(settings: Settings, *, json: Json = False) -> int:
    """Make the files live: publish what differs, delete what is gone; exit 1 naming what another writer changed."""
    entries = _load(settings)
    return report(produce(settings, lambda producer: apply_rules(settings, producer, entries)), as_json=json)


def _load(settings: Settings) -> Sequence[Entry]:
    routes: Node = load_file(settings.config_dir, ROUTES_FILE)
    desks = read_routes(routes).desks
    return load_rules(settings.config_dir, desks=None if routes.source.problems else desks)


COMMANDS = {"check": check, "test": try_examples, "explain": explain, "diff": diff, "apply": apply}
