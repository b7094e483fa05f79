"""The match stage: an article in, its match in parts out. Pure but for counting."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.kafka import Incoming, Outgoing, outgoing
from agents.metrics import Metrics
from streams.articles.article import Article, ArticleKind
from streams.latency import Ledger
from streams.matching.match import Match
from streams.matching.matcher import Matcher
from streams.matching.parts import split
from streams.topics import MATCHES

STAGE = "match"


@dataclass(frozen=True, slots=True)
class Matching:
    """The decision with one ruleset: picked once per batch, so that a batch keeps the matcher it began with."""

    matcher: Matcher
    metrics: Metrics

    def __call__(self, record: Incoming, *, stamped_at: datetime) -> Sequence[Outgoing]:
        """Return the parts of the article's match for `matches`, or nothing when no rule holds and none has to know.

        Raises: PoisonError when the record is no article; NewerSchemaError when it is from a newer program.
        """
        article = Article.from_json(record.value, schema=record.schema)
        ledger = record.ledger.stamped(produced=record.appended_at, matched=stamped_at)
        started_s = time.perf_counter()
        match = self._match(article)
        self._count(match, ledger, time.perf_counter() - started_s)
        if not is_told(match):
            return []
        return [
            outgoing(
                MATCHES, part, key=article.article_id, stage=STAGE, at=record.appended_at, ledger=ledger,
                ce_id=f"{article.article_id}/{article.revision}/{part.part}", traceparent=record.traceparent,
            )
            for part in split(match)
        ]  # fmt: skip

    def _match(self, article: Article) -> Match:
        if article.kind is ArticleKind.HEARTBEAT:
            return Match(ruleset_version=self.matcher.version, head=article.head())
        asked = self.matcher.ask(article)
        self.metrics.match_candidates.inc(asked.candidates)
        self.metrics.match_evaluated.inc(asked.evaluated)
        return asked.match

    def _count(self, match: Match, ledger: Ledger, took_s: float) -> None:
        self.metrics.match_duration.observe(took_s)
        if match.rules:
            self.metrics.matches.inc()
        for stage in ("queue", "match"):
            self.metrics.took(stage, ledger)


def is_told(match: Match) -> bool:
    """Return whether the alert stage has to see the match.

    Without a rule it has to when it is a heartbeat, or when an earlier revision may have been told: a correction that
    no longer matches must still reach who was told of it.
    """
    head, markers = match.head, match.markers
    return bool(
        match.rules or head.kind is ArticleKind.HEARTBEAT or head.ordinal > 1 or markers.retract or markers.correction
    )


def picker(matcher: Callable[[], Matcher], metrics: Metrics) -> Callable[[], Matching]:
    """Return what the stage calls for each batch: the decision with the matcher of that moment."""
    return lambda: Matching(matcher(), metrics)
