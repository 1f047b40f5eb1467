"""Messages of the field, ten more of each kind: what the decoders give equals what plain Decimal arithmetic gives.

Each one is a message that a venue sent in 2026, with other numbers, names and row counts put into it.
"""

import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coinmon import Instrument, Streamed, StreamedMany
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance import liquidations as binance_liquidations
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import liquidations as bybit_liquidations
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.okx import liquidations as okx_liquidations
from coinmon_exchanges.okx import trades as okx_trades

CASES = Path(__file__).parents[3] / "shared" / "cases" / "captured_2026.json"
CAPTURED: list[dict[str, Any]] = json.loads(CASES.read_text()) if CASES.is_file() else []
TRADES: dict[str, Any] = {
    "binance": binance_trades, "okx": okx_trades, "bybit": bybit_trades, "coinbase": coinbase_trades,
}  # fmt: skip
LIQUIDATIONS: dict[str, Any] = {
    "binance": binance_liquidations, "okx": okx_liquidations, "bybit": bybit_liquidations,
}  # fmt: skip
EACH = 10
Row = tuple[int, float, float, int]
"""Time in ms, price, size in base, side: what a trade is told as, taker buy 1."""


class Draw:
    """Numbers on an instrument's grids, written as venues write them."""

    def __init__(self, seed: str, entry: dict[str, str]) -> None:
        self._die = random.Random(seed)
        self._tick, self._lot = Decimal(entry["tick"]), Decimal(entry["lot"])
        self._contract = Decimal(entry["contract"])

    def price(self) -> str:
        return self._text(self._tick * self._die.choice((1, 7, 10, 99_999, self._die.randrange(1, 10**7))))

    def size(self) -> str:
        """In the venue's own unit: contracts where there are any."""
        return self._text(self._lot / self._contract * self._die.choice((1, 3, 1000, self._die.randrange(1, 10**6))))

    def base(self, size: str) -> float:
        return float(Decimal(size) * self._contract)

    def time(self) -> int:
        return self._die.randrange(1_767_225_600_000, 1_798_761_600_000)

    def way(self) -> int:
        return self._die.choice((1, -1))

    def count(self) -> int:
        return self._die.choice((1, 1, 2, 5))

    def number(self) -> int:
        return self._die.randrange(1, 1 << 40)

    def _text(self, value: Decimal) -> str:
        text = f"{value.normalize():f}"
        return text + ("0" if "." in text else ".0") * self._die.choice((0, 1)) if "." in text else text


def made(venue: str, name: str, entry: dict[str, str]) -> Instrument:
    symbol = f"{entry['base']}/{entry['quote']}" + (f":{entry['quote']}" if entry["kind"] == "perp" else "")
    sizes = (Decimal(entry[key]) for key in ("tick", "lot", "contract"))
    kind: Any = entry["kind"]
    return Instrument(venue, kind, entry["base"], entry["quote"], name, symbol, *sizes)


def binance_trade(told: dict[str, Any], draw: Draw) -> list[Row]:
    price, size, time, way = draw.price(), draw.size(), draw.time(), draw.way()
    told |= {"p": price, "q": size, "T": time, "E": time + 3, "a": draw.number(), "m": way < 0}
    return [(time, float(Decimal(price)), draw.base(size), way)]


def okx_trade(told: dict[str, Any], draw: Draw) -> list[Row]:
    (row,) = told["data"]
    price, size, time, way = draw.price(), draw.size(), draw.time(), draw.way()
    row |= {"px": price, "sz": size, "ts": str(time), "side": "buy" if way > 0 else "sell"}
    row |= {"tradeId": str(draw.number() + 10), "count": str(draw.count())}
    return [(time, float(Decimal(price)), draw.base(size), way)]


def bybit_trade(told: dict[str, Any], draw: Draw) -> list[Row]:
    first, rows, found = told["data"][0], [], []
    time = draw.time()
    for place in range(draw.count()):
        price, size, way = draw.price(), draw.size(), draw.way()
        rows.append(first | {"p": price, "v": size, "T": time + place, "S": "Buy" if way > 0 else "Sell"})
        rows[-1] |= {"i": f"{draw.number() % (1 << 32):08x}-77a2-5ebe-851b-{draw.number():012x}"}
        found.append((time + place, float(Decimal(price)), draw.base(size), way))
    told["data"] = rows
    return found


def coinbase_trade(told: dict[str, Any], draw: Draw) -> list[Row]:
    price, size, way = draw.price(), draw.size(), draw.way()
    # the side is the maker's; microseconds are cut
    told |= {"price": price, "size": size, "side": "sell" if way > 0 else "buy", "trade_id": draw.number()}
    told["time"] = "2026-09-02T07:44:10.104999Z"
    return [(1_788_335_050_104, float(Decimal(price)), draw.base(size), way)]


