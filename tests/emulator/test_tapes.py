"""Tapes: recorded trades come out as the very candles, aggregates and books that the recordings imply."""

from __future__ import annotations

import gzip
import itertools
import re
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from coinmon import Instrument, Trades
from coinmon.collect.track.whales import find_whales
from coinmon.evaluate.score import Cases, Verdict, judge, record_of
from coinmon_emulator.tape.tape import RecordedMarket

# Name of the table in real/MANIFEST.md, its files, and the path that serves it.
TABLES = [
    ("binance_spot_btcusdt_20240808+09", ["spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"], "/binance/api/v3"),
    ("binance_usdm_btcusdt_20240808", ["usdm_btcusdt_20240808.gz"], "/binance/fapi/v1"),
    (
        "binance_usdm_btcusdt_20230404+05",
        ["usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"],
        "/binance/fapi/v1",
    ),
    ("binance_spot_btcusdt_20230405", ["spot_btcusdt_20230405.dat.gz"], "/binance/api/v3"),
]
# Final best bid and ask of the replayed books, MANIFEST section 4.
BOOKS = {
    "binance_spot_btcusdt_20240808+09": (50093696318, "61602.01", "1.67177", "61602.02", "2.66795"),
    "binance_usdm_btcusdt_20240808": (5123135475514, "61659.7", "1.486", "61659.8", "0.981"),
    "binance_usdm_btcusdt_20230404+05": (2710266851462, "28140.1", "8.251", "28140.2", "7.212"),
}


def table(manifest: str, name: str) -> list[list[Decimal]]:
    section = manifest.split(f"### {name}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\d{13}) \([\d:]+\) \| (.+) \|$", section, re.M)
    return [[Decimal(start), *(Decimal(cell) for cell in cells.split(" | "))] for start, cells in rows]


@cache
def read_once(real: Path, *files: str) -> RecordedMarket:
    """Nothing changes a tape that was read: all tests look at the same."""
    return RecordedMarket.read([real / "binance" / name for name in files])


def tape(real: Path, files: list[str]) -> RecordedMarket:
    return read_once(real, *files)


@pytest.mark.parametrize(("name", "files", "root"), TABLES, ids=[name for name, *_ in TABLES])
def test_the_candles_of_a_tape_equal_the_manifest(
    visit: Any, real: Path, name: str, files: list[str], root: str
) -> None:
    recorded = tape(real, files)
    expected = table((real / "MANIFEST.md").read_text(), name)
    assert len(expected) > 5

    async def script(visitor: Any) -> Any:
        return await visitor.get(f"{root}/klines", symbol="BTCUSDT", interval="1m")

    rows = visit(recorded, script)
    columns = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10)
    assert [[Decimal(row[column]) for column in columns] for row in rows] == expected
    decimals = 8 if root.endswith("v3") else 3
    assert all(len(row[5].partition(".")[2]) == decimals for row in rows)


@pytest.mark.parametrize(("name", "files", "root"), TABLES[:3], ids=[name for name, *_ in TABLES[:3]])
def test_the_book_of_a_tape_replays_to_the_manifests_end(
    visit: Any, real: Path, name: str, files: list[str], root: str
) -> None:
    recorded = tape(real, files)
    update, *expected = BOOKS[name]

    async def script(visitor: Any) -> None:
        book = await visitor.get(f"{root}/depth", symbol="BTCUSDT", limit=5)
        assert book["lastUpdateId"] == update
        top = [*book["bids"][0], *book["asks"][0]]
        assert [Decimal(text) for text in top] == [Decimal(text) for text in expected]

    visit(recorded, script, at=recorded.opens_at + 60_000)


def test_a_book_can_be_asked_for_at_an_earlier_time(real: Path) -> None:
    recorded = tape(real, TABLES[0][1])
    one = recorded.instruments[0]
    late = recorded.book(one, recorded.opens_at, 1)
    early = recorded.book(one, recorded.opens_at - 300_000, 1)
    assert late is not None
    assert early is not None
    assert early.update_id < late.update_id
    assert recorded.book(one, recorded.opens_at, 1) == late
    assert recorded.book(one, recorded.begins(one) - 60_000, 1) is None


