"""The matcher against its slow twin, over random rules and articles: every pair has to agree on ids and spans.

`python -m bench.twin [--pairs 1000000] [--quick] [--seed 1] [--json]`. Half of the worlds are made of stories of the
development data, half of texts of five scripts. Exit 1 at any difference, which is printed with its world's seed.
"""

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import process_time

from bench.twin_world import World, real_texts, world
from streams.articles.article import Article
from streams.ids import RuleId
from streams.matching.match import Span
from streams.matching.matcher import Matcher
from streams.matching.ruleset import read_entity
from streams.matching.twin.brute_force import SlowArticle
from tests.support.children import ROOT
from tests.support.matching import change, matcher, spans_by_rule

ARTICLES, RULES = 20, 50  # of one world
PAIRS, QUICK_PAIRS = 1_000_000, 50_000
LEAST_MATCHING = 0.05  # of the pairs: fewer would prove little
KINDS = re.compile(
    r"\b(AND NOT|AND|OR|NEAR|PRE|SENT|PARA|ATLEAST|FIRST|CASE)\b"
    r"|(title:|lead:|body:|source:|lang:|author:|about:)|([@#$=*?\"])"
)


class Tally:
    """What was compared, and how it went."""

    def __init__(self) -> None:
        self.pairs = self.matching = self.spans = 0
        self.differences: list[str] = []
        self.kinds: Counter[str] = Counter()

    def take(self, name: str, query: str, fast: Sequence[Span] | None, slow: Sequence[Span] | None) -> None:
        """Count one pair: what the matcher and what its twin say of a rule, None if it doesn't match."""
        self.pairs += 1
        if slow is not None:
            self.matching += 1
            self.spans += len(slow)
            self.kinds.update({"".join(found) for found in KINDS.findall(query)})
        if fast != slow:
            self.differences.append(f"{name}: {query}\n  matcher {places(fast)}\n  twin    {places(slow)}")


def places(spans: Sequence[Span] | None) -> str:
    """Return spans as text."""
    if spans is None:
        return "no match"
    return ", ".join(f"{span.field}[{span.start}:{span.end}] {span.surface!r}" for span in spans) or "a match"


def compare(seed: int, given: World, tally: Tally) -> None:
    """Count every pair of a world. Raises: ValueError if a rule of the world doesn't compile."""
    made = matcher(given.rules, entities=given.entities, lists=given.lists)
    if made.rejected:
        raise ValueError(f"world {seed}: {dict(made.rejected)}")
    for number, one in enumerate(given.articles):
        fast, slow = spans_by_rule(made.match(one)), twin(made, one, given)
        for rule, query in given.rules.items():
            rule_id = RuleId(rule)
            tally.take(f"world {seed} article {number} {rule}", query, fast.get(rule_id), slow.get(rule_id))


def twin(made: Matcher, one: Article, given: World) -> dict[RuleId, tuple[Span, ...]]:
    """Return what the twin says: the rules that match, with their spans. It reads the trees that the matcher has."""
    entities = [read_entity(change("entity", name, body)) for name, body in given.entities.items()]
    slow = SlowArticle(one, entities)
    answers = {rule_id: slow.evaluate(compiled.root) for rule_id, compiled in made.rules.items()}
    return {rule_id: spans for rule_id, (held, spans) in answers.items() if held}


def run(pairs: int, *, seed: int, stories: Sequence[tuple[str, str]], first: bool = False) -> Tally:
    """Return the tally of so many pairs; `first`: stop at the first difference."""
    tally = Tally()
    while tally.pairs < pairs and not (first and tally.differences):
        compare(seed, world(seed, articles=ARTICLES, rules=RULES, stories=stories), tally)
        seed += 1
    return tally


def corpus() -> list[tuple[str, str]]:
    """Return the stories of the development data. Raises: OSError if they are not there."""
    folder = Path(os.environ.get("TOCSIN_SHARED_DATA", ROOT.parent / "shared" / "data"))
    return real_texts(folder / "reuters21578" / "dev.jsonl")


def main(arguments: Sequence[str]) -> int:
    """Compare, print what came of it, and return 1 if anything differs or too little matched."""
    parser = argparse.ArgumentParser(prog="bench.twin", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAIRS:,} pairs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the last line only")
    given = parser.parse_args(arguments)
    began = process_time()
    tally = run(QUICK_PAIRS if given.quick else given.pairs, seed=given.seed, stories=corpus())
    if not given.json:
        show(tally, given.seed)
    figures = {
        "pairs": tally.pairs,
        "differences": len(tally.differences),
        "seconds": round(process_time() - began, 1),
        "matching_pairs": tally.matching,
        "spans": tally.spans,
        "seed": given.seed,
    }
    print(json.dumps(figures))
    return 1 if tally.differences or tally.matching < LEAST_MATCHING * tally.pairs else 0


def show(tally: Tally, seed: int) -> None:
    """Print the tally for people."""
    for line in tally.differences[:10]:
        print(line)
    print(f"seed {seed}: {tally.pairs:,} pairs of a rule and an article, {len(tally.differences)} differences")
    print(f"{tally.matching:,} pairs match ({tally.matching / tally.pairs:.0%}), proved by {tally.spans:,} spans")
    print("matching pairs by what their rule holds:")
    for kind, count in tally.kinds.most_common():
        print(f"  {kind:8} {count:>9,}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
