"""Whether candles may be told of is worked out of all markets at once: it is what each one's candles say."""

from decimal import Decimal

import numpy as np
import pytest

from coinmon.model.bars import Bars, Coverage
from coinmon.model.moment import MINUTE
from coinmon_signals._last_candles import last_candles
from coinmon_signals._swing_columns import breaks_and_sweeps
from coinmon_signals.flow.cvd_divergence import _may_diverge, may_confirm
from coinmon_signals.structure._break_quiet import may_break

END, MARKETS, COUNT, TOLD = 29_000_160 * MINUTE, 150, 40, 3


class Many:
    """Markets whose prices step about on a few ticks, so that many are equal; some lack minutes."""

    end = END + 2 * MINUTE

    def __init__(self, per: int) -> None:
        rng, n = np.random.default_rng(per), COUNT * per + 2
        price = 1000 + np.cumsum(rng.integers(-2, 3, (MARKETS, n)), axis=1)
        volume = np.round(rng.gamma(0.8, 3.0, price.shape), 3) * (rng.random(price.shape) < 0.9)
        coverage = np.full(price.shape, Coverage.KLINES, np.uint8)
        coverage[::3][rng.random(coverage[::3].shape) < 0.01] = Coverage.PARTIAL
        reach = rng.integers(0, 3, (2, *price.shape))
        self.columns = {
            "high": price + reach[0], "low": price - reach[1], "close": price, "volume": volume,
            "buy": np.round(volume * rng.random(price.shape), 3), "coverage": coverage,
        }  # fmt: skip

    def last(self, name, minutes):
        return self.columns[name][:, -minutes:]

    def bars(self, row):
        """One market's minutes up to END."""
        own = {name: column[row, :-2] for name, column in self.columns.items()}
        n = len(own["close"])
        none = np.zeros(n)
        return Bars(
            Decimal("0.01"), END - np.arange(n, 0, -1) * MINUTE, own["close"], own["high"], own["low"], own["close"],
            own["volume"], none, np.ones(n, np.int64), own["buy"], none, none, none, own["coverage"],
        )  # fmt: skip


@pytest.mark.parametrize("per", [1, 5])
@pytest.mark.parametrize("pivots", [1, 3])
def test_breaks_sweeps_and_divergences_are_those_of_each_market_alone(per, pivots):
    many = Many(per)
    found = last_candles(many, END, per * MINUTE, COUNT, TOLD)
    breaks, sweeps = (may_break(found, pivots, which) for which in (False, True))
    apart = may_confirm(found, pivots, 0.02, hidden=False)
    whole = found.known.all(axis=1)
    assert 10 < whole.sum() < MARKETS
    for row in range(MARKETS):
        rows = many.bars(row)
        candles = rows.resample(per * MINUTE)
        for name in ("high", "low", "close"):
            assert np.array_equal(getattr(found, name)[row], getattr(candles, name)), name
        assert np.allclose(found.volume[row], candles.volume, rtol=1e-12)
        assert np.allclose(found.delta[row], candles.delta, rtol=1e-9, atol=1e-12)
        broken, swept = (each[-TOLD:] >= 0 for each in breaks_and_sweeps(candles, pivots))
        diverged = _may_diverge(candles, rows, pivots, 0.02, hidden=False)[-TOLD:] >= 0
        for ours, theirs in ((breaks, broken), (sweeps, swept), (apart, diverged)):
            # where minutes lack it may be less sure, and never surer
            assert np.array_equal(ours[row], theirs) if whole[row] else (ours[row] >= theirs).all(), row
    assert all(3 < each[whole].sum() < 0.7 * each[whole].size for each in (breaks, sweeps, apart))
