"""Rules of topics, derived from stories that editors labelled: queries of our language and nothing else.

A clause grows by the condition of the highest information gain until it takes no wrong story, two thirds of the
stories deciding; the last third cuts it back to where it is right most often, and growing ends with a clause that is
wrong a third of the time. Each third judges once. Of all clauses those are taken that make the rule better on all of
these stories, the best one first. Nothing is random; the bounds were chosen within the earlier half of the stories.
Source: incremental reduced error pruning (Fürnkranz and Widmer, 1994); the gain is FOIL's (Quinlan, 1990).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import log2
from operator import or_

from bench.rules_reuters import Count, Story
from bench.rules_reuters_features import Ask, Feature, Vocabulary
from streams.text.stem import stem
from streams.text.tokens import tokenise

MOST_CLAUSES, MOST_CONDITIONS = 30, 4
LEAST_RIGHT = 2 / 3  # of 0.5 to 0.8 the best within the earlier half; 0.6 is as good
LEAST_STORIES = 3
THIRDS = 3  # every third story judges what the others grew
CHILD_SHARE, CHILD_STORIES = 0.9, 4


@dataclass(frozen=True, slots=True)
class Condition:
    """A feature that has to be there, or not."""

    feature: Feature
    present: bool


Clause = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Stories as bits: those that have the topic and those that don't."""

    right: int
    wrong: int

    def within(self, cover: int) -> "Split":
        """Return the stories that are also in a cover."""
        return Split(self.right & cover, self.wrong & cover)

    @property
    def share(self) -> float:
        """Return the share of the stories that have the topic; 0 if there is no story."""
        right, wrong = self.right.bit_count(), self.wrong.bit_count()
        return right / (right + wrong) if right else 0.0


