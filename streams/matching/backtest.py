"""What a change of the rules would have done: the live rules and the proposed ones, asked of the same articles.

Only rules whose matching can differ are asked, each in its own words and with every entity: a longer name of one
entity silences the shorter name of another, so entities can't be left out one by one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from streams.articles.article import Article, ArticleKind
from streams.ids import ArticleId, RuleId
from streams.matching.compile import Compiled
from streams.matching.document import Document
from streams.matching.evaluate import Mentions, Reading
from streams.matching.match import Field, Match, Span
from streams.matching.matcher import Matcher
from streams.matching.tree import Mention, leaves

SAMPLED = 5
HELD = 4 * SAMPLED  # what is held to sample from, as a newer revision may take an article out of it
REMEMBERED = 200_000  # articles in each of two generations: about 50 MB in all
AROUND = 80  # characters of a body on either side of its first mark
Outcome = Mapping[RuleId, tuple[bool, bool]]  # of the rules that hold on either side: live, proposed
NOTHING: Outcome = {}


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article in which a rule found something; the spans count code points of this piece."""

    field: Field
    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An article that a rule gained or lost, with what the side that matched found in it."""

    article_id: ArticleId
    revision: str
    publisher: str
    at: datetime
    title: str
    passages: tuple[Passage, ...]


@dataclass(slots=True)
class Tally:
    """One rule's articles: matched by the live rule, by the proposed one, and by one of them alone."""

    live: int = 0
    proposed: int = 0
    gained: int = 0
    lost: int = 0
    gained_samples: dict[ArticleId, Sample] = field(default_factory=dict)
    lost_samples: dict[ArticleId, Sample] = field(default_factory=dict)

    def count(self, live: bool, proposed: bool, step: int) -> None:
        """Add an article, or take it back with a step of -1."""
        self.live += step * live
        self.proposed += step * proposed
        self.gained += step * (proposed and not live)
        self.lost += step * (live and not proposed)

    def forget(self, article_id: ArticleId) -> None:
        """Take an article out of the samples."""
        self.gained_samples.pop(article_id, None)
        self.lost_samples.pop(article_id, None)


class Taken(NamedTuple):
    """What an article led to on each side; None where no rule that is asked holds."""

    live: Match | None = None
    proposed: Match | None = None


class Backtest:
    """Takes articles one by one and counts; every article counts once, as its newest revision says.

    Revisions that stand further apart than 200,000 articles count as two. Memory is bounded by that.
    """

    def __init__(self, live: Matcher, proposed: Matcher, rules: Collection[RuleId] | None = None) -> None:
        names = compared(live, proposed) if rules is None else frozenset(rules)
        self.rules = {rule_id: Tally() for rule_id in sorted(names)}
        self.articles = self.revisions = 0
        self._same_names = not changed_entities(live, proposed)
        named = any(mentions(side.rules[name]) for side in (live, proposed) for name in names if name in side.rules)
        self._live, self._proposed = (narrowed(side, names, entities=named) for side in (live, proposed))
        self._young: dict[ArticleId, tuple[int, Outcome]] = {}
        self._old: dict[ArticleId, tuple[int, Outcome]] = {}

    def take(self, article: Article, *, at: datetime) -> Taken:
        """Count an article; return its matches, the same one twice where both sides hold alike.

        A heartbeat, what was counted before, or is older, gives nothing. `at` is when it came, for the samples (UTC).
        Cost: 0.6 ms for 120 words, of which laying out the words is the most; as much again where a rule holds.
        """
        before = self._young.get(article.article_id) or self._old.get(article.article_id)
        if article.kind is ArticleKind.HEARTBEAT or (before is not None and before[0] >= article.ordinal):
            return Taken()
        self.articles += before is None
        self.revisions += 1
        outcome, taken = self._ask(article) if self.rules else ({}, Taken())
        for rule_id, (was_live, was_proposed) in (before[1] if before else {}).items():
            self.rules[rule_id].count(was_live, was_proposed, -1)
            self.rules[rule_id].forget(article.article_id)
        for rule_id, (is_live, is_proposed) in outcome.items():
            tally = self.rules[rule_id]
            tally.count(is_live, is_proposed, 1)
            if is_live != is_proposed:
                _sample(tally, rule_id, article, taken, at)
        self._remember(article, outcome)
        return taken

    def _ask(self, article: Article) -> tuple[Outcome, Taken]:
        read = self._live.read(article)
        live = _held(self._live, read)
        proposed = _held(self._proposed, read if self._same_names else self._proposed.read(article))
        outcome = {rule_id: (rule_id in live, rule_id in proposed) for rule_id in live | proposed}
        after = self._proposed.match(article) if proposed else None
        if live == proposed and self._same_names:
            return outcome, Taken(after, after)
        return outcome, Taken(self._live.match(article) if live else None, after)

    def _remember(self, article: Article, outcome: Outcome) -> None:
        self._young[article.article_id] = (article.ordinal, outcome or NOTHING)
        if len(self._young) >= REMEMBERED:
            self._old, self._young = self._young, {}


