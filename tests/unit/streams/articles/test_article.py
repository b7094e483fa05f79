from datetime import timedelta

import pytest

from streams.articles.article import Article, ArticleKind, Head
from streams.articles.notes import heartbeat
from tests.fakes import START


def test_a_head_is_the_article_without_its_body() -> None:
    article = heartbeat(1, now=START).model_copy(update={"body": "text", "revision": "12-abcdef01"})
    head = article.head()
    assert not hasattr(head, "body")
    assert head == Head.model_validate(article.model_dump(exclude={"body"}))
    assert head.ordinal == 12


def test_an_article_comes_back_from_the_wire_as_it_went() -> None:
    article = heartbeat(1, now=START)
    assert Article.from_json(article.to_json()) == article


@pytest.mark.parametrize(
    ("kind", "published_h", "updated_h", "claimed_h"),
    [
        pytest.param("new", -3, -1, -3, id="an article, by its date"),
        pytest.param("new", None, -1, None, id="an article without one"),
        pytest.param("updated", -3, -1, -1, id="an edit, by the date of the update"),
        pytest.param("updated", None, -1, -1, id="an edit of an undated article"),
        pytest.param("updated", -3, None, None, id="an edit that nobody dated"),
        pytest.param("updated", -3, -3, None, id="an edit under the article's own date"),
    ],
)
def test_a_publisher_claims_a_date_for_each_revision_and_none_stands_in_for_it(
    kind: str, published_h: float | None, updated_h: float | None, claimed_h: float | None
) -> None:
    at = {hours: None if hours is None else START + timedelta(hours=hours) for hours in (None, -3, -1)}
    given = {"kind": ArticleKind(kind), "published_at": at[published_h], "updated_at": at[updated_h]}
    assert heartbeat(1, now=START).model_copy(update=given).claimed_at == at[claimed_h]
