"""A dict that counts how many of its entries somebody walks over, for bounds on work that are no times."""

from collections.abc import Iterator
from typing import TypeVar

Key, Value = TypeVar("Key"), TypeVar("Value")


class Counted(dict[Key, Value]):
    """A dict; `walked` counts the entries that were iterated over."""

    walked = 0

    def __iter__(self) -> Iterator[Key]:
        """Yield each key, counted."""
        for key in super().__iter__():
            self.walked += 1
            yield key

    def items(self) -> list[tuple[Key, Value]]:  # type: ignore[override]  # a list will do
        """Return all entries, counted."""
        return [(key, self[key]) for key in self]
