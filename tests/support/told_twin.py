"""What each desk is to be told, decided the slow and obvious way from what happened, beside what the stages said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from streams.alerts.alert import Alert, AlertedRule, DeskAlert
from streams.ids import DeskId, delivery_id, routing_id
from streams.stories.clustering import Clusterer
from tests.support.told_world import (
    NEEDS,
    QUIET,
    Again,
    Crash,
    Happening,
    Live,
    Mute,
    News,
    Plan,
    Reroute,
    Unmute,
    Wait,
    silence_of,
)

RANKS = ("routine", "urgent", "flash")
LATE_MIN = 10
ALWAYS_NEWS = {"update", "correction", "retract"}
MUTED = {"not_permitted", "backfill", "no_match", "no_route", "silenced", "quiet_hours"}


@dataclass(frozen=True)
class Key:
    """What an article tells of a rule; `rank` is its urgency."""

    rule: str
    entities: frozenset[str]
    rank: int

    def covers(self, other: "Key") -> bool:
        """Return whether who was told this knows the other."""
        return self.rule == other.rule and other.entities <= self.entities and other.rank <= self.rank


Heard = dict[tuple[str, str], list[Key]]  # by desk and story


@dataclass
class Found:
    """What is wrong, in words, by kind: each list is to be empty. `told` counts, so that a run can be shown to tell."""

    missing: list[str] = field(default_factory=list)
    unlike_twin: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    unpaired: list[str] = field(default_factory=list)
    mislabelled: list[str] = field(default_factory=list)
    told: int = 0


class Twin:
    """The desks as seen from outside: the plans of each time, the silences, what each desk was told of each story."""

    def __init__(self) -> None:
        self.plans: tuple[Plan, ...] = ()
        self.told: dict[tuple[str, str], list[Key]] = {}
        self._muted: dict[int, tuple[Mute, datetime, str]] = {}

    def mute(self, mute: Mute, at: datetime, story: str) -> None:
        """Take a silence, which takes the place of one of its name."""
        self._muted[mute.name] = (mute, at, story)

    def unmute(self, name: int) -> None:
        """Take the end of a silence."""
        self._muted.pop(name, None)

    def decisions(self, alert: Alert, news: News, at: datetime) -> Iterator[tuple[Plan, Key, AlertedRule, str]]:
        """Yield what is to be decided for each desk and rule."""
        for plan in self.plans:
            for rule in alert.rules:
                key = key_of(alert, rule, news)
                yield plan, key, rule, self._decision(alert, rule, key, plan, news, at)

    def _decision(self, alert: Alert, rule: AlertedRule, key: Key, plan: Plan, news: News, at: datetime) -> str:
        told = self.told.get((plan.desk, alert.story_id), [])
        silenced = any(self._means(mute, key, plan, news, alert, at) for mute in self._muted.values())
        reasons = {
            "not_permitted": NEEDS[news.source] not in plan.holds,
            "backfill": news.backfill,
            "no_match": rule.taken_over and not any(before.rule == key.rule for before in told),
            "no_route": key.rule not in plan.rules,
            "silenced": silenced,
            "quiet_hours": plan.quiet and at.hour in QUIET and not (plan.pierced and RANKS[key.rank] == "flash"),
            "told": not any(before.covers(key) for before in told)
            or alert.relation in ALWAYS_NEWS
            or (alert.relation in {"copy", "confirmation"} and unseen(alert, plan)),
        }
        return next((reason for reason, holds in reasons.items() if holds), "known")

    @staticmethod
    def _means(muted: tuple[Mute, datetime, str], key: Key, plan: Plan, news: News, alert: Alert, at: datetime) -> bool:
        mute, since, story = muted
        if mute.lasts_min and at >= since + timedelta(minutes=mute.lasts_min):
            return False
        if mute.desk and mute.desk != plan.desk:
            return False
        name, value = mute.aim
        if name == "entity":
            return value in key.entities
        return (story if name == "story" else value) == {
            "rule": key.rule, "source": news.source, "topic": "trade", "story": alert.story_id,
        }[name]  # fmt: skip


def key_of(alert: Alert, rule: AlertedRule, news: News) -> Key:
    """Return what the rule tells: what the article itself says, unless it doesn't say it any more."""
    rank = RANKS.index(rule.urgency if rule.taken_over else news.urgency)
    entities = frozenset(alert.spans[number].entity_id or "" for number in rule.spans)
    return Key(rule.rule_id, entities, min(rank, 1) if news.age_min > LATE_MIN else rank)


def unseen(alert: Alert, plan: Plan) -> bool:
    """Return whether the desk may not see something that the comparison rests on, or was not told all of it."""
    compared, holds = alert.compared_with, set(plan.holds)
    if any(holds.isdisjoint(told.permissions) for told in alert.told_before):
        return True
    return compared is not None and not {compared.permission, *compared.needs} <= holds


