"""The words of a query, compared in the same form as the words of an article."""

import re

from lark import Token, Tree

from streams.matching.foreign import FIELD_NAMES, Wrong, foreign_word
from streams.matching.tree import Form, Place, Truncated, Words
from streams.text.fold import fold
from streams.text.stem import stem
from streams.text.tokens import LONGEST_RUN, WIDE_CHAR, tokenise
from streams.text.tokens import Token as Word

MAX_DISTANCE = 1_000
LEADING_LETTERS = 3
PHRASE_WORDS = 100
PATTERN = re.compile(r"[\[\]{}\\^|~]|\.\*|\.\+")
FIELD = re.compile(r"[A-Za-z_]+:")


def place_of(tree: Tree[Token]) -> Place:
    """Return where a branch of lark's tree stands in the query."""
    return (tree.meta.start_pos, tree.meta.end_pos)


def in_form(word: Word, form: Form) -> str:
    """Return the word as leaves of a form compare it."""
    if form is Form.CASE:
        return word.word
    return word.term if form is Form.EXACT else stem(word.term)


def words_of(text: str, form: Form, at: Place, *, quoted: bool) -> Words | Truncated | Wrong:
    """Return the leaf that a word or the inside of a phrase means, or what is wrong with it."""
    wrong = (None if quoted else foreign_word(text)) or pattern_problem(text)
    if wrong is not None:
        return wrong
    if "*" in text or ("?" in text and not quoted):
        return truncated(text, form, at, quoted=quoted)
    if not quoted and (found := FIELD.match(text)) is not None:
        return (f"no field {found[0]}", FIELD_NAMES)
    words = tokenise(text)
    if not words:
        return (f"{text!r} holds no word", "letters or digits are what can be found")
    if len(words) > PHRASE_WORDS:
        return (f"a phrase of more than {PHRASE_WORDS} words", "join shorter ones with AND")
    return Words(tuple(in_form(word, form) for word in words), form, at)


def pattern_problem(text: str) -> Wrong | None:
    """Return what is wrong with a text that looks like a regular expression."""
    if PATTERN.search(text) is None:
        return None
    return (f"{text!r} looks like a regular expression", "only * and ? are known: tarif*, wom?n")


def truncated(text: str, form: Form, at: Place, *, quoted: bool) -> Truncated | Wrong:
    """Return the truncated word, or what is wrong with it."""
    head = re.split(r"[*?]", text, maxsplit=1)[0]
    letters = re.sub(r"[*?]", "", text)
    wrong = truncation_problem(text, head, letters, quoted=quoted)
    if wrong is not None:
        return wrong
    case = form is Form.CASE
    return Truncated("".join(part if case else fold(part) for part in re.split(r"([*?])", text)), case, at)


def truncation_problem(text: str, head: str, letters: str, *, quoted: bool) -> Wrong | None:
    """Return what is wrong with a truncated word: `head` stands before its first wildcard."""
    words = tokenise(letters)
    checks = (
        (quoted, f"a * inside a phrase: {text!r}", "write rare PRE/1 earth*"),
        (not head, f"{text!r} has a leading wildcard", "begin with three letters or more"),
        (len(text) > LONGEST_RUN, f"a truncated word of more than {LONGEST_RUN} letters", "no word is so long"),
        (WIDE_CHAR.search(text), f"{text!r}: each of these characters is a word of its own", f"write {head}"),
        (len(words) != 1 or words[0].word != letters, f"{text!r} is more than one word", "truncate a single word"),
        (
            len(head) < LEADING_LETTERS,
            f"{text!r} has fewer than three letters before its wildcard",
            "write the words out: (tax OR taxes)",
        ),
    )
    return next(((message, hint) for found, message, hint in checks if found), None)
