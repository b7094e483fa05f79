"""Thousands of real aliases at once: each one finds its entity, and those that several share are told."""

from collections import defaultdict

import pytest

from config.ambiguity import ambiguities
from config.entities import Entry
from config.node import Node
from config.problems import Source
from streams.text.tokens import tokenise
from tests.support.data import shared_data
from tests.support.matching import article, matcher

pytestmark = pytest.mark.corpus


def aliases() -> dict[str, list[str]]:
    """Return the aliases of each actor, as they are written."""
    lines = (shared_data("actors") / "aliases.dev.tsv").read_text("utf-8").splitlines()[1:]
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        canonical, alias = line.split("\t")[:2]
        if tokenise(alias) and '"' not in alias:
            found[canonical].append(alias)
    return dict(found)


def test_every_alias_finds_its_entity() -> None:
    actors = list(aliases().values())
    made = matcher({}, entities={f"e{number}": {"names": {"en": names}} for number, names in enumerate(actors)})
    assert made.rejected == {}
    lost = [
        alias
        for number, names in enumerate(actors)
        for alias in names
        if f"e{number}" not in {hit.entity_id for hit in made.match(article(body=f"So {alias} said.")).entities}
    ]
    assert lost == []
    assert sum(map(len, actors)) > 8_000


def test_every_alias_that_two_actors_share_is_told() -> None:
    actors = aliases()
    owners: dict[str, set[str]] = defaultdict(set)
    for canonical, names in actors.items():
        for alias in names:
            owners[" ".join(token.term for token in tokenise(alias))].add(canonical)
    entries = [
        Entry(
            kind="entity", id=f"e{number}", body={"type": "x", "names": {"en": [*names]}}, node=Node(Source("x"), 1, 1)
        )
        for number, names in enumerate(actors.values())
    ]
    told = [line for line in ambiguities(entries) if " is a name of " in line]
    assert len(told) == sum(len(names) > 1 for names in owners.values()) > 0