def run(happenings: Sequence[Happening], clusterer: Clusterer, first: Reroute) -> Found:
    """Return what is wrong with what the stages said of these happenings, which are a second apart."""
    live, twin, found = Live(clusterer, first), Twin(), Found()
    heard: Heard = {}
    twin.plans = first.plans
    for happening in happenings:
        live.at += timedelta(seconds=1)
        if isinstance(happening, News):
            told = live.tell(happening)
            if told is not None:
                check(told[0], happening, live, twin, heard, found)
        else:
            happen(happening, live, twin)
    found.unpaired += live.answers.differing
    return found


def happen(happening: Happening, live: Live, twin: Twin) -> None:
    """Let something happen that is no news."""
    story = live.last_story
    if isinstance(happening, Wait):
        live.at += timedelta(minutes=happening.minutes)
    elif isinstance(happening, Reroute):
        live.reroute(happening)
        twin.plans = happening.plans
    elif isinstance(happening, Mute):
        live.control(f"silence/m{happening.name}", silence_of(happening, live.at, story))
        twin.mute(happening, live.at, story)
    elif isinstance(happening, Unmute):
        live.control(f"silence/m{happening.name}", None)
        twin.unmute(happening.name)
    elif isinstance(happening, Again):
        live.again()
    elif isinstance(happening, Crash):
        live.crash(happening)


def check(alert: Alert, news: News, live: Live, twin: Twin, heard: Heard, found: Found) -> None:
    """Hold what was said of one alert against the twin, and note what is wrong."""
    expected = list(twin.decisions(alert, news, live.at))
    check_pairs(alert, live, twin, found)
    for plan in twin.plans:
        name = routing_id(alert.event_id, DeskId(plan.desk))
        seen, routing = live.answers.seen.get(name), live.answers.routings.get(name)
        said = routing.rules if routing else {}
        before = heard.get((plan.desk, alert.story_id), [])
        new = [key_of(seen, rule, news) for rule in seen.rules if said.get(rule.rule_id) == "told"] if seen else []
        here = heard[plan.desk, alert.story_id] = [*before, *new]
        found.told += len(new)
        if seen is not None:
            check_seen(seen, plan, news, {key.rule for key in new} - {key.rule for key in before}, live, found)
        for _, key, rule, decision in (one for one in expected if one[0] is plan):
            if said.get(key.rule) != decision:
                found.unlike_twin.append(f"{plan.desk} {key}: {said.get(key.rule)}, not {decision}, of {news}")
            if decision not in MUTED and not rule.taken_over and not any(one.covers(key) for one in here):
                found.missing.append(f"{plan.desk} was not told {key} of {news}")
            if decision == "told":
                twin.told.setdefault((plan.desk, alert.story_id), []).append(key)


def check_seen(seen: DeskAlert, plan: Plan, news: News, new: set[str], live: Live, found: Found) -> None:
    """Hold that a desk sees what it may, under the name that it deserves, and that its receiver is told as well."""
    if NEEDS[news.source] not in plan.holds:
        found.leaks.append(f"{plan.desk} may not see {news}")
    if not {source.permission for source in seen.sources} <= set(plan.holds) or unseen(seen, plan):
        found.leaks.append(f"{plan.desk} is shown a source or an article that it may not see, by {news}")
    for rule in seen.rules:
        live.shown[plan.desk, seen.story_id, rule.rule_id] += 1
        count = live.shown[plan.desk, seen.story_id, rule.rule_id]
        if rule.revision != count:
            found.leaks.append(f"{plan.desk} counts {rule.revision} alerts and was shown {count}, by {news}")
    routing = live.answers.routings[routing_id(seen.event_id, DeskId(plan.desk))]
    if routing.decision == "told":
        allowed = {"first", "correction", "retract"} if new else ALWAYS_NEWS
        if seen.told_as not in allowed:
            found.mislabelled.append(f"{plan.desk} was told as {seen.told_as}, of {news}")
        if delivery_id("hook", plan.desk, seen.event_id, "alert") not in live.answers.sent:
            found.missing.append(f"{plan.desk} was told through no receiver of {news}")


def check_pairs(alert: Alert, live: Live, twin: Twin, found: Found) -> None:
    """Hold that the alert has one routing, with a reason, for each desk of the routes in force, and for no other."""
    of_alert = [routing for routing in live.answers.routings.values() if routing.event_id == alert.event_id]
    desks = sorted(routing.desk for routing in of_alert)
    if desks != sorted(plan.desk for plan in twin.plans):
        found.unpaired.append(f"{alert.event_id}: {desks}")
    found.unpaired += [f"{routing.routing_id} has no reason" for routing in of_alert if not routing.reason]
