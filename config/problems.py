"""Problems of configuration files: each with its place and its cure, all of them shown at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

NEAR = 0.6  # of difflib's ratio: one wrong letter in three still finds its word


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong at a place of a file; line and column count from 1. `about` names the entry."""

    file: str
    line: int
    column: int
    about: str
    text: str

    def __str__(self) -> str:
        """Return the line that people see, such as `rules.yaml:14:9 rule "x": unknown entity @y`."""
        subject = f"{self.about}: " if self.about else ""
        return f"{self.file}:{self.line}:{self.column} {subject}{self.text}"


@dataclass(slots=True)
class Source:
    """A file as it is read: its name, its text, and what was found wrong so far.

    `cut` says that the text ends before its end: what a broken file leaves out is not reported as missing.
    """

    name: str
    text: str = ""
    problems: list[Problem] = field(default_factory=list)
    cut: bool = False

    def refuse(self, text: str, *, line: int, column: int, about: str = "") -> None:
        """Add a problem."""
        self.problems.append(Problem(self.name, line, column, about, text))

    def report(self) -> list[str]:
        """Return the problems as lines, in the order of their places, each once."""
        return [str(problem) for problem in sorted(set(self.problems))]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ` (did you mean x?)` for the choice nearest to the word, or nothing when none is near."""
    near = get_close_matches(word, list(choices), n=1, cutoff=NEAR)
    return f" (did you mean {near[0]}?)" if near else ""
