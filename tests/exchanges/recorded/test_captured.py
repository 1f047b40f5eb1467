"""Messages as the venues really sent them in 2026, against what they say."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from coinmon import Instrument, Streamed, StreamedLiquidations, StreamedMany
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance import liquidations as binance_liquidations
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import liquidations as bybit_liquidations
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.okx import liquidations as okx_liquidations
from coinmon_exchanges.okx import trades as okx_trades

CASES = Path(__file__).parents[4] / "shared" / "cases" / "captured_2026.json"
MESSAGES = json.loads(CASES.read_text()) if CASES.is_file() else []
TRADES = {"binance": binance_trades, "okx": okx_trades, "bybit": bybit_trades, "coinbase": coinbase_trades}
LIQUIDATIONS = {"binance": binance_liquidations, "okx": okx_liquidations, "bybit": bybit_liquidations}


def listed(venue, name, entry):
    symbol = f"{entry['base']}/{entry['quote']}" + (f":{entry['quote']}" if entry["kind"] == "perp" else "")
    sizes = (Decimal(entry[key]) for key in ("tick", "lot", "contract"))
    return Instrument(venue, entry["kind"], entry["base"], entry["quote"], name, symbol, *sizes)


def traded(item):
    if isinstance(item, StreamedMany):
        parts = [(item.instruments[at], item.trades[place : place + 1]) for place, at in enumerate(item.at.tolist())]
    else:
        assert isinstance(item, Streamed)
        parts = [(item.instrument, item.data.trades)]
    return [
        [each.native_id, int(id), int(time), float(ticks * each.tick_size), float(qty), int(side)]
        for each, trades in parts
        for id, time, ticks, qty, side in zip(
            *(getattr(trades, name).tolist() for name in ("id", "time", "ticks", "qty", "side")), strict=True
        )
    ]


@pytest.mark.skipif(not MESSAGES, reason=f"no {CASES.name} beside this repository")
@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: f"{each['venue']} {each['what']}")
def test_a_captured_message_says_what_it_said(message):
    venue = message["venue"]
    made = [listed(venue, name, entry) for name, entry in message["instruments"].items()]
    if message["what"] == "liquidation":
        (link,) = LIQUIDATIONS[venue].links("ws://x", made)
        items = link.read([message["text"]], link.begin(link))
        assert all(isinstance(each, StreamedLiquidations) for each in items)
        found = [
            [each.instrument.native_id, one.time, one.side, one.price, one.base]
            for each in items
            for one in each.liquidations
        ]
    else:
        subscribed = Subscribed({each.native_id: each for each in made}, [list(message["instruments"])])
        found = [row for item in TRADES[venue].read([message["text"]], subscribed) for row in traded(item)]
    assert len(found) == len(message["expect"])
    for row, expected in zip(found, message["expect"], strict=True):
        assert row == [pytest.approx(each, rel=1e-12) if isinstance(each, float) else each for each in expected]
