"""`tocsin rules backtest`: what changed rules would have fired on, beside what the live ones did."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.backtests.alerts import BothSides
from agents.cli.backtests.reading import Progress, from_file, from_topic, moment, saving, stoppable
from agents.cli.backtests.report import Limits, Period, Report, print_report
from agents.cli.backtests.sides import live_side, proposed_side
from agents.cli.options import Json, connected, found, with_settings
from config.settings import Settings
from streams.articles.article import Article
from streams.errors import ConfigurationError
from streams.matching.backtest import Backtest
from streams.matching.matcher import Matcher

WEEK = timedelta(days=7)
INTERRUPTED = 130


@with_settings
def backtest(
    settings: Settings,
    file: Annotated[Path | None, typer.Argument(help="Rules, instead of the rules.yaml of --config-dir.")] = None,
    *,
    from_: Annotated[str, typer.Option("--from", help="2026-03-02, 2026-03-02T14:00Z, or 7d for so long ago.")] = "",
    to: Annotated[str, typer.Option("--to", help="As --from; now, if it is left out.")] = "",
    articles: Annotated[
        Path | None, typer.Option(help="Articles of a file, one in JSON a line; no broker is needed.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A folder of files to compare with, instead of what is live.")
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="FILE only adds or changes rules: what is live stays.")
    ] = False,
    days: Annotated[float | None, typer.Option(min=0.01, help="How many days the articles stand for.")] = None,
    max_per_day: Annotated[float | None, typer.Option(min=0, help="Exit 1 if a rule would alert more often.")] = None,
    max_lost: Annotated[int | None, typer.Option(min=0, help="Exit 1 if a rule loses more articles than that.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the articles into a file, for --articles.")] = None,
    json: Json = False,
) -> int:
    """Show what changed rules would have matched in the past.

    What they gain and lose beside the live ones is counted, with samples. Articles are those that the
    topic `articles` got from --from (7d) to --to, or those of a file.
    """
    if draft and file is None:
        raise typer.BadParameter("--draft needs a FILE with the rules to add or change")
    now = datetime.now(UTC)
    begin, end = (moment(text, now=now) if text else None for text in (from_, to))
    settings = settings if against and articles else found(settings)
    live, beside = live_side(settings, against, optional=articles is not None)
    after = proposed_side(settings, live, file, draft=draft)
    count = _Count(live, after)
    with saving(save, count.take) as taking, stoppable(count.progress):
        if articles is not None:
            from_file(articles, begin, end, taking, count.progress)
        else:
            asyncio.run(from_topic(connected(settings), begin or now - WEEK, end or now, taking, count.progress))
    report = count.report(live, after, beside=beside, days=days)
    if max_per_day is not None and report.days is None:
        raise ConfigurationError(
            "--max-per-day: the articles are of less than an hour: --days N says what they stand for"
        )
    exceeded = print_report(report, Limits(max_per_day, max_lost), as_json=json)
    return INTERRUPTED if count.progress.stopped else int(exceeded)


class _Count:
    """What is gathered while articles are read."""

    def __init__(self, live: Matcher, after: Matcher) -> None:
        self.progress = Progress()
        self._counted, self._alerts, self._period = Backtest(live, after), BothSides(), Period()

    def take(self, article: Article, at: datetime) -> None:
        """Take in an article that came at a time."""
        self._period.add(at)
        self._alerts.take(self._counted.take(article, at=at), at)

    def report(self, live: Matcher, after: Matcher, *, beside: str, days: float | None) -> Report:
        """Return what was found, once everything is read."""
        self._alerts.finish()
        return Report(
            live=live, after=after, counted=self._counted, alerts=self._alerts, period=self._period,
            beside=beside, progress=self.progress, given_days=days,
        )  # fmt: skip
