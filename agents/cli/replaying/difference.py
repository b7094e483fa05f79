"""How a replay differs from what was recorded: pure, by name, with the fields that differ."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

MOST_KEPT = 1_000  # differences that are listed; all are counted


class Kind(StrEnum):
    """What is wrong with one output."""

    MISSING = "missing"  # recorded, and not made again
    EXTRA = "extra"  # made again, and never recorded
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One output that is not what was recorded; `what` says where it differs."""

    kind: Kind
    name: str
    at: str
    what: tuple[str, ...] = ()


@dataclass(slots=True)
class Account:
    """What came of comparing one stage's outputs."""

    stage: str
    equal: int = 0
    unreadable: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    listed: list[Difference] = field(default_factory=list)

    def add(self, kind: Kind, name: str, at: str, what: Iterable[str] = ()) -> None:
        """Count a difference, and keep it if there is room."""
        self.counts[kind] += 1
        if len(self.listed) < MOST_KEPT:
            self.listed.append(Difference(kind, name, at, tuple(what)))

    @property
    def differs(self) -> bool:
        """Return whether anything is not as it was recorded."""
        return any(self.counts.values())


def digest(value: bytes) -> bytes:
    """Return what stands for a value of which only equality matters: 16 bytes."""
    return blake2b(value, digest_size=16).digest()


def fields_that_differ(recorded: bytes, made: bytes) -> list[str]:
    """Return the paths of the fields in which two JSON objects differ; `bytes` if their form alone does."""
    return list(_differing(json.loads(recorded), json.loads(made), "")) or ["bytes"]


def _differing(left: object, right: object, path: str) -> Iterable[str]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for name in dict.fromkeys((*left, *right)):
            yield from _differing(left.get(name), right.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differing(one, other, f"{path}[{number}]")
    elif left != right:
        yield path
