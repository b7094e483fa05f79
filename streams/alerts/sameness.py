"""When two figures say the same: a sum and its rounded form, a date with and without its year."""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

ROUNDED_FROM = 1_000  # smaller figures are told exactly: 3.0 and 3.1 percent are two rates
ROUNDED_DIGITS = 2
ROUNDED_BY = 1.06  # two digits: 1,050 and 1,100, or 950 and 1,000, differ by less
REMEMBERED = 1 << 14


class Amount(NamedTuple):
    """A figure with its currency, if any; `unit` is what its last digit that says something counts."""

    mark: str
    value: Decimal
    unit: Decimal
    digits: int


def same_amount(one: str, other: str) -> bool:
    """Return whether one amount is the other, rounded: `USD 1460000000` and `USD 1500000000`, 11980000 and 12000000.

    Only amounts from 1,000 that keep two digits at least are rounded; currencies are equal.
    """
    left, right = _read(one), _read(other)
    if left is None or right is None or left.mark != right.mark:
        return False
    if min(left.value, right.value) < ROUNDED_FROM or min(left.digits, right.digits) < ROUNDED_DIGITS:
        return False
    return abs(left.value - right.value) <= max(left.unit, right.unit) / 2


@lru_cache(maxsize=REMEMBERED)
def size_of(amount: str) -> float:
    """Return how large an amount is, whatever its currency; 0 for an ordinal."""
    read = _read(amount)
    return 0.0 if read is None else float(read.value)


def same_date(date: str, told: str) -> bool:
    """Return whether who knows one date knows another: `10-26` is `2025-10-26`, and `2025` is in it.

    The year alone tells no day, and `2024-10-26` is another one.
    """
    return date == told or told.endswith(f"-{date}") or told.startswith(f"{date}-") or date.endswith(f"-{told}")


@lru_cache(maxsize=REMEMBERED)
def _read(amount: str) -> Amount | None:
    """Return the amount; None for an ordinal."""
    mark, _, figure = amount.rpartition(" ")
    if figure.startswith("#"):
        return None
    value = Decimal(figure)
    _, digits, exponent = value.normalize().as_tuple()
    return Amount(mark, value, Decimal(1).scaleb(int(exponent)), len(digits))