def binance_forced(told: dict[str, Any], draw: Draw) -> list[Row]:
    price, size, time, way = draw.price(), draw.size(), draw.time(), draw.way()
    # the order's side: what sells closes a long
    told["o"] |= {"p": draw.price(), "ap": price, "q": size, "z": size, "T": time, "S": "SELL" if way > 0 else "BUY"}
    return [(time, float(Decimal(price)), draw.base(size), way)]


def okx_forced(told: dict[str, Any], draw: Draw) -> list[Row]:
    entry = told["data"][0]
    first, rows, found = entry["details"][0], [], []
    for _ in range(draw.count()):
        price, size, time, way = draw.price(), draw.size(), draw.time(), draw.way()
        sides = {"side": "sell", "posSide": "long"} if way > 0 else {"side": "buy", "posSide": "short"}
        rows.append(first | {"bkPx": price, "sz": size, "ts": str(time)} | sides)
        found.append((time, float(Decimal(price)), draw.base(size), way))
    entry["details"] = rows
    return found


def bybit_forced(told: dict[str, Any], draw: Draw) -> list[Row]:
    first, rows, found = told["data"][0], [], []
    for _ in range(draw.count()):
        price, size, time, way = draw.price(), draw.size(), draw.time(), draw.way()
        # the position's side: Buy is a long that was closed
        rows.append(first | {"p": price, "v": size, "T": time, "S": "Buy" if way > 0 else "Sell"})
        found.append((time, float(Decimal(price)), draw.base(size), way))
    told["data"] = rows
    return found


MAKE: dict[tuple[str, str], Callable[[dict[str, Any], Draw], list[Row]]] = {
    ("binance", "trades"): binance_trade, ("okx", "trades"): okx_trade, ("bybit", "trades"): bybit_trade,
    ("coinbase", "trades"): coinbase_trade, ("binance", "liquidation"): binance_forced,
    ("okx", "liquidation"): okx_forced, ("bybit", "liquidation"): bybit_forced,
}  # fmt: skip


def decoded(venue: str, what: str, text: str, instrument: Instrument) -> list[Row]:
    if what == "liquidation":
        (link,) = LIQUIDATIONS[venue].links("ws://x", [instrument])
        forced = [one for each in link.read([text], link.begin(link)) for one in each.liquidations]
        return [(one.time, one.price, one.base, one.side) for one in forced]
    subscribed = Subscribed({instrument.native_id: instrument}, [[instrument.native_id]])
    found: list[Row] = []
    for item in TRADES[venue].read([text], subscribed):
        assert isinstance(item, Streamed | StreamedMany)
        trades = item.trades if isinstance(item, StreamedMany) else item.data.trades
        columns = (getattr(trades, name).tolist() for name in ("time", "ticks", "qty", "side"))
        found += [
            (time, float(ticks * instrument.tick_size), qty, side)
            for time, ticks, qty, side in zip(*columns, strict=True)
        ]
    return found


@pytest.mark.skipif(not CAPTURED, reason=f"no {CASES.name} beside this repository")
@pytest.mark.parametrize(("venue", "what"), MAKE, ids=lambda each: each)
def test_ten_more_of_each_kind_say_what_they_say(venue: str, what: str) -> None:
    templates = [each for each in CAPTURED if (each["venue"], each["what"]) == (venue, what)]
    assert templates
    for number in range(max(EACH, EACH * len(templates))):
        template = templates[number % len(templates)]
        ((name, entry),) = template["instruments"].items()
        told = json.loads(template["text"])
        expected = MAKE[venue, what](told, Draw(f"{venue} {what} {number}", entry))
        found = decoded(venue, what, json.dumps(told), made(venue, name, entry))
        assert [each[0] for each in found] == [each[0] for each in expected], told
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, rel=1e-12), told


@pytest.mark.skipif(not CAPTURED, reason=f"no {CASES.name} beside this repository")
@pytest.mark.parametrize("what", ["trades", "liquidation"])
def test_a_coin_with_a_chinese_name_says_the_same(what: str) -> None:
    template = next(each for each in CAPTURED if (each["venue"], each["what"]) == ("binance", what))
    ((name, entry),) = template["instruments"].items()
    other = "币安人生USDT"
    for text in (template["text"].replace(name, other), json.dumps(json.loads(template["text"].replace(name, other)))):
        mine, plain = made("binance", other, entry), made("binance", name, entry)
        assert decoded("binance", what, text, mine) == decoded("binance", what, template["text"], plain)