def test_rows_that_are_no_market_trades_are_left_out_and_their_ids_stay_used(visit: Any, real: Path) -> None:
    recorded = tape(real, TABLES[2][1])

    async def script(visitor: Any) -> None:
        fills = []
        start = 1680652860000
        rows = await visitor.get("/binance/fapi/v1/aggTrades", symbol="BTCUSDT", startTime=start, limit=1000)
        for row in rows:
            fills += range(row["f"], row["l"] + 1) if row["f"] == row["l"] else [row["f"], row["l"]]
        assert 3535191080 not in fills
        assert max(Decimal(row["p"]) for row in rows) < 28200
        assert [row["a"] for row in rows] == list(range(rows[0]["a"], rows[0]["a"] + len(rows)))

    visit(recorded, script)


@pytest.mark.parametrize(("files", "root"), [(TABLES[0][1], TABLES[0][2]), (TABLES[1][1], TABLES[1][2])])
def test_aggregates_page_by_id_without_hole_and_hold_every_trade(
    visit: Any, real: Path, files: list[str], root: str
) -> None:
    recorded = tape(real, files)
    one = recorded.instruments[0]
    trades = recorded.rows(one, 0, 1 << 40)

    async def script(visitor: Any) -> list[dict[str, Any]]:
        latest = await visitor.get(f"{root}/aggTrades", symbol="BTCUSDT", limit=1)
        found: list[dict[str, Any]] = []
        next_id = int(trades.id[0])
        while next_id <= latest[0]["a"]:
            page = await visitor.get(f"{root}/aggTrades", symbol="BTCUSDT", fromId=next_id, limit=1000)
            assert page[0]["a"] == next_id
            found += page
            next_id = page[-1]["a"] + 1
        return found

    found = visit(recorded, script, limits=False)
    assert found[0]["f"] == trades.id[0]
    assert found[-1]["l"] == trades.id[-1]
    assert all(one["l"] + 1 == other["f"] for one, other in itertools.pairwise(found))
    total = sum(Decimal(row["q"]) for row in found)
    assert total == Decimal(int(trades.size.sum())).scaleb(-one.size_digits)
    assert len(found) < len(trades)
    assert all(row["T"] <= other["T"] for row, other in itertools.pairwise(found))


def test_what_a_tape_does_not_hold_is_refused_and_says_so(visit: Any, real: Path) -> None:
    recorded = tape(real, TABLES[1][1])

    async def script(visitor: Any) -> None:
        for path in ("openInterest", "fundingRate", "premiumIndex"):
            answer = await visitor.ask(f"/binance/fapi/v1/{path}", symbol="BTCUSDT")
            assert answer.status == 400
            assert answer.json["code"] == -1000
            assert "tape" in answer.json["msg"]
        assert (await visitor.get("/binance/api/v3/exchangeInfo"))["symbols"] == []
        assert (await visitor.get("/okx/api/v5/public/instruments", instType="SPOT"))["data"] == []
        assert visitor.emulator.config()["exchanges"]["okx"] is False

    visit(recorded, script)


def test_the_mark_price_of_a_tape_is_the_recorded_one(visit: Any, real: Path) -> None:
    recorded = tape(real, TABLES[2][1])

    async def script(visitor: Any) -> Any:
        return await visitor.get("/binance/fapi/v1/premiumIndex", symbol="BTCUSDT")

    # At the settlement the first message still names the old funding time.
    before = visit(recorded, script, at=1680652800500)
    after = visit(recorded, script, at=1680652801500)
    assert before["nextFundingTime"] == 1680652800000
    assert before["markPrice"] == "28155.10000000"
    assert after["nextFundingTime"] == 1680681600000


