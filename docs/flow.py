"""Who reads and who writes each topic: what the AsyncAPI document says, and a run on a real broker confirms."""

from dataclasses import dataclass

from streams.topics import (
    ALERTS,
    ARTICLES,
    AUDIT,
    CHECKPOINTS,
    CONTROLS,
    DEAD_LETTERS,
    DELIVERIES,
    DELIVERY_STATES,
    DESK_STORIES,
    FEED_STATES,
    FEEDS,
    MATCHES,
    RETRIES,
    ROUTES,
    ROUTINGS,
    RULES,
    STORIES,
    THREADS,
    Topic,
    desk_topic,
)

DESK = desk_topic("{desk}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A stage or a command. `name` stands in `ce_source`; the consumer group owns `shared`, everyone reads `reads`."""

    name: str
    does: str
    group: str | None = None
    shared: tuple[Topic, ...] = ()
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...]


WRITERS = (
    Writer(
        name="apply", does="`feeds apply`, `rules apply` and `routes apply`: files to records, read back",
        reads=(FEEDS, RULES, ROUTES), writes=(FEEDS, RULES, ROUTES),
    ),
    Writer(
        name="audit", does="what each process and command writes down: how deliveries ended, and what people did",
        reads=(AUDIT,), writes=(AUDIT,),
    ),
    Writer(
        name="redrive", does="`deliveries redrive` and `dead-letters redrive`: what failed, sent anew",
        reads=(*DELIVERIES.values(), DELIVERY_STATES, ROUTES, DEAD_LETTERS),
        writes=(*DELIVERIES.values(), DEAD_LETTERS),
    ),
    Writer(name="silences", does="`silences`: who is not told, and until when", reads=(CONTROLS,), writes=(CONTROLS,)),
    Writer(
        name="poll", does="feeds to articles", group="poll", shared=(FEEDS,), reads=(FEED_STATES,),
        writes=(ARTICLES, FEED_STATES, DEAD_LETTERS),
    ),
    Writer(
        name="match", does="articles to the rules that they satisfy", group="match", shared=(ARTICLES,),
        reads=(RULES,), writes=(MATCHES, DEAD_LETTERS),
    ),
    Writer(
        name="alert", does="matches to stories, and what is new about them", group="alert", shared=(MATCHES,),
        reads=(STORIES,), writes=(ALERTS, CHECKPOINTS, STORIES, DEAD_LETTERS),
    ),
    Writer(
        name="fan_out", does="alerts to desks: told, as what, through which receivers, or why not", group="fan-out",
        shared=(ALERTS,), reads=(ROUTES, CONTROLS, DESK_STORIES),
        writes=(DESK, ROUTINGS, *DELIVERIES.values(), DESK_STORIES, DEAD_LETTERS),
    ),
    Writer(
        name="deliver", does="deliveries to receivers", group="deliver",
        shared=(*DELIVERIES.values(), *RETRIES.values()), reads=(ROUTES, CONTROLS, DELIVERY_STATES, THREADS),
        writes=(DELIVERY_STATES, THREADS, *DELIVERIES.values(), *RETRIES.values(), DEAD_LETTERS),
    ),
)  # fmt: skip
