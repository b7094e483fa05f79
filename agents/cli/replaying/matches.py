"""Replays the match stage: each article under the rules of its recorded match, and compares rules with their spans.

An article without a match was held against some version of the rules too. Which one, its neighbours on the partition
tell, heartbeats among them; where they leave several, one of them has to give no match.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agents.alert import partition_spoken_for
from agents.cli.replaying.alerts import name_of
from agents.cli.replaying.difference import Account, Kind
from agents.cli.replaying.reading import Times, opened, told
from agents.kafka import Incoming
from agents.match import is_told
from config.settings import Settings
from streams.articles.article import Article, ArticleKind, Head
from streams.errors import PoisonError
from streams.matching.match import Match, Span
from streams.matching.matcher import Matcher
from streams.matching.rule import RuleChange
from streams.topics import ARTICLES, MATCHES, RULES

MATCHERS_KEPT = 4
Name = tuple[str, str]  # article id and revision
Proofs = Mapping[str, tuple[Span, ...]]  # by rule


class Rulebook:
    """The rules as they were at any version: every change is kept on `rules`."""

    def __init__(self) -> None:
        self.changes: list[tuple[int, datetime, RuleChange]] = []
        self._matchers: OrderedDict[int, Matcher] = OrderedDict()

    def take(self, record: Incoming) -> None:
        """Take in one record of `rules`; what is no change never was one for a matcher either."""
        try:
            change = RuleChange.from_json(record.value, schema=record.schema)
        except PoisonError:
            return
        self.changes.append((record.offset, record.appended_at, change))

    def matcher(self, version: int) -> Matcher:
        """Return the matcher of a version; the last few stay at hand."""
        if version not in self._matchers:
            base = max((known for known in self._matchers if known < version), default=-1)
            before = self._matchers.get(base) or Matcher.empty()
            news = [(offset, change) for offset, _, change in self.changes if base < offset <= version]
            self._matchers[version] = before.apply(news)
        self._matchers.move_to_end(version)
        if len(self._matchers) > MATCHERS_KEPT:
            self._matchers.popitem(last=False)
        return self._matchers[version]

    def versions(self, low: int, high: int | None) -> list[int]:
        """Return the versions from `low` to `high`, or to the newest."""
        return [offset for offset, _, _ in self.changes if low <= offset and (high is None or offset <= high)]

    def at(self, moment: datetime) -> int:
        """Return the version of everything that had been appended by then; -1 for nothing."""
        return max((offset for offset, at, _ in self.changes if at <= moment), default=-1)


@dataclass(slots=True)
class Recorded:
    """What stands on `matches` for articles of the times, by version, and when each partition had which version."""

    times: Times
    matches: dict[Name, dict[int, dict[str, tuple[Span, ...]]]] = field(default_factory=dict)
    seen: dict[tuple[int, int], tuple[datetime, datetime]] = field(default_factory=dict)

    def take(self, record: Incoming) -> int | None:
        """Take in one part of a match; return its partition of `articles` if it came after the times."""
        try:
            match = Match.from_json(record.value, schema=record.schema)
        except PoisonError:
            return None
        at = datetime.fromisoformat(name_of(record.headers)[1])
        number = partition_of(match.head)
        first, last = self.seen.get((number, match.ruleset_version), (at, at))
        self.seen[number, match.ruleset_version] = min(first, at), max(last, at)
        if at in self.times:
            versions = self.matches.setdefault((match.head.article_id, match.head.revision), {})
            versions.setdefault(match.ruleset_version, {}).update(proofs_of(match))
        return number if at >= self.times.end else None

    def between(self, number: int, at: datetime) -> tuple[int, int | None]:
        """Return the lowest and the highest version that the partition can have had at a time; None: the newest."""
        mine = [(version, times) for (of, version), times in self.seen.items() if of == number]
        sure = [version for version, (first, last) in mine if first <= at <= last]
        if sure:
            return min(sure), max(sure)
        before = max((version for version, (_, last) in mine if last < at), default=-1)
        return before, min((version for version, (first, _) in mine if first > at), default=None)


async def replay_matches(settings: Settings, times: Times) -> Account:
    """Return how the matches of the articles of these times differ from what they give again.

    Memory: the rules and spans of every match of the times.
    """
    rules, recorded, account = Rulebook(), await _recorded(settings, times), Account("match")
    async with opened(settings, RULES) as reader:
        async for record in reader.records(await reader.begins(), await reader.ends()):
            rules.take(record)
    replayed = set[Name]()
    async with opened(settings, ARTICLES) as reader:
        async for record in reader.records(await reader.offsets_at(times.begin), await reader.offsets_at(times.end)):
            try:
                article = Article.from_json(record.value, schema=record.schema)
            except PoisonError:
                account.unreadable += 1
                continue
            replayed.add((article.article_id, article.revision))
            _compare(account, article, record, rules=rules, recorded=recorded)
    for name in sorted(recorded.matches.keys() - replayed):
        account.add(Kind.MISSING, "/".join(name), told(times.begin), ("the article is no longer on `articles`",))
    return account


async def _recorded(settings: Settings, times: Times) -> Recorded:
    """Return what stands on `matches`, read until each partition of `articles` is seen to be past the times."""
    recorded, past = Recorded(times), set[int]()
    async with opened(settings, MATCHES) as reader:
        async for record in reader.records(await reader.offsets_at(times.begin), await reader.ends()):
            number = recorded.take(record)
            past |= set() if number is None else {number}
            if len(past) == ARTICLES.partitions:
                break
    return recorded


def _compare(account: Account, article: Article, record: Incoming, *, rules: Rulebook, recorded: Recorded) -> None:
    name, at = f"{article.article_id}/{article.revision}", told(record.appended_at)
    known = recorded.matches.get((article.article_id, article.revision))
    if known is None:
        if _gives_none(article, _candidates(record, rules, recorded), rules):
            account.equal += 1
        else:
            account.add(Kind.EXTRA, name, at)
        return
    what = [text for version, proofs in known.items() for text in _differing(article, version, proofs, rules)]
    if what:
        account.add(Kind.DIFFERENT, name, at, what)
    else:
        account.equal += 1


def _candidates(record: Incoming, rules: Rulebook, recorded: Recorded) -> list[int]:
    """Return the versions under which the article may have been held against the rules, the likeliest first."""
    low, high = recorded.between(record.partition, record.appended_at)
    low = max(low, rules.at(record.appended_at))  # a batch begins with the rules that were there before it
    low = low if high is None else min(low, high)
    return rules.versions(low, high) or [low]


def _gives_none(article: Article, versions: Iterable[int], rules: Rulebook) -> bool:
    return any(not is_told(_match(article, version, rules)) for version in versions)


def _differing(article: Article, version: int, recorded: Proofs, rules: Rulebook) -> Iterator[str]:
    """Yield in which rules the match of a version differs."""
    match = _match(article, version, rules)
    if not is_told(match):
        yield f"no match under ruleset_version {version}"
        return
    made = proofs_of(match)
    for rule_id in sorted(recorded.keys() | made.keys()):
        if rule_id not in made:
            yield f"rule {rule_id}: no longer matches"
        elif rule_id not in recorded:
            yield f"rule {rule_id}: had not matched"
        elif made[rule_id] != recorded[rule_id]:
            yield f"rule {rule_id}: spans"


def _match(article: Article, version: int, rules: Rulebook) -> Match:
    if article.kind is ArticleKind.HEARTBEAT:
        return Match(ruleset_version=version, head=article.head())
    return rules.matcher(version).match(article)


def proofs_of(match: Match) -> dict[str, tuple[Span, ...]]:
    """Return the spans of each rule of a part."""
    return {rule.rule_id: tuple(match.spans[number] for number in rule.spans) for rule in match.rules}


def partition_of(head: Head) -> int:
    """Return the partition of `articles` that the article was on."""
    if head.kind is ArticleKind.HEARTBEAT:
        return partition_spoken_for(head)
    return ARTICLES.partition(head.article_id)
