"""The decoders against recorded REST replies (ccxt's fixtures), each figure read from the reply by hand."""

from decimal import Decimal

import numpy as np
import pytest

from coinmon import Coverage
from coinmon_exchanges._listing import instruments
from coinmon_exchanges.binance import decode as binance_decode
from coinmon_exchanges.bybit import decode as bybit_decode
from coinmon_exchanges.coinbase import decode as coinbase_decode
from coinmon_exchanges.okx import decode as okx_decode


def reply(recorded, venue, method, at=0):
    return recorded(f"responses/{venue}.json")[method][at]["httpResponse"]


def only(page):
    """id, time, ticks, quantity and side of a page's one trade."""
    trades = page.trades
    assert len(trades) == 1
    return tuple(column[0].item() for column in (trades.id, trades.time, trades.ticks, trades.qty, trades.side))


def test_a_binance_trade_whose_buyer_was_no_maker_is_a_taker_buy(recorded, instrument):
    btc = instrument("binance", "BTC/USDT", "BTCUSDT", "0.01", "0.00001")
    page = binance_decode.agg_trades(reply(recorded, "binance", "fetchTrades"), btc)
    assert only(page) == (2913537567, 1710327661939, 7323870, 0.00109, 1)


def test_an_okx_side_is_the_takers(recorded, instrument):
    btc = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.00000001")
    page = okx_decode.trades(reply(recorded, "okx", "fetchTrades"), btc)
    assert only(page) == (497859870, 1710327658374, 732393, 0.0009478, -1)


def test_a_bybit_side_is_the_takers_and_a_uuid_becomes_63_bits(recorded, instrument):
    btc = instrument("bybit", "BTC/USDT:USDT", "BTCUSDT", "0.10", "0.001")
    page = bybit_decode.trades(reply(recorded, "bybit", "fetchTrades"), btc)
    assert only(page) == (0x9AFD1288B44453F8 >> 1, 1707905515968, 514444, 0.972, 1)


def test_a_coinbase_side_is_the_makers_so_it_is_turned_round(recorded, instrument):
    btc = instrument("coinbase", "BTC/USDT", "BTC-USDT", "0.01", "0.00000001")
    row = reply(recorded, "coinbaseexchange", "fetchTrades")[0]
    assert row["side"] == "sell"
    assert only(coinbase_decode.trades([row], btc)) == (18502034, 1710327617710, 7327163, 0.00007448, 1)


@pytest.mark.parametrize("at", [0, 2])  # the other is of an index, whose prices have no tick
def test_binance_klines_keep_every_column(recorded, instrument, at):
    entry = recorded("responses/binance.json")["fetchOHLCV"][at]
    perp = ":" in entry["input"][0]
    btc = instrument("binance", "BTC/USDT:USDT" if perp else "BTC/USDT", "BTCUSDT", "0.01", "0.00001")
    rows = entry["httpResponse"]
    bars = binance_decode.bars(rows, btc)
    assert bars.time.tolist() == [row[0] for row in rows]
    for place, column in ((1, bars.open), (2, bars.high), (3, bars.low), (4, bars.close)):
        assert [Decimal(int(ticks)) * btc.tick_size for ticks in column] == [Decimal(row[place]) for row in rows]
    for place, column in ((5, bars.volume), (7, bars.quote_volume), (9, bars.buy), (10, bars.buy_quote)):
        assert column.tolist() == [float(row[place]) for row in rows]
    assert bars.trades.tolist() == [int(row[8]) for row in rows]
    assert set(bars.coverage) == {Coverage.KLINES}


def test_okx_candles_come_in_time_order_without_a_taker_split(recorded, instrument):
    btc = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.00000001")
    bars = okx_decode.bars(reply(recorded, "okx", "fetchOHLCV"), btc)
    assert bars.time.tolist() == [1706630400000, 1706634000000, 1706637600000]
    assert bars.open.tolist() == [433771, 434959, 433986]
    assert bars.volume.tolist() == [7137.30786672, 4492.95408114, 5070.79611732]
    assert bars.quote_volume[0] == 309343235.363089398
    assert np.isnan(bars.buy).all()
    assert set(bars.coverage) == {Coverage.PARTIAL}


