"""What became of a rule on an article, as people read it: the article with its marks, and the tree of the rule."""

from collections.abc import Iterator

from agents.cli.explaining.sheet import LABEL, heading, lines, marked
from streams.articles.article import Article
from streams.matching.explain import Clause, Explanation
from streams.matching.match import Field
from streams.routing.render_text import plain, shortened

CLAUSE = 56  # characters of a clause whose parts stand below it
MOST_FAILED = 12
MOST_WORDS = 4
FIELDS: tuple[Field, ...] = ("title", "lead", "body")


def explanation_lines(explanation: Explanation, article: Article, *, room: int | None, styled: bool) -> Iterator[str]:
    """Yield whether the rule matches, the article with the words that count, and the tree with what held."""
    yield heading(f"{explanation.rule_id} {'matches' if explanation.matched else 'does not match'}")
    if explanation.problem:
        yield from lines("rejected", explanation.problem, room=room, styled=styled)
    if explanation.root is None:
        return
    for name in FIELDS:
        found = list(marked(getattr(article, name), explanation.root.spans, name))
        if name == "title" and not found:
            yield from lines(name, article.title, room=room, styled=styled)
        for place in found:
            yield from lines(name, place, room=room, styled=styled)
    for depth, text in tree(explanation.root):
        for line in lines("", "  " * depth + text, room=room and room + LABEL, styled=False):
            yield line.removeprefix(" " * LABEL)


def tree(clause: Clause, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield each clause that decides, with its depth.

    Below a clause that held those that held, below one that failed those that failed; of the others only that they did.
    """
    text = shortened(plain(clause.text), CLAUSE) if clause.parts else plain(clause.text)
    yield depth, f"{'yes' if clause.held else 'no'} {text}{_proof(clause)}"
    for note in clause.notes:
        yield depth + 1, f"not counted: {plain(note)}"
    failed: list[str] = []
    for part in clause.parts if not _says_no_more(clause) else ():
        if part.held or part.parts or part.notes:
            yield from _flushed(failed, depth)
            yield from tree(part, depth + 1) if part.held is clause.held else tree(_leaf(part), depth + 1)
        else:
            failed.append(shortened(plain(part.text), CLAUSE))
    yield from _flushed(failed, depth)


def _says_no_more(clause: Clause) -> bool:
    """Return whether the clause is a NOT that held: what must not be there isn't, and that is all."""
    return clause.held and len(clause.parts) == 1 and not clause.parts[0].held


def _leaf(clause: Clause) -> Clause:
    return Clause(shortened(clause.text, CLAUSE), clause.held, clause.spans, notes=clause.notes)


def _flushed(failed: list[str], depth: int) -> Iterator[tuple[int, str]]:
    """Yield what failed so far side by side on one line."""
    if failed:
        more = f" and {len(failed) - MOST_FAILED} more" if len(failed) > MOST_FAILED else ""
        yield depth + 1, f"no {', '.join(failed[:MOST_FAILED])}{more}"
        failed.clear()


def _proof(clause: Clause) -> str:
    counted: dict[str, int] = {}
    for span in clause.spans:
        word = f'{span.field} "{plain(span.surface)}"'
        counted[word] = counted.get(word, 0) + 1
    if not counted:
        return ""
    shown = [f"{word} x {count}" if count > 1 else word for word, count in list(counted.items())[:MOST_WORDS]]
    more = [f"{len(counted) - MOST_WORDS} more"] if len(counted) > MOST_WORDS else []
    return f" <- {', '.join([*shown, *more])}"
