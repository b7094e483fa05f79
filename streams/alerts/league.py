"""The league of first sources: for each rule and source how often it was first, by how much, and how far behind else.

Computed from a desk's own alerts and from what it may see now, so that a source it may not see leaves no trace: the
others are first without it. A story counts once, with its newest alert, for each rule by which the desk was shown it.

How it counts. A source that carried a story by itself has won nothing: `alone`. Where a source stood in its feed
before we first looked, nobody knows who was first: `untimed`. Everything else is a race. Who is first alone has won
it; who shares the first sight has `tied`, which is no win. A win is `proven` if we looked at every other source
after that first sight and it was not there; else the order may be that of our polls.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from statistics import median

from streams.alerts.alert import AlertSource, DeskAlert
from streams.alerts.sources import Race, claimed_ago_s, race_of, seen_by
from streams.articles.article import ArticleKind
from streams.ids import DeskId, RuleId, StoryId

OVERALL = RuleId("")  # every rule together: a story counts once, however many rules it matched
HIGH = 0.9
NO_NEWS = frozenset({ArticleKind.HEARTBEAT, ArticleKind.HEALTH})


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as it stands on its desk's topic: when it was appended (UTC), and where."""

    alert: DeskAlert
    at: datetime
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a source did by one rule, or by all of them (`OVERALL`). Times are seconds; None where nothing was measured.

    `behind_s` and `behind_high_s` (median, 90th percentile) are over the races it lost, `ahead_s` (median lead over
    the second) over those it won. `claimed` counts the races in which its own date and another's hold, `claimed_first`
    those in which its date is the earliest; `seen_after_s` is the median from its own date to our first sight.
    """

    rule_id: RuleId
    publisher: str
    stories: int
    alone: int
    untimed: int
    races: int
    first: int
    tied: int
    proven: int
    ahead_s: float | None
    behind_s: float | None
    behind_high_s: float | None
    claimed: int
    claimed_first: int
    seen_after_s: float | None

    @property
    def win_rate(self) -> float | None:
        """Return the share of its races that it won, 0 to 1; None without a race."""
        return self.first / self.races if self.races else None


@dataclass(slots=True)
class _Story:
    """A story as its desk was shown it: every rule, and the sources of the newest alert."""

    newest: Shown
    rules: set[RuleId] = field(default_factory=set)


@dataclass(slots=True)
class _Tally:
    """What is counted of one source by one rule."""

    stories: int = 0
    alone: int = 0
    races: list[tuple[Race, AlertSource]] = field(default_factory=list)


def league(shown: Iterable[Shown], may_see: Callable[[str], bool], *, samples: bool = False) -> tuple[Standing, ...]:
    """Return the standings of one desk: all rules together, then rule by rule; in each, who won most comes first.

    `may_see` says whether the desk holds a permission now. The order of the alerts does not matter. Samples are our
    own and race nobody, unless they are asked for. Cost: about 10 us an alert.
    """
    tallies: dict[tuple[RuleId, str], _Tally] = defaultdict(_Tally)
    for story in _stories(shown, samples=samples).values():
        sources = seen_by(story.newest.alert.sources, may_see)
        race = race_of(sources)
        for source in sources:
            for rule in (OVERALL, *story.rules):
                _count(tallies[rule, source.publisher], source, race, alone=len(sources) == 1)
    standings = [_standing(rule, publisher, tally) for (rule, publisher), tally in tallies.items()]
    return tuple(sorted(standings, key=_place))


def _stories(shown: Iterable[Shown], *, samples: bool) -> dict[tuple[DeskId, StoryId], _Story]:
    stories: dict[tuple[DeskId, StoryId], _Story] = {}
    for each in shown:
        alert = each.alert
        if alert.head.kind in NO_NEWS or (alert.sample and not samples):
            continue
        story = stories.setdefault((alert.desk, alert.story_id), _Story(each))
        story.rules.update(rule.rule_id for rule in alert.rules)
        if (each.at, each.offset) > (story.newest.at, story.newest.offset):
            story.newest = each
    return stories


def _count(tally: _Tally, source: AlertSource, race: Race | None, *, alone: bool) -> None:
    tally.stories += 1
    tally.alone += alone
    if race is not None:
        tally.races.append((race, source))


def _standing(rule: RuleId, publisher: str, tally: _Tally) -> Standing:
    races = tally.races
    led = [race for race, source in races if source in race.leaders]
    won = [race for race in led if len(race.leaders) == 1]
    behind = [source.lag_s for race, source in races if source not in race.leaders]
    ago = [(race.claimed, spent_s) for race, source in races if (spent_s := claimed_ago_s(source)) is not None]
    against = [claimed for claimed, _ in ago if len(claimed) > 1]
    return Standing(
        rule_id=rule,
        publisher=publisher,
        stories=tally.stories,
        alone=tally.alone,
        untimed=tally.stories - tally.alone - len(races),
        races=len(races),
        first=len(won),
        tied=len(led) - len(won),
        proven=sum(race.proven for race in won),
        ahead_s=_median([race.lead_s for race in won]),
        behind_s=_median(behind),
        behind_high_s=_high(behind),
        claimed=len(against),
        claimed_first=sum(_earliest(claimed, publisher) for claimed in against),
        seen_after_s=_median([spent_s for _, spent_s in ago]),
    )


def _earliest(claimed: Sequence[AlertSource], publisher: str) -> bool:
    return claimed[0].publisher == publisher and claimed[0].claimed_at != claimed[1].claimed_at


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 6) if values else None


def _high(values: Sequence[float]) -> float | None:
    """Return the 90th percentile by nearest rank."""
    return sorted(values)[ceil(HIGH * len(values)) - 1] if values else None


def _place(standing: Standing) -> tuple[RuleId, float, int, str]:
    return standing.rule_id, -(standing.win_rate or 0.0), -standing.first, standing.publisher
