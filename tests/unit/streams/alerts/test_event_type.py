import pytest

from streams.alerts.alert import Relation, event_type
from streams.articles.article import ArticleKind
from tests.support.notices import head


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("kind", sorted(set(ArticleKind) - {ArticleKind.HEARTBEAT}))
def test_an_alert_is_of_its_relations_type(kind: ArticleKind, relation: Relation) -> None:
    assert event_type(head(kind=kind), relation) == f"tocsin.alert.{relation}.v1"


def test_a_heartbeat_is_never_taken_for_a_first_alert() -> None:
    assert event_type(head(kind=ArticleKind.HEARTBEAT), Relation.FIRST) == "tocsin.heartbeat.v1"
