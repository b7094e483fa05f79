"""`tocsin rules`: check the files, try a rule on a text, show and make the differences, look at what was."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from agents.apply import apply_rules
from agents.cli.applying import produce, report
from agents.cli.backtests.command import backtest
from agents.cli.backtests.recent import too_often
from agents.cli.explaining.sheet import heading, width
from agents.cli.options import Json, with_broker, with_settings
from agents.cli.output import coloured, print_json, print_rows
from agents.cli.rulebook.article import article_of
from agents.cli.rulebook.book import compiled, entries_of, example_problems, live_changes, tried
from agents.cli.rulebook.differences import plan
from agents.cli.rulebook.history import history, key_of
from agents.cli.rulebook.text import explanation_lines
from agents.cli.rulebook.words import field_lines, plan_lines
from config.ambiguity import ambiguities
from config.entities import Entry
from config.problems import did_you_mean
from config.settings import Settings
from streams.errors import ConfigurationError
from streams.ids import RuleId
from streams.matching.matcher import Matcher
from streams.matching.ruleset import Outcome


@with_settings
def check(settings: Settings, *, json: Json = False) -> int:
    """Check the files and try every example; exit 1 if one fails.

    Every mistake of entities.yaml and rules.yaml is shown at once; what may not be meant is noted.
    """
    entries = entries_of(settings)
    results = tried(entries, compiled(entries, settings))
    failed = example_problems(results)
    print(*failed, sep="\n", end="\n" if failed else "", file=sys.stderr)
    kinds = [entry.kind for entry in entries]
    unclear = ambiguities(entries)
    bare = [result.rule for result in results if not result.examples]
    counts = {"rules": kinds.count("rule"), "entities": kinds.count("entity"), "lists": kinds.count("list")}
    if json:
        noted = {"failed_examples": len(failed), "ambiguities": unclear, "without_examples": bare}
        print_json({**counts, **noted})
    else:
        for note in (*unclear, *(f"rule {rule} has no examples" for rule in bare)):
            print(f"note: {note}")
        print(", ".join(f"{count} {name}" for name, count in counts.items()), f"are right, {len(failed)} examples fail")
    return 1 if failed else 0


@with_settings
def try_examples(
    settings: Settings,
    rules: Annotated[list[str] | None, typer.Argument(help="Only these rules.")] = None,
    *,
    json: Json = False,
) -> int:
    """Try the rules on their examples; exit 1 if one fails."""
    entries = entries_of(settings)
    _known(entries, *(rules or ()))
    results = tried(entries, compiled(entries, settings), only=rules)
    failed = example_problems(results)
    if json:
        print_rows([asdict(result) for result in results], as_json=True)
    else:
        print(*failed, sep="\n", end="\n" if failed else "", file=sys.stderr)
        count = sum(result.examples for result in results)
        print(f"{len(results)} rules, {count} examples, {len(failed)} fail")
    return 1 if failed else 0


@with_settings
def explain(
    settings: Settings,
    rule: str,
    article: Annotated[str | None, typer.Argument(help="The id of one on the broker, a file, or - for stdin.")] = None,
    *,
    title: Annotated[str, typer.Option(help="Or a headline to try it on.")] = "",
    lead: Annotated[str, typer.Option(help="Its first paragraph.")] = "",
    body: Annotated[str, typer.Option(help="Its text; - reads it from stdin.")] = "",
    json: Json = False,
) -> int:
    """Show what of a rule holds for an article, and where.

    The rule is that of the files. Exit 1 if it doesn't match.
    A file holds one article in JSON as the topic has it, or plain text with the headline as its first line.
    `tocsin explain ID --rule RULE` asks the live rule, as it was at the time.
    """
    entries = entries_of(settings)
    _known(entries, rule)
    given = article_of(settings, article, title=title, lead=lead, body=body)
    explanation = compiled(entries, settings).explain(RuleId(rule), given)
    if json:
        of = {"article_id": given.article_id, "revision": given.revision, "language": given.language}
        tree = explanation.root and asdict(explanation.root)
        print_json({"rule": rule, "matched": explanation.matched, **of, "problem": explanation.problem, "tree": tree})
    else:
        print(*explanation_lines(explanation, given, room=width(), styled=coloured()), sep="\n")
    return 0 if explanation.matched else 1


@with_broker
def diff(settings: Settings, *, json: Json = False) -> int:
    """Show what `apply` would change; exit 1 if it would.

    Field by field, with the rules that name a changed entity or list, and what belongs to another owner.
    """
    return _show_plan(settings, as_json=json)


@with_broker
def apply(
    settings: Settings,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing: as `rules diff`.")] = False,
    json: Json = False,
) -> int:
    """Make the files live; exit 1 naming what another writer changed.

    What differs is published, what is gone is deleted. A rule that matches much of the newest articles is warned of.
    """
    if dry_run:
        return _show_plan(settings, as_json=json)
    entries = entries_of(settings)
    for line in asyncio.run(too_often(settings, entries)):
        print(line, file=sys.stderr)
    return report(produce(settings, lambda producer: apply_rules(settings, producer, entries)), as_json=json)


def _show_plan(settings: Settings, *, as_json: bool) -> int:
    entries = entries_of(settings)
    live = Matcher.empty().apply(asyncio.run(live_changes(settings)))
    found = plan(live, entries, settings=settings, now=datetime.now(UTC))
    if as_json:
        print_rows([one.row() for one in found.differences], as_json=True)
    elif found.differences:
        print(*plan_lines(found, room=width()), sep="\n")
    else:
        print("what is live is what the files say")
    return 1 if found.differences else 0


@with_broker
def show_history(settings: Settings, name: str, *, json: Json = False) -> int:
    """Show every version of a rule, an @entity or a #list.

    Who wrote it, when, and what it changed. With --json each version holds its whole entry, which can be pasted into
    the YAML file as it is.
    """
    changes = asyncio.run(live_changes(settings))
    key = key_of(name)
    versions = history(changes, key)
    if not versions:
        known = {change.id for _, change in changes if change.kind == key[0]}
        raise ConfigurationError(f'no {key[0]} "{key[1]}" was ever live{did_you_mean(key[1], known)}')
    if json:
        print_rows([version.row() for version in versions], as_json=True)
        return 0
    for version in versions:
        change = version.change
        what = "deleted" if change.deleted else f"version {version.number}"
        lost = "" if version.outcome is Outcome.ACCEPTED else f" (never counted: {version.outcome})"
        print(heading(f"{what}{lost}, {change.made_at:%Y-%m-%d %H:%M} UTC, by {change.author} ({change.managed_by})"))
        for field in () if change.deleted else version.fields:
            for line in field_lines(field, room=width()):
                print(line)
    return 0


def _known(entries: Sequence[Entry], *rules: str) -> None:
    names = [entry.id for entry in entries if entry.kind == "rule"]
    if unknown := [rule for rule in rules if rule not in names]:
        raise ConfigurationError(*(f'no rule "{rule}" in the files{did_you_mean(rule, names)}' for rule in unknown))


COMMANDS = {
    "check": check, "test": try_examples, "explain": explain, "backtest": backtest, "diff": diff, "apply": apply,
    "history": show_history,
}  # fmt: skip
