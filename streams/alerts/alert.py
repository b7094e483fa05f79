"""An alert: what is new about a story, one record for each part of an article revision's match."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from streams.articles.article import ArticleKind, DateQuality, Head
from streams.ids import AlertId, ArticleId, ChangeId, DeskId, EventId, RuleId, StoryId
from streams.matching.match import EntityHit, Span
from streams.matching.rule import Urgency
from streams.record import Part, Record, Utc
from streams.stories.story import ToldBefore


class Relation(StrEnum):
    """What an article is to its story; streams.alerts.relation decides, in this order of precedence."""

    FIRST = "first"
    RETRACT = "retract"
    CORRECTION = "correction"
    UPDATE = "update"
    COPY = "copy"
    CONFIRMATION = "confirmation"


class ComparedWith(Part):
    """The article that the relation was decided against.

    `needs` names every permission that the comparison rests on: who lacks one of them can't know that nothing is new.
    """

    article_id: ArticleId
    permission: str
    needs: tuple[str, ...] = ()


class NewToken(Part):
    """A figure, date, entity or negation that the story had not told before."""

    value: str
    kind: str


class AlertSource(Part):
    """A publisher in the story, and how long after the first source it was seen.

    It came into its feed between `absent_at`, our last look without it (None at the feed's first poll), and
    `first_seen_at`. `claimed_at` is when the publisher says that it put it out; streams.alerts.sources weighs that.
    """

    publisher: str
    permission: str
    lag_s: float
    first_seen_at: Utc | None = None
    absent_at: Utc | None = None
    claimed_at: Utc | None = None
    date_quality: DateQuality = DateQuality.MISSING


class Related(Part):
    """Another story that is near, without being the same; `permissions` are those of its sources."""

    story_id: StoryId
    similarity: float
    permissions: tuple[str, ...] = ()


class AlertedRule(Part):
    """A rule that matched, with its own revision count in this story; `spans` index the alert's span table.

    One that is `taken_over` does not match this text: it matched an earlier one, and who was told so is told of this.
    """

    rule_id: RuleId
    change_id: ChangeId
    alert_id: AlertId
    revision: int
    urgency: Urgency
    urgency_reasons: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    owner: DeskId | None = None
    taken_over: bool = False
    spans: tuple[int, ...]


class Alert(Record):
    """What is new about a story. The alert stage labels; it never suppresses.

    `told_before` are the facts that are new to whoever holds none of the permissions under which they were told.
    """

    schema_name: ClassVar[str] = "alert"

    event_id: EventId
    story_id: StoryId
    relation: Relation
    firm: bool = True
    compared_with: ComparedWith | None = None
    similarity: float | None = None
    head: Head
    spans: tuple[Span, ...] = ()
    rules: tuple[AlertedRule, ...] = ()
    entities: tuple[EntityHit, ...] = ()
    whats_new: tuple[NewToken, ...] = ()
    told_before: tuple[ToldBefore, ...] = ()
    sources: tuple[AlertSource, ...] = ()
    related: tuple[Related, ...] = ()
    late_by_s: float | None = None
    sample: bool = False


class DeskAlert(Alert):
    """An alert as one desk sees it: `told_as`, and what is new, sources and lags from what the desk may see."""

    schema_name: ClassVar[str] = "desk_alert"

    told_before: SkipJsonSchema[tuple[ToldBefore, ...]] = Field(default=(), exclude=True)  # it names the unseen
    desk: DeskId
    told_as: Relation
    routes_version: str


def event_type(head: Head, relation: Relation) -> str:
    """Return the CloudEvents type of an alert about this article; a heartbeat tells no news, and has its own."""
    return "tocsin.heartbeat.v1" if head.kind is ArticleKind.HEARTBEAT else f"tocsin.alert.{relation}.v1"
