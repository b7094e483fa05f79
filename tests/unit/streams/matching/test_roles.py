from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from streams.articles.article import Article
from streams.matching.rule import Entity
from streams.matching.ruleset import read_entity
from streams.matching.tree import Mention
from streams.matching.twin import brute_force
from tests.support.data import shared_data
from tests.support.matching import article, change, matcher, surfaces

PEOPLE: Mapping[str, Mapping[str, object]] = {
    "bessent": {
        "type": "person",
        "names": {"en": ["Scott Bessent", "Bessent"], "zh": ["贝森特"]},
        "roles": [
            {"title": "Treasury Secretary", "from": "2025-01-28"},
            {"title": "财政部长", "from": "2025-01-28"},
            {"title": "財務長官", "from": "2025-01-28"},
        ],
    },
    "yellen": {
        "type": "person",
        "names": {"en": ["Janet Yellen"], "ja": ["イエレン"]},
        "roles": [{"title": "Treasury Secretary", "from": "2021-01-26", "to": "2025-01-20"}],
    },
    "li_qiang": {
        "type": "person",
        "names": {"en": ["Li Qiang"]},
        "case": ["Premier"],
        "roles": [{"title": "Premier", "require_any": ["China", "Beijing"], "exclude_any": ["league"], "within": 5}],
    },
    "treasury": {"type": "place", "names": {"en": ["Washington"]}},
}


def on(day: str, title: str = "", body: str = "", *, seen: str | None = None) -> Article:
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    later = datetime.fromisoformat(seen).replace(tzinfo=UTC) if seen else moment + timedelta(hours=1)
    return article(title, body=body, published_at=moment, first_seen_at=later, fetched_at=later)


def named(given: Article) -> dict[str, list[str]]:
    """Return the names that count by entity, once the matcher and its twin agree on them."""
    made = matcher({name: f"@{name}" for name in PEOPLE}, entities=PEOPLE)
    assert made.rejected == {}
    match = made.match(given)
    found = {hit.entity_id: [match.spans[number].surface for number in hit.spans] for hit in match.entities}
    entities: list[Entity] = [
        read_entity(change("entity", name, {"type": "x", **body})) for name, body in PEOPLE.items()
    ]
    for name in PEOPLE:
        _, spans = brute_force.evaluate(Mention(name), given, entities)
        assert [span.surface for span in spans] == found.get(name, [])
    return found


@pytest.mark.parametrize(
    ("day", "holder"),
    [
        pytest.param("2025-10-26", ["bessent"], id="today's holder"),
        pytest.param("2025-01-28", ["bessent"], id="on the first day"),
        pytest.param("2025-01-27T23:59:59", [], id="on the day before nobody"),
        pytest.param("2025-01-20T23:59:59", ["yellen"], id="on the last day of the one before"),
        pytest.param("2021-01-25", [], id="before anybody that is known"),
    ],
)
def test_a_title_means_who_held_it_on_the_day_of_the_article(day: str, holder: list[str]) -> None:
    assert [*named(on(day, "The Treasury Secretary spoke"))] == holder


@pytest.mark.parametrize(
    ("published", "seen", "holder"),
    [
        pytest.param("2024-05-01", "2025-10-26", ["yellen"], id="an old article seen today is of its own day"),
        pytest.param("2026-10-26", "2024-05-01", ["yellen"], id="a date that lies ahead is not believed"),
    ],
)
def test_the_day_is_that_of_the_article(published: str, seen: str, holder: list[str]) -> None:
    assert [*named(on(published, "The Treasury Secretary spoke", seen=seen))] == holder


def test_an_article_without_a_date_is_of_the_day_on_which_it_was_seen() -> None:
    assert [*named(article("The Treasury Secretary spoke"))] == ["bessent"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Treasury Secretary Scott Bessent", ["Treasury Secretary", "Scott Bessent"], id="title and name"),
        pytest.param("美国财政部长贝森特", ["财政部长", "贝森特"], id="in Chinese"),
        pytest.param("former Treasury Secretary Scott Bessent", ["Treasury Secretary", "Scott Bessent"], id="his own"),
        pytest.param("the former Treasury Secretary", None, id="a former one"),
        pytest.param("former U.S. Treasury Secretary", None, id="a former one of a country"),
        pytest.param("ex-Treasury Secretary", None, id="with a hyphen"),
        pytest.param("the former. Treasury Secretary", ["Treasury Secretary"], id="of another sentence"),
        pytest.param("former big U.S. Treasury Secretary", ["Treasury Secretary"], id="too far before"),
        pytest.param("Deputy Treasury Secretary", None, id="a deputy"),
        pytest.param("the deputy and Treasury Secretary", ["Treasury Secretary"], id="a deputy and he"),
        pytest.param("前财政部长", None, id="a former one in Chinese"),
        pytest.param("美国前财政部长", None, id="of a country, in Chinese"),
        pytest.param("日前财政部长说", ["财政部长"], id="recently"),
        pytest.param("副财政部长", None, id="a deputy in Chinese"),
        pytest.param("元財務長官", None, id="a former one in Japanese"),
        pytest.param("Treasury Secretary Janet Yellen", None, id="another person's title"),
        pytest.param("Treasury Secretary\nJanet Yellen", ["Treasury Secretary"], id="another person on the next line"),
        pytest.param("Treasury Secretary, Janet Yellen", ["Treasury Secretary"], id="another person behind a comma"),
        pytest.param("Treasury Secretary Washington", ["Treasury Secretary"], id="a place behind it"),
        pytest.param("イエレン財務長官", None, id="another person's title in Japanese"),
        pytest.param("イエレン、財務長官", ["財務長官"], id="another person before it, apart"),
        pytest.param(
            "Janet Yellen Treasury Secretary", ["Treasury Secretary"], id="in Latin a name before says nothing"
        ),
    ],
)
def test_words_beside_a_title_can_make_it_anothers(text: str, found: list[str] | None) -> None:
    assert named(on("2025-10-26", body=text)).get("bessent") == found