class Learner:
    """Derives rules from labelled stories.

    `flat`: without what our language has over words and phrases (fields, FIRST, ATLEAST), and without hierarchy.
    """

    def __init__(self, given: Sequence[Story], names: Mapping[str, Sequence[str]], *, flat: bool = False) -> None:
        self.vocabulary = Vocabulary(given, (Ask.ANYWHERE,) if flat else tuple(Ask))
        self.names, self.flat = names, flat
        self.everything = (1 << len(given)) - 1
        self.thirds = [sum(1 << number for number in range(first, len(given), THIRDS)) for first in range(THIRDS)]
        self.labelled = {
            code: sum(1 << number for number, story in enumerate(given) if code in story.topics) for code in names
        }

    def queries(self) -> dict[str, str]:
        """Return the query of each topic, those of its children joined; a topic without evidence has none."""
        own = {code: self.rule(code) for code in self.names}
        children = self.children()
        texts = {code: [self.text(clause) for clause in clauses] for code, clauses in own.items()}
        return {
            code: " OR ".join(
                dict.fromkeys([*texts[code], *(text for child in children[code] for text in texts[child])])
            )
            for code in self.names
            if texts[code] or any(texts[child] for child in children[code])
        }

    def children(self) -> dict[str, list[str]]:
        """Return for each topic those whose stories nearly all have it too: corn for grain."""
        return {
            parent: [] if self.flat else [child for child in self.names if self.is_child(child, parent)]
            for parent in self.names
        }

    def is_child(self, child: str, parent: str) -> bool:
        """Return whether nearly all stories of the one topic, and more than those, have the other too."""
        of_child, of_parent = self.labelled[child], self.labelled[parent]
        size = of_child.bit_count()
        shared = (of_child & of_parent).bit_count()
        return size >= CHILD_STORIES and size < of_parent.bit_count() and shared >= CHILD_SHARE * size

    def rule(self, code: str) -> list[Clause]:
        """Return the clauses of one topic, any of which is enough."""
        right, named = self.labelled[code], self.named(code)
        grown = [clause for judging in self.thirds for clause in self.grown(named, right, judging)]
        return self.best_of(list(dict.fromkeys([*named, *grown])), right)

    def grown(self, named: Sequence[Clause], right: int, judging: int) -> Iterator[Clause]:
        """Yield clauses for the stories that those by name leave open, judged by the stories given."""
        covered = self.cover_any(named)
        left = Split(right & ~covered, self.everything & ~right)
        for _ in range(MOST_CLAUSES):
            if left.right.bit_count() < LEAST_STORIES:
                return
            clause = self.cut_back(self.grow(left.within(self.everything & ~judging)), left.within(judging))
            taken = left.within(self.cover(clause) if clause else 0)
            if not taken.right or taken.share < LEAST_RIGHT:
                return
            yield clause
            left = Split(left.right & ~taken.right, left.wrong & ~taken.wrong)

    def named(self, code: str) -> list[Clause]:
        """Return the clauses that ask for a name in the title, the lead or three times, if they are right."""
        right = self.labelled[code]
        found: list[Clause] = []
        for name in self.names[code]:
            stems = tuple(stem(token.term) for token in tokenise(name))
            if not all(word in self.vocabulary.words for word in stems):
                continue
            for ask in (Ask.ANYWHERE,) if self.flat else (Ask.TITLE, Ask.LEAD, Ask.THRICE):
                clause = (Condition(Feature(ask, stems), present=True),)
                split = Split(right, self.everything & ~right).within(self.cover(clause))
                if split.share >= LEAST_RIGHT and split.right.bit_count() >= LEAST_STORIES - 1:
                    found.append(clause)
        return found

    def grow(self, stories: Split) -> Clause:
        """Return the clause that takes right stories and no wrong one, or as few as it can."""
        clause: list[Condition] = []
        while stories.wrong and len(clause) < MOST_CONDITIONS:
            best = self.best(stories, first=not clause)
            if best is None:
                break
            clause.append(best)
            stories = stories.within(self.cover((best,)))
        return tuple(clause)

    def best(self, stories: Split, *, first: bool) -> Condition | None:
        """Return the condition of the highest gain; the first one of a clause asks for something that is there."""
        before = log2(stories.share) if stories.right else 0.0
        best, best_gain = None, 0.0
        for feature, bits in self.vocabulary.stories.items():
            for present in (True,) if first else (True, False):
                cover = bits if present else ~bits
                right = (stories.right & cover).bit_count()
                if right < LEAST_STORIES - 1:
                    continue
                wrong = (stories.wrong & cover).bit_count()
                gain = right * (log2(right / (right + wrong)) - before)
                if gain > best_gain:
                    best, best_gain = Condition(feature, present), gain
        return best

    def cut_back(self, clause: Clause, judged: Split) -> Clause:
        """Return the beginning of the clause that is right most often among the stories that did not grow it."""
        worth = [(self.worth(judged.within(self.cover(clause[:end]))), -end) for end in range(1, len(clause) + 1)]
        return clause[: -max(worth)[1]] if worth else ()

    @staticmethod
    def worth(split: Split) -> float:
        """Return right minus wrong, as a share of both; -1 if there is no story."""
        right, wrong = split.right.bit_count(), split.wrong.bit_count()
        return (right - wrong) / (right + wrong) if right + wrong else -1.0

    def best_of(self, clauses: Sequence[Clause], right: int) -> list[Clause]:
        """Return the clauses that make the rule better on all stories, the best first."""
        kept: list[Clause] = []
        reached = 0.0
        while rest := [clause for clause in clauses if clause not in kept]:
            scores = [self.count([*kept, clause], right).f1 for clause in rest]
            if max(scores) <= reached:
                break
            reached = max(scores)
            kept.append(rest[scores.index(reached)])
        return kept

    def count(self, clauses: Iterable[Clause], right: int) -> Count:
        """Return how right the clauses are together on all stories."""
        cover = self.cover_any(clauses)
        return Count((cover & right).bit_count(), (cover & ~right).bit_count(), (right & ~cover).bit_count())

    def cover_any(self, clauses: Iterable[Clause]) -> int:
        """Return the stories that any of the clauses takes."""
        return reduce(or_, map(self.cover, clauses), 0)

    def cover(self, clause: Clause) -> int:
        """Return the stories that a clause takes."""
        cover = self.everything
        for condition in clause:
            bits = self.vocabulary.stories.get(condition.feature, 0)
            cover &= bits if condition.present else ~bits
        return cover

    def text(self, clause: Clause) -> str:
        """Return the clause in the query language."""
        parts = [f"{'' if one.present else 'NOT '}{self.vocabulary.query(one.feature)}" for one in clause]
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"
