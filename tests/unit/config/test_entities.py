import pytest

from config.entities import Entry, read_entities
from config.yaml_source import parse

HEAD = "version: 1\nentities:\n"


def entries(text: str) -> list[Entry]:
    return read_entities(parse(text, name="entities.yaml"))


def problems(text: str) -> list[str]:
    root = parse(text, name="entities.yaml")
    read_entities(root)
    return root.source.report()


def test_an_entity_becomes_data_as_the_topic_takes_it() -> None:
    text = (
        HEAD + "  - id: greer\n    type: person\n    names: {en: [Jamieson Greer], zh: [格里尔, 格里爾]}\n"
        "    names_in_context: {names: {en: [Greer]}, require_any: [trade], within: 20}\n"
        "    roles: [{title: Trade Representative, from: 2025-02-27}]\n"
        "  - {id: us, type: place, names: {en: [US]}, case: [US]}\n"
    )
    greer, us = entries(text)
    assert greer.body == {
        "id": "greer",
        "type": "person",
        "names": {"en": ["Jamieson Greer"], "zh": ["格里尔", "格里爾"]},
        "names_in_context": {"names": {"en": ["Greer"]}, "require_any": ["trade"], "exclude_any": [], "within": 20},
        "roles": [{"title": "Trade Representative", "from": "2025-02-27"}],
    }
    assert us.body == {"id": "us", "type": "place", "names": {"en": ["US"]}, "case": ["US"]}


def test_titles_and_tickers_become_data_too() -> None:
    text = (
        HEAD + "  - id: li\n    type: person\n    tickers: [LI]\n    case: [Premier, Li]\n"
        "    names_in_context: {names: {en: [Li]}, require_any: [Beijing]}\n"
        "    roles: [{title: Premier, to: 2028-03-01, require_any: [China], exclude_any: [league], within: 9}]\n"
    )
    (entry,) = entries(text)
    assert entry.body["tickers"] == ["LI"]
    assert entry.body["case"] == ["Premier", "Li"]
    role = {"title": "Premier", "to": "2028-03-01", "require_any": ["China"], "exclude_any": ["league"], "within": 9}
    assert entry.body["roles"] == [role]


def test_a_list_becomes_data_too() -> None:
    text = HEAD + "  - {id: nvidia, type: company, names: {en: [Nvidia]}}\nlists: {semis: ['@nvidia', $TSM, ASML]}\n"
    assert entries(text)[1].body == {"id": "semis", "members": ["@nvidia", "$TSM", "ASML"]}


