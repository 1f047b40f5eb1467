"""Whatever is asked, at whatever moment, the answer is the venue's: JSON, and never a crash."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import orjson
import pytest

from coinmon_emulator.market.market import DAY
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.market.world import World
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.reply import Reply
from coinmon_emulator.tape.tape import RecordedMarket
from coinmon_emulator.tape.track import TapeTrack
from coinmon_emulator.venues.binance import rest as binance_rest
from coinmon_emulator.venues.bybit import rest as bybit_rest
from coinmon_emulator.venues.coinbase import rest as coinbase_rest
from coinmon_emulator.venues.okx import rest as okx_rest
from coinmon_emulator.venues.okx.limits import OkxLimits

NUMBERS = ["0", "1", "5", "60", "999999", str(STARTS_AT), str(STARTS_AT - 3_600_000), "9" * 20, "-1", "x", "", "1.5"]
VALUES: dict[str, list[str]] = {
    "symbol": ["BTCUSDT", "NOPE", "", "btc/usdt"],
    "symbols": ['["BTCUSDT"]', "[", "7", '["NOPE"]'],
    "instId": ["BTC-USDT", "BTC-USDT-SWAP", "ANY", "NOPE", ""],
    "instType": ["SPOT", "SWAP", "FUTURES", "NOPE", ""],
    "category": ["spot", "linear", "inverse", "nope", ""],
    "interval": ["1m", "1s", "1d", "1M", "1", "D", "M", "7", ""],
    "intervalTime": ["5min", "1d", "no", ""],
    "bar": ["1m", "1D", "1Mutc", "no", ""],
    "period": ["5m", "1d", "1D", "no", ""],
    "type": ["1", "2", "3", ""],
    "level": ["1", "2", "3", "4"],
    "granularity": ["60", "86400", "61", ""],
    "cursor": ["first%3D2", "first=1", "x", ""],
    **dict.fromkeys(("startTime", "endTime", "fromId", "after", "before", "begin", "limit", "sz"), NUMBERS),
    **{name: [*NUMBERS, "2026-01-15T11:00:00Z", "yesterday", "0001-01-01"] for name in ("start", "end")},
}
PATHS = {
    binance_rest: [*binance_rest.ANSWERS, "/api/v3/nothing"],
    okx_rest: [*okx_rest.ANSWERS, "/api/v5/nothing"],
    bybit_rest: [*bybit_rest.ANSWERS, "/v5/nothing"],
    coinbase_rest: [path.replace(":id", name) for path in coinbase_rest.ANSWERS for name in ("BTC-USD", "NO-PE")],
}


def made_tape() -> RecordedMarket:
    track = TapeTrack("perp", "BTCUSDT")
    for number in range(200):
        track.ids.append(7 + number)
        track.times.append(STARTS_AT - 400_000 + number * 1000)
        track.prices.append(f"{61000 + number % 7}.10")
        track.sizes.append("0.010")
        track.sides.append(1 if number % 3 else -1)
    return RecordedMarket([track])


@pytest.mark.parametrize("market", [Scenario("default", 1), made_tape()], ids=["scenario", "tape"])
@pytest.mark.parametrize(
    "now", [STARTS_AT, 0, STARTS_AT - 27 * 3_600_000, STARTS_AT + 40 * DAY], ids=["start", "1970", "first", "late"]
)
def test_no_question_breaks_an_endpoint(market: World, now: int) -> None:
    die = random.Random(1)
    for venue, paths in PATHS.items():
        for path in paths:
            for _ in range(40):
                names = die.sample(sorted(VALUES), die.randint(2, len(VALUES)))
                query = {name: die.choice(VALUES[name]) for name in names}
                # The first value of each is a good one: mostly ask what gets past the doorman.
                if die.random() < 0.7:
                    query |= {name: VALUES[name][0] for name in ("symbol", "instId", "instType", "category", "bar")}
                    query |= {"interval": die.choice(["1m", "1", "1M", "M"]), "period": "5m", "intervalTime": "5min"}
                reply = venue.answer(WorldNow(market, now), path, query)
                assert isinstance(reply, Reply)
                assert reply.status in (200, 400, 401, 404), (path, query)
                body = orjson.dumps(reply.body)
                assert b"NaN" not in body
                if now == 0 and isinstance(reply.body, list):
                    assert not any(isinstance(row, dict) and ("a" in row or "trade_id" in row) for row in reply.body)


def test_a_minute_whose_trades_are_asked_for_late_is_the_one_that_was_seen_live() -> None:
    market = Scenario("default", 2)
    one = market.instruments[0]
    seen: list[int] = []
    for now in range(STARTS_AT, STARTS_AT + 120_000, 5_000):
        fresh = WorldNow(market, now).between(one, STARTS_AT if not seen else now - 4_999, now + 1)
        seen += fresh.id.tolist()
    later = Scenario("default", 2)
    whole = WorldNow(later, STARTS_AT + DAY).between(later.instruments[0], STARTS_AT, STARTS_AT + 115_001)
    assert seen == whole.id.tolist()
    assert (np.diff(whole.id) == 1).all()


def test_a_client_does_not_pay_for_this_process_being_late() -> None:
    wall, late = [0.0], [0.0]
    limits = OkxLimits(lambda: wall[0], lambda: late[0])
    for request in range(200):
        # A steady client at the limit, of whose requests each tenth is looked at 80 ms late.
        wall[0] = request / 19.9 + (0 if request % 10 else 0.08)
        late[0] = 0.08
        assert limits.admit("/api/v5/market/candles", {}) is None, request
    answers: list[Any] = [limits.admit("/api/v5/market/candles", {}) for _ in range(60)]
    assert sum(answer is None for answer in answers) < 5, "a burst is refused all the same"
