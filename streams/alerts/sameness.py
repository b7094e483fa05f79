"""When two figures say the same: a sum and its rounded form, a date with and without its year."""

from decimal import Decimal

ROUNDED_FROM = 1_000  # smaller figures are told exactly: 3.0 and 3.1 percent are two rates
ROUNDED_DIGITS = 2


def same_amount(one: str, other: str) -> bool:
    """Return whether one amount is the other, rounded: `USD 1460000000` and `USD 1500000000`, 11980000 and 12000000.

    Only amounts from 1,000 that keep two digits at least are rounded; currencies are equal.
    """
    (mark, left), (other_mark, right) = _read(one), _read(other)
    if mark != other_mark or left is None or right is None or min(left, right) < ROUNDED_FROM:
        return False
    coarse = max(_unit(left), _unit(right))
    rounded = min((left, right), key=_digits)
    return _digits(rounded) >= ROUNDED_DIGITS and abs(left - right) <= coarse / 2


def same_date(date: str, told: str) -> bool:
    """Return whether who knows one date knows another: `10-26` is `2025-10-26`, and `2025` is in it.

    The year alone tells no day, and `2024-10-26` is another one.
    """
    return date == told or told.endswith(f"-{date}") or told.startswith(f"{date}-") or date.endswith(f"-{told}")


def _read(amount: str) -> tuple[str, Decimal | None]:
    """Return the currency, if any, and the amount; None for an ordinal."""
    mark, _, digits = amount.rpartition(" ")
    return mark, None if digits.startswith("#") else Decimal(digits)


def _unit(amount: Decimal) -> Decimal:
    """Return what the last digit that says something counts: 100,000 for 1,500,000."""
    exponent = amount.normalize().as_tuple().exponent
    return Decimal(1).scaleb(int(exponent))


def _digits(amount: Decimal) -> int:
    return len(amount.normalize().as_tuple().digits)
