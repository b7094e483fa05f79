from streams.articles.article import Article, Head
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