def test_nothing_after_the_clock_is_visible_on_a_tape(visit: Any, real: Path) -> None:
    recorded = tape(real, TABLES[0][1])
    now = 1723161600000 + 10_000

    async def script(visitor: Any) -> None:
        rows = await visitor.get("/binance/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert rows[-1][0] == 1723161600000
        trades = await visitor.get("/binance/api/v3/trades", symbol="BTCUSDT", limit=1000)
        assert all(trade["time"] <= now for trade in trades)
        minute = [trade for trade in trades if trade["time"] >= rows[-1][0]]
        assert sum(Decimal(trade["qty"]) for trade in minute) == Decimal(rows[-1][5])
        assert rows[-1][4] == trades[-1]["price"]

    visit(recorded, script, at=now)


SPOT_ROWS = [
    "1001,61837.63000000,0.02000000,5001,5003,1735689600123456,True,True",
    "1002,61837.64000000,0.01000000,5004,5004,1735689600223456,False,True",
]
UM_TRADES = [
    "id,price,qty,quote_qty,time,is_buyer_maker",
    "7,61800.3,0.006,370.8018,1735689600000,false",
    "8,61800.2,0.010,618.0020,1735689600500,true",
]


def test_vision_files_are_tapes_spot_in_microseconds_without_header(visit: Any, tmp_path: Path) -> None:
    packed = tmp_path / "BTCUSDT-aggTrades-2025-01-01.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("BTCUSDT-aggTrades-2025-01-01.csv", "\n".join(SPOT_ROWS))

    async def script(visitor: Any) -> None:
        rows = await visitor.get("/binance/api/v3/aggTrades", symbol="BTCUSDT")
        assert [(row["a"], row["f"], row["l"], row["T"], row["m"]) for row in rows] == [
            (1001, 5001, 5003, 1735689600123, True),
            (1002, 5004, 5004, 1735689600223, False),
        ]
        candle = (await visitor.get("/binance/api/v3/klines", symbol="BTCUSDT", interval="1m"))[0]
        assert candle[5] == "0.03000000"
        assert candle[8] == 4
        assert candle[9] == "0.01000000"

    visit(RecordedMarket.read([packed]), script)


def test_vision_files_are_tapes_usdm_with_header(visit: Any, tmp_path: Path) -> None:
    plain = tmp_path / "BTCUSDT-trades-2025-01-01.csv"
    plain.write_text("\n".join(UM_TRADES) + "\n")

    async def script(visitor: Any) -> None:
        rows = await visitor.get("/binance/fapi/v1/trades", symbol="BTCUSDT")
        assert [(row["id"], row["qty"], row["isBuyerMaker"]) for row in rows] == [
            (7, "0.006", False),
            (8, "0.010", True),
        ]

    visit(RecordedMarket.read([plain]), script)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "spot_x.gz",
            gzip.compress(b'1 {"data":{"e":"trade","s":"BTCUSDT"}}\n', mtime=0),
            ":1: not a line of a recording (no 'E')",
        ),
        ("spot_x.dat", b"hello\n", ":1: not a line of a recording"),
        ("BTCUSDT-trades-2025-01-01.csv", b"1,2,3\n", ":1: not a row of trades"),
        ("BTCUSDT-trades-2025-01-01.zip", b"nonsense", "not a zip file"),
        ("other.csv", b"", "expected a name like"),
        ("spot_y.gz", gzip.compress(b"1 {}\n" * 5000, mtime=0)[:-20], "Compressed file ended"),
        ("spot_z.gz", gzip.compress(b'1 {"stream":"x"}\n', mtime=0), "holds no trades"),
    ],
)
def test_a_bad_tape_is_refused_with_its_line(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=re.escape(told)):
        RecordedMarket.read([path])


def test_a_usdm_tape_is_told_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    trade = {"e": "trade", "E": 1, "T": 1, "s": "BTCUSDT", "t": 1, "p": "5.10", "q": "1", "X": "MARKET", "m": True}
    path = tmp_path / "spot_misnamed.dat"
    path.write_bytes(b"1 " + orjson.dumps({"stream": "btcusdt@trade", "data": trade}) + b"\n")
    assert [one.kind for one in RecordedMarket.read([path]).instruments] == ["perp"]


def test_the_whales_of_a_window_are_too_few_to_say_anything(real: Path) -> None:
    """More than a hundred of five minutes are one case: however well they did, and however little chance explains."""
    times = []
    for _, files, _ in TABLES[:2]:
        market = tape(real, files)
        (one,) = market.instruments
        rows = market.rows(one, 0, 1 << 60)
        tick, lot = Decimal(one.tick).scaleb(-one.price_digits), Decimal(1).scaleb(-one.size_digits)
        made = Instrument(one.venue, one.kind, one.base, one.quote, one.native, one.native, tick, lot)
        size = rows.size / 10.0**one.size_digits
        trades = Trades(rows.id, rows.time, rows.price // one.tick, size, rows.side.astype(np.int8))
        times += [each.time for each in find_whales(trades, made, 200_000.0)]
    n = len(times)
    assert n > 120
    found = Cases(np.array(times), np.zeros(n, np.int64), np.full(n, 0.5), np.zeros(n), np.full(n, 0.13))
    assert judge([record_of(found, 60, 0.0005)])[0].verdict is Verdict.TOO_FEW
