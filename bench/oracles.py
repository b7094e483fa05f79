"""The matcher beside two oracles that share nothing with it: SQLite's FTS5, and `re` for wildcards and order.

`python -m bench.oracles [--articles N] [--json]`: the development queries over the development stories, and words of
five scripts over random texts. Where an answer differs, each token rule of ours is done to the texts and the question
in turn, and the oracle is asked again: the rule that makes it agree is the cause. Exit 1 if a difference has no cause.
"""

import argparse
import json
import os
import random
import re
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from time import process_time
from unicodedata import normalize

from bench.oracle_queries import Question, of_scripts, questions, word_pattern
from bench.twin_world import generated
from streams.articles.article import Article
from streams.matching.evaluate import OPERAND_SPANS
from streams.text.fold import fold
from streams.text.stem import stem
from streams.text.tokens import WIDE, WIDE_CHAR
from streams.text.variants import variants
from tests.support.children import ROOT
from tests.support.matching import article, matcher, spans_by_rule

SEED, SCRIPT_ARTICLES, SCRIPT_WORDS = 5, 500, 200
Places = tuple[tuple[str, int, int], ...]  # field, from, to
Answer = Mapping[int, Places]  # the numbers of the articles, and the places that prove it, if they are compared
# What our tokens are, done to a text, so that an oracle reads it as we do.
RULES: Mapping[str, Callable[[str], str]] = {
    "a combining mark is part of its word": lambda text: re.sub("[\u0900-\u0903\u093a-\u094f]", "q", text),
    "possessive 's is no word": lambda text: re.sub(r"(?<=[^\W_])['’＇][sS](?!\w)", "  ", text),
    "traditional characters count as simplified ones": lambda text: text.translate(str.maketrans(dict(variants()))),
    "half-width kana and full-width letters count as the others": lambda text: normalize("NFKC", text),
    "each Han, kana and hangul character is a word": lambda text: re.sub(f"([{WIDE}])", r" \1 ", text),
}


KEEP_LENGTH = tuple(RULES)[:3]  # places are looked up in texts that only these were done to


class Report:
    """What was asked, and where the answers differ."""

    def __init__(self, left: Mapping[str, int]) -> None:
        self.left = dict(left)
        self.asked: Counter[str] = Counter()
        self.matches: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self.places = 0
        self.unexplained: list[str] = []

    def take(self, question: Question, ours: Answer, oracle: "Oracle") -> None:
        """Count one question: what the matcher answers and what the oracle answers."""
        self.asked[question.kind] += 1
        self.matches[question.kind] += len(ours)
        self.places += sum(map(len, ours.values()))
        differing = different(ours, oracle.answer(question, ()))
        names: list[str] = []
        for name in RULES:
            names.append(name)
            if not differing:
                return
            still = differing & different(ours, oracle.answer(question, tuple(names)))
            self.causes[name] += len(differing - still)
            differing = still
        self.unexplained += [
            f"{question.rule} | {question.oracle}: {question.asked} | {number}" for number in differing
        ]


def different(ours: Answer, theirs: Answer) -> set[int]:
    """Return the articles that only one of them finds, or that they find by other places."""
    return {number for number in ours.keys() | theirs.keys() if ours.get(number) != theirs.get(number)}


