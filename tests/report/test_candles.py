"""Candles of a length that a reader asked for."""

import pytest

from coinmon.model.moment import MINUTE
from coinmon.report.panes import CANDLES, candles
from coinmon.report.scene import scene


@pytest.mark.parametrize(("name", "length"), CANDLES.items())
def test_candles_of_any_length_are_their_minutes_added_up(demo_report, name, length):
    view = next(iter(demo_report.market.merged.values()))
    minutes = view.bars(50)
    bars = candles(view, length)
    assert set(bars.time % (length * MINUTE)) == {0}
    assert set(bars.time[1:] - bars.time[:-1]) == {length * MINUTE}
    shown = bars[bars.close > 0]
    for k in range(len(shown)):
        own = minutes[(minutes.time >= shown.time[k]) & (minutes.time < shown.time[k] + length * MINUTE)]
        assert (shown.open[k], shown.close[k]) == (own.open[0], own.close[-1])
        assert (shown.high[k], shown.low[k]) == (own.high.max(), own.low.min())
        assert shown.buy[k] == pytest.approx(own.buy.sum()) or len(own) < length
    assert shown.close[-1] == minutes.close[-1]
    made = scene(demo_report, "en", length=length)
    price, volume = (next(each for each in made["panes"] if each["id"] == id) for id in ("price", "volume"))
    assert f" {name} candles " in made["title"]
    assert {price["step"], price["marks"][0]["step"], volume["marks"][0]["step"]} == {60 * length}
    assert price["marks"][0]["t"] == (shown.time // 1000).tolist()
