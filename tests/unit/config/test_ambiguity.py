import pytest

from config.ambiguity import ambiguities
from config.entities import read_entities
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
