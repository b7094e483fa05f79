"""Write the documents that are made from the code: metrics, configuration and topics. A test compares them."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args, get_origin

from prometheus_client import CollectorRegistry
from pydantic.fields import FieldInfo

from agents.metrics import LATENCY_BUCKETS, MOST_LABEL_VALUES, Metrics
from config.settings import Settings
from streams.topics import CATALOGUE, COMPACTION_LAG_MS, DAY_MS, MESSAGE_BYTES, PREFIX, Topic, desk_topic

FOLDER = Path(__file__).resolve().parent
MADE = "<!-- Made by `make docs` from the code; a test compares. -->"


def metrics() -> str:
    """Return docs/metrics.md."""
    buckets = ", ".join(f"{bound:g}" for bound in LATENCY_BUCKETS)
    return page(
        "Metrics",
        f"""\
Each process serves its metrics at `/metrics` (Prometheus text, or OpenMetrics with trace ids as exemplars).
Labels come from sets that the configuration bounds; `feed` and `receiver` have {MOST_LABEL_VALUES:,} values at most,
`other` beyond, and never stand on a histogram. A set that is known beforehand starts at 0.
Histograms have the buckets {buckets} (seconds). Names are kept: a rename is a breaking change.""",
        ("Metric", "Type", "Labels", "Meaning"),
        (
            (f"`{each.name}`", each.type, ", ".join(f"`{label}`" for label in each.labels), each.meaning)
            for each in Metrics(CollectorRegistry()).described()
        ),
    )


def configuration() -> str:
    """Return docs/configuration.md."""
    return page(
        "Configuration",
        """\
Settings of a process: a flag wins over its variable, the variable over the default; a list has commas between its
values. The flags of each command stand in its `--help`; every setting has its variable. Feeds, entities, rules and
routes are files in the folder that `--config-dir` names; a missing one falls back to the shipped file.""",
        ("Variable", "Default", "Values", "Meaning"),
        (setting(name, field) for name, field in Settings.model_fields.items()),
    )


def setting(name: str, field: FieldInfo) -> tuple[str, ...]:
    """Return one row: a setting."""
    default = "" if field.default is None or field.default in ((), "") else f"`{field.default}`"
    return f"`TOCSIN_{name.upper()}`", default, values(field.annotation), field.description or ""


def values(kind: object) -> str:
    """Return what may be given, in words."""
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    kinds = [each for each in get_args(kind) if each not in {type(None), Ellipsis}] or [kind]
    name = getattr(kinds[0], "__name__", str(kinds[0]))
    words = {"str": "text", "Path": "path", "int": "number", "float": "number", "SecretStr": "secret"}
    return ("list of " if get_origin(kind) is tuple else "") + words[name]


def topics() -> str:
    """Return docs/topics.md."""
    return page(
        "Topics",
        f"""\
Every topic, as `tocsin topics apply` makes it; the names carry the prefix of the setting `topic_prefix` (`{PREFIX}`).
All have `message.timestamp.type=LogAppendTime` and `max.message.bytes={MESSAGE_BYTES}`. Compacted ones
keep every record for an hour at least (`min.compaction.lag.ms={COMPACTION_LAG_MS}`): a process that died between two
records of one match finds both. Partition counts never change on a live topic.""",
        ("Topic", "Partitions", "Key", "Partition of", "Cleanup", "Records", "Note"),
        (topic(each) for each in (*CATALOGUE, desk_topic("<desk>"))),
    )


def topic(each: Topic) -> tuple[str, ...]:
    """Return one row: a topic."""
    kept = f" after {each.retention_ms // DAY_MS} d" if each.retention_ms else ""
    cleanup = each.config()["cleanup.policy"].replace(",", ", ") + kept
    records = ", ".join(f"`{record.__name__}`" for record in each.records)
    return f"`{each.name}`", str(each.partitions), each.key, each.partitioned_by, cleanup, records, each.note


def page(title: str, intro: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a page with one table."""
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
    return f"{MADE}\n# {title}\n\n{intro}\n\n{table}\n"


PAGES: dict[str, Callable[[], str]] = {
    "metrics.md": metrics,
    "configuration.md": configuration,
    "topics.md": topics,
}


def main(folder: Path = FOLDER) -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}", file=sys.stderr)


if __name__ == "__main__":
    main()
