"""A match: an article and every rule that it satisfies, with the spans that prove it."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from streams.articles.article import Head
from streams.ids import ChangeId, DeskId, EntityId, RuleId
from streams.matching.rule import Urgency
from streams.record import Part, Record

Field = Literal["title", "lead", "body"]
PART_BYTES = 900_000


class Span(Part):
    """A place that a rule needed: code points `start` to `end` of the field's original text."""

    field: Field
    start: int
    end: int
    surface: str
    entity_id: EntityId | None = None


class RuleHit(Part):
    """A rule that matched; `spans` are indexes into the match's span table."""

    rule_id: RuleId
    change_id: ChangeId
    urgency: Urgency
    labels: Mapping[str, str] = {}
    owner: DeskId | None = None
    spans: tuple[int, ...]


class EntityHit(Part):
    """An entity that the text names; `about` when in title or lead, or named three times."""

    entity_id: EntityId
    about: bool
    count: int
    spans: tuple[int, ...]


class Facts(Part):
    """Figures of the whole text, normalised so that equal facts are equal strings; 64 at most in all.

    `background` names those that neither title nor lead states, and the negations outside the title, each with its kind
    (`percentages 90`): they are told with the story, and alone make no news.
    """

    numbers: tuple[str, ...] = ()
    percentages: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    background: tuple[str, ...] = ()


class Markers(Part):
    """What the publisher says of its own article: UPDATE n, CORRECTED, WITHDRAWN and their like."""

    correction: bool = False
    retract: bool = False
    update: int | None = None


class Match(Record):
    """One part of an article's match; all parts share head and facts, and hold rules under 900 kB."""

    schema_name: ClassVar[str] = "match"

    part: int = 0
    parts: int = 1
    ruleset_version: int
    head: Head
    spans: tuple[Span, ...] = ()
    rules: tuple[RuleHit, ...] = ()
    entities: tuple[EntityHit, ...] = ()
    sketch: tuple[str, ...] = ()
    text_hash: str = ""
    facts: Facts = Facts()
    markers: Markers = Markers()
