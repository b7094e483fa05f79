from streams.matching.match import Match
from streams.matching.parts import SPARE_BYTES, split
from tests.support.matching import article, matcher, spans_by_rule

LIMIT = SPARE_BYTES + 12_000


def large_match(rules: int) -> Match:
    entities = {f"e{number}": {"names": {"en": [f"word{number}"]}} for number in range(rules)}
    queries = {f"r{number:03}": f"@e{number}" for number in range(rules)}
    return matcher(queries, entities=entities).match(
        article("x", body=" ".join(f"word{number}" for number in range(rules)))
    )


def test_a_match_that_fits_is_its_only_part() -> None:
    match = large_match(3)
    assert split(match) == [match]


def test_a_large_match_becomes_parts_that_fit_and_miss_nothing() -> None:
    match = large_match(100)
    parts = split(match, limit=LIMIT)
    assert len(parts) > 1
    assert [(part.part, part.parts) for part in parts] == [(number, len(parts)) for number in range(len(parts))]
    assert all(len(part.to_json()) < LIMIT for part in parts)
    assert {rule: spans for part in parts for rule, spans in spans_by_rule(part).items()} == spans_by_rule(match)
    assert sum(len(part.rules) for part in parts) == 100


def test_parts_share_what_the_text_states() -> None:
    match = large_match(100)
    for part in split(match, limit=LIMIT):
        assert (part.head, part.facts, part.sketch, part.markers) == (
            match.head,
            match.facts,
            match.sketch,
            match.markers,
        )
        named = {hit.entity_id: match.spans[hit.spans[0]].surface for hit in match.entities}
        assert part.entities
        assert all(part.spans[hit.spans[0]].surface == named[hit.entity_id] for hit in part.entities)
        assert 0 < len(part.entities) < 100


def test_a_rule_too_large_for_any_part_has_one_of_its_own() -> None:
    match = matcher({"a": "x", "b": "y", "c": "x"}).match(article("z", body="y " + "x " * 60))
    assert [[hit.rule_id for hit in part.rules] for part in split(match, limit=len(match.to_json()) // 2)] == [
        ["a"],
        ["b"],
        ["c"],
    ]
