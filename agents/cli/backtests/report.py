"""What a backtest found, for people and for programs: per rule what it gains and loses, how often, and samples."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from agents.cli.backtests.alerts import BothSides
from agents.cli.backtests.reading import Progress
from agents.cli.explaining.sheet import heading, lines, width
from agents.cli.output import coloured, print_json, print_rows
from streams.ids import RuleId
from streams.matching.backtest import Backtest, Sample, Tally, samples
from streams.matching.matcher import Matcher
from streams.routing.render_text import ELLIPSIS, Piece, pieces, plain

MUCH = 0.05  # of all articles: a rule that takes more is a firehose, not an alert
LEAST_PERIOD = timedelta(hours=1)  # below that a figure per day says nothing
DAY = timedelta(days=1)
SHOWN = 3
MOST_SHOWN = 10  # rules with samples
MOST_CHARS = 300
MOST_LINES = 5


@dataclass(slots=True)
class Period:
    """The time from the first article to the last."""

    first: datetime | None = None
    last: datetime | None = None

    def add(self, at: datetime) -> None:
        """Take in the time of an article."""
        self.first = min(self.first or at, at)
        self.last = max(self.last or at, at)

    def days(self) -> float | None:
        """Return its length in days, or None if it is under an hour."""
        length = self.last - self.first if self.first and self.last else timedelta(0)
        return length / DAY if length >= LEAST_PERIOD else None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rule may not pass, if a limit is given."""

    alerts_per_day: float | None = None
    lost: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule's figures. `per_day` counts articles, `alerts_per_day` is an estimate; None: the period is too short."""

    rule: RuleId
    what: str  # new, change, delete; same: only entities or lists that it may name differ
    tally: Tally
    share: float
    per_day: float | None
    alerts: int
    alerts_live: int
    alerts_per_day: float | None
    alerts_per_day_live: float | None

    def row(self) -> Mapping[str, object]:
        """Return it as a JSON object."""
        tally = self.tally
        return {
            "rule": self.rule, "what": self.what, "live": tally.live, "proposed": tally.proposed,
            "gained": tally.gained, "lost": tally.lost, "share": self.share, "per_day": self.per_day,
            "alerts": self.alerts, "alerts_live": self.alerts_live,
            "alerts_per_day": self.alerts_per_day, "alerts_per_day_live": self.alerts_per_day_live,
            "gained_samples": [_json(one) for one in samples(tally.gained_samples)],
            "lost_samples": [_json(one) for one in samples(tally.lost_samples)],
        }  # fmt: skip

    def cells(self) -> Mapping[str, object]:
        """Return it as a row of a table."""
        tally = self.tally
        return {
            "rule": self.rule, "what": self.what, "was": f"{tally.live:,}", "now": f"{tally.proposed:,}",
            "gained": f"{tally.gained:,}", "lost": f"{tally.lost:,}", "share": f"{self.share:.2%}",
            "per day": _figure(self.per_day), "alerts/day": _figure(self.alerts_per_day),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A backtest that ended, or was stopped. `beside` is what it was compared with."""

    live: Matcher
    after: Matcher
    counted: Backtest
    alerts: BothSides
    period: Period
    beside: str
    progress: Progress
    given_days: float | None = None

    @property
    def days(self) -> float | None:
        """Return how many days the articles stand for."""
        return self.given_days or self.period.days()

    def rows(self) -> list[Rule]:
        """Return the rules, those first that change most."""
        found = [self._rule(name, tally) for name, tally in self.counted.rules.items()]
        return sorted(found, key=lambda rule: (-rule.tally.gained - rule.tally.lost, rule.rule))

    def _rule(self, name: RuleId, tally: Tally) -> Rule:
        before, after = self.live.rules.get(name), self.after.rules.get(name)
        same = before and after and before.change_id == after.change_id
        what = "new" if before is None else "delete" if after is None else "same" if same else "change"
        alerts, alerts_live = self.alerts.proposed.counts[name], self.alerts.live.counts[name]
        return Rule(
            rule=name, what=what, tally=tally, share=tally.proposed / max(1, self.counted.articles),
            per_day=self._daily(tally.proposed), alerts=alerts, alerts_live=alerts_live,
            alerts_per_day=self._daily(alerts), alerts_per_day_live=self._daily(alerts_live),
        )  # fmt: skip

    def _daily(self, count: int) -> float | None:
        return None if self.days is None else round(count / self.days, 2)


def print_report(report: Report, limits: Limits, *, as_json: bool) -> bool:
    """Print what was found, warnings on stderr; return whether a limit was passed."""
    rules = report.rows()
    exceeded = list(_exceeded(rules, limits))
    if as_json:
        print_json(_object(report, rules, exceeded))
    else:
        for line in _said(report):
            print(line)
        _print_rules(rules)
    for line in (*_warnings(report, rules), *exceeded):
        print(line, file=sys.stderr)
    return bool(exceeded)


def _object(report: Report, rules: Iterable[Rule], exceeded: list[str]) -> Mapping[str, object]:
    period, progress = report.period, report.progress
    return {
        "articles": report.counted.articles, "revisions": report.counted.revisions, "first": period.first,
        "last": period.last, "days": report.days, "against": report.beside, "interrupted": progress.stopped,
        "unreadable": len(progress.unreadable), "rules": [rule.row() for rule in rules], "exceeded": exceeded,
    }  # fmt: skip


def _said(report: Report) -> Iterator[str]:
    counted, period = report.counted, report.period
    newer = counted.revisions - counted.articles
    revisions = f" in {counted.revisions:,} revisions, the newest of each counts" if newer else ""
    days = report.days
    when = f", {period.first:%Y-%m-%d %H:%M} to {period.last:%Y-%m-%d %H:%M} UTC" if period.first else ""
    long = "" if not period.first else f" ({days:.1f} days)" if days else " (too short for figures a day: see --days)"
    yield f"{counted.articles:,} articles{revisions}{when}{long}"
    differ = "can match otherwise than" if report.live.rules else "are compared with"
    asked = sum(name in report.after.rules for name in counted.rules)
    gone = f", and {len(counted.rules) - asked} would be deleted" if asked < len(counted.rules) else ""
    yield f"{asked} of {report.after.rules_loaded} rules {differ} {report.beside}{gone}"


def _print_rules(rules: list[Rule]) -> None:
    moved = [rule for rule in rules if rule.what != "same" or rule.tally.gained or rule.tally.lost]
    if moved:
        print()
        print_rows([rule.cells() for rule in moved], as_json=False)
    if len(moved) < len(rules):
        print(f"{len(rules) - len(moved)} rules that name a changed entity match the same articles as before")
    for rule in moved[:MOST_SHOWN]:
        for word, held in (("gained", rule.tally.gained_samples), ("lost", rule.tally.lost_samples)):
            _print_samples(f"{rule.rule} {word}", samples(held)[:SHOWN])
    if len(moved) > MOST_SHOWN:
        print("", f"{len(moved) - MOST_SHOWN} more rules: --json has samples of all", sep="\n")


def _print_samples(name: str, found: list[Sample]) -> None:
    if not found:
        return
    print("", heading(f"{name}, such as"), sep="\n")
    for one in found:
        for label, text in _sample_lines(one):
            print(*lines(label, text, room=width(), styled=coloured()), sep="\n")


def _sample_lines(one: Sample) -> Iterator[tuple[str, list[Piece]]]:
    """Yield the headline with the words that count in it; where it has none, the place in the text that has."""
    fields = {passage.field: passage for passage in one.passages}
    title = fields.get("title")
    shown = pieces(one.title, title.spans if title else (), "title", MOST_CHARS)
    named = Piece(f" ({one.article_id})")  # which `rules explain` takes
    yield f"{one.at:%m-%d}", [Piece(f"{one.at:%H:%M} {plain(one.publisher)}: "), *shown, named]
    for passage in () if title else one.passages[:1]:
        found = pieces(passage.text, passage.spans, passage.field, MOST_CHARS)
        yield f"  {passage.field}", [Piece(ELLIPSIS), *found, Piece(ELLIPSIS)]


def _json(one: Sample) -> Mapping[str, object]:
    return {**asdict(one), "passages": [asdict(passage) for passage in one.passages]}


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _warnings(report: Report, rules: Iterable[Rule]) -> Iterator[str]:
    for line in report.progress.unreadable[:MOST_LINES]:
        yield f"warning: passed over: {line}"
    if more := len(report.progress.unreadable[MOST_LINES:]):
        yield f"warning: passed over: {more} more"
    for rule in rules:
        if rule.share > MUCH:
            yield firehose(rule.rule, rule.share, rule.per_day, of="all articles")
    if report.progress.stopped:
        yield f"interrupted: these are the figures of the {report.counted.articles:,} articles until then"


def firehose(rule: str, share: float, per_day: float | None, *, of: str) -> str:
    """Return the warning of a rule that matches that share of the articles; `per_day` None: too short to say."""
    often = "" if per_day is None else f"would fire {per_day:,.0f} times a day: it "
    return f'warning: rule "{rule}" {often}matches {share:.1%} of {of}, over {MUCH:.0%}'


def _exceeded(rules: Iterable[Rule], limits: Limits) -> Iterator[str]:
    for rule in rules:
        often, lost = rule.alerts_per_day, rule.tally.lost
        if limits.alerts_per_day is not None and often is not None and often > limits.alerts_per_day:
            yield f'rule "{rule.rule}": {often:,.1f} alerts a day, over --max-per-day {limits.alerts_per_day:g}'
        if limits.lost is not None and lost > limits.lost:
            yield f'rule "{rule.rule}": loses {lost:,} articles, over --max-lost {limits.lost}'
