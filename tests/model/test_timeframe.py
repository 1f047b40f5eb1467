"""Where candles begin, against the calendar."""

from datetime import UTC, datetime

import pytest

from coinmon.model.moment import parse_time
from coinmon.model.timeframe import candle_length, whole_candles


@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h", "1d", "1w"])
def test_a_range_is_extended_to_whole_candles(timeframe):
    start, end = parse_time("2026-01-15T12:34"), parse_time("2026-01-29T23:59")
    length = candle_length(timeframe)
    first, last = whole_candles(start, end, length)
    assert first <= start < first + length
    assert last - length < end <= last
    for at in (first, last):
        moment = datetime.fromtimestamp(at / 1000, UTC)
        midnight = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
        assert midnight or timeframe not in ("1d", "1w")
        assert timeframe != "1w" or moment.strftime("%A") == "Monday"


@pytest.mark.parametrize("timeframe", ["7m", "90s", "2w", "25h"])
def test_what_divides_no_day_is_refused(timeframe):
    with pytest.raises(ValueError, match="does not divide a day"):
        candle_length(timeframe)
