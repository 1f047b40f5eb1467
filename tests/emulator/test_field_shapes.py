"""The odd shapes of the field that a schedule can ask for."""

from __future__ import annotations

import gzip
import hashlib
import io
import time
import zipfile
from typing import Any

import pytest

from coinmon_emulator.market.market import DAY
from coinmon_emulator.market.view import Spoil, WorldNow
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.faults import parse
from coinmon_emulator.server.files import text_of
from coinmon_emulator.venues.folders import VENUES

LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "binance": ("/binance/fapi/v1/exchangeInfo", {}),
    "okx": ("/okx/api/v5/public/instruments", {"instType": "SWAP"}),
    "bybit": ("/bybit/v5/market/instruments-info", {"category": "linear"}),
    "coinbase": ("/coinbase/products", {}),
    "hyperliquid": ("/hyperliquid/info", {"type": "metaAndAssetCtxs"}),
}
ENDED = {
    "binance": ("status", "SETTLING"),
    "okx": ("state", "suspend"),
    "bybit": ("status", "Closed"),
    "coinbase": ("status", "delisted"),
    "hyperliquid": ("isDelisted", True),
}


def rows(venue: str, body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = {
        "binance": lambda: body["symbols"],
        "okx": lambda: body["data"],
        "bybit": lambda: body["result"]["list"],
        "coinbase": lambda: body,
        "hyperliquid": lambda: body[0]["universe"],
    }[venue]()
    return found


def of(base: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("symbol", "instId", "id", "name")
    return [row for row in found if any(str(row.get(name, "")).startswith(base) for name in names)]


async def told(visitor: Any, path: str, query: dict[str, str]) -> Any:
    """An answer's body; Hyperliquid is asked by POST."""
    if path.endswith("/info"):
        return (await visitor.post(path, query)).json
    return await visitor.get(path, **query)


@pytest.mark.parametrize("venue", VENUES)
def test_a_coin_is_delisted_and_is_gone(visit: Any, scenario: Scenario, venue: str) -> None:
    path, query = LISTS[venue]

    async def listed(visitor: Any) -> list[dict[str, Any]]:
        return rows(venue, await told(visitor, path, query))

    whole = visit(scenario, listed)
    ended = visit(scenario, listed, faults=f"{venue}:delisted=DOGE")
    gone = visit(scenario, listed, faults=f"{venue}:unlisted=DOGE")
    field, status = ENDED[venue]
    assert {row[field] for row in of("DOGE", ended)} == {status}
    assert [row for row in ended if not of("DOGE", [row])] == [row for row in whole if not of("DOGE", [row])]
    assert of("DOGE", whole)
    assert gone == [row for row in whole if not of("DOGE", [row])]


@pytest.mark.parametrize("venue", VENUES)
def test_a_price_grid_becomes_finer(visit: Any, scenario: Scenario, venue: str) -> None:
    path, query = LISTS[venue]

    def tick(row: dict[str, Any]) -> float:
        if venue == "binance":
            return float(row["filters"][0]["tickSize"])
        if venue == "bybit":
            return float(row["priceFilter"]["tickSize"])
        if venue == "hyperliquid":
            return 10.0 ** (row["szDecimals"] - 6)
        return float(row["tickSz"] if venue == "okx" else row["quote_increment"])

    async def listed(visitor: Any) -> list[dict[str, Any]]:
        return rows(venue, await told(visitor, path, query))

    before, after = visit(scenario, listed), visit(scenario, listed, faults=f"{venue}:tick=SOL")
    for one, other in zip(before, after, strict=True):
        assert tick(other) == pytest.approx(tick(one) / (10 if of("SOL", [one]) else 1))


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("/binance/fapi/v1/premiumIndex", {}, ["lastFundingRate", "indexPrice"]),
        ("/okx/api/v5/public/funding-rate", {"instId": "ANY"}, ["fundingRate", "nextFundingTime"]),
        ("/okx/api/v5/public/open-interest", {"instType": "SWAP"}, ["oiCcy"]),
        ("/bybit/v5/market/tickers", {"category": "linear"}, ["fundingRate", "openInterest", "fundingIntervalHour"]),
    ],
)
def test_one_entry_of_a_bulk_answer_is_empty(
    visit: Any, scenario: Scenario, path: str, query: dict[str, str], fields: list[str]
) -> None:
    async def script(visitor: Any) -> Any:
        body = await visitor.get(path, **query)
        return body if isinstance(body, list) else rows(path.split("/")[1], body)

    found = visit(scenario, script, faults="*:odd=SOL")
    assert len(of("SOL", found)) == 1
    for row in found:
        assert all((row[field] == "") == bool(of("SOL", [row]) or of("MEGA", [row])) for field in fields)