@pytest.mark.parametrize(
    ("entity", "problem"),
    [
        pytest.param('names: {en: [\'"Trump" NEAR/3 "Xi"\']}', "a name is a name, not a query", id="a query"),
        pytest.param("names: {en: [Smith AND Wesson]}", "a name is a name, not a query", id="AND"),
        pytest.param("names: {en: ['!?']}", "holds no letter or digit", id="no letter"),
        pytest.param("names: {english: [x]}", "is no language code", id="a language in words"),
        pytest.param("names: {en: x}", "needs a list", id="one name without a list"),
        pytest.param("names: {en: [Apple]}, case: [Aple]", "none of its names (did you mean Apple?)", id="case"),
        pytest.param("names: {}", "needs names, names_in_context, roles or tickers", id="no names"),
        pytest.param("names_in_context: {names: {en: [x]}}", "needs require_any or exclude_any", id="no context"),
        pytest.param(
            "names_in_context: {names: {en: [x]}, require_any: [y], within: 0}", "from 1 to 1000", id="no window"
        ),
        pytest.param("roles: [{title: CEO, from: 28.1.2025}]", "is no day: write 2025-01-28", id="no day"),
        pytest.param("roles: [{title: CEO, from: 2025-02-01, to: 2025-01-01}]", "before it begins", id="days turned"),
        pytest.param("roles: [{title: '…'}]", "holds no letter or digit", id="a title without a word"),
        pytest.param("roles: [{title: CEO, require_any: ['?']}]", "holds no letter", id="a context without a word"),
        pytest.param("roles: [{title: CEO, within: 0}]", "from 1 to 1000", id="no window of a role"),
        pytest.param("names: {en: ['@a']}", "entities hold no other entity", id="an entity as a name, even itself"),
        pytest.param("names: {en: ['#a']}", "entities hold no other entity", id="a list as a name"),
        pytest.param("names: {en: [$NVDA]}", "entities hold no other entity", id="a ticker as a name"),
        pytest.param("names: {en: [['x']]}", "needs text", id="a list in a list of names"),
        pytest.param("names: {en: ['']}", "holds no letter or digit", id="an empty name"),
        pytest.param(f"names: {{en: [{'a ' * 33}]}}", "1 to 32 plain words", id="a name of a paragraph"),
        pytest.param("tickers: [$NVDA]", "is no ticker", id="a ticker with its dollar sign"),
        pytest.param("tickers: [NVIDIA]", "one to five letters", id="a ticker that is too long"),
        pytest.param("names: {en: [x]}, alias: [y]", 'unknown key "alias"', id="an unknown key"),
    ],
)
def test_a_wrong_entity_is_named_with_place_and_cure(entity: str, problem: str) -> None:
    lines = problems(HEAD + f"  - {{id: a, type: person, {entity}}}\n")
    assert len(lines) == 1
    assert lines[0].startswith("entities.yaml:3:")
    assert 'entity "a": ' in lines[0]
    assert problem in lines[0]


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        pytest.param("['@nvida']", "unknown entity @nvida (did you mean @nvidia?)", id="an unknown entity"),
        pytest.param("['*tin']", "leading", id="a leading wildcard"),
        pytest.param("['!']", 'list "semis": ', id="no word"),
        pytest.param("['#other']", "a list holds no other list", id="a list in a list"),
        pytest.param("['a AND b']", "is a word or a phrase, not a query", id="a query"),
        pytest.param("[]", "needs members", id="nothing"),
    ],
)
def test_a_wrong_list_is_named_with_place_and_cure(members: str, problem: str) -> None:
    text = HEAD + f"  - {{id: nvidia, type: company, names: {{en: [Nvidia]}}}}\nlists: {{semis: {members}}}\n"
    (line,) = problems(text)
    assert line.startswith("entities.yaml:4:")
    assert 'list "semis": ' in line
    assert problem in line


@pytest.mark.parametrize(
    "entity",
    [
        pytest.param("names: {{en: ['@{other}']}}", id="by name"),
        pytest.param("names_in_context: {{names: {{en: [x]}}, require_any: ['@{other}']}}", id="by context"),
        pytest.param("roles: [{{title: '@{other}'}}]", id="by title"),
    ],
)
def test_entities_that_name_each_other_in_a_circle_are_refused_one_by_one(entity: str) -> None:
    entries = (f"  - {{id: {name}, type: x, {entity.format(other=other)}}}\n" for name, other in ("ab", "ba"))
    lines = problems(HEAD + "".join(entries))
    assert [line.split(":")[1] for line in lines] == ["3", "4"]
    assert ['entity "a": ' in lines[0], 'entity "b": ' in lines[1]] == [True, True]
    assert all("entities hold no other entity" in line for line in lines)


def test_lists_that_name_each_other_in_a_circle_are_refused_one_by_one() -> None:
    lines = problems("version: 1\nlists:\n  a: ['#b']\n  b: ['#a']\n")
    assert lines == [
        'entities.yaml:3:7 list "a": #b: a list holds no other list: write its members out',
        'entities.yaml:4:7 list "b": #a: a list holds no other list: write its members out',
    ]


def test_two_entities_of_one_id_are_refused() -> None:
    entity = "  - {id: a, type: person, names: {en: [x]}}\n"
    assert problems(HEAD + entity + entity) == [
        'entities.yaml:4:5 entity "a": another entity has this id: give each its own'
    ]


def test_in_a_broken_file_no_member_is_called_unknown() -> None:
    lines = problems("version: 1\nlists: {semis: ['@nvidia']}\nentities:\n  - {id: x, type: 'y\n")
    assert len(lines) == 1
    assert "not YAML" in lines[0]
