"""What is wrong with a query: each problem with its place and its cure."""

from dataclasses import dataclass
from textwrap import shorten
from typing import Self

from streams.errors import PoisonError, Reason

SHOWN_CHARS = 400  # a hint repeats the query's own words, which may be 64 kB


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; line and column count from 1."""

    line: int
    column: int
    message: str
    hint: str

    @classmethod
    def at(cls, text: str, place: int, message: str, hint: str) -> Self:
        """Return the problem at a code point of the text."""
        line_start = text.rfind("\n", 0, place) + 1
        return cls(text.count("\n", 0, place) + 1, place - line_start + 1, short(message), short(hint))

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.message}; {self.hint}"


def short(text: str) -> str:
    """Return the text, or its beginning if it is long."""
    return text if len(text) <= SHOWN_CHARS else shorten(text[: SHOWN_CHARS * 2], SHOWN_CHARS, placeholder=" …")


class QueryError(PoisonError):
    """A query that can't be read or compiled; `problems` holds every one of them, in the order of the text."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        first = self.problems[0]
        self.line, self.column, self.hint = first.line, first.column, first.hint
        super().__init__(Reason.NOT_VALID, "\n".join(map(str, self.problems)))
