"""The matcher against its slow twin: random rules, random texts of five scripts, no difference in ids or spans."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.articles.article import Article
from streams.matching.document import Document
from streams.matching.evaluate import OPERAND_SPANS
from streams.matching.match import Span
from streams.matching.matcher import Matcher
from streams.matching.roles import Why
from streams.matching.rule import Entity, Rule, WordList
from streams.matching.ruleset import read_entity
from streams.matching.twin import brute_force
from tests.support.matching import article, change, matcher, spans_by_rule

WORDS = {
    "latin": [
        "tariff",
        "tariffs",
        "Tariff",
        "US",
        "us",
        "rare",
        "earth",
        "earths",
        "Zölle",
        "nation",
        "Nvidia",
        "$NVDA",
    ],
    "han": ["稀土", "关税", "關稅", "中国", "中國", "贝森特", "出口"],
    "kana": ["レアアース", "トランプ", "ﾍﾞｾﾝﾄ", "の", "かんぜい"],
    "hangul": ["희토류", "관세", "트럼프"],
    "titles": ["President", "president", "former", "財務長官", "前", "Lee"],
    "other": ["Трамп", "пошлины", "тарифы", "हिन्दी", "शुल्क", "رسوم"],
}
VOCABULARY = [word for words in WORDS.values() for word in words]
ENTITIES: Mapping[str, Mapping[str, object]] = {
    "us": {"names": {"en": ["U.S."]}, "case": ["US"]},
    "rare_earths": {"names": {"en": ["rare earth", "rare earths"], "zh": ["稀土"], "ko": ["희토류"]}},
    "rare": {"names": {"en": ["rare"]}, "case": ["Nvidia"]},
    "trump": {
        "names": {"ja": ["トランプ"]},
        "names_in_context": {
            "names": {"ru": ["Трамп"], "ko": ["트럼프"]},
            "require_any": ["tariff", "关税", "rare earth"],
            "exclude_any": ["nation"],
            "within": 4,
        },
        "roles": [
            {"title": "President", "to": "2021-01-20"},
            {"title": "President", "from": "2025-01-20", "exclude_any": ["関税"], "within": 2},
            {"title": "財務長官", "from": "2025-01-20", "require_any": ["tariff", "Lee", "Трамп"], "within": 3},
        ],
    },
    "lee": {
        "type": "person",
        "names": {"en": ["Lee"]},
        "case": ["President"],
        "tickers": ["NVDA"],
        "roles": [{"title": "President", "from": "2021-01-20", "to": "2025-01-20"}],
    },
}
LISTS = {"goods": ["@rare_earths", "$NVDA", "tariff", "출구"], "people": ["@trump", "贝森特"]}
PLAIN = st.sampled_from([word for word in VOCABULARY if not word.startswith("$")])
SEPARATORS = st.sampled_from([" ", " ", " ", ", ", ". ", "\n", "’s ", " (", "! ", "", "-"])

word = st.one_of(
    PLAIN,
    st.lists(PLAIN, min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.sampled_from(["tarif*", "nat?on", "ear*s", "CASE(Tar*f)", "пошл*", "$NVDA", "$nvda", "#goods", "#people"]),
    st.sampled_from([f"@{name}" for name in ENTITIES]),
    PLAIN.map(lambda text: f"={text}"),
    PLAIN.map(lambda text: f"CASE({text})"),
)
operand = st.one_of(
    word,
    st.lists(word, min_size=2, max_size=3).map(lambda words: f"({' OR '.join(words)})"),
    st.tuples(st.sampled_from(["title", "lead", "body"]), word).map(lambda pair: f"{pair[0]}:{pair[1]}"),
    st.tuples(st.integers(1, 12), word).map(lambda pair: f"FIRST/{pair[0]}({pair[1]})"),
)
proximity = st.tuples(
    operand, st.sampled_from(["NEAR/1", "NEAR/3", "NEAR/9", "PRE/1", "PRE/4", "SENT", "PARA"]), operand
)
clause = st.one_of(
    word,
    operand,
    proximity.map(" ".join).map("({})".format),
    st.tuples(st.integers(1, 4), operand).map(lambda pair: f"ATLEAST/{pair[0]}({pair[1]})"),
    st.sampled_from(["about:@us", "about:@rare_earths", "lang:en", 'source:"the wire"', "author:(lee OR kim)"]),
)
tree = st.recursive(
    clause,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' AND '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} AND NOT {pair[1]})"),
    ),
    max_leaves=6,
)
rules = st.lists(tree, min_size=1, max_size=6).map(lambda queries: {f"r{n}": q for n, q in enumerate(queries)})
text = st.lists(st.tuples(st.sampled_from(VOCABULARY), SEPARATORS), max_size=25).map(
    lambda pairs: "".join(part for pair in pairs for part in pair)
)
articles = st.builds(
    article,
    st.one_of(text, text.map(str.upper)),
    text,
    text,
    authors=st.sampled_from([(), ("Kim Lee",), ("A. Trump",)]),
    language=st.sampled_from(["en", "zh-Hans"]),
    published_at=st.sampled_from([None, *(datetime(year, 1, 20, 12, tzinfo=UTC) for year in (2020, 2021, 2023, 2025))]),
)


# Few words and short texts, so that words meet often: here the distances and borders are tried.
FEW = ["tariff", "稀土", "관세", "トランプ", "Трамп", "x"]
few_words = st.lists(st.sampled_from([*FEW, "x.", "x\n"]), max_size=9).map(" ".join)
few_articles = st.builds(article, few_words, few_words, few_words)
few_operand = st.one_of(
    st.sampled_from([*FEW[:5], '"tariff x"', "@trump", "@rare_earths", "#goods", "title:tariff", "FIRST/4(Трамп)"]),
    st.lists(st.sampled_from(FEW[:5]), min_size=2, max_size=2).map(lambda words: f"({words[0]} OR {words[1]})"),
)
few_rules = st.lists(
    st.one_of(
        st.tuples(few_operand, st.sampled_from(["NEAR", "PRE"]), st.integers(1, 4), few_operand).map(
            lambda parts: f"{parts[0]} {parts[1]}/{parts[2]} {parts[3]}"
        ),
        st.tuples(few_operand, st.sampled_from(["SENT", "PARA"]), few_operand).map(" ".join),
        st.tuples(st.integers(1, 4), few_operand).map(lambda pair: f"ATLEAST/{pair[0]}({pair[1]})"),
        st.tuples(st.integers(1, 9), few_operand).map(lambda pair: f"FIRST/{pair[0]}({pair[1]})"),
    ),
    min_size=1,
    max_size=4,
).map(lambda queries: {f"r{number}": query for number, query in enumerate(queries)})


def engine(queries: Mapping[str, str]) -> Matcher:
    entities = {name: {"type": "person", **body} for name, body in ENTITIES.items()}
    return matcher(queries, entities=entities, lists=LISTS)


def twin(queries: Mapping[str, str], given_article: Article) -> dict[str, tuple[Span, ...]]:
    entities: list[Entity] = [
        read_entity(change("entity", name, {"type": "person", **body})) for name, body in ENTITIES.items()
    ]
    lists = [WordList(list_id=name, members=tuple(members)) for name, members in LISTS.items()]
    return brute_force.matches(
        [Rule(rule_id=name, query=query) for name, query in queries.items()], entities, lists, given_article
    )


@settings(max_examples=400, deadline=None)
@given(rules, articles)
def test_the_matcher_and_its_twin_find_the_same_rules_and_the_same_spans(
    queries: dict[str, str], given_article: Article
) -> None:
    made = engine(queries)
    assert made.rejected == {}
    assert spans_by_rule(made.match(given_article)) == twin(queries, given_article)


@settings(max_examples=400, deadline=None)
@given(few_rules, few_articles)
def test_they_agree_on_every_distance_and_border(queries: dict[str, str], given_article: Article) -> None:
    made = engine(queries)
    assert made.rejected == {}
    assert spans_by_rule(made.match(given_article)) == twin(queries, given_article)


@settings(max_examples=150, deadline=None)
@given(rules, articles)
def test_every_span_shows_the_words_that_stand_there(queries: dict[str, str], given_article: Article) -> None:
    for span in engine(queries).match(given_article).spans:
        assert span.surface == getattr(given_article, span.field)[span.start : span.end] != ""


@settings(max_examples=200, deadline=None)
@given(st.one_of(clause, few_rules.map(lambda queries: queries["r0"])), st.one_of(articles, few_articles))
def test_a_rule_of_one_clause_stops_matching_when_its_spans_are_erased(query: str, given_article: Article) -> None:
    made = engine({"r": query})
    match = made.match(given_article)
    spans = spans_by_rule(match).get("r", ())
    if not spans or hushed(given_article):
        return
    assert made.match(erased(given_article, spans)).rules == ()


@settings(max_examples=200, deadline=None)
@given(st.lists(clause, min_size=2, max_size=3), st.data(), articles)
def test_a_rule_stops_matching_when_the_spans_of_any_clause_it_needs_are_erased(
    queries: list[str], data: st.DataObject, given_article: Article
) -> None:
    needed = data.draw(st.sampled_from(queries))
    made = engine({"all": " AND ".join(queries), "one": needed})
    found = spans_by_rule(made.match(given_article))
    if not found.get("one") or "all" not in found or hushed(given_article):
        return
    assert {*found["one"]} <= {*found["all"]}
    assert made.match(erased(given_article, found["one"])).rules == ()


def hushed(given_article: Article) -> bool:
    """Return whether a word keeps a name from counting: erase the word, and the name counts."""
    silent = engine({})._names.silent(Document(given_article, given_article.body))
    return any(given.why in {Why.EXCLUDED, Why.NOT_THE_HOLDER, Why.ANOTHERS, Why.INSIDE} for given in silent)


def erased(given_article: Article, spans: tuple[Span, ...]) -> Article:
    """Return the article with other letters in the places of the spans, so that no other word moves."""
    texts = {name: getattr(given_article, name) for name in ("title", "lead", "body")}
    for span in spans:
        here = texts[span.field]
        blank = "".join(
            "x" if char.isascii() and char.isalnum() else "文" if char.isalnum() else char for char in span.surface
        )
        texts[span.field] = here[: span.start] + blank + here[span.end :]
    return given_article.model_copy(update=texts)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        pytest.param("tariff", "tariff " * 200, id="a word named more often than spans are kept"),
        pytest.param("tariff NEAR/2 duty", "tariff duty " * 200, id="proximity with more pairs than are kept"),
        pytest.param("ATLEAST/90(tariff)", "tariff " * 100, id="a count above what is kept"),
    ],
)
def test_the_twins_agree_on_which_spans_are_kept_of_many(query: str, body: str) -> None:
    given_article = article(body=body)
    found = spans_by_rule(engine({"r": query}).match(given_article))
    assert found == twin({"r": query}, given_article)
    assert len(found["r"]) in {OPERAND_SPANS, 2 * OPERAND_SPANS}
