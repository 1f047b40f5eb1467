"""Whether candles may be told of is worked out of all markets at once: it is what each one's candles say."""

from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.market.alone import Alone
from coinmon.model.bars import Bars, Coverage
from coinmon.model.moment import MINUTE
from coinmon_signals._last_candles import _ages, last_candles
from coinmon_signals._quiet import _window_sums, quiet_windows
from coinmon_signals._swing_columns import breaks_and_sweeps
from coinmon_signals.flow.cvd_divergence import _may_diverge, may_confirm
from coinmon_signals.structure._break_quiet import may_break

END, MARKETS, COUNT, TOLD, LEAST = 29_000_160 * MINUTE, 150, 40, 3, 8


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


def test_only_first_markets_of_pairs_are_looked_at_where_no_venue_is_named():
    many = Many(5)
    many.instruments, many.pairs, many.once = range(MARKETS), list(range(0, MARKETS, 4)), lambda key, make: make()
    may = partial(may_break, pivots=1, sweeps=False)
    all_, leads = (_ages(many, which, END, 5 * MINUTE, COUNT, TOLD, may) for which in (False, True))
    assert len(set(all_)) > 2
    # of the others nothing is known: as if one had closed just now
    assert leads == [age if row in many.pairs else 0 for row, age in enumerate(all_)]


@pytest.mark.parametrize(("minutes", "count"), [(5, 9), (1, 30)])
def test_windows_of_pairs_are_those_of_each_pair_alone(minutes, count):
    many = Many(5)
    many.columns["quote_volume"] = many.columns["volume"] * many.columns["close"]
    many.columns["buy_quote"] = many.columns["buy"] * many.columns["close"]
    rng = np.random.default_rng(minutes)
    many.columns["buy_quote"][rng.random(many.columns["buy"].shape) < 0.001] = np.nan
    many.columns["close"][rng.random(many.columns["buy"].shape) < 0.001] = 0
    many.columns["coverage"][::7, -9:] = Coverage.PARTIAL
    many.columns["coverage"][1::14, -28:-14] = Coverage.PARTIAL
    many.pairs = np.cumsum([0, *(1 + np.arange(MARKETS) % 4)])
    many.pairs = many.pairs[many.pairs < MARKETS].tolist()
    # of some pairs of one market no price is known where the windows begin
    many.columns["close"][many.pairs[::12], -minutes * count] = 0
    together = _window_sums(many, minutes, count, LEAST)
    assert len(together) == len(many.pairs)
    lacks = waits = 0
    for found, first, after in zip(together, many.pairs, [*many.pairs[1:], MARKETS], strict=True):
        rows = {name: each[first:after, -minutes * count :] for name, each in many.columns.items()}
        bars = [SimpleNamespace(**{name: each[i] for name, each in rows.items()}) for i in range(after - first)]
        views = [
            SimpleNamespace(now=END, end=many.end, instrument=None, bars=lambda _, each=each: each) for each in bars
        ]
        (own,) = _window_sums(Alone(views), minutes, count, LEAST)
        # by hand: a minute counts where every venue knows both of its sums
        seen = rows["coverage"] >= Coverage.KLINES
        known = (seen & np.isfinite(rows["buy_quote"])).all(axis=0)
        priced = (rows["close"] > 0).any(axis=0)
        if min(priced.sum(), *seen.sum(axis=1)) < 0.95 * minutes * count or not priced[0]:
            # it surely waits where no count of windows, from the least on, has enough of each
            enough = [
                priced[-n * minutes] and min(priced[-n * minutes :].sum(), *seen[:, -n * minutes :].sum(axis=1))
                >= 0.95 * n * minutes
                for n in range(LEAST + 1, count + 1)
            ]  # fmt: skip
            assert found is own is not any(enough)
            lacks += 1
            waits += found
            continue
        for name, column in (("volume", "quote_volume"), ("buy", "buy_quote")):
            sums = np.where(known, rows[column].sum(axis=0), 0.0).reshape(count, minutes).sum(axis=1)
            assert np.allclose(getattr(found, name), sums, rtol=1e-12)
            assert np.array_equal(getattr(found, name), getattr(own, name))
        assert (found.usual, found.spread) == (own.usual, own.spread)
        assert found.usual == pytest.approx(found.volume[:-1].mean())
        assert found.spread == pytest.approx(found.volume[:-1].std(ddof=1))
        traded = (rows["close"][0] > 0) & (rows["volume"][0] > 0)
        assert (found.close is None) == (own.close is None) == (not traded.all())
        if found.close is not None:
            assert found.close.tolist() == own.close.tolist() == rows["close"][0][minutes - 1 :: minutes].tolist()
    assert 0 < waits <= lacks < 0.9 * len(many.pairs)
    assert waits < lacks or count <= LEAST + 1


@pytest.mark.parametrize(("spot", "down"), [({}, {}), ({"okx": None}, {"binance": "HTTP 451"})])
def test_nothing_is_looked_at_where_no_venue_lists_the_pair_or_one_that_is_down_may(spot, down):
    assert quiet_windows(SimpleNamespace(spot=spot, perp={}, down=down), 5, 40, lambda found: False)


@pytest.mark.parametrize("per", [1, 5])
@pytest.mark.parametrize("pivots", [1, 3])
def test_breaks_sweeps_and_divergences_are_those_of_each_market_alone(per, pivots):
    many = Many(per)
    found = last_candles(many, np.arange(MARKETS), END, per * MINUTE, COUNT, TOLD)
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
