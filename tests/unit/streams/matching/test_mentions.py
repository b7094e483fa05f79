import pytest

from tests.support.matching import article, matcher

GREER = {
    "names_in_context": {
        "names": {"en": ["Greer"]},
        "require_any": ["trade", "tariff deal"],
        "exclude_any": ["actor"],
        "within": 5,
    }
}


def mentions(entities: dict[str, dict[str, object]], title: str, body: str = "") -> dict[str, list[str]]:
    match = matcher({}, entities=entities).match(article(title, body=body))
    return {hit.entity_id: [match.spans[number].surface for number in hit.spans] for hit in match.entities}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param("Greer spoke of trade", True, id="a word of its context behind it"),
        pytest.param("On trades, said Greer", True, id="before it, in another form"),
        pytest.param("Greer wants a new tariff deal", True, id="a phrase of its context"),
        pytest.param("Greer wants a tariff and a deal", False, id="half of a phrase"),
        pytest.param("Greer spoke of his garden", False, id="no word of its context"),
        pytest.param("Greer went home, and then trade", True, id="just near enough behind it"),
        pytest.param("Trade went home, and then Greer", True, id="just near enough before it"),
        pytest.param("Greer went home, and then came trade", False, id="too far behind it"),
        pytest.param("Trade went home, and then came Greer", False, id="too far before it"),
        pytest.param("The actor Greer trades places", False, id="a word that excludes it"),
    ],
)
def test_a_name_in_context_needs_its_context(body: str, found: bool) -> None:
    assert bool(mentions({"greer": GREER}, "", body)) is found


def test_the_context_may_be_in_another_field() -> None:
    assert mentions({"greer": GREER}, "Greer says", "trade goes on") == {"greer": ["Greer"]}


def test_a_name_that_excludes_only_needs_nothing() -> None:
    given = {"names_in_context": {"names": {"en": ["Amazon"]}, "exclude_any": ["river"], "within": 3}}
    assert mentions({"amzn": given}, "Amazon rises") == {"amzn": ["Amazon"]}
    assert mentions({"amzn": given}, "Amazon river rises") == {}


def test_a_name_in_context_can_need_its_case() -> None:
    given = {**GREER, "case": ["Greer"]}
    assert mentions({"greer": given}, "greer on trade and Greer on trade") == {"greer": ["Greer"]}


def test_a_name_that_stands_free_needs_no_context() -> None:
    given = {**GREER, "names": {"en": ["Greer"]}}
    assert mentions({"greer": given}, "Greer sleeps") == {"greer": ["Greer"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Trump Tower", {"tower": ["Trump Tower"]}, id="the longer name wins over one inside it"),
        pytest.param("Trump at Trump Tower", {"tower": ["Trump Tower"], "trump": ["Trump"]}, id="where it stands only"),
        pytest.param("The Trump Tower Bridge", {"bridge": ["Tower Bridge"], "tower": ["Trump Tower"]}, id="overlap"),
        pytest.param("Big Apple", {"a": ["Big Apple"], "b": ["Big Apple"]}, id="two entities may share a name"),
    ],
)
def test_of_names_within_each_other_the_longest_wins(text: str, expected: dict[str, list[str]]) -> None:
    entities: dict[str, dict[str, object]] = {
        "trump": {"names": {"en": ["Trump"]}},
        "tower": {"names": {"en": ["Trump Tower"]}},
        "bridge": {"names": {"en": ["Tower Bridge"]}},
        "a": {"names": {"en": ["Big Apple", "Apple"]}},
        "b": {"names": {"en": ["Big Apple"]}},
    }
    assert mentions(entities, text) == expected


def test_names_are_not_stemmed() -> None:
    assert mentions({"ford": {"names": {"en": ["Ford"]}}}, "Fords and fording") == {}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("\u200fScott Bessent\u200e", id="right-to-left marks"),
        pytest.param("\u202bScott Bessent\u202c", id="turned text"),
        pytest.param("Scott\tBessent", id="a tab"),
        pytest.param("Scott\u00a0Bes\u200bsent\ufeff", id="characters that nobody sees"),
        pytest.param("Ｓｃｏｔｔ　Ｂｅｓｓｅｎｔ", id="full-width letters"),
        pytest.param("‘Scott’ Bessent’s", id="curly single quotes"),
    ],
)
def test_a_name_that_was_pasted_is_found_as_it_is_typed_and_the_other_way_round(name: str) -> None:
    assert mentions({"b": {"names": {"en": [name]}}}, "So Scott Bessent says") == {"b": ["Scott Bessent"]}
    (found,) = mentions({"b": {"names": {"en": ["Scott Bessent"]}}}, f"So {name} says")["b"]
    assert found in name


def test_entities_on_the_topic_that_name_each_other_in_a_circle_are_rejected_and_the_others_stay() -> None:
    bodies = {"a": {"names": {"en": ["@b"]}}, "b": {"names": {"en": ["@a"]}}, "c": {"names": {"en": ["Xi"]}}}
    made = matcher({"r": "@c"}, entities=bodies)
    assert sorted(made.rejected) == ["entity/a@a-1", "entity/b@b-1"]
    assert [hit.rule_id for hit in made.match(article("Xi")).rules] == ["r"]
