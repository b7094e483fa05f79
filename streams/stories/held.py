"""What a story holds already, as sets beside its record: a look at 100 sources and 500 facts costs more than all else.

They are a function of three tuples of the record, and are made anew where one of these is another. So nothing is
remembered here that a record does not hold, and whatever is forgotten changes no answer.
"""

from dataclasses import dataclass
from datetime import datetime

from streams.ids import StoryId
from streams.stories.story import Story, StoryFact, StorySource, StoryText

MOST_HELD = 1 << 8  # stories; those that grew last


@dataclass(slots=True)
class Held:
    """When each publisher was first seen, and which facts and texts there are, each under its permission."""

    sources: tuple[StorySource, ...]
    facts: tuple[StoryFact, ...]
    texts: tuple[StoryText, ...]
    seen: dict[tuple[str, str], datetime]
    figures: set[tuple[str, str, str]]
    hashes: set[tuple[str, str]]


_HELD: dict[StoryId, Held] = {}


def taken(story: Story) -> Held:
    """Return what the story holds, to be changed with it and kept again; it is out of the memory until then."""
    held = _HELD.pop(story.story_id, None)
    if held and held.facts is story.facts and held.sources is story.sources and held.texts is story.texts:
        return held
    return Held(
        sources=story.sources,
        facts=story.facts,
        texts=story.texts,
        seen={(source.publisher, source.permission): source.first_seen_at for source in story.sources},
        figures={(fact.kind, fact.value, fact.permission) for fact in story.facts},
        hashes={(text.text_hash, text.permission) for text in story.texts},
    )


def keep(story_id: StoryId, held: Held) -> None:
    """Remember what a story holds now; beyond 256 stories the one that grew longest ago is forgotten."""
    _HELD[story_id] = held
    if len(_HELD) > MOST_HELD:
        del _HELD[next(iter(_HELD))]
