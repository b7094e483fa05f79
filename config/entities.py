"""entities.yaml: named things with their aliases, and lists of words, as bodies of rule changes."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import JsonValue

from config.node import Node
from config.problems import did_you_mean
from streams.matching.query_reader import member
from streams.matching.ruleset import name_problem
from streams.text.tokens import is_ticker

FILE = "entities.yaml"
ROOT_KEYS = ("version", "entities", "lists")
ENTITY_KEYS = ("id", "type", "names", "case", "tickers", "names_in_context", "roles")
ROLE_KEYS = ("title", "from", "to", "require_any", "exclude_any", "within")
CONTEXT_KEYS = ("names", "require_any", "exclude_any", "within")
MOST_WORDS = 1_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_QUERY_IN_NAME = re.compile(r'["“”]|\b(?:AND|OR|NOT|SENT|PARA|(?:NEAR|PRE|ATLEAST|FIRST)/\d+)\b')


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A rule, an entity or a list as the topic `rules` takes it: `body` is the YAML entry as data."""

    kind: Literal["rule", "entity", "list"]
    id: str
    body: Mapping[str, JsonValue]
    node: Node = field(compare=False, repr=False)

    @property
    def place(self) -> Node:
        """Return where it stands in its file, with its name for problems."""
        return self.node.named(f'{self.kind} "{self.id}"')


def read_entities(root: Node) -> list[Entry]:
    """Return the entities and then the lists; problems are added to `root.source`."""
    fields = root.fields(ROOT_KEYS, required=("version",))
    fields["version"].one_of(("1",), "1")
    entities = [_entity(item) for item in fields["entities"].items()]
    refuse_repeats(entities)
    known = {entity.id for entity in entities}
    complete = not root.source.cut
    lists = [_list(key, value, known, complete=complete) for key, value in fields["lists"].pairs()]
    return [*entities, *lists]


def refuse_repeats(entries: Iterable[Entry]) -> None:
    """Add a problem for every entry whose id an earlier one has."""
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            entry.node.named(f'{entry.kind} "{entry.id}"').refuse(
                f"another {entry.kind} has this id: give each its own"
            )
        seen.add(entry.id)


def _flat(names: JsonValue) -> Iterator[str]:
    groups = names.values() if isinstance(names, Mapping) else ()
    return (str(name) for group in groups if isinstance(group, list) for name in group)


def _entity(item: Node) -> Entry:
    fields = item.entry("entity", ENTITY_KEYS, required=("id", "type"))
    names = _names(fields["names"])
    body: dict[str, JsonValue] = {"id": fields["id"].ident(), "type": fields["type"].ident(), "names": names}
    known = {*_flat(names), *(role.peek("title") for role in fields["roles"].items())}
    if tickers := _tickers(fields["tickers"]):
        body["tickers"] = tickers
    if not fields["names_in_context"].absent:
        context = body["names_in_context"] = _context(fields["names_in_context"])
        known |= {*_flat(context["names"])}
    if case := _case(fields["case"], known):
        body["case"] = case
    if roles := [_role(role) for role in fields["roles"].items()]:
        body["roles"] = roles
    if not names and not roles and not tickers and "names_in_context" not in body and not item.cut:
        item.named(f'entity "{body["id"]}"').refuse(
            "needs names, names_in_context, roles or tickers: nothing would find it"
        )
    return Entry(kind="entity", id=str(body["id"]), body=body, node=item)


def _names(node: Node) -> dict[str, JsonValue]:
    names: dict[str, JsonValue] = {}
    for key, value in node.pairs():
        language = key.text("")
        if not _LANGUAGE.fullmatch(language):
            key.refuse(f'"{language}" is no language code: write names: {{en: [...], zh: [...]}}')
        names[language] = [name for item in value.items() if (name := _name(item))]
    return names


def _name(node: Node) -> str:
    name = node.text(None)
    if name is None:
        return ""
    if _QUERY_IN_NAME.search(name):
        node.refuse(f"{name}: a name is a name, not a query: write the query as a rule")
    elif not any(char.isalnum() for char in name):
        node.refuse(f'"{name}" holds no letter or digit: nothing would find it')
    elif (problem := name_problem(name)) is not None:
        node.refuse(problem)
    return name


def _words(node: Node) -> list[JsonValue]:
    return [word for item in node.items() if (word := _name(item))]


def _tickers(node: Node) -> list[JsonValue]:
    for item in node.items():
        if not is_ticker(symbol := item.text("")):
            item.refuse(f'"{symbol}" is no ticker: one to five letters, without the dollar sign: [NVDA]')
    return list(node.texts())


def _case(node: Node, names: Collection[str]) -> list[JsonValue]:
    for item in node.items():
        if (name := item.text("")) not in names:
            item.refuse(f'"{name}" is none of its names{did_you_mean(name, names)}: case: marks names that stand above')
    return list(node.texts())


def _context(node: Node) -> dict[str, JsonValue]:
    fields = node.fields(CONTEXT_KEYS, required=("names",))
    require, exclude = _words(fields["require_any"]), _words(fields["exclude_any"])
    if not require and not exclude and not node.cut:
        node.refuse("needs require_any or exclude_any: without them the names belong under names:")
    return {
        "names": _names(fields["names"]),
        "require_any": require,
        "exclude_any": exclude,
        "within": fields["within"].whole(50, least=1, most=MOST_WORDS),
    }


def _role(node: Node) -> JsonValue:
    fields = node.fields(ROLE_KEYS, required=("title",))
    first, last = day(fields["from"]), day(fields["to"])
    if first and last and first > last:
        fields["to"].refuse(f"ends on {last}, before it begins on {first}")
    role: dict[str, JsonValue] = {"title": _name(fields["title"])}
    role |= {key: held for key, held in (("from", first), ("to", last)) if held}
    role |= {key: words for key in ("require_any", "exclude_any") if (words := _words(fields[key]))}
    if "within" in fields:
        role["within"] = fields["within"].whole(50, least=1, most=MOST_WORDS)
    return role


def day(node: Node) -> str | None:
    """Return the day that a node holds, as 2025-01-28; None, with a problem, for what is none."""
    text = node.text(None)
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        node.refuse(f'"{text}" is no day: write 2025-01-28')
        return None


def _list(key: Node, value: Node, entities: Collection[str], *, complete: bool) -> Entry:
    name = key.ident()
    node = value.named(f'list "{name}"')
    for item in node.items():
        _check_member(item, entities, complete=complete)
    members = list(node.texts())
    if not members and not value.cut:
        node.refuse("needs members: words, @entities or $TICKERS")
    return Entry(kind="list", id=name, body={"id": name, "members": [*members]}, node=value)


def _check_member(node: Node, entities: Collection[str], *, complete: bool) -> None:
    text = node.text("")
    if text.startswith("#"):
        node.refuse(f"{text}: a list holds no other list: write its members out")
    elif text.startswith("@"):
        if text[1:] not in entities and complete:
            node.refuse(f"unknown entity {text}{did_you_mean(text, [f'@{name}' for name in entities])}")
    elif _QUERY_IN_NAME.search(text):
        node.refuse(f"{text}: a member is a word or a phrase, not a query")
    elif isinstance(wrong := member(text), tuple):
        node.refuse(": ".join(wrong))
