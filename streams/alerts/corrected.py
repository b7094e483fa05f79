"""What a new revision of an article changed of what the earlier one told."""

from collections.abc import Iterable

from streams.alerts.arrival import facts_of
from streams.matching.stated.facts import facts
from streams.matching.stated.negations import asserts
from streams.stories.growth import told_facts
from streams.stories.story import Arrival, Fact, StoryArticle

FIGURES = ("money", "percentage", "number", "date", "entity")
FEW = 4  # facts that went or came: more, and the text was rewritten rather than corrected


def corrected(arrival: Arrival, earlier: StoryArticle) -> tuple[Fact, ...]:
    """Return what changed, as it was before and as it is now; empty if the revision only adds, or drops background.

    A figure or an entity is changed when it is gone, if the earlier revision led with it or another of its kind came
    in a text that is otherwise the same. A negation is changed when what one revision denies, the other's head asserts.
    """
    entities = (Fact(kind="entity", value=entity) for entity in earlier.entities)
    before, after = {*earlier.facts, *entities}, set(told_facts(arrival))
    gone, came = before - after, after - before
    lead_before = f"{earlier.head.title}\n{earlier.head.lead}"
    led = set(facts_of(facts(earlier.head.title, earlier.head.lead)))
    changed = []
    for kind in FIGURES:
        went, arrived = _of(kind, gone), _of(kind, came)
        replaced = bool(went and arrived) and len(went) + len(arrived) <= FEW
        changed += [*went, *arrived] if replaced else [fact for fact in went if fact in led]
    lead_now = f"{arrival.head.title}\n{arrival.head.lead}"
    changed += [fact for fact in _of("negation", came) if asserts(lead_before, fact.value)]
    changed += [fact for fact in _of("negation", gone) if asserts(lead_now, fact.value)]
    return tuple(changed)


def _of(kind: str, given: Iterable[Fact]) -> list[Fact]:
    return sorted((fact for fact in given if fact.kind == kind), key=lambda fact: fact.value)
