"""Random rules, entities and articles for the twins: words from real stories, and texts of five scripts.

Distances, counts and places are taken from the articles, and then missed by one as often as not: borders are where two
readings differ.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from streams.articles.article import Article
from streams.text.tokens import Token, tokenise
from tests.support.matching import article

ENTITIES = ("ares", "boreas", "ceres", "dione")
OPERATORS = frozenset({"AND", "OR", "NOT", "SENT", "PARA", "NEAR", "PRE", "CASE", "ATLEAST", "FIRST"})
SCRIPTS = (
    "tariff tariffs Tariff tariffed rare earth earths US us nation nations Nvidia $NVDA Zölle former President Lee x",
    "稀土 关税 關稅 中国 中國 贝森特 貝森特 出口 前 總統 总统",
    "レアアース トランプ ﾍﾞｾﾝﾄ の かんぜい 関税 財務長官 元",
    "희토류 관세 트럼프 수출",
    "Трамп пошлины тарифы экспорт हिन्दी शुल्क رسوم",
)
FEW = ("tariff", "稀土", "관세", "トランプ", "Трамп", "x")
SEPARATORS = (" ", " ", " ", " ", ", ", ". ", "\n", "’s ", " (", "! ", "", "-", ": ", "\n\n")
DAYS = (None, *(datetime(year, 1, 20, 12, tzinfo=UTC) for year in (2020, 2021, 2023, 2025)))
ROLE_DAYS: Sequence[Mapping[str, JsonValue]] = (
    {},
    {"to": "2021-01-20"},
    {"from": "2025-01-20"},
    {"from": "2021-01-20", "to": "2025-01-19"},
)


@dataclass(frozen=True, slots=True)
class World:
    """Articles, and rules, entities and lists that were made for them."""

    articles: Sequence[Article]
    rules: Mapping[str, str]
    entities: Mapping[str, Mapping[str, JsonValue]]
    lists: Mapping[str, list[str]]


def real_texts(path: Path) -> list[tuple[str, str]]:
    """Return title and body of each story of a JSON Lines file, bodies cut after 900 characters."""
    stories = map(json.loads, path.read_text("utf-8").splitlines())
    return [(story["title"], story["body"][:900]) for story in stories if story["body"]]


def world(seed: int, *, articles: int, rules: int, stories: Sequence[tuple[str, str]]) -> World:
    """Return a world; every second one is made of the stories, if there are any."""
    dice = random.Random(seed)
    made = [real(dice, stories) if stories and seed % 2 else generated(dice) for _ in range(articles)]
    maker = Maker(dice, [fields for fields in map(fields_of, made) if any(fields)])
    entities = {name: maker.entity() for name in ENTITIES}
    lists = {"goods": [maker.member() for _ in range(4)], "names": ["@ares", maker.member(), "@boreas"]}
    return World(made, {f"r{number:03}": maker.rule() for number in range(rules)}, entities, lists)


def fields_of(given: Article) -> list[list[Token]]:
    """Return the words of title, lead and body."""
    return [tokenise(text) for text in (given.title, given.lead, given.body)]


def real(dice: random.Random, stories: Sequence[tuple[str, str]]) -> Article:
    """Return a story as an article, its first lines as the lead."""
    title, body = dice.choice(stories)
    cut = body.find("\n", 120) + 1 or len(body)
    return dated(dice, title if dice.random() < 0.3 else title.title(), body[:cut], body[cut:])


def generated(dice: random.Random) -> Article:
    """Return an article of random words of one to three scripts; some of few words and no other, so that they meet."""
    if dice.random() < 0.3:
        words: Sequence[str] = FEW
    else:
        words = [word for script in dice.sample(SCRIPTS, dice.randint(1, 3)) for word in script.split()]
    title, lead, body = (text(dice, words, dice.randint(0, most)) for most in (8, 12, 30))
    return dated(dice, title.upper() if dice.random() < 0.2 else title, lead, body)


def text(dice: random.Random, words: Sequence[str], length: int) -> str:
    """Return random words with random signs between them."""
    return "".join(dice.choice(words) + dice.choice(SEPARATORS) for _ in range(length))


def dated(dice: random.Random, title: str, lead: str, body: str) -> Article:
    """Return the article with random authors, language and day."""
    return article(
        title,
        lead,
        body,
        authors=dice.choice(((), ("Kim Lee",), ("A. Trump", "Jo Lee"))),
        language=dice.choice(("en", "zh-Hans")),
        published_at=dice.choice(DAYS),
    )


class Maker:
    """Makes rules and entities of the words of some articles."""

    def __init__(self, dice: random.Random, articles: Sequence[Sequence[Sequence[Token]]]) -> None:
        self.dice = dice
        self.articles = articles or [[tokenise("tariff")]]

    def field(self) -> Sequence[Token]:
        """Return the words of a field that has any."""
        return self.dice.choice([field for field in self.dice.choice(self.articles) if field])

    def run(self, longest: int) -> list[str]:
        """Return up to so many words that stand in a row somewhere."""
        field = self.field()
        start = self.dice.randrange(len(field))
        return [plain(token) for token in field[start : start + self.dice.randint(1, longest)]]

    def word(self) -> str:
        """Return a word of an article."""
        return self.run(1)[0]

    def phrase(self) -> str:
        """Return a phrase that stands somewhere, or one that likely doesn't."""
        words = self.run(3) if self.dice.random() < 0.8 else [self.word(), self.word()]
        return f'"{" ".join(words)}"'

    def truncated(self) -> str:
        """Return a word with a wildcard behind three letters or more, if there is one that is long enough."""
        word = next((word for word in (self.word() for _ in range(20)) if len(word) > 3 and word.isascii()), "tariff")
        at = self.dice.randint(3, len(word))
        tail = self.dice.choice(("*", "?" + word[at + 1 :], "*" + word[-1:], "?*"))
        return f"CASE({word[:at]}{tail})" if self.dice.random() < 0.2 else word[:at] + tail

    def member(self) -> str:
        """Return a member of a list."""
        return self.dice.choice((self.word(), " ".join(self.run(2)), f"={self.word()}", "$NVDA", "tarif*", "@ceres"))

    def leaf(self) -> str:
        """Return anything that has a place in the text."""
        kinds: Sequence[tuple[float, Callable[[], str]]] = (
            (6, self.word),
            (3, self.phrase),
            (2, self.truncated),
            (1, lambda: f"={self.word()}"),
            (1, lambda: f"CASE({self.word()})"),
            (3, lambda: f"@{self.dice.choice(ENTITIES)}"),
            (1, lambda: self.dice.choice(("$NVDA", "$nvda"))),
            (1, lambda: self.dice.choice(("#goods", "#names"))),
        )
        return self.dice.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]()

    def operand(self) -> str:
        """Return a leaf, several of them, or one in a part of the article."""
        dice = self.dice.random()
        if dice < 0.65:
            return self.leaf()
        if dice < 0.8:
            return f"({self.leaf()} OR {self.leaf()})"
        if dice < 0.9:
            return f"{self.dice.choice(('title', 'lead', 'body'))}:{self.leaf()}"
        return f"FIRST/{self.dice.randint(1, 30)}({self.leaf()})"

    def near(self) -> str:
        """Return proximity of two words as far from each other as they stand somewhere, or one off."""
        field = self.field()
        one, other = self.dice.randrange(len(field)), self.dice.randrange(len(field))
        if abs(one - other) > 12:
            other = min(len(field) - 1, one + self.dice.randint(0, 8))
        distance = max(1, abs(one - other) + self.dice.choice((-1, 0, 0, 1)))
        left, right = plain(field[one]), plain(field[other])
        if self.dice.random() < 0.3:
            left = self.operand()
        return f"{left} {self.dice.choice(('NEAR', 'PRE'))}/{distance} {right}"

    def together(self) -> str:
        """Return two words of one field in one sentence or paragraph."""
        field = self.field()
        left, right = plain(self.dice.choice(field)), plain(self.dice.choice(field))
        if self.dice.random() < 0.3:
            right = self.operand()
        return f"{left} {self.dice.choice(('SENT', 'PARA'))} {right}"

    def counted(self) -> str:
        """Return a word that has to stand as often as it does somewhere, or once more."""
        fields = self.dice.choice(self.articles)
        words = [plain(token) for field in fields for token in field]
        word = self.dice.choice(words)
        count = sum(word.lower() == other.lower() for other in words) + self.dice.choice((0, 0, 1))
        return f"ATLEAST/{count}({word if self.dice.random() < 0.7 else self.operand()})"

    def first(self) -> str:
        """Return a word at its place from the beginning, or one before it."""
        words = [plain(token) for field in self.dice.choice(self.articles) for token in field]
        at = self.dice.randrange(len(words))
        return f"FIRST/{max(1, at + self.dice.choice((0, 1)))}({words[at]})"

    def clause(self) -> str:
        """Return one clause of a rule."""
        kinds: Sequence[tuple[float, Callable[[], str]]] = (
            (5, self.operand),
            (3, lambda: f"({self.near()})"),
            (2, lambda: f"({self.together()})"),
            (2, self.counted),
            (2, self.first),
            (1, lambda: f"about:@{self.dice.choice(ENTITIES)}"),
            (
                1,
                lambda: self.dice.choice(
                    ("lang:en", "lang:zh", 'source:"the wire"', "source:ap", "author:(lee OR kim)")
                ),
            ),
            (1, lambda: f"{self.dice.choice(('title', 'lead', 'body'))}:({self.tree(1)})"),
            (0.5, lambda: f"FIRST/{self.dice.randint(3, 40)}({self.tree(1)})"),
        )
        return self.dice.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]()

    def tree(self, depth: int) -> str:
        """Return clauses joined up to a depth; what is negated stands beside something that is not."""
        if depth == 0 or self.dice.random() < 0.25:
            return self.clause()
        parts = [self.tree(depth - 1) for _ in range(self.dice.randint(2, 3))]
        kind = self.dice.random()
        if kind < 0.4:
            return f"({' OR '.join(parts)})"
        return f"({' AND '.join(parts)})" if kind < 0.75 else f"({parts[0]} AND NOT {parts[1]})"

    def rule(self) -> str:
        """Return a query."""
        return self.tree(self.dice.choice((0, 1, 1, 2, 3)))

    def entity(self) -> Mapping[str, JsonValue]:
        """Return an entity named by words of the articles, with some of all that an entity can have."""
        names = [" ".join(self.run(3)) for _ in range(2)]
        body: dict[str, JsonValue] = {"type": self.dice.choice(("person", "thing")), "names": {"en": [*names]}}
        if self.dice.random() < 0.3:
            body["case"] = [names[0]]
        if self.dice.random() < 0.2:
            body["tickers"] = ["NVDA"]
        if self.dice.random() < 0.5:
            body["names_in_context"] = {"names": {"en": [self.word()]}, **self.context()}
        body["roles"] = [*self.roles()]
        return body

    def roles(self) -> Iterator[dict[str, JsonValue]]:
        """Yield some titles with their days, some with a context."""
        for _ in range(self.dice.randint(0, 2)):
            context = self.context() if self.dice.random() < 0.3 else {}
            yield {"title": " ".join(self.run(2)), **self.dice.choice(ROLE_DAYS), **context}

    def context(self) -> dict[str, JsonValue]:
        """Return words around a name."""
        exclude: list[JsonValue] = [self.word()] if self.dice.random() < 0.3 else []
        return {"require_any": [" ".join(self.run(2))], "exclude_any": exclude, "within": self.dice.randint(1, 12)}


def plain(token: Token) -> str:
    """Return a word as a query can hold it."""
    return token.word.lower() if token.word in OPERATORS else token.word