class Oracle:
    """The articles as FTS5 and `re` see them, as they stand or with some token rules done to them."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = articles
        self.database = sqlite3.connect(":memory:")
        self.tables = cache(self.table)
        self.texts = cache(self.text)
        self.narrow = cache(self.without_wide)

    def answer(self, question: Question, rules: tuple[str, ...]) -> Answer:
        """Return the articles that satisfy the question, with the places if they are to be compared."""
        if question.oracle == "fts5":
            found = self.search(done(rules, question.asked), rules)
        else:
            found = self.scan(question.asked, question.needs, rules)
        return {number: self.places(question, number, rules) for number in found}

    def places(self, question: Question, number: int, rules: tuple[str, ...]) -> Places:
        """Return where a word, phrase or wildcard stands in an article, as many places as a rule keeps."""
        if not question.words:
            return ()
        rules = tuple(name for name in rules if name in KEEP_LENGTH)
        pattern = question.words if question.kind == "wildcard" else word_pattern(done(rules, question.words))
        fits = re.compile(f"(?=({pattern}))", re.IGNORECASE).finditer
        fields = zip(("title", "body"), self.narrow(rules)[number], strict=True)
        found = ((name, *place.span(1)) for name, text in fields for place in fits(text))
        return tuple(islice(found, OPERAND_SPANS))

    def table(self, rules: tuple[str, ...]) -> str:
        """Return the table that holds the texts, made on first use."""
        name = f"articles_{len(rules)}"
        self.database.execute(
            f"create virtual table {name} using fts5(title, body, tokenize='unicode61 remove_diacritics 2')"
        )
        rows = ((number, *fields) for number, fields in enumerate(self.texts(rules)))
        self.database.executemany(f"insert into {name}(rowid, title, body) values (?, ?, ?)", rows)  # noqa: S608 - our own name
        return name

    def text(self, rules: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return title and body of each article with the rules done to them."""
        return [(done(rules, one.title), done(rules, one.body)) for one in self.articles]

    def without_wide(self, rules: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return the texts with a blank for each Han, kana or hangul character: `re` is asked for no word of these."""
        return [(WIDE_CHAR.sub(" ", title), WIDE_CHAR.sub(" ", body)) for title, body in self.texts(rules)]

    def search(self, asked: str, rules: tuple[str, ...]) -> frozenset[int]:
        """Return what FTS5 finds."""
        table = self.tables(rules)
        found = self.database.execute(f"select rowid from {table} where {table} match ?", (asked,))  # noqa: S608 - our own name
        return frozenset(number for (number,) in found)

    def scan(self, pattern: str, needs: Iterable[str], rules: tuple[str, ...]) -> frozenset[int]:
        """Return what `re` finds, field by field."""
        finds, parts = re.compile(pattern, re.IGNORECASE).search, tuple(needs)
        return frozenset(
            number
            for number, fields in enumerate(self.narrow(rules))
            if any(finds(field) for field in fields if all(part in field.lower() for part in parts))
        )

    def forms(self) -> Mapping[str, Sequence[str]]:
        """Return the words of FTS5's own index by their stem."""
        table = self.tables(())
        self.database.execute(f"create virtual table words using fts5vocab({table}, 'row')")
        found: dict[str, list[str]] = defaultdict(list)
        for (word,) in self.database.execute("select term from words"):
            found[stem(fold(word))].append(word)
        return found


def done(rules: Iterable[str], text: str) -> str:
    """Return the text with token rules done to it, in order."""
    for name in rules:
        text = RULES[name](text)
    return text


def stories(path: Path, most: int | None) -> list[Article]:
    """Return so many stories as articles, without leads; spread over the file, not its beginning."""
    lines = path.read_text("utf-8").splitlines()
    step = max(1, len(lines) // most) if most else 1
    return [article(story["title"], body=story["body"]) for story in map(json.loads, lines[::step])]


def two_fields(given: Article) -> Article:
    """Return an article of random words without its lead."""
    return article(given.title, body=given.body)


def ours(asked: Sequence[Question], articles: Sequence[Article]) -> list[Answer]:
    """Return the matcher's answers. Raises: ValueError if a rule doesn't compile."""
    rules = {question.rule: f"r{number}" for number, question in enumerate(asked)}
    made = matcher({name: rule for rule, name in rules.items()})
    if made.rejected:
        raise ValueError(dict(made.rejected))
    found: dict[str, dict[int, Places]] = defaultdict(dict)
    for number, one in enumerate(articles):
        for rule_id, spans in spans_by_rule(made.match(one)).items():
            found[rule_id][number] = tuple((span.field, span.start, span.end) for span in spans)
    return [
        {number: spans if question.words else () for number, spans in found[rules[question.rule]].items()}
        for question in asked
    ]


def compared(data: Path, most: int | None) -> Report:
    """Return the report over so many stories of the development data, all if None."""
    dice = random.Random(SEED)
    scripts = [two_fields(generated(dice)) for _ in range(min(most or SCRIPT_ARTICLES, SCRIPT_ARTICLES))]
    articles = [*stories(data / "reuters21578" / "dev.jsonl", most), *scripts]
    oracle = Oracle(articles)
    forms = oracle.forms()
    asked, left = questions(
        data / "lucene_queries" / "queries.dev.tsv", lambda word: forms.get(stem(fold(word)), (word,))
    )
    asked += of_scripts(SEED, SCRIPT_WORDS)
    report = Report(left)
    for question, answer in zip(asked, ours(asked, articles), strict=True):
        report.take(question, answer, oracle)
    return report


def main(arguments: Sequence[str]) -> int:
    """Compare, print, and return 1 if a difference has no cause."""
    parser = argparse.ArgumentParser(prog="bench.oracles", description=__doc__)
    parser.add_argument("--articles", type=int, default=None, help="so many stories instead of all")
    parser.add_argument("--quick", action="store_const", const=500, dest="articles", help="500 stories")
    parser.add_argument("--json", action="store_true", help="the last line only")
    given = parser.parse_args(arguments)
    began = process_time()
    report = compared(Path(os.environ.get("TOCSIN_SHARED_DATA", ROOT.parent / "shared" / "data")), given.articles)
    if not given.json:
        show(report)
    figures = {
        "questions": report.asked.total(),
        "matches": report.matches.total(),
        "places": report.places,
        "differences": report.causes.total() + len(report.unexplained),
        "causes": dict(report.causes),
        "unexplained": len(report.unexplained),
        "not_in_the_language": report.left,
        "seconds": round(process_time() - began, 1),
    }
    print(json.dumps(figures))
    return 1 if report.unexplained else 0


def show(report: Report) -> None:
    """Print the report for people."""
    print(f"{'what is asked':16} {'questions':>9} {'matches':>9}")
    for kind, count in report.asked.items():
        print(f"{kind:16} {count:>9,} {report.matches[kind]:>9,}")
    for reason, count in report.left.items():
        print(f"not in the language: {reason}: {count} queries")
    print(f"{report.places:,} places of words, phrases and wildcards compared one by one")
    print("differences by cause:")
    for name, count in report.causes.most_common():
        print(f"{count:>9,}  {name}")
    for line in report.unexplained[:20]:
        print(f"unexplained: {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