def test_a_firewall_and_a_ban_that_only_its_text_tells(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        page = await visitor.ask("/okx/api/v5/public/time")
        assert (page.status, b"Request blocked" in page.raw, b"country" in page.raw) == (403, True, False)
        first = await visitor.ask("/binance/api/v3/time")
        again = await visitor.ask("/binance/api/v3/time")
        assert first.status == 418
        assert "Retry-After" not in first.headers
        until = int(first.json["msg"].split("banned until ")[1].split(".")[0])
        assert time.time() < until / 1000 < time.time() + 91
        assert abs(int(again.json["msg"].split("banned until ")[1].split(".")[0]) - until) < 1000

    visit(scenario, script, faults="okx:firewall,binance:ban=90")


def lines(raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(archive.namelist()[0])


def test_files_in_the_shapes_of_the_field(visit: Any, scenario: Scenario) -> None:
    vision = "/binance/archive/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-01-15.zip"
    linear = "/bybit/archive/trading/BTCUSDT/BTCUSDT2026-01-15.csv.gz"
    later = scenario.opens_at + DAY

    async def script(visitor: Any) -> tuple[bytes, bytes, str]:
        found, other = await visitor.ask(vision), await visitor.ask(linear)
        told = await visitor.ask(f"{vision}.CHECKSUM")
        assert told.raw.split()[0].decode() == hashlib.sha256(found.raw).hexdigest()
        return lines(found.raw), gzip.decompress(other.raw), told.raw.decode()

    plain, bybit, _ = visit(scenario, script, at=later)
    saved, _, _ = visit(scenario, script, at=later, faults="*:bom")
    assert saved == b"\xef\xbb\xbf" + plain.rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n\r\n"
    cut, _, _ = visit(scenario, script, at=later, faults="*:cutday")
    assert plain.startswith(cut)
    assert cut.endswith(b"\n")
    assert len(cut) < 0.7 * len(plain)
    blank, _, _ = visit(scenario, script, at=later, faults="*:blank")
    assert blank.splitlines()[50].split(b",")[2] == b""
    assert sum(one != other for one, other in zip(plain.splitlines(), blank.splitlines(), strict=True)) == len(
        range(50, len(plain.splitlines()), 100)
    )
    # what is no longer listed still has its files
    assert visit(scenario, script, at=later, faults="*:unlisted=BTC")[:2] == (plain, bybit)


@pytest.mark.parametrize(
    ("spec", "told"),
    [("okx:odd", "needs a coin"), ("okx:odd=5", "needs a coin"), ("okx:slow=DOGE", "is no number")],
)
def test_a_shape_names_its_coin(spec: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(spec)


def test_a_small_number_is_written_with_an_exponent(scenario: Scenario) -> None:
    view = WorldNow(scenario, scenario.opens_at, Spoil(files=frozenset({"exponent"})))
    assert text_of(view, ["1,0.00001,0.00001200", "0.00001,0.0001,10.00001,0.00000"]) == (
        b"1,1e-05,1.2e-05\n0.00001,0.0001,10.00001,0.00000\n"
    )


@pytest.mark.parametrize("shape", ["odd", "null", "missing"])
@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/binance/fapi/v1/premiumIndex", {}, "lastFundingRate"),
        ("/okx/api/v5/public/funding-rate", {"instId": "ANY"}, "fundingRate"),
        ("/okx/api/v5/public/mark-price", {"instType": "SWAP"}, "markPx"),
        ("/bybit/v5/market/tickers", {"category": "linear"}, "singleOpenInterest"),
    ],
)
def test_a_number_is_not_there_in_three_ways(
    visit: Any, scenario: Scenario, shape: str, path: str, query: dict[str, str], field: str
) -> None:
    async def script(visitor: Any) -> Any:
        body = await visitor.get(path, **query)
        return body if isinstance(body, list) else rows(path.split("/")[1], body)

    (row,) = of("SOL", visit(scenario, script, faults=f"*:{shape}=SOL"))
    assert row.get(field, "gone") == {"odd": "", "null": None, "missing": "gone"}[shape]


@pytest.mark.parametrize("venue", VENUES)
def test_what_is_no_row_stands_between_the_rows(visit: Any, scenario: Scenario, venue: str) -> None:
    path, query = LISTS[venue]

    async def listed(visitor: Any) -> list[Any]:
        return rows(venue, await told(visitor, path, query))

    strange = visit(scenario, listed, faults=f"{venue}:strange,{venue}:broken=SOL")
    whole = visit(scenario, listed)
    assert len(strange) == len(whole) + 5
    kept = [row for row in strange if isinstance(row, dict) and len(row) > 2]
    assert [row for row in kept if not of("SOL", [row])] == [row for row in whole if not of("SOL", [row])]
    assert of("SOL", kept) != of("SOL", whole)


def test_the_network_in_front_answers_in_its_own_words(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> list[tuple[int, bool]]:
        asked = [await visitor.ask(path) for path in ("/okx/api/v5/public/time", "/bybit/v5/market/time")]
        return [(answer.status, b"Cloudflare" in answer.raw or b"Error 520" in answer.raw) for answer in asked]

    assert visit(scenario, script, faults="okx:520,bybit:1015") == [(520, True), (429, True)]


def test_old_ids_are_answered_with_nothing(visit: Any, scenario: Scenario) -> None:
    path = "/binance/fapi/v1/aggTrades"

    async def script(visitor: Any) -> tuple[list[Any], list[Any]]:
        old = await visitor.get(path, symbol="BTCUSDT", fromId=1)
        new = (await visitor.get(path, symbol="BTCUSDT", limit=5))[0]["a"]
        return old, await visitor.get(path, symbol="BTCUSDT", fromId=new)

    old, new = visit(scenario, script, faults="binance:oldids=2")
    assert (old, len(new)) == ([], 5)


def test_an_old_file_of_okx_has_five_columns_below_a_chinese_header(visit: Any, scenario: Scenario) -> None:
    path = "/okx/archive/cdn/okex/traderecords/trades/daily/20260115/BTC-USDT-SWAP-trades-2026-01-15.zip"

    async def script(visitor: Any) -> bytes:
        return lines((await visitor.ask(path)).raw)

    head, first, *_ = (
        visit(scenario, script, at=scenario.opens_at + 3 * DAY, faults="okx:gbk").decode("gbk").splitlines()
    )
    assert "交易方向" in head
    assert len(first.split(",")) == 5


def test_books_of_okx_begin_without_a_predecessor(stage: Any, scenario: Scenario) -> None:
    books = {"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT"}]}

    async def script(stage: Any) -> list[Any]:
        socket = await stage.open("/okx/ws/v5/public", books)
        return [each for each in await stage.read(socket) if each.get("action") == "snapshot"]

    (plain,), (odd,) = stage(scenario, script), stage(scenario, script, faults="okx:noprev/stream")
    assert plain["data"][0].pop("prevSeqId") == -1
    assert odd == plain


def test_a_message_of_many_has_a_row_without_numbers(stage: Any, scenario: Scenario) -> None:
    marks = {"method": "SUBSCRIBE", "params": ["!markPrice@arr@1s"], "id": 1}

    async def script(stage: Any) -> list[Any]:
        socket = await stage.open("/binance/market/stream", marks)
        await stage.read(socket)
        await stage.advance(1.0)
        return [each["data"] for each in await stage.read(socket)]

    plain, odd = stage(scenario, script), stage(scenario, script, faults="binance:oddrow/stream")
    assert [row["p"] for row in odd[0]][:1] == [""]
    assert odd[0][1:] == plain[0]
