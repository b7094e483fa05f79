"""Rules, entities and lists, and the changes by which they live on the topic `rules`."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal, Self

from pydantic import AliasChoices, Field, JsonValue, model_validator

from streams.ids import ChangeId, DeskId, EntityId, ListId, RuleId, UserId, content_id
from streams.record import Part, Record, Utc


class Urgency(StrEnum):
    """How soon a person should look; in the order of `RANK`."""

    FLASH = "flash"
    URGENT = "urgent"
    ROUTINE = "routine"

    @property
    def rank(self) -> int:
        """Return 0 for routine, 1 for urgent, 2 for flash."""
        return {"routine": 0, "urgent": 1, "flash": 2}[self.value]


class RuleChange(Record):
    """A new version of a rule, an entity or a list, or its deletion. `base` is the change that it follows."""

    schema_name: ClassVar[str] = "rule_change"

    kind: Literal["rule", "entity", "list"]
    id: str
    change_id: ChangeId
    base: ChangeId | None = None
    deleted: bool = False
    body: Mapping[str, JsonValue]
    author: UserId
    managed_by: str
    made_at: Utc

    @property
    def key(self) -> str:
        """Return the key on `rules`: every version has its own, so compaction keeps them all."""
        return f"{self.kind}/{self.id}@{self.change_id}"


def change_id(kind: str, name: str, base: ChangeId | None, body_json: str) -> ChangeId:
    """Return the id of a change; the same body upon the same base is the same change, and can be sent twice."""
    return ChangeId(content_id(kind, name, base or "", body_json))


class ExampleArticle(Part):
    """An article that an example states; what is None is as in any other. A body says `date`, as the YAML does."""

    title: str = ""
    lead: str = ""
    body: str = ""
    source: str | None = None
    language: str | None = None
    author: str | None = None
    day: date | None = Field(default=None, validation_alias=AliasChoices("date", "day"))


class Examples(Part):
    """Headlines, and articles, that a rule must and must not match."""

    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()
    match_articles: tuple[ExampleArticle, ...] = ()
    no_match_articles: tuple[ExampleArticle, ...] = ()


class Rule(Part):
    """A query with an id, urgency and labels. `owner` is the only desk that sees it; None for all."""

    rule_id: RuleId
    query: str
    urgency: Urgency = Urgency.ROUTINE
    labels: Mapping[str, str] = {}
    owner: DeskId | None = None
    description: str | None = None
    examples: Examples = Examples()


class NamesInContext(Part):
    """Names that count only with a word of `require_any` (and none of `exclude_any`) within so many words."""

    names: Mapping[str, tuple[str, ...]]
    require_any: tuple[str, ...] = ()
    exclude_any: tuple[str, ...] = ()
    within: int = 50


class Role(Part):
    """A title that counts as a name in articles of the days on which it is held; both are included, None is open.

    A body says `from` and `to`, as the YAML does.
    With `require_any` or `exclude_any` it needs a context as names in context do.
    """

    title: str
    valid_from: date | None = Field(default=None, validation_alias=AliasChoices("from", "valid_from"))
    valid_to: date | None = Field(default=None, validation_alias=AliasChoices("to", "valid_to"))
    require_any: tuple[str, ...] = ()
    exclude_any: tuple[str, ...] = ()
    within: int = 50

    @model_validator(mode="after")
    def begins_before_it_ends(self) -> Self:
        """Return the role. Raises: ValueError if it ends before it begins."""
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("a role ends before it begins")
        return self

    def held_on(self, day: date) -> bool:
        """Return whether the title is held on a day."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)


class Entity(Part):
    """A named thing with aliases by language. `case` lists names that count in their exact case only.

    `tickers` are symbols that name it behind a dollar sign.
    """

    entity_id: EntityId
    type: str
    names: Mapping[str, tuple[str, ...]] = {}
    case: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    names_in_context: NamesInContext | None = None
    roles: tuple[Role, ...] = ()


class WordList(Part):
    """A named set of words, entities or tickers, used in rules as `#id`."""

    list_id: ListId
    members: tuple[str, ...]
