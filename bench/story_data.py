"""Labelled headlines as a stream of matches, and how a grouping of them is judged.

A shuffled stream permutes the articles; the event times stay where they were, in increasing order: the n-th article to
arrive carries the n-th time. So a shuffle tells 40 stories side by side, where the files tell one after another.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from config.rules import load_rules
from streams.ids import ChangeId, RuleId
from streams.matching.match import Match, RuleHit
from streams.matching.matcher import Matcher
from streams.matching.rule import Urgency
from tests.support.children import ROOT
from tests.support.matching import article, change

SEEDS = (1, 2, 3, 4, 5)
LEAD_CHARS = 300
TORN_CHARS = 700
BEGINS = datetime.fromisoformat("2014-03-10T00:00:00+00:00")
SECOND = timedelta(seconds=1)
RULE = RuleHit(rule_id=RuleId("everything"), change_id=ChangeId("c1"), urgency=Urgency.ROUTINE, spans=())


@dataclass(frozen=True, slots=True)
class Told:
    """An article of the stream: its true story (empty for background traffic), its event time, and its match."""

    story: str
    at: datetime
    title: str
    match: Match

    def moved(self, at: datetime) -> "Told":
        """Return the article at another time."""
        return replace(self, at=at)


def folder() -> Path:
    """Return where the development data stands: TOCSIN_SHARED_DATA, else ../shared/data."""
    return Path(os.environ.get("TOCSIN_SHARED_DATA", ROOT.parent / "shared" / "data"))


def shipped_matcher() -> Matcher:
    """Return the matcher with the shipped rules and entities."""
    entries = load_rules(Path("no-folder-of-this-name"))
    return Matcher.empty().apply(list(enumerate(change(entry.kind, entry.id, entry.body) for entry in entries)))


def headlines(matcher: Matcher) -> list[Told]:
    """Return the labelled headlines in the order of their times, each as the match of one rule that takes all."""
    lines = (folder() / "uci_stories/dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = sorted((json.loads(line) for line in lines), key=lambda row: (row["published"], row["id"]))
    return [
        _told(
            matcher,
            story=row["story"],
            title=row["title"],
            lead="",
            publisher=row["publisher"],
            at=datetime.fromisoformat(row["published"]),
        )
        for row in rows
    ]


def background(matcher: Matcher, times: Sequence[datetime]) -> list[Told]:
    """Return as many agency stories of 1987, title and the first 300 characters, one at each time."""
    with (folder() / "reuters21578/dev.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(times, lines, strict=False)]
    return [
        _told(
            matcher,
            story="",
            title=row["title"],
            lead=" ".join(row["body"].split())[:LEAD_CHARS],
            publisher="Reuters",
            at=at,
        )
        for row, at in zip(rows, times, strict=False)
    ]


def torn(matcher: Matcher, count: int) -> list[Told]:
    """Return agency stories of 1987, each as two articles of one label that share no sentence, within two hours.

    A second set of labels, of many small stories with leads: the headlines alone reward a grouping by topic. It is
    strict: the agency's own follow-ups carry labels of their own.
    """
    chance = random.Random(7)
    found: list[Told] = []
    with (folder() / "reuters21578/dev.jsonl").open(encoding="utf-8") as lines:
        rows = ((row["title"], " ".join(row["body"].split())) for row in map(json.loads, lines))
        long = ((title, body) for title, body in rows if title and len(body) > TORN_CHARS)
        for number, (title, body) in zip(range(count), long, strict=False):
            at, later = BEGINS + 90 * number * SECOND, (90 * number + chance.uniform(60, 7_200)) * SECOND
            cut, story = body.find(" ", 110), f"torn {number}"
            found.append(_told(matcher, story=story, title=title, lead=body[400:650], publisher="A", at=at))
            told = {"title": body[:cut], "lead": body[cut:400], "publisher": "B"}
            found.append(_told(matcher, story=story, at=BEGINS + later, **told))
    return sorted(found, key=lambda told: told.at)


def shuffled(stream: Sequence[Told], seed: int) -> list[Told]:
    """Return the articles in a seeded order of arrival; the times stay in increasing order."""
    order = list(stream)
    random.Random(seed).shuffle(order)
    times = sorted(told.at for told in stream)
    return [told.moved(at) for told, at in zip(order, times, strict=True)]


def half(stream: Iterable[Told], which: int) -> list[Told]:
    """Return the stories whose name hashes to 0 or to 1: what is tuned on one half is judged on the other."""
    return [told for told in stream if sha256(told.story.encode()).digest()[0] % 2 == which]


@dataclass(frozen=True, slots=True)
class Judged:
    """How near a grouping is to the truth: B-cubed precision, recall and F1, and the stories that nobody opened."""

    precision: float
    recall: float
    f1: float
    lost: int
    roots: int


def judge(stream: Sequence[Told], groups: Sequence[object]) -> Judged:
    """Return how good the groups are; background traffic is no part of the sum, but it can open a group.

    Source: Bagga and Baldwin, Entity-based cross-document coreferencing (1998).
    """
    first: dict[object, str] = {}
    for told, group in zip(stream, groups, strict=True):
        first.setdefault(group, told.story)
    pairs = [(told.story, group) for told, group in zip(stream, groups, strict=True) if told.story]
    in_story, in_both = Counter(story for story, _ in pairs), Counter(pairs)
    in_group = Counter(group for _, group in pairs)
    precision = sum(count * count / in_group[group] for (_, group), count in in_both.items()) / len(pairs)
    recall = sum(count * count / in_story[story] for (story, _), count in in_both.items()) / len(pairs)
    lost = len(in_story.keys() - set(first.values()))
    return Judged(precision, recall, 2 * precision * recall / (precision + recall), lost, len(first))


def _told(matcher: Matcher, *, story: str, title: str, lead: str, publisher: str, at: datetime) -> Told:
    told = article(
        title,
        lead,
        article_id=sha256(f"{story}/{title}/{lead}/{publisher}/{at}".encode()).hexdigest()[:16],
        publisher=publisher,
        first_seen_at=at,
        fetched_at=at,
    )
    return Told(story, at, title, matcher.match(told).model_copy(update={"rules": (RULE,)}))
