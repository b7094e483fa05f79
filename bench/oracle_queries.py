"""Lucene's queries as rules of ours, and as questions for SQLite's FTS5 or for `re`.

Words are asked for exactly (`=word`), because neither oracle stems; for terms, AND, OR and NOT the stemmed rule is
asked too, FTS5 being given every form that has the stem. a NEAR/n b of ours has n - 1 words between them at most.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.twin_world import SCRIPTS

LETTER, GAP = r"[^\W_]", r"[\W_]+"
NEAR_WORDS, SLOPPY_WORDS = 10, 5
SHORTEST_HEAD = 3  # the language asks for so many letters before a wildcard
CLAUSE = re.compile(r"([+-]?)(\S+)")
Forms = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One query: its rule, and how an oracle is asked.

    `needs`: parts, in lower case, without which no text can fit. `words`: the word or phrase, or the expression of a
    wildcard, whose places are compared one by one.
    """

    kind: str
    rule: str
    oracle: Literal["fts5", "re"]
    asked: str
    needs: tuple[str, ...] = ()
    words: str = ""


def questions(path: Path, forms: Forms) -> tuple[list[Question], dict[str, int]]:
    """Return each different question, and how many queries have no counterpart, by what they use.

    `forms` gives the words of the articles that have a stem.
    """
    found: dict[Question, None] = {}
    left: dict[str, int] = {}
    for line in path.read_text("utf-8").splitlines()[1:]:
        asked = list(translated(line.partition("\t")[2], forms))
        if not asked:
            reason = why_not(line.partition("\t")[2])
            left[reason] = left.get(reason, 0) + 1
        found |= dict.fromkeys(asked)
    return list(found), left


def why_not(query: str) -> str:
    """Return why a query has no counterpart in the language."""
    if "~" in query:
        return "fuzzy"
    return "a wildcard in two words" if "'" in query else "fewer than three letters before a wildcard"


def translated(query: str, forms: Forms) -> Iterator[Question]:
    """Yield the questions that a query of Lucene means; none if the language has no such thing."""
    head, slashes, rest = query.partition("//")
    if slashes:
        left, right = rest.split()
        yield ordered(left, right) if head == "ordered" or left == right else near("near", left, right, NEAR_WORDS)
    elif query.startswith('"'):
        phrase, _, slop = query[1:].partition('"')
        if slop:
            left, right = phrase.split()
            yield near("sloppy", left, right, SLOPPY_WORDS) if left != right else ordered(left, right)
        else:
            yield Question("phrase", f'="{phrase}"', "fts5", quoted(phrase), words=phrase)
    elif "~" in query:
        return
    elif "*" in query or "?" in query:
        yield from truncated(query)
    else:
        yield from clauses(query, forms)


def of_scripts(seed: int, count: int) -> list[Question]:
    """Return questions of random words of five scripts, as the generated articles hold them."""
    dice = random.Random(seed)
    words = [word for script in SCRIPTS for word in script.split() if word[0] != "$"] + ["ベセント", "ＵＳ"]
    asked: list[Question] = []
    for _ in range(count):
        one, other = dice.choice(words), dice.choice(words)
        both = f"{one} {other}"
        asked += [
            Question("scripts: term", f'="{one}"', "fts5", quoted(one)),
            Question("scripts: phrase", f'="{both}"', "fts5", quoted(both)),
            Question("scripts: and", f'="{one}" AND ="{other}"', "fts5", f"{quoted(one)} AND {quoted(other)}"),
            Question("scripts: not", f'="{one}" AND NOT ="{other}"', "fts5", f"{quoted(one)} NOT {quoted(other)}"),
        ]
        if one != other:
            asked.append(near("scripts: near", one, other, SLOPPY_WORDS))
    return list(dict.fromkeys(asked))


def near(kind: str, left: str, right: str, words: int) -> Question:
    """Return proximity in any order."""
    asked = f"NEAR({quoted(left)} {quoted(right)}, {words - 1})"
    return Question(kind, f'="{left}" NEAR/{words} ="{right}"', "fts5", asked)


def ordered(left: str, right: str) -> Question:
    """Return proximity in order."""
    between = rf"(?:{GAP}{LETTER}+){{0,{NEAR_WORDS - 1}}}{GAP}"
    pattern = rf"{word_pattern(left)}(?={between}{word_pattern(right)})"
    needs = tuple(part.lower() for part in re.findall(rf"{LETTER}+", f"{left} {right}"))
    return Question("ordered", f'="{left}" PRE/{NEAR_WORDS} ="{right}"', "re", pattern, needs)


def truncated(query: str) -> Iterator[Question]:
    """Yield a word with a wildcard, if the language takes it; a prefix is asked of both oracles."""
    head = re.split(r"[*?]", query, maxsplit=1)[0]
    if len(head) < SHORTEST_HEAD or not re.fullmatch(rf"(?:{LETTER}|[*?])+", query):
        return
    body = "".join({"*": f"{LETTER}*", "?": LETTER}.get(char, re.escape(char)) for char in query)
    pattern = rf"(?<!{LETTER}){body}(?!{LETTER})"
    yield Question("wildcard", query, "re", pattern, (head.lower(),), pattern)
    if query == f"{head}*":
        yield Question("prefix", query, "fts5", f"{quoted(head)}*")


def clauses(query: str, forms: Forms) -> Iterator[Question]:
    """Yield a term, or what +, - and nothing before words mean: all, none and any of them; exact, then stemmed."""
    parts = CLAUSE.findall(query)
    kind = "term" if len(parts) == 1 else "not" if "-" in query else "and" if "+" in query else "or"
    exact, asked = joined(parts, lambda word: f'="{word}"', " AND NOT "), joined(parts, quoted, " NOT ")
    yield Question(kind, exact, "fts5", asked, words=parts[0][1] if kind == "term" else "")
    if all(re.fullmatch(f"{LETTER}+", word) for _, word in parts):
        stemmed = joined(parts, lambda word: f'"{word}"', " AND NOT ")
        asked = joined(parts, lambda word: f"({' OR '.join(map(quoted, forms(word)))})", " NOT ")
        yield Question(f"{kind} (stemmed)", stemmed, "fts5", asked)


def joined(parts: Sequence[tuple[str, str]], form: Callable[[str], str], but_not: str) -> str:
    """Return the parts of a query, each in a form, joined as its signs say."""
    all_of = [form(word) for sign, word in parts if sign == "+"]
    any_of = [form(word) for sign, word in parts if not sign]
    wanted = f"({' AND '.join(all_of)})" if all_of else f"({' OR '.join(any_of)})"
    return wanted + "".join(f"{but_not}{form(word)}" for sign, word in parts if sign == "-")


def quoted(text: str) -> str:
    """Return a text as FTS5 takes it literally."""
    return '"' + text.replace('"', '""') + '"'


def word_pattern(text: str) -> str:
    """Return the expression for whole words in a row."""
    words = GAP.join(map(re.escape, re.findall(rf"{LETTER}+", text)))
    return rf"(?<!{LETTER}){words}(?!{LETTER})"