def test_an_open_okx_candle_is_left_out_and_a_swaps_volume_is_base(instrument):
    swap = instrument("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", "0.1", "0.001", "0.01")
    row = ["1706637600000", "43398.6", "43493.9", "43279.9", "43373.9", "507079", "5070.79", "220057933.2", "1"]
    opened = ["1706637660000", *row[1:8], "0"]
    bars = okx_decode.bars({"code": "0", "data": [opened, row]}, swap)
    assert bars.time.tolist() == [1706637600000]
    assert bars.volume.tolist() == [5070.79]


def test_bybit_klines_have_base_volume_and_quote_turnover(recorded, instrument):
    btc = instrument("bybit", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
    bars = bybit_decode.bars(reply(recorded, "bybit", "fetchOHLCV"), btc)
    assert bars.time.tolist() == [1706630400000, 1706634000000, 1706637600000]
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (433507, 434925, 432045, 434880)
    assert (bars.volume[0], bars.quote_volume[0]) == (1341.261, 58117391.4117)


def test_a_bybit_kline_that_the_reply_is_older_than_is_open(instrument):
    btc = instrument("bybit", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")
    row = ["1706637600000", "43376.1", "43474.1", "43264.8", "43352.8", "1.5", "65000"]
    for now, count in ((1706637659999, 0), (1706637660000, 1)):
        assert len(bybit_decode.bars({"result": {"list": [row]}, "time": now}, btc)) == count


def test_coinbase_candles_are_seconds_low_high_open_close(recorded, instrument):
    btc = instrument("coinbase", "BTC/USDT", "BTC-USDT", "0.01", "0.00000001")
    bars = coinbase_decode.bars(reply(recorded, "coinbaseexchange", "fetchOHLCV"), btc)
    assert bars.time.tolist() == [1710327600000]
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (7324333, 7340247, 7324150, 7337065)
    assert bars.volume[0] == 1.56794406
    assert np.isnan(bars.quote_volume[0])


def test_okx_open_interest_is_the_base_figure(recorded):
    entry = reply(recorded, "okx", "fetchOpenInterest")["data"][0]
    known = okx_decode.open_interest(entry)
    assert (known.time, known.base, known.value) == (1728728314766, 26631.0729999999861, 1676426045.349999124995)


def test_bybit_open_interest_is_halved_unless_the_one_sided_figure_is_there(recorded):
    entry = reply(recorded, "bybit", "fetchTicker")["result"]["list"][0]
    assert bybit_decode.open_interest(entry, 1).base == float(Decimal("225766.793") / 2)
    assert bybit_decode.open_interest(entry, 1).value == float(Decimal("11614437205.81") / 2)
    single = entry | {"singleOpenInterest": "112883.4", "singleOpenInterestValue": "5807218602.9"}
    assert bybit_decode.open_interest(single, 1).base == 112883.4


def test_bybit_funding_takes_its_interval_from_the_instrument_when_the_ticker_has_none(recorded):
    entry = reply(recorded, "bybit", "fetchFundingRates")["result"]["list"][0]
    entry.pop("fundingIntervalHour", None)
    known = bybit_decode.funding(entry, 1730000000000, 480)
    assert (known.rate, known.mark, known.index, known.interval_ms) == (0.0001, 68649.90, 68650.75, 28_800_000)
    assert bybit_decode.funding(entry, 1730000000000, None).interval_ms is None
    assert bybit_decode.funding(entry | {"fundingRate": ""}, 1, None) is None


def test_tickers_are_in_base_and_quote(recorded, instrument):
    spot = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.00000001")
    swap = instrument("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", "0.1", "0.001", "0.01")
    entry = reply(recorded, "okx", "fetchTicker")["data"][0]
    known = okx_decode.ticker(entry, spot)
    assert (known.last, known.volume, known.quote_volume) == (73384.8, 21266.19145051, 1519926359.597266598)
    contracts = okx_decode.ticker(entry | {"vol24h": "2126619", "volCcy24h": "21266.19"}, swap)
    assert (contracts.volume, contracts.quote_volume) == (21266.19, None)
    bybit = bybit_decode.ticker(reply(recorded, "bybit", "fetchTicker")["result"]["list"][0], 1)
    assert (bybit.last, bybit.volume, bybit.quote_volume) == (51444.40, 47293.8870, 2352063794.0035)
    coinbase = coinbase_decode.ticker(reply(recorded, "coinbaseexchange", "fetchTicker"))
    assert (coinbase.time, coinbase.last, coinbase.volume) == (1710328241270, 73367.8, 1207.50668151)
    binance = binance_decode.ticker(reply(recorded, "binance", "fetchTicker"))
    assert (binance.last, binance.volume, binance.quote_volume) == (73369.84, 72140.348628, 5167027510.68728707)


def test_books_are_in_base_units(recorded, instrument):
    swap = instrument("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", "0.1", "0.001", "0.01")
    book = okx_decode.book(reply(recorded, "okx", "fetchOrderBook"), swap)
    assert (book.time, *map(tuple, (book.bids[0], book.asks[0]))) == (
        1706612067750,
        (43466.3, 138.07),
        (43466.4, 148.81),
    )
    book = bybit_decode.book(reply(recorded, "bybit", "fetchOrderBook"))
    assert (book.time, *map(tuple, (book.bids[0], book.asks[0]))) == (
        1706803948569,
        (42544.7, 172.404),
        (42548.0, 108.998),
    )
    book = binance_decode.book(reply(recorded, "binance", "fetchOrderBook", 1), 0)
    assert (book.time, tuple(book.bids[0])) == (1706803917258, (42651.10, 470.672))
    assert binance_decode.book(reply(recorded, "binance", "fetchOrderBook", 0), 77).time == 77


def test_instruments_have_exact_grids_in_base_units(recorded):
    def listed(venue, file, decode, *kind):
        entries = [each["info"] for each in recorded(f"responses/{file}.json")["fetchMarkets_entries"]]
        wrap = {
            "binance": {"symbols": entries},
            "okx": {"data": entries},
            "bybit": {"result": {"list": entries}},
            "coinbase": entries,
        }
        found = instruments(venue, decode.listed(wrap[venue], *kind), decode.draft, str)
        return {
            each.symbol: (each.kind, each.native_id, each.tick_size, each.lot_size, each.contract_size)
            for each in found
        }

    def decimals(kind, native_id, tick, lot, size="1"):
        return kind, native_id, Decimal(tick), Decimal(lot), Decimal(size)

    assert listed("binance", "binance", binance_decode, "spot") == {
        "BTC/USDT": decimals("spot", "BTCUSDT", "0.01", "0.00001")
    }
    # COIN-M, which USD-M's endpoints accept since 2026, is not ours
    assert listed("binance", "binanceusdm", binance_decode, "perp") == {
        "BTC/USDT:USDT": decimals("perp", "BTCUSDT", "0.1", "0.001"),
        "ETH/USDT:USDT": decimals("perp", "ETHUSDT", "0.01", "0.001"),
    }
    assert listed("okx", "okx", okx_decode) == {
        "BTC/USDT": decimals("spot", "BTC-USDT", "0.1", "0.00000001"),
        "BTC/USDT:USDT": decimals("perp", "BTC-USDT-SWAP", "0.1", "0.001", "0.01"),
        "ETH/USDT:USDT": decimals("perp", "ETH-USDT-SWAP", "0.01", "0.01", "0.1"),
    }
    assert listed("bybit", "bybit", bybit_decode, "perp") == {
        "BTC/USDT:USDT": decimals("perp", "BTCUSDT", "0.1", "0.001")
    }
    assert listed("coinbase", "coinbaseexchange", coinbase_decode) == {
        "BTC/USDT": decimals("spot", "BTC-USDT", "0.01", "0.00000001"),
        "BTC/USD": decimals("spot", "BTC-USD", "0.01", "0.00000001"),
    }
