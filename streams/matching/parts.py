"""A match in parts that fit on the topic."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from streams.matching.match import PART_BYTES, EntityHit, Match, RuleHit, Span

SPARE_BYTES = 2_000  # brackets, commas, part numbers
Hit = TypeVar("Hit", RuleHit, EntityHit)


def split(match: Match, *, limit: int = PART_BYTES) -> list[Match]:
    """Return the match in parts of less than `limit` bytes of JSON, each with the spans that it points to.

    All parts share head, facts, sketch, markers and as many entities as half of the room holds; rules keep
    their order. Cost: O(match).
    """
    if len(match.to_json()) < limit:
        return [match]
    bare = match.model_copy(update={"rules": (), "entities": (), "spans": ()})
    room = limit - len(bare.to_json()) - SPARE_BYTES
    entities, used = fitting_entities(match, room // 2)
    groups = list(grouped(match.rules, match.spans, room - used))
    return [narrowed(match, rules, entities, part, len(groups)) for part, rules in enumerate(groups)]


def size(hit: RuleHit | EntityHit, spans: Sequence[Span]) -> int:
    """Return the bytes that a hit takes at most, with every span it points to."""
    return len(hit.model_dump_json()) + 8 + sum(len(spans[number].model_dump_json()) + 1 for number in hit.spans)


def fitting_entities(match: Match, room: int) -> tuple[tuple[EntityHit, ...], int]:
    """Return the entities that fit, in their order, and the bytes that they take."""
    kept, used = [], 0
    for hit in match.entities:
        bytes_of_hit = size(hit, match.spans)
        if used + bytes_of_hit <= room:
            kept.append(hit)
            used += bytes_of_hit
    return tuple(kept), used


def grouped(rules: Iterable[RuleHit], spans: Sequence[Span], room: int) -> Iterator[tuple[RuleHit, ...]]:
    """Yield the rules in groups that fit into the room; a rule too large for any has a group of its own."""
    group: list[RuleHit] = []
    used = 0
    for hit in rules:
        bytes_of_hit = size(hit, spans)
        if group and used + bytes_of_hit > room:
            yield tuple(group)
            group, used = [], 0
        group.append(hit)
        used += bytes_of_hit
    yield tuple(group)


def narrowed(match: Match, rules: Sequence[RuleHit], entities: Sequence[EntityHit], part: int, parts: int) -> Match:
    """Return one part: its rules and entities, and a span table of what they point to."""
    needed = sorted({number for spans in (*map(spans_of, rules), *map(spans_of, entities)) for number in spans})
    numbers = {number: at for at, number in enumerate(needed)}
    return match.model_copy(
        update={
            "part": part,
            "parts": parts,
            "spans": tuple(match.spans[number] for number in needed),
            "rules": tuple(renumbered(hit, numbers) for hit in rules),
            "entities": tuple(renumbered(hit, numbers) for hit in entities),
        }
    )


def spans_of(hit: RuleHit | EntityHit) -> tuple[int, ...]:
    """Return the numbers of the spans that a hit points to."""
    return hit.spans


def renumbered(hit: Hit, numbers: Mapping[int, int]) -> Hit:
    """Return the hit pointing into another table."""
    return hit.model_copy(update={"spans": tuple(numbers[number] for number in hit.spans)})
