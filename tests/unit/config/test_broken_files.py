"""Whatever a file holds, reading it ends in problems with places, never in an exception."""

import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from config.feeds import read_feeds
from config.node import Node
from config.routes import read_routes
from config.rules import read_all
from config.yaml_source import parse

SHIPPED = Path(__file__).parents[3] / "config/defaults"
LINE = re.compile(r"x\.yaml:[1-9]\d*:[1-9]\d* .+", re.DOTALL)
FEEDS = (SHIPPED / "feeds.yaml").read_text()[:2_000]
ROUTES = """version: 1
time_intervals: {night: {times: ["22:00-06:00"], weekdays: [mon-fri], location: UTC}}
receivers:
  hook: {type: webhook, url_file: /x, rate: {per_second: 1, burst: 2}, ttl: {flash: 15m}, sign: {keys_file: /y}}
  slack: {type: slack, token_file: /x, channel: C1, fallback: hook}
desks: {fx: {permissions: [public], zone: UTC}}
route:
  desk: fx
  routes:
    - {matchers: ['topic="trade"'], receivers: [slack], relations: {update: thread}, mute_time_intervals: [night]}
"""
ENTITIES = """version: 1
entities:
  - id: greer
    type: person
    names: {en: [Jamieson Greer], zh: [格里尔]}
    case: [Jamieson Greer]
    names_in_context: {names: {en: [Greer]}, require_any: [trade], within: 50}
    roles: [{title: Trade Representative, from: 2025-01-28, to: 2026-01-01}]
lists: {semis: ["@greer", "$TSM", ASML]}
"""
RULES = """version: 1
rules:
  - id: rare-earths
    query: >-
      (@greer OR #semis) AND
      (export* OR "rare earths")
    labels: {topic: trade}
    examples: {match: [a], no_match: [b, {title: c, source: d, language: en, date: 2025-01-28}]}
"""
PIECES = [
    "\t",
    "\n",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "&a",
    "*a",
    "#",
    "|",
    ">",
    "~",
    "@",
    "é",
    "\x00",
    "\ud800",
    "  ",
]


@st.composite
def broken(draw: st.DrawFn, text: str) -> str:
    """Return the text with up to four cuts and insertions."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 12))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + gone :]
    return text


def tree(text: str | bytes) -> Node:
    return parse(text, name="x.yaml")


def assert_told(root: Node) -> None:
    assert all(LINE.fullmatch(line) for line in root.source.report())


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
@example(b"\xff\xfe\x00")
@example("? ? ?")
@example("%YAML 9.9\n---\na")
@example("<<: *a")
def test_any_text_is_a_tree_with_problems(text: str | bytes) -> None:
    assert_told(tree(text))


@given(broken(FEEDS))
def test_feeds_that_are_broken_anywhere_end_in_problems(text: str) -> None:
    root = tree(text)
    read_feeds(root)
    assert_told(root)


@given(broken(ROUTES))
def test_routes_that_are_broken_anywhere_end_in_problems(text: str) -> None:
    root = tree(text)
    read_routes(root)
    assert_told(root)


@given(broken(ENTITIES), broken(RULES))
def test_entities_and_rules_that_are_broken_anywhere_end_in_problems(entities: str, rules: str) -> None:
    names, root = tree(entities), tree(rules)
    read_all(names, root, desks={"fx"})
    assert_told(names)
    assert_told(root)


def test_the_texts_are_right_before_they_are_broken() -> None:
    roots = [tree(text) for text in (FEEDS.rpartition("  - id:")[0], ROUTES, ENTITIES, RULES)]
    read_feeds(roots[0])
    read_routes(roots[1])
    read_all(roots[2], roots[3])
    assert [root.source.report() for root in roots] == [[], [], [], []]
