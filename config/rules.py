"""rules.yaml, with entities.yaml beside it: rules whose queries parse and whose references exist."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from config import entities
from config.entities import Entry, read_entities, refuse_repeats
from config.examples import read_examples
from config.node import Node
from config.problems import did_you_mean
from config.yaml_source import load_file
from streams.errors import ConfigurationError
from streams.ids import ChangeId, UserId
from streams.matching.matcher import Matcher
from streams.matching.query import parse
from streams.matching.query_error import QueryError
from streams.matching.rule import RuleChange, Urgency
from streams.matching.tree import ListRef, Mention, leaves

FILE = "rules.yaml"
RULE_KEYS = ("id", "query", "urgency", "labels", "owner", "description", "examples")
RESERVED_LABELS = ("rule", "urgency", "relation", "source", "feed", "language", "permission")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name. None: not known here, so not checked (the file that says it is broken or elsewhere)."""

    entities: Collection[str] | None
    lists: Collection[str] | None
    desks: Collection[str] | None


def load_rules(folder: Path, *, desks: Collection[str] | None = None) -> list[Entry]:
    """Return entities, lists and rules of the folder, or the shipped ones. `desks` are those that may own a rule.

    Raises: ConfigurationError with every problem of both files.
    """
    entity_root, rule_root = load_file(folder, entities.FILE), load_file(folder, FILE)
    found = read_all(entity_root, rule_root, desks=desks)
    if problems := [*entity_root.source.report(), *rule_root.source.report()]:
        raise ConfigurationError(*problems)
    return found


def read_all(entity_root: Node, rule_root: Node, *, desks: Collection[str] | None = None) -> list[Entry]:
    """Return what both trees hold, in the order in which it must be published; problems stay in their sources."""
    named = read_entities(entity_root)
    whole = not entity_root.source.cut
    known = Known(
        entities=_ids(named, "entity") if whole else None, lists=_ids(named, "list") if whole else None, desks=desks
    )
    entries = [*named, *read_rules(rule_root, known)]
    if not entity_root.source.problems and not rule_root.source.problems:
        _check_running(entries)
    return entries


def _check_running(entries: Sequence[Entry]) -> None:
    """Ask the matcher itself for what the checks above let through, so that both always agree."""
    places = {(entry.kind, entry.id): entry.place for entry in entries}
    changes = [_as_change(entry) for entry in entries]
    rejected = Matcher.empty().apply(list(enumerate(changes))).rejected
    for change in changes:
        if change.key in rejected:
            places[change.kind, change.id].refuse(" / ".join(rejected[change.key].splitlines()))


def _as_change(entry: Entry) -> RuleChange:
    return RuleChange(
        kind=entry.kind,
        id=entry.id,
        change_id=ChangeId("check"),
        body=entry.body,
        author=UserId("check"),
        managed_by="check",
        made_at=datetime.fromtimestamp(0, UTC),
    )


def read_rules(root: Node, known: Known) -> list[Entry]:
    """Return the rules; problems are added to `root.source`."""
    fields = root.fields(("version", "rules"), required=("version", "rules"))
    fields["version"].one_of(("1",), "1")
    rules = [_rule(item, known) for item in fields["rules"].items()]
    refuse_repeats(rules)
    return rules


def _ids(entries: Iterable[Entry], kind: str) -> set[str]:
    return {entry.id for entry in entries if entry.kind == kind}


def _rule(item: Node, known: Known) -> Entry:
    fields = item.entry("rule", RULE_KEYS, required=("id", "query"))
    body: dict[str, JsonValue] = {
        "id": fields["id"].ident(),
        "query": _query(fields["query"], known),
        "urgency": fields["urgency"].choice(Urgency, Urgency.ROUTINE).value,
        "labels": _labels(fields["labels"]),
    }
    if (owner := fields["owner"].text(None)) is not None:
        body["owner"] = owner
        if known.desks is not None and owner not in known.desks:
            fields["owner"].refuse(f'unknown desk "{owner}"{did_you_mean(owner, known.desks)}')
    if (description := fields["description"].text(None)) is not None:
        body["description"] = description
    if "examples" in fields:
        body["examples"] = read_examples(fields["examples"])
    return Entry(kind="rule", id=str(body["id"]), body=body, node=item)


def _query(node: Node, known: Known) -> str:
    text = node.text("")
    if node.absent or node.content is None:
        return text
    try:
        query = parse(text)
    except QueryError as err:
        for problem in err.problems:
            node.refuse_within(f"{problem.message}: {problem.hint}", line=problem.line, column=problem.column)
        return text
    for leaf in leaves(query.root):
        if isinstance(leaf, Mention):
            _check_reference(node, "entity", f"@{leaf.entity_id}", known.entities, text.find("@", leaf.at[0]))
        elif isinstance(leaf, ListRef):
            _check_reference(node, "list", f"#{leaf.list_id}", known.lists, leaf.at[0])
    return text


def _check_reference(node: Node, kind: str, name: str, known: Collection[str] | None, offset: int) -> None:
    if known is None or name[1:] in known:
        return
    text = node.text("")
    near = did_you_mean(name, [f"{name[0]}{other}" for other in known])
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    node.refuse_within(f"unknown {kind} {name}{near}", line=line, column=column)


def _labels(node: Node) -> dict[str, JsonValue]:
    labels: dict[str, JsonValue] = {}
    for key, value in node.pairs():
        name = key.text("")
        if name in RESERVED_LABELS:
            key.refuse(f'"{name}" is a label that tocsin sets itself: take another name')
        elif not _LABEL.fullmatch(name):
            key.refuse(f'"{name}" is no label: letters, digits and _, not a digit first')
        labels[name] = value.text("")
    return labels
