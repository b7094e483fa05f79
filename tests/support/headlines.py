"""Invented headlines as outlets write them, each with the shipped rules that should alert on it.

A line is `rules | headline`; `-` for none, a `?` behind a rule whose alert would be neither right nor wrong.
Lines with an odd number were looked at while the rules were written, of those with an even number only the figures;
three of these that were missed were looked at later, for names of one rule in five languages and for one verb.
The files in `later/` and `last/` were written when the rules stood, to see what they do with others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.rules import load_rules
from streams.matching.matcher import Matcher
from tests.support.matching import article, change

FOLDER = Path(__file__).parent.parent / "data" / "headlines"
FOLDERS = (FOLDER, FOLDER / "later", FOLDER / "last")
LANGUAGES = ("en", "zh-Hans", "zh-Hant", "ja", "de")


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline, the rules that should alert on it, and those that may."""

    text: str
    language: str
    rules: frozenset[str]
    allowed: frozenset[str]
    looked_at: bool


@dataclass(frozen=True, slots=True)
class Score:
    """How many alerts were right, wrong and missing."""

    right: int
    wrong: int
    missing: int

    @property
    def precision(self) -> float:
        """Return the share of the alerts that were right."""
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Return the share of the expected alerts that were raised."""
        return self.right / (self.right + self.missing)


def headlines(language: str, *, folder: Path = FOLDER) -> Iterator[Headline]:
    """Yield the headlines of one language's file."""
    lines = (folder / f"{language}.txt").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        named, text = line.split(" | ", 1)
        rules = set() if named == "-" else set(named.split(", "))
        allowed = {rule for rule in rules if rule.endswith("?")}
        yield Headline(
            text,
            language,
            frozenset(rules - allowed),
            frozenset(rule.removesuffix("?") for rule in allowed),
            looked_at=number % 2 == 1,
        )


def shipped() -> Matcher:
    """Return the matcher with the shipped entities and rules."""
    entries = load_rules(Path("no-folder-of-this-name"))
    return Matcher.empty().apply(list(enumerate(change(entry.kind, entry.id, entry.body) for entry in entries)))


def alerts(matcher: Matcher, headline: Headline) -> frozenset[str]:
    """Return the rules that alert on a headline, but for those that may or may not."""
    found = {str(hit.rule_id) for hit in matcher.match(article(headline.text)).rules}
    return frozenset(found - headline.allowed)


def score(matcher: Matcher, given: Iterable[Headline]) -> Score:
    """Return how right the alerts on these headlines are, each pair of a headline and a rule counted once."""
    pairs = [(headline.rules, alerts(matcher, headline)) for headline in given]
    return Score(
        right=sum(len(wanted & found) for wanted, found in pairs),
        wrong=sum(len(found - wanted) for wanted, found in pairs),
        missing=sum(len(wanted - found) for wanted, found in pairs),
    )
