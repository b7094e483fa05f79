"""Agency stories of 1987 with the topics that editors gave them, and the baseline that one would write first."""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.articles.article import Article
from tests.support.children import ROOT
from tests.support.matching import article

START_CHARS = 250
Topics = frozenset[str]


@dataclass(frozen=True, slots=True)
class Story:
    """A story as an article, and its topics. `text` is title and body, `start` the title and 250 characters."""

    number: int
    date: str
    article: Article
    start: str
    text: str
    topics: Topics


@dataclass(frozen=True, slots=True)
class Count:
    """How many labels were right, wrong and missing."""

    right: int
    wrong: int
    missing: int

    @property
    def precision(self) -> float:
        """Return the share of the labels given that were right; 1 if none was given."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Return the share of the editors' labels that were given; 1 if there was none."""
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        whole = 2 * self.right + self.wrong + self.missing
        return 2 * self.right / whole if whole else 0.0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.right + other.right, self.wrong + other.wrong, self.missing + other.missing)


def folder() -> Path:
    """Return where the stories stand: TOCSIN_SHARED_DATA, else ../shared/data."""
    return Path(os.environ.get("TOCSIN_SHARED_DATA", ROOT.parent / "shared" / "data")) / "reuters21578"


def stories() -> list[Story]:
    """Return every story, in the order of time."""
    with (folder() / "dev.jsonl").open(encoding="utf-8") as lines:
        rows = sorted((json.loads(line) for line in lines), key=lambda row: (row["date"], row["id"]))
    return [_story(row) for row in rows]


def _story(row: Mapping[str, object]) -> Story:
    title, body = str(row["title"]), str(row["body"])
    first, *rest = (" ".join(part.split()) for part in re.split(r"\n\s{3,}", body))
    topics = row["topics"]
    return Story(
        number=int(str(row["id"])),
        date=str(row["date"])[:10],
        article=article(title, lead=first, body="\n\n".join(rest), publisher="Reuters"),
        start=f"{title} {body[:START_CHARS]}",
        text=f"{title} {body}",
        topics=frozenset(map(str, topics if isinstance(topics, list) else ())),
    )


def halves(given: Sequence[Story]) -> tuple[Sequence[Story], Sequence[Story]]:
    """Return the earlier and the later half of stories in the order of time."""
    middle = len(given) // 2
    return given[:middle], given[middle:]


def topic_names() -> dict[str, tuple[str, ...]]:
    """Return the names of each topic, as Reuters printed them."""
    rows = [line.split("\t") for line in (folder() / "rules_topic_names.tsv").read_text("utf-8").splitlines()[1:]]
    return {code: tuple(phrases.split(" | ")) for kind, code, phrases in rows if kind == "topics"}


def naive(names: Mapping[str, Sequence[str]], given: Iterable[Story], text: Callable[[Story], str]) -> Count:
    """Return how right it is to give a topic to every story that holds one of its names as whole words."""
    rules = {code: re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b") for code, phrases in names.items()}
    total = Count(0, 0, 0)
    for story in given:
        words = re.sub(r"[\W_]+", " ", text(story).lower())
        total += counted(frozenset(code for code, rule in rules.items() if rule.search(words)), story.topics)
    return total


def counted(given: Topics, wanted: Topics) -> Count:
    """Return how right the labels of one story are."""
    return Count(len(given & wanted), len(given - wanted), len(wanted - given))
