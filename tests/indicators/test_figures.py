"""Numbers as people read them."""

import pytest

from coinmon_indicators._figures import compact, money, percent, price, quotient
from coinmon_signals._evidence import worded


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0, "0"), (500_000, "500k"), (1_250_000, "1.25M"), (52.3e6, "52.3M"), (-97_000, "-97k"), (1e9, "1B"),
     (999.9, "1k"), (999_400, "999k"), (999_600, "1M"), (12.345, "12.3"), (0.001234, "0.00123"), (3.2e15, "3,200T")],
)  # fmt: skip
def test_amounts_have_three_digits_and_a_unit(value, shown):
    assert compact(value) == shown


def test_a_signed_amount_shows_its_sign_and_zero_has_none():
    assert [compact(value, sign=True) for value in (500_000, -2_021_000, 0)] == ["+500k", "-2.02M", "0"]


@pytest.mark.parametrize(
    ("value", "shown"), [(0.04, "0.0%"), (-0.04, "0.0%"), (0.0, "0.0%"), (0.06, "+0.1%"), (-0.06, "-0.1%"), (None, "-")]
)
def test_a_share_that_rounds_to_nothing_has_no_sign(value, shown):
    assert percent(value, 1) == shown
    assert worded({"okx": None if value is None else value / 100}, ".1%") == f"okx {shown}"


def test_money_names_its_currency():
    assert money(1.25e6, "USDT") == "$1.25M"
    assert money(-97_000, "USD") == "-$97k"
    assert money(1.25e6, "EUR") == "1.25M EUR"
    assert money(None, "USD") == "-"


@pytest.mark.parametrize(
    ("value", "shown"), [(42_150.0, "42,150"), (98.5, "98.5"), (0.00001234, "0.00001234"), (61_602.02, "61,602.02")]
)
def test_prices_are_never_in_powers_of_ten(value, shown):
    assert price(value) == shown


def test_a_quotient_is_none_rather_than_infinite():
    assert quotient(1.0, 0.0) is None
    assert quotient(1e300, 1e-300) is None
    assert quotient(None, 1.0) is None
    assert quotient(3.0, 2.0) == 1.5
