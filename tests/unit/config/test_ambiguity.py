import pytest

from config.ambiguity import ambiguities
from config.entities import Entry, read_entities
from config.yaml_source import parse


def told(*entities: str) -> list[str]:
    lines = "".join(f"  - {{id: e{number}, type: x, {entity}}}\n" for number, entity in enumerate(entities))
    root = parse(f"version: 1\nentities:\n{lines}lists: {{goods: [x]}}\n", name="entities.yaml")
    entries = read_entities(root)
    assert root.source.report() == []
    return ambiguities(entries)


@pytest.mark.parametrize(
    ("one", "other", "line"),
    [
        pytest.param("names: {en: [Pear, P1]}", "names: {en: [pear]}", '"pear" is a name of @e0 and @e1', id="case"),
        pytest.param("names: {zh: [关税]}", "names: {zh: [關稅]}", '"关税" is a name of @e0 and @e1', id="scripts"),
        pytest.param("names: {de: [Möhn]}", "names: {en: [Mohn]}", '"möhn" is a name of @e0 and @e1', id="accents"),
        pytest.param(
            "names: {en: [Greer]}",
            "names_in_context: {names: {en: [Greer]}, require_any: [trade]}",
            '"greer" is a name of @e0 and @e1',
            id="a name and one in context",
        ),
        pytest.param(
            "names: {en: [Premier]}",
            "roles: [{title: Premier}]",
            '"premier" is a name of @e0 and a title of @e1',
            id="a name and a title",
        ),
        pytest.param(
            "roles: [{title: Chair, from: 2020-01-01}]",
            "roles: [{title: Chair, from: 2024-01-01, to: 2025-01-01}]",
            '"chair" is a title of @e0 and @e1 from 2024-01-01 to 2025-01-01',
            id="two holders of a title for a year",
        ),
        pytest.param(
            "roles: [{title: Chair}]", "roles: [{title: Chair}]", '"chair" is a title of @e0 and @e1 at all times',
            id="two holders for ever",
        ),
        pytest.param(
            "roles: [{title: Chair, from: 2020-01-01}]", "roles: [{title: Chair}]",
            '"chair" is a title of @e0 and @e1 from 2020-01-01', id="two holders from a day on",
        ),
    ],
)  # fmt: skip
def test_what_two_entities_share_is_told(one: str, other: str, line: str) -> None:
    assert told(one, other) == [line]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("names: {en: [Apple, apple]}", "names: {en: [Pear]}", id="two spellings of one entity"),
        pytest.param(
            "roles: [{title: Chair, to: 2024-01-01}]", "roles: [{title: Chair, from: 2024-01-01}]", id="a handover"
        ),
        pytest.param(
            "roles: [{title: Chair, to: 2020-01-01}, {title: Chair, from: 2024-01-01}]", "names: {en: [x y]}",
            id="one holder twice",
        ),
        pytest.param("names: {en: [Chair]}, roles: [{title: Chair}]", "names: {en: [x y]}", id="its own title"),
    ],
)  # fmt: skip
def test_what_is_one_entitys_alone_is_not_told(one: str, other: str) -> None:
    assert told(one, other) == []


@pytest.mark.parametrize(
    ("entity", "what"),
    [
        pytest.param("names: {en: [It]}", '"It" of @e0 is an everyday word', id="an English word"),
        pytest.param("names: {de: [Für]}", '"Für" of @e0 is an everyday word', id="a German one"),
        pytest.param("roles: [{title: State}]", '"State" of @e0 is an everyday word', id="a title"),
        pytest.param("names: {en: [X]}", '"X" of @e0 is a single letter', id="a letter"),
        pytest.param("names: {zh: [中]}", '"中" of @e0 is an everyday word', id="a Chinese one"),
    ],
)
def test_a_name_that_is_in_every_article_is_told(entity: str, what: str) -> None:
    assert told(entity) == [f"{what}: put it under case: or names_in_context:"]


@pytest.mark.parametrize(
    "entity",
    [
        pytest.param("names: {en: [IT]}, case: [IT]", id="in its case"),
        pytest.param("names_in_context: {names: {en: [It]}, require_any: [clown]}", id="in its context"),
        pytest.param("roles: [{title: State, require_any: [Department]}]", id="a title in its context"),
        pytest.param("names: {en: [The Who]}", id="of two words"),
        pytest.param("names: {zh: [锑]}", id="a Chinese character that is a word"),
    ],
)
def test_an_everyday_word_that_needs_more_is_not_told(entity: str) -> None:
    assert told(entity) == []


def noted(query: str) -> list[str]:
    body = {"id": "r", "query": query}
    root = parse("version: 1", name="rules.yaml")
    return ambiguities([Entry(kind="rule", id="r", body=body, node=root)])


@pytest.mark.parametrize("query", ["fur", "=Fur", "trade AND (=seal OR fur)", "title:fur"])
def test_a_word_that_is_an_everyday_word_of_another_language_without_its_accents_is_told(query: str) -> None:
    assert noted(query) == ['"fur" of rule r finds für too, as accents don\'t count: add lang:, or write CASE(fur)']


@pytest.mark.parametrize("query", ["CASE(fur)", "fur AND lang:en", '"fur exports"', "furs*", "furious", "für"])
def test_one_that_is_asked_for_in_its_language_or_as_written_or_in_a_phrase_is_not(query: str) -> None:
    assert noted(query) == []


def test_a_word_that_is_stemmed_is_known_by_its_stem() -> None:
    assert noted("manners")[0].startswith('"manner" of rule r finds männer too')
