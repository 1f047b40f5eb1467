"""What a round brought of a track is kept whole or not at all, and late trades find their minute."""

import asyncio

import pytest

from coinmon.collect.track import persist as module
from coinmon.collect.track.persist import persist, undisturbed
from coinmon.collect.track.track import Track
from coinmon.errors import ConfigError
from coinmon.model.bars import Coverage
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.cursors import Position, read_positions
from coinmon.store.instruments import sync_instruments
from coinmon.store.samples import read_whales


@pytest.fixture
def tracks(database, plain):
    with database.write() as connection:
        listed = [plain.instrument(), plain.instrument("ETH/USDT")]
        return [Track(each, number, plain.start) for number, each in sync_instruments(connection, listed, 0).values()]


@pytest.fixture
def stored(database):
    """An instrument's bars, position and whales."""

    def read(track):
        with database.read() as connection:
            bars = read_bars(connection, track.number, track.instrument, 0, 2**62, levels=True) or None
            whales = read_whales(connection, track.number, track.instrument.id, 0, 2**62)
            return bars, read_positions(connection).get(track.number), whales

    return read


def test_bars_position_and_whales_of_all_instruments_together(database, plain, tracks, stored):
    rows = [(1, 10, 100, 2.0), (2, 10, 102, 2.0), (3, 70, 100, -1.0)]
    for track in tracks:
        track.take(plain.page(*rows), plain.start + 2 * plain.minute)
    whales = persist(database, tracks, plain.start + 2 * plain.minute, 200)
    assert [each.quote for each in whales] == [202.0, 202.0]
    for track in tracks:
        bars, position, (whale,) = stored(track)
        assert plain.seen(bars) == plain.volumes(rows)
        assert position == Position(3, plain.start + 2 * plain.minute)
        assert (whale.quote, whale.fills) == (202.0, 2)


def test_what_cannot_be_stored_is_tried_again_whole(database, plain, tracks, stored):
    rows = [(1, 10, 100, 2.0)]
    end = plain.start + plain.minute
    for track in tracks:
        track.take(plain.page(*rows), end)
    gone, tracks[1].number = tracks[1].number, 99
    with pytest.raises((ConfigError, KeyError)):
        persist(database, tracks, end, 1e9)
    assert stored(tracks[0]) == (None, None, [])
    tracks[1].number = gone
    persist(database, tracks, end, 1e9)
    assert [plain.seen(stored(track)[0]) for track in tracks] == [plain.volumes(rows)] * 2


@pytest.mark.parametrize(
    ("coverage", "volume", "expected"),
    [
        (Coverage.TRADES, 3.0, {0: (5.0, 0.0, 2)}),
        (Coverage.PARTIAL, 3.0, {0: (5.0, 0.0, 2)}),
        (Coverage.KLINES, 3.0, {0: (3.0, 0.0, 1)}),
    ],
)
def test_a_late_trade_is_added_where_the_bar_is_made_of_trades(
    database, plain, tracks, stored, coverage, volume, expected
):
    track, _ = tracks
    end = plain.start + plain.minute
    track.take(plain.page((1, 10, 100, volume)), end)
    bars = track.settle(end, 1e9).bars.with_coverage(coverage)
    track.advance(track.settle(end, 1e9))
    with database.write() as connection:
        write_bars(connection, track.number, track.instrument, bars)
    track.take(plain.page((2, 59, 104, 2.0)), end + plain.minute)
    persist(database, [track], end + plain.minute, 1e9)
    found, _, _ = stored(track)
    assert plain.seen(found) == expected
    assert found.coverage.tolist() == [coverage, Coverage.TRADES]
    if coverage != Coverage.KLINES:
        assert found.levels.ticks.tolist() == [100, 104]
        assert (found.close[0], found.high[0], found.open[0]) == (104, 104, 100)


def test_late_trades_of_a_minute_that_was_never_stored_are_part_of_it(database, plain, tracks, stored):
    track, _ = tracks
    track.start += plain.minute
    track.cursor = None
    track.take(plain.page(), track.start)
    track.take(plain.page((1, 59, 100, 2.0)), track.start)
    persist(database, [track], track.start + plain.minute, 1e9)
    bars, _, _ = stored(track)
    assert plain.seen(bars) == {0: (2.0, 0.0, 1)}
    assert bars.coverage.tolist()[0] == Coverage.PARTIAL


@pytest.mark.parametrize(("together", "parts"), [(1, 2), (3, 2), (4, 1), (100, 1)])
def test_many_trades_are_recorded_in_parts(database, plain, tracks, stored, monkeypatch, together, parts):
    monkeypatch.setattr(module, "_SETTLE_TRADES", together)
    settled, settle = [], module.settle_many
    monkeypatch.setattr(module, "settle_many", lambda some, *how: settled.append(some) or settle(some, *how))
    rows = [(1, 10, 100, 2.0), (2, 70, 102, 2.0)]
    for track in tracks:
        track.take(plain.page(*rows), plain.start + 2 * plain.minute)
    assert len(persist(database, tracks, plain.start + 2 * plain.minute, 90)) == 4
    assert len(settled) == parts
    assert [plain.seen(stored(track)[0]) for track in tracks] == [plain.volumes(rows)] * 2


def test_a_track_that_is_read_for_long_is_left_for_the_next_time(plain, tracks, monkeypatch):
    monkeypatch.setattr(module, "_TRACK_LOCK_TIMEOUT_S", 0.05)

    async def script():
        async with tracks[0].alone(), undisturbed(tracks) as free:
            assert free == [tracks[1]]
            assert tracks[1].busy
        async with undisturbed(tracks) as free:
            assert len(free) == 2

    asyncio.run(script())


def test_a_late_trade_leaves_sums_as_near_to_the_exact_ones_as_floats_are(database, plain, stored):
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument(lot="0.1")], 0).values()
    track = Track(instrument, number, plain.start)
    end = plain.start + plain.minute
    track.take(plain.page((1, 10, 100, 0.1)), end)
    persist(database, [track], end, 1e9)
    track.take(plain.page((2, 59, 100, 0.2)), end + plain.minute)
    persist(database, [track], end + plain.minute, 1e9)
    bars, _, _ = stored(track)
    # 0.1 + 0.2 is 0.30000000000000004
    assert (bars.volume[0], bars.buy[0], bars.delta_max[0], bars.levels.buy[0]) == (0.3, 0.3, 0.3, 0.3)
