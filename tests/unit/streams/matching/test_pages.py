"""Whole pages on the pure path, feed to match: the article alerts, and what a site puts around it doesn't."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest

from agents.cli.page import read_page
from config.rules import load_rules
from streams.articles.article import Article
from streams.articles.reading import read_document
from streams.matching.matcher import Matcher
from tests.support.matching import article, change
from tests.support.pages import LAYOUTS, MARK, Story, stories


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    entries = load_rules(Path("no-folder-of-this-name"))
    return Matcher.empty().apply(list(enumerate(change(entry.kind, entry.id, entry.body) for entry in entries)))


def carried(page: str) -> Article:
    """Return the article that a feed carrying the page gives."""
    read = read_page(page.encode(), name="page")
    item = f"<title>{escape(read.title)}</title><description>{escape(read.content)}</description>"
    document = f"<rss version='2.0'><channel><title>Page</title><item><guid>1</guid>{item}</item></channel></rss>"
    reading = read_document(document.encode(), known=(), content_type="application/rss+xml", url="http://page.test/")
    text = reading.items[0].text
    assert text is not None
    return article(text.title, text.lead, text.body)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("told", stories(), ids=lambda told: told.name)
def test_of_a_page_the_article_is_left_and_alerts(
    shipped: Matcher, told: Story, layout: Callable[[Story], str]
) -> None:
    made = carried(layout(told))
    text = f"{made.lead}\n{made.body}"
    assert made.title == " ".join(told.title.split())
    assert MARK not in text
    assert [line for line in told.paragraphs if " ".join(line.split()) not in text] == []
    assert {hit.rule_id for hit in shipped.match(made).rules} == told.rules
