"""Decimal texts: what is written is exactly what is held."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from coinmon_emulator.market.decimals import fixed, plain
from coinmon_emulator.tape.track import decimals


@given(some.integers(-(10**17), 10**17), some.integers(0, 12), some.integers(0, 6))
def test_texts_hold_the_exact_value(value: int, digits: int, more: int) -> None:
    exact = Decimal(value).scaleb(-digits)
    assert Decimal(fixed(value, digits, digits + more)) == exact
    assert Decimal(plain(value, digits)) == exact
    assert len(fixed(value, digits, digits + more).partition(".")[2]) == digits + more
    assert not plain(value, digits).endswith(".")
    assert "." not in plain(value, digits) or not plain(value, digits).endswith("0")


@given(some.lists(some.decimals(0, 10**6, places=5), min_size=1))
def test_recorded_texts_become_integers_without_loss(values: list[Decimal]) -> None:
    texts = [str(value) if value else "0.00000" for value in values]
    integers, digits, written = decimals(texts, [])
    assert [Decimal(one).scaleb(-digits) for one in integers.tolist()] == [Decimal(text) for text in texts]
    assert digits <= written