def test_a_title_at_the_border_of_a_field_stands_alone() -> None:
    assert named(on("2025-10-26", "the former", "Treasury Secretary"))["bessent"] == ["Treasury Secretary"]
    assert named(on("2025-10-26", "the Treasury Secretary", "Janet Yellen"))["bessent"] == ["Treasury Secretary"]
    assert named(on("2025-10-26", "イエレン", "財務長官"))["bessent"] == ["財務長官"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("The Premier of China", True, id="its context"),
        pytest.param("The Premier of Fiji", False, id="none"),
        pytest.param("China in the Premier League", False, id="a word against it"),
        pytest.param("The premier of China", False, id="another case"),
    ],
)
def test_a_title_can_need_context_and_case(text: str, found: bool) -> None:
    assert ("li_qiang" in named(on("2025-10-26", text))) is found


@pytest.mark.parametrize(
    ("day", "text", "note"),
    [
        pytest.param("2024-05-01", "The Treasury Secretary", "nobody is known by it on the day", id="the day"),
        pytest.param("2024-05-01", "The Treasury Secretary", "held from 2025-01-28 to now; the article is of 2024-05",
                     id="the days of the role"),
        pytest.param("2025-10-26", "former Treasury Secretary", "'Treasury Secretary': a word before it", id="former"),
        pytest.param("2025-10-26", "Treasury Secretary Janet Yellen", "beside the name of another", id="another's"),
    ],
)  # fmt: skip
def test_an_explanation_says_why_a_title_does_not_count(day: str, text: str, note: str) -> None:
    made = matcher({"r": "@bessent"}, entities=PEOPLE)
    lines = list(made.explain("r", on(day, text)).lines())
    assert lines[:2] == ["r: does not match", "  no  @bessent"]
    assert note in lines[2]


def test_a_ticker_names_its_entity_behind_a_dollar_sign_only() -> None:
    made = matcher({"r": "@nvidia"}, entities={"nvidia": {"tickers": ["NVDA"]}})
    assert surfaces(made.match(article("$NVDA up, NVDA")), "r") == ["$NVDA"]
    assert "no dollar sign" in "\n".join(made.explain("r", article("NVDA")).lines())


def day_of(text: str) -> str:
    """Return a day of the table of roles, written yymmdd or yyyymmdd, as ISO 8601."""
    digits = text if len(text) == 8 else ("19" if text >= "3" else "20") + text
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def dated(codes: str) -> tuple[str, str] | None:
    """Return the first two days of a line of the table of roles, if it is written as from-to."""
    first, dash, last = codes.partition("|")[0].rpartition(" ")[2].partition("-")
    whole = dash and {len(first), len(last)} <= {6, 8} and (first + last).isdigit()
    return (day_of(first), day_of(last)) if whole else None


@pytest.mark.corpus
def test_hundreds_of_dated_roles_count_on_their_days_and_on_no_other() -> None:
    lines = (shared_data("actors") / "aliases.dev.tsv").read_text("utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    roles = {row[1]: days for row in rows if (days := dated(row[2])) and days[0] < days[1]}
    assert len(roles) > 100
    entities = {
        f"e{number}": {"type": "role", "roles": [{"title": alias, "from": first, "to": last}]}
        for number, (alias, (first, last)) in enumerate(roles.items())
    }
    made = matcher({}, entities=entities)
    for number, (alias, (first, last)) in enumerate(roles.items()):
        before = (datetime.fromisoformat(first) - timedelta(days=1)).date().isoformat()
        after = (datetime.fromisoformat(last) + timedelta(days=1)).date().isoformat()
        for day, held in ((before, False), (first, True), (last, True), (after, False)):
            found = {hit.entity_id for hit in made.match(on(day, body=f"So {alias} said.")).entities}
            assert (f"e{number}" in found) is held, (alias, day)
