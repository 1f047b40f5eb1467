"""What changes in the venues' lists: markets that end, come back, or are others under the old name."""

from dataclasses import replace

from coinmon.errors import VenueError
from coinmon.model.moment import DAY, iso
from coinmon.store.instruments import instrument_at, keep_apart, read_instruments
from coinmon.store.outbox import active_signals, read_signals, write_signals

from ..conftest import acme, ids


def test_a_coin_that_no_venue_lists_any_more_is_left_out_and_named(follow, plain, logged):
    venue = acme(plain, "BTC/USDT", "MATIC/USDT")
    wanted = {"venues": {"acme": venue}, "names": ("BTCUSDT", "MATICUSDT", "TYPOUSDT")}
    first = follow(**wanted)
    assert ids(first) == ["acme:BTC/USDT", "acme:MATIC/USDT"]
    # beside it another coin gets a finer grid: that must not be lost
    venue.listed = [replace(venue.listed[0], tick_size=venue.listed[0].tick_size / 5)]
    second = follow(before=first, **wanted)
    assert [str(each.tick_size) for each in second.instruments] == ["0.1"]
    assert "acme:MATIC/USDT: not listed any more" in logged()
    assert "MATICUSDT: no venue lists it any more" in logged()
    assert "acme:BTC/USDT: price grid changed from 0.5 to 0.1" in logged()
    assert "TYPOUSDT: no such pair" in logged()
    venue.listed = acme(plain, "BTC/USDT", "MATIC/USDT", "POL/USDT").listed
    follow(before=second, **wanted)
    assert "acme:MATIC/USDT: listed again after 0.0 days" in logged()
    assert "acme:POL/USDT: listed from now on" in logged()


def test_history_has_the_contract_size_of_its_day(follow, plain, database):
    venue = acme(plain, "SOL/USDT:USDT")
    follow(venues={"acme": venue}, names=("SOL",))
    old = venue.listed[0]
    venue.listed = [replace(old, contract_size=old.contract_size * 10)]
    (track,) = follow(venues={"acme": venue}, names=("SOL",)).tracks["acme"]
    with database.read() as connection:
        then = instrument_at(connection, track.number, track.instrument, plain.start - 1)
        now = instrument_at(connection, track.number, track.instrument, plain.start)
    assert (then.contract_size, now.contract_size) == (old.contract_size, old.contract_size * 10)


def alert(key, pair, ended=None):
    event = {"pair": pair, "name": "whale", "time": "2026-01-01T00:00:00Z"}
    return {"id": key, "key": f"whale {pair} {key}", "pair": pair, "name": "whale", "grade": "A", "time": 1,
            "ended": ended, "event": event}  # fmt: skip


def test_signals_of_a_coin_go_with_it_once_no_venue_has_it_any_more(follow, plain, database, logged):
    """Its records, cooldowns and lasting signals are not those of the coin that has its name now."""
    first, second = acme(plain, "LUNA/USDT", "BTC/USDT"), acme(plain, "LUNA/USDT", venue="other")
    both = {"venues": {"acme": first, "other": second}, "names": ("BTC", "LUNA")}
    watch = follow(**both)
    with database.write() as connection:
        write_signals(connection, [alert("1", "LUNA/USDT"), alert("2", "LUNA/USDT", 5), alert("3", "BTC/USDT")], {})

    def begins_again(venue):
        venue.listed[0] = replace(venue.listed[0], listed_at=plain.start + 2 * DAY)
        found = follow(before=watch, now=plain.start + 3 * DAY, **both)
        with database.read() as connection:
            signals = read_signals(connection, None, 0, 2**62)
            return found, [each["pair"] for each in signals], set(active_signals(connection))

    found, pairs, lasting = begins_again(first)
    assert pairs == ["BTC/USDT", "LUNA/USDT", "LUNA/USDT"], "another venue has the old coin still"
    assert found.tracks["acme"][1] is not watch.tracks["acme"][1]
    assert found.tracks["other"][0] is watch.tracks["other"][0]
    name = iso(plain.start + 2 * DAY)[:10].replace("-", "")
    _, pairs, lasting = begins_again(second)
    assert sorted(pairs) == ["BTC/USDT", f"LUNA~{name}/USDT", f"LUNA~{name}/USDT"]
    assert lasting == {"whale BTC/USDT 3"}
    assert f"what is stored of the one before is acme:LUNA~{name}/USDT" in logged()
    # and a third coin of that name on the same day
    with database.write() as connection:
        keep_apart(connection, "acme:LUNA/USDT", plain.start + 2 * DAY)
        assert sum("~" in each.base for each in read_instruments(connection).values()) == 3


def test_a_list_that_lacks_a_whole_kind_is_no_end_of_its_markets(follow, plain, logged):
    """A host that fails, or a list that is empty in a maintenance, delisted thousands of coins."""
    venue = acme(plain, "BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")
    wanted = {"venues": {"acme": venue}, "names": ("BTC", "ETH")}
    whole = ids(follow(**wanted))
    everything, venue.listed = venue.listed, venue.listed[:2]
    assert ids(follow(**wanted)) == whole
    venue.failing = {"spot": VenueError("acme: 503")}
    venue.listed = everything[2:]
    assert ids(follow(**wanted)) == whole
    assert "not listed any more" not in logged()
    one = acme(plain, "BTC/USDT", "BTC/USDT:USDT", venue="one")
    wanted = {"venues": {"one": one}}
    follow(**wanted)
    one.failing, one.listed = {"perp": VenueError("one: 503")}, one.listed[:1]
    assert ids(follow(**wanted)) == ["one:BTC/USDT", "one:BTC/USDT:USDT"]
    assert "not listed any more" not in logged()