def backtest(articles: Iterable[Article], live: Matcher, proposed: Matcher) -> Backtest:
    """Return the count over articles, each at the time at which it was fetched."""
    counted = Backtest(live, proposed)
    for article in articles:
        counted.take(article, at=article.fetched_at)
    return counted


def compared(live: Matcher, proposed: Matcher) -> frozenset[RuleId]:
    """Return the rules that may match otherwise, or with another urgency, labels or owner, on the two sides.

    A list counts by its members. If any entity differs, every rule that names one is among them.
    """
    names = live.rules.keys() | proposed.rules.keys()
    entities = bool(changed_entities(live, proposed))
    return frozenset(name for name in names if _differs(live.rules.get(name), proposed.rules.get(name), entities))


def changed_entities(live: Matcher, proposed: Matcher) -> frozenset[str]:
    """Return the entities that are not the same on the two sides."""
    sides = [
        {name: head.body for (kind, name), head in side.heads.heads().items() if kind == "entity" and not head.deleted}
        for side in (live, proposed)
    ]
    return frozenset(name for name in sides[0].keys() | sides[1].keys() if sides[0].get(name) != sides[1].get(name))


def _differs(one: Compiled | None, other: Compiled | None, entities: bool) -> bool:
    if one is None or other is None or one.root != other.root:
        return True
    if any(getattr(one.rule, name) != getattr(other.rule, name) for name in ("urgency", "labels", "owner")):
        return True
    return entities and mentions(one)


def mentions(rule: Compiled) -> bool:
    """Return whether a rule names an entity, by itself or through a list."""
    return any(isinstance(leaf, Mention) for leaf in leaves(rule.root))


def narrowed(matcher: Matcher, rules: Collection[RuleId], *, entities: bool) -> Matcher:
    """Return a matcher of these rules alone, which says of them what the whole one says; all entities, or none."""
    kinds = {"list", "entity"} if entities else {"list"}
    chains = matcher.heads.chains.items()
    kept = (chain for (kind, name), chain in chains if kind in kinds or (kind == "rule" and name in rules))
    return Matcher.empty().apply(list(enumerate(change for chain in kept for change in chain)))


def _held(matcher: Matcher, read: tuple[Document, Mentions]) -> frozenset[RuleId]:
    """Return the rules that hold, without the rest of a match: its facts and its sketch cost as much again."""
    document, mentions = read
    return frozenset(matcher.proofs(Reading(document, mentions), matcher.candidates(document, mentions)))


def _sample(tally: Tally, rule_id: RuleId, article: Article, taken: Taken, at: datetime) -> None:
    """Hold the article among the samples, if it is among the first by a hash: which doesn't depend on the order."""
    gained = taken.proposed is not None and _hit(taken.proposed, rule_id) is not None
    held = tally.gained_samples if gained else tally.lost_samples
    held[article.article_id] = _taken_from(article, taken, rule_id, at)
    if len(held) > HELD:
        del held[max(held, key=_by_hash)]


def samples(held: Mapping[ArticleId, Sample]) -> list[Sample]:
    """Return the samples to show, oldest first: the same whatever the order in which articles were taken."""
    chosen = sorted(held, key=_by_hash)[:SAMPLED]
    return sorted((held[name] for name in chosen), key=lambda sample: (sample.at, sample.article_id))


def _by_hash(article_id: ArticleId) -> bytes:
    return blake2b(article_id.encode(), digest_size=8).digest()


def _hit(match: Match, rule_id: RuleId) -> tuple[Span, ...] | None:
    """Return the spans of a rule in a match, or None if it isn't in it."""
    return next(
        (tuple(match.spans[place] for place in hit.spans) for hit in match.rules if hit.rule_id == rule_id), None
    )


def _taken_from(article: Article, taken: Taken, rule_id: RuleId, at: datetime) -> Sample:
    found = next(spans for match in taken if match and (spans := _hit(match, rule_id)) is not None)
    return Sample(
        article_id=article.article_id,
        revision=article.revision,
        publisher=article.publisher,
        at=at,
        title=article.title,
        passages=tuple(_passages(article, found)),
    )


def _passages(article: Article, spans: Collection[Span]) -> Iterable[Passage]:
    """Yield the piece of each field around the first span in it; a title is whole."""
    for name, text in (("title", article.title), ("lead", article.lead), ("body", article.body)):
        own = [span for span in spans if span.field == name]
        if not own:
            continue
        start, end = (0, len(text)) if name == "title" else (max(0, own[0].start - AROUND), own[0].end + AROUND)
        moved = (
            span.model_copy(update={"start": span.start - start, "end": span.end - start})
            for span in own
            if start <= span.start and span.end <= end
        )
        yield Passage(own[0].field, text[start:end], tuple(moved))
