"""What the query language is worth, measured: topic rules against the labels that editors gave to agency stories.

`python -m bench.rules [--quick] [--json] [--rules FILE]`. The stories stand in the order of time. The rules are derived
from the earlier half alone (bench/rules_reuters_learn.py says how; nothing is random, and nothing is tuned by hand) and
the real matcher gives topics to the later half, where they are scored. Beside it, on the same stories: the rules that
one writes first (a name of the topic as whole words), and, but for --quick, the same method without fields, FIRST,
ATLEAST and hierarchy (`flat_f1`).
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from bench.rules_reuters import Count, Story, counted, halves, naive, stories, topic_names
from bench.rules_reuters_learn import Learner
from tests.support.matching import matcher

TIMES_NAIVE = 2.0
QUICK_STEP = 2  # with --quick every second story of either half
SHOWN_TOPICS = 30
Figures = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Scored:
    """How right rules are in all (`micro`), and for each topic."""

    micro: Count
    topics: Mapping[str, Count]


def score(queries: Mapping[str, str], given: Sequence[Story]) -> Scored:
    """Return how right the topics are that the real matcher gives. Raises: ValueError if it refuses a query."""
    made = matcher(queries)
    if made.rejected:
        raise ValueError(f"refused: {dict(made.rejected)}")
    micro, topics = Count(0, 0, 0), defaultdict[str, Count](lambda: Count(0, 0, 0))
    for story in given:
        found = frozenset(str(hit.rule_id) for hit in made.match(story.article).rules)
        micro += counted(found, story.topics)
        for topic in found | story.topics:
            topics[topic] += counted(found & {topic}, story.topics & {topic})
    return Scored(micro, topics)


def figures(train: Sequence[Story], test: Sequence[Story], scored: Scored) -> Figures:
    """Return the figures of one run; `naive_f1` is on the whole text, the other two are on less of it."""
    names, micro = topic_names(), scored.micro
    return {
        "naive_f1": naive(names, test, lambda story: story.text).f1,
        "naive_f1_title": naive(names, test, lambda story: story.article.title).f1,
        "naive_f1_start": naive(names, test, lambda story: story.start).f1,
        "f1": micro.f1,
        "precision": micro.precision,
        "recall": micro.recall,
        "stories_learned_from": len(train),
        "stories_scored": len(test),
    }


def table(scored: Scored, queries: Mapping[str, str]) -> str:
    """Return a line for each of the topics that editors gave most."""
    rows = sorted(scored.topics.items(), key=lambda row: (-(row[1].right + row[1].missing), row[0]))[:SHOWN_TOPICS]
    lines = [f"{'topic':14} {'stories':>7} {'F1':>6} {'prec.':>6} {'recall':>6}  words in the rule"]
    lines += [
        f"{name:14} {count.right + count.missing:7} {count.f1:6.3f} {count.precision:6.3f} {count.recall:6.3f}"
        f"  {len(words(queries.get(name, '')))}"
        for name, count in rows
    ]
    return "\n".join(lines)


def words(query: str) -> list[str]:
    """Return the words and phrases of a derived query; all of them stand in quotes."""
    return query.split('"')[1::2]


def span(given: Sequence[Story]) -> str:
    """Return which stories these are."""
    return f"{len(given):,} stories, {given[0].date} to {given[-1].date}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Derive, score and print; exit 1 if the rules are not twice as good as the naive ones."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="every second story only")
    options.add_argument("--json", action="store_true", help="print one object")
    options.add_argument("--rules", type=Path, help="write the derived rules to a rules.yaml")
    chosen = options.parse_args(arguments)
    step = QUICK_STEP if chosen.quick else 1
    train, test = (half[::step] for half in halves(stories()))
    begun = process_time()
    queries = Learner(train, topic_names()).queries()
    spent = process_time() - begun
    scored = score(queries, test)
    found = figures(train, test, scored)
    if not chosen.quick:
        found["flat_f1"] = score(Learner(train, topic_names(), flat=True).queries(), test).micro.f1
    if chosen.rules:
        rules = [{"id": code, "query": query} for code, query in queries.items()]
        chosen.rules.write_text(
            json.dumps({"version": 1, "rules": rules}, ensure_ascii=False, indent=1) + "\n", "utf-8"
        )
    if chosen.json:
        print(json.dumps(found))
    else:
        print(f"rules from {span(train)} ({spent:.1f} s of CPU)\nscored on {span(test)}\n")
        print(table(scored, queries))
        print("\n" + "\n".join(f"{name:22} {value:.3f}" for name, value in found.items() if isinstance(value, float)))
        print(f"f1 is {found['f1'] / found['naive_f1']:.2f} x naive_f1; the target is {TIMES_NAIVE:.2f} x")
    return 0 if found["f1"] >= TIMES_NAIVE * found["naive_f1"] else 1


if __name__ == "__main__":
    sys.exit(main())
