"""The article that a rule is tried on: of the broker by its id, of a file or stdin, or as words on the command line."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import typer

from agents.cli.explaining.journey import Topics
from agents.cli.options import connected, found
from agents.cli.page import LOOKS_LIKE_HTML, decoded
from agents.cli.reading import beginning
from agents.cli.rulebook.book import article as made
from config.settings import Settings
from streams.articles.article import Article
from streams.errors import ConfigurationError, PoisonError
from streams.topics import ARTICLES

STDIN = "-"
EPOCH = datetime.fromtimestamp(0, UTC)
DEFAULTS = frozenset(name for name, one in Article.model_fields.items() if not one.is_required())


def article_of(settings: Settings, name: str | None, *, title: str, lead: str, body: str) -> Article:
    """Return the article: `name` is a file, - for stdin, or an id (or its beginning); without it, the words are it.

    Raises: typer.BadParameter when neither or both are given; ConfigurationError when there is no such article.
    """
    words = title or lead or body
    if bool(words) is bool(name):
        raise typer.BadParameter("give an article (an id, a file, - for stdin), or --title, --lead and --body")
    if name is None:
        return made(title=title, lead=lead, body=sys.stdin.read() if body == STDIN else body)
    if name == STDIN:
        return read_text(sys.stdin.buffer.read(), name="stdin")
    path = Path(name)
    if path.is_file():
        return read_text(path.read_bytes(), name=path.name)
    return asyncio.run(_published(settings, beginning(name)))


def read_text(given: bytes, *, name: str) -> Article:
    """Return the article in a file: JSON as the topic holds it, or plain text with the headline as its first line.

    Raises: ConfigurationError for HTML, and for what holds no word.
    """
    text = decoded(given).strip()
    if text.startswith("{"):
        try:
            return read_article(text.splitlines()[0].encode())
        except (PoisonError, ValueError) as err:
            raise ConfigurationError(f"{name}: {err}") from err
    if LOOKS_LIKE_HTML.search(text[:4_000]):
        raise ConfigurationError(f"{name}: a page, not an article: `tocsin verify {name}` sends it through everything")
    title, _, body = text.partition("\n")
    if not title:
        raise ConfigurationError(f"{name}: holds no text")
    return made(title=title.strip(), body=body.strip())


async def _published(settings: Settings, name: str) -> Article:
    topics = Topics(connected(found(settings)))
    found_there = await topics.mentioning(ARTICLES, Article, [name], lambda one: one.article_id.startswith(name))
    ids = sorted({one.record.article_id for one in found_there})
    if not ids:
        raise ConfigurationError(f"no article {name}: no such file, and looked at {topics.said(ARTICLES)}")
    if len(ids) > 1:
        raise ConfigurationError(f"{name} is the beginning of {len(ids)} articles: {', '.join(ids[:5])}")
    return max((one.record for one in found_there), key=lambda one: one.ordinal)


def read_article(text: bytes) -> Article:
    """Return the article in a JSON object; what it leaves out is filled in, but its title, lead or body.

    Raises: PoisonError or ValueError when it is none.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("not JSON: one article in JSON a line is needed") from None
    if not isinstance(given, dict) or not any(isinstance(given.get(name), str) for name in ("title", "lead", "body")):
        raise ValueError('no article: an object with "title", "lead" or "body" is needed')
    if given.keys() >= Article.model_fields.keys() - DEFAULTS:
        return Article.from_json(text)
    words = {name: given.get(name) or "" for name in ("title", "lead", "body")}
    filled = made(**words, at=EPOCH).model_dump(mode="json", exclude={"published_at"})
    filled["article_id"] = sha256(json.dumps(words).encode()).hexdigest()[:16]
    return Article.from_json(json.dumps({**filled, **given}).encode())
