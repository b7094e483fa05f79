"""What a backtest over 100,000 past articles takes: a desk head waits for it.

`python -m bench.backtest [--articles 100000] [--quick] [--json]`. The shipped rules with some of them changed, over
agency stories of 1987 that come again under other ids. Beside it, in the same run and over a part of the articles: the
plain way, which matches the whole live set and the whole proposed set; and the brute-force twin. All three must count
the same.
"""

import argparse
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from time import monotonic, process_time

from agents.cli.backtests.alerts import BothSides
from bench.story_data import folder
from config.rules import load_rules
from streams.articles.article import Article
from streams.ids import RuleId
from streams.matching.backtest import Backtest, backtest
from streams.matching.matcher import Matcher
from streams.matching.ruleset import read_entity, read_list, read_rule
from streams.matching.twin.brute_force import matches
from tests.support.matching import NOON, article, change

ARTICLES, QUICK_ARTICLES = 100_000, 4_000
PLAIN_ARTICLES, TWIN_ARTICLES = 2_000, 12  # the twin takes half a second for each, and side
A_DAY = 14_000  # articles: 100,000 are a week
CHANGES = {
    "tariffs": "@tariffs OR (import NEAR/5 (duty OR duties OR quota))",
    "oil": "title:(oil OR crude OR opec) AND NOT edible",
    "rates": '(fed OR bundesbank OR "bank of japan") NEAR/10 (rate OR rates OR discount)',
    "earnings": "mln AND (net OR shr)",
}  # fmt: skip
Figures = dict[str, float | int]
MOST_SECONDS, LEAST_RATIO = 150.0, 1.6


def sides() -> tuple[Matcher, Matcher]:
    """Return the shipped rules, and the same with one changed and three more: one of them fires at every third."""
    entries = load_rules(Path("no-folder-of-this-name"))
    live = Matcher.empty().apply(list(enumerate(change(one.kind, one.id, one.body) for one in entries)))
    changes = []
    for name, query in CHANGES.items():
        head = live.heads.head("rule", name)
        changes.append(change("rule", name, {"query": query}, base=head.change_id if head else None, number=2))
    return live, live.apply(list(enumerate(changes, live.version + 1)))


def stream(count: int) -> Iterator[Article]:
    """Yield agency stories of 1987 again and again, each time under another id, at even times."""
    with (folder() / "reuters21578/dev.jsonl").open(encoding="utf-8") as lines:
        stories = [(row["title"], row["body"]) for row in map(json.loads, lines)]
    for number, (title, body) in enumerate(islice(cycle(stories), count)):
        at = NOON + number * timedelta(days=1) / A_DAY
        lead = " ".join(body.split())[:300]
        yield article(
            title, lead, body, article_id=f"{number:016x}", publisher="Reuters", fetched_at=at, first_seen_at=at
        )


def full(count: int) -> tuple[Figures, Backtest]:
    """Return what the command does but for reading: JSON to article, both sides, samples, stories and alerts."""
    live, proposed = sides()
    counted, alerts = Backtest(live, proposed), BothSides()
    spent = parsing = 0.0
    began = monotonic()
    for one in stream(count):
        value, at = one.to_json(), process_time()
        read = Article.from_json(value)
        parsing += process_time() - at
        alerts.take(counted.take(read, at=read.fetched_at), read.fetched_at)
        spent += process_time() - at
    at = process_time()
    alerts.finish()
    spent += process_time() - at
    matched = sum(tally.proposed for tally in counted.rules.values())
    told = sum(alerts.proposed.counts.values())
    return {
        "articles": count, "rules_asked": len(counted.rules), "cpu_s": spent, "wall_s": monotonic() - began,
        "us_an_article": spent / count * 1e6, "parsing_us": parsing / count * 1e6, "articles_per_s": count / spent,
        "matched": matched, "gained": sum(tally.gained for tally in counted.rules.values()), "alerts": told,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }, counted  # fmt: skip


def counting(articles: Sequence[Article]) -> tuple[float, dict[str, tuple[int, int]]]:
    """Return the CPU seconds of the count alone, and what it counts: live and proposed per rule."""
    live, proposed = sides()
    at = process_time()
    counted = backtest(articles, live, proposed)
    return process_time() - at, {name: (tally.live, tally.proposed) for name, tally in counted.rules.items()}


def plain(articles: Sequence[Article]) -> tuple[float, dict[str, tuple[int, int]]]:
    """Return the same by matching both whole sets."""
    both = sides()
    at = process_time()
    found = [[{hit.rule_id for hit in side.match(one).rules} for side in both] for one in articles]
    spent = process_time() - at
    return spent, _totals(found)


def twin(articles: Sequence[Article]) -> tuple[float, dict[str, tuple[int, int]]]:
    """Return the same by brute force, over the changed rules alone."""
    given = []
    for side in sides():
        heads = [head for head in side.heads.heads().values() if not head.deleted]
        rules = [read_rule(head) for head in heads if head.kind == "rule" and head.id in CHANGES]
        entities = [read_entity(head) for head in heads if head.kind == "entity"]
        given.append((rules, entities, [read_list(head) for head in heads if head.kind == "list"]))
    at = process_time()
    found = [[set(matches(*side, one)) for side in given] for one in articles]
    return process_time() - at, _totals(found)


def _totals(found: Sequence[Sequence[AbstractSet[RuleId]]]) -> dict[str, tuple[int, int]]:
    return {
        name: (sum(name in live for live, _ in found), sum(name in after for _, after in found)) for name in CHANGES
    }


def measure(count: int) -> Figures:
    """Return every figure."""
    part = list(islice(stream(count), PLAIN_ARTICLES))
    ours, plainly = counting(part), plain(part)
    few = part[:TWIN_ARTICLES]
    ours_of_few, brute = counting(few), twin(few)
    figures, _ = full(count)
    wrong = sum(ours[1][name] != plainly[1][name] for name in CHANGES)
    wrong += sum(ours_of_few[1][name] != brute[1][name] for name in CHANGES)
    return figures | {
        "count_us": ours[0] / len(part) * 1e6, "plain_us": plainly[0] / len(part) * 1e6,
        "twin_us": brute[0] / len(few) * 1e6, "ratio_to_plain": plainly[0] / ours[0],
        "ratio_to_twin": brute[0] / len(few) / (ours[0] / len(part)), "differences": wrong,
    }  # fmt: skip


def main() -> int:
    """Print the figures beside their targets; exit 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=None)
    parser.add_argument("--quick", action="store_true", help="4,000 articles")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    given = parser.parse_args()
    count = given.articles or (QUICK_ARTICLES if given.quick else ARTICLES)
    figures = measure(count)
    most = MOST_SECONDS * count / ARTICLES
    targets = (
        ("cpu_s", figures["cpu_s"] <= most, f"<= {most:.1f}  CPU seconds of the whole backtest of {count:,} articles"),
        ("ratio_to_plain", figures["ratio_to_plain"] >= LEAST_RATIO, f">= {LEAST_RATIO}  to matching both whole sets"),
        ("differences", figures["differences"] == 0, "== 0  to the plain way and to the brute-force twin"),
    )
    for name, reached, says in targets:
        print(f"{name:>16}  {figures[name]:10.2f} {says}{'' if reached else '  MISSED'}")
    named = {name for name, _, _ in targets}
    for name in (name for name in figures if name not in named):
        print(f"{name:>16}  {figures[name]:10.1f}")
    if given.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    return 0 if all(reached for _, reached, _ in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
