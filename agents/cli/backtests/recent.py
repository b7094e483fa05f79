"""What an apply accepts and warns of: rules that match much of what came last."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from agents.apply import rule_differences
from agents.cli.backtests.report import MUCH, Period, firehose
from agents.cli.rulebook.book import live_changes
from agents.cli.rulebook.differences import proposed
from agents.kafka import Incoming, partition
from agents.loops.follower import Reader
from agents.topic_admin import check_catalogue
from config.entities import Entry
from config.settings import Settings
from streams.articles.article import Article
from streams.errors import ConfigurationError, PoisonError
from streams.matching.backtest import Backtest
from streams.matching.matcher import Matcher
from streams.topics import ARTICLES, Names

MOST_ARTICLES = 2_000  # the newest: read and matched in about 2 s
LEAST_ARTICLES = 100  # of fewer a share says nothing


class Recent:
    """Counts the rules that an apply changes on articles, each at the time at which it came (UTC)."""

    def __init__(self, live: Matcher, after: Matcher) -> None:
        self._counted, self._period = Backtest(live, after), Period()

    def take(self, article: Article, at: datetime) -> None:
        """Count an article."""
        self._counted.take(article, at=at)
        self._period.add(at)

    def warnings(self) -> Iterator[str]:
        """Yield a line for each rule that matches more than 5 % of the articles, if these are enough to tell."""
        articles, days = self._counted.articles, self._period.days()
        if articles < LEAST_ARTICLES:
            return
        for rule, tally in self._counted.rules.items():
            if (share := tally.proposed / articles) > MUCH:
                per_day = tally.proposed / days if days else None
                yield firehose(rule, share, per_day, of=f"the newest {articles:,} articles")


async def too_often(settings: Settings, entries: Sequence[Entry]) -> list[str]:
    """Return a warning for each rule that the entries add or change and that would match much of what came last.

    No topic with articles, no warning. Raises: ConfigurationError when the topic `rules` is missing, and for what an
    apply of the entries would refuse; UnavailableError when the broker gives nothing.
    """
    live = Matcher.empty().apply(await live_changes(settings))
    changes = rule_differences(live.heads.heads(), entries, settings=settings, now=datetime.now(UTC))
    if not changes:
        return []
    recent = Recent(live, proposed(live, changes))
    with suppress(ConfigurationError):
        await check_catalogue(settings, [ARTICLES])
        await _newest(settings, recent)
    return list(recent.warnings())


async def _newest(settings: Settings, recent: Recent) -> None:
    name = Names(settings.topic_prefix).of(ARTICLES)
    places = [partition(name, number) for number in range(ARTICLES.partitions)]

    def take(record: Incoming) -> None:
        with suppress(PoisonError):
            recent.take(Article.from_json(record.value, schema=record.schema), record.appended_at)

    async with Reader(settings, places) as reader:
        begins, ends = await reader.begins(), await reader.ends()
        for place in places:
            reader.seek(place, max(begins[place], ends[place] - MOST_ARTICLES // len(places)))
        await reader.read_to(ends, take)
