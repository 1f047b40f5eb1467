"""Shares of the pairs."""

import pytest

from coinmon import Pair
from coinmon.model.shard import WHOLE, Shard

PAIRS = [Pair(f"{base}{number}", "USDT") for base in ("A", "BTC", "XRP") for number in range(200)]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_every_pair_is_in_exactly_one_shard(of):
    for pair in PAIRS:
        assert sum(Shard(number, of).has(pair) for number in range(1, of + 1)) == 1


def test_shards_are_about_equal():
    sizes = [sum(Shard(number, 4).has(pair) for pair in PAIRS) for number in range(1, 5)]
    assert min(sizes) > len(PAIRS) / 4 * 0.8


def test_a_pair_stays_in_its_shard_over_restarts_and_versions():
    assert [Shard(1, 2).has(Pair(base, "USDT")) for base in ("BTC", "ETH", "SOL")] == [False, False, False]
    assert WHOLE.has(Pair("BTC", "USDT"))


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", ""])
def test_what_is_no_shard(text):
    with pytest.raises(ValueError, match="write i/n"):
        Shard.parse(text)
    assert Shard.parse(" 2/4 ") == Shard(2, 4)
