"""The examples of a rule: headlines, or articles that state a source, a language, an author or a day."""

import re
from collections.abc import Mapping

from pydantic import JsonValue

from config.entities import day
from config.node import Node

KINDS = ("match", "no_match")
TEXTS = ("title", "lead", "body")
ARTICLE_KEYS = (*TEXTS, "source", "language", "author", "date")
ARTICLES = "_articles"
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read_examples(node: Node) -> dict[str, JsonValue]:
    """Return the examples as the record has them: headlines under `match`, articles under `match_articles`.

    Apart, because a program that knows headlines only leaves out the field that it doesn't know, and keeps the rule.
    """
    fields = node.fields(KINDS)
    body: dict[str, JsonValue] = {}
    for kind in KINDS:
        items = fields[kind].items()
        body[kind] = [text for item in items if item.kind != "mapping" and (text := item.text(""))]
        if articles := [_article(item) for item in items if item.kind == "mapping"]:
            body[kind + ARTICLES] = articles
    return body


def as_written(body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return a rule's body as the YAML entry that makes it: headlines and articles in one list. Others as they are."""
    examples = body.get("examples")
    if not isinstance(examples, Mapping):
        return body
    return {**body, "examples": {kind: [*_all(examples, kind), *_all(examples, kind + ARTICLES)] for kind in KINDS}}


def _all(examples: Mapping[str, JsonValue], name: str) -> list[JsonValue]:
    found = examples.get(name)
    return found if isinstance(found, list) else []


def _article(item: Node) -> JsonValue:
    fields = item.fields(ARTICLE_KEYS)
    article: dict[str, JsonValue] = {name: text for name in ARTICLE_KEYS if (text := fields[name].text(""))}
    if not any(name in article for name in TEXTS) and not item.cut:
        item.refuse("an example without a text: give it title, lead or body")
    if (language := article.get("language")) and not _LANGUAGE.fullmatch(str(language)):
        fields["language"].refuse(f'"{language}" is no language code: write en, ja or zh-Hant')
    if "date" in article:
        article["date"] = day(fields["date"])
    return article
