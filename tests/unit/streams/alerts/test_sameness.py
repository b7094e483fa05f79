import pytest

from streams.alerts.sameness import ROUNDED_BY, same_amount, same_date, size_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("USD 1460000000", "USD 1500000000", True, id="rounded"),
        pytest.param("12000000", "11980000", True, id="rounded up"),
        pytest.param("1450", "1500", True, id="half way"),
        pytest.param("1500", "1500", True, id="equal"),
        pytest.param("1050", "1100", True, id="as far apart as two digits can be"),
        pytest.param("USD 1400000000", "USD 1500000000", False, id="another sum"),
        pytest.param("USD 1460000000", "EUR 1500000000", False, id="another currency"),
        pytest.param("USD 1460000000", "USD 1000000000", False, id="one digit says too little"),
        pytest.param("999", "1000", False, id="small numbers are told exactly"),
        pytest.param("#20", "#20", False, id="an ordinal is no amount"),
    ],
)
def test_a_rounded_amount_is_the_same(one: str, other: str, same: bool) -> None:
    assert same_amount(one, other) is same
    assert same_amount(other, one) is same
    assert not same or size_of(one) / ROUNDED_BY <= size_of(other) <= size_of(one) * ROUNDED_BY


@pytest.mark.parametrize(
    ("date", "told", "same"),
    [
        ("10-26", "2025-10-26", True),
        ("2025-10-26", "10-26", True),
        ("2025", "2025-10-26", True),
        ("2025-10", "2025-10-26", True),
        ("Q3", "2025-Q3", True),
        ("2025-10-26", "2025", False),
        ("2025-10-26", "2024-10-26", False),
        ("10-26", "2025-10-27", False),
        ("10-26", "2025", False),
    ],
)
def test_a_date_is_told_by_a_fuller_one_and_a_day_without_its_year_by_the_other(
    date: str, told: str, same: bool
) -> None:
    assert same_date(date, told) is same
