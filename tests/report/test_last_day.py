"""What of the last day nobody has stored is named with the command that brings it; what a market lacks is left out."""

import io
import shutil
import sqlite3

import pytest
from rich.console import Console

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.market.last_day import LastDay
from coinmon.report.page import page
from coinmon.report.text import render
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from coinmon_desk._figures import market_cells
from coinmon_mcp._tools.indicators import indicator_tools
from coinmon_mcp._tools.markets import market_tools
from coinmon_mcp._tools.what_changed import what_changed_tools

COMMAND = "coinmon backfill BTCUSDT --from 2026-01-14"
STARTS_AT = 1_768_478_400_000
"""The end of the window of 50 minutes, ms UTC."""
SEEN = 6
"""Minutes that Bybit's spot market has."""


@pytest.fixture(scope="module")
def short_store(stored, tmp_path_factory):
    """A database where Bybit's spot market has 6 of the window's 50 minutes, and its configuration."""
    config, _ = stored
    db = shutil.copy(config.db.removeprefix("sqlite:///"), tmp_path_factory.mktemp("short"))
    with sqlite3.connect(db) as connection:
        query = "SELECT id FROM instruments WHERE venue = 'bybit' AND kind = 'spot' AND symbol = 'BTC/USDT'"
        ((number,),) = connection.execute(query)
        gone = "DELETE FROM bars WHERE instrument = ? AND time < ?"
        assert connection.execute(gone, (number, STARTS_AT - SEEN * 60_000)).rowcount == 50 - SEEN
    connection.close()
    changed = load_config(config.path, overrides={"db": f"sqlite:///{db}"}, environ={}, cwd=config.path.parent)
    opened = open_database(changed.db)
    yield changed, opened
    opened.close()


@pytest.fixture(scope="module")
def short(short_store, report_on):
    return report_on(*short_store)


def lines(report, lang, width=80, height=24):
    out = io.StringIO()
    Console(file=out, width=width).print(render(report, lang, width, height))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(("lang", "never"), [("en", "not bybit's"), ("zh", "bybit 除外")])
def test_the_command_stands_whole_on_a_line_and_on_the_page(short, lang, never):
    assert any(line.startswith(f"* {COMMAND} ") for line in lines(short, lang)), "on a small screen with the star"
    said = lines(short, lang, 100, 40)
    at = said.index(COMMAND)
    assert never in said[at - 1]
    assert "…" not in said[at - 1]
    assert COMMAND in page(short, lang).decode()


def test_the_json_tells_it_by_instrument(short):
    told = short.document()["last_day"]
    assert told["backfill"] == COMMAND
    assert told["never_by_scan"] == ["bybit"]
    assert told["minutes"]["bybit:BTC/USDT"] == {"complete": SEEN, "of": 1440}
    assert sorted(told["lacking"]) == sorted(told["minutes"])


def test_only_what_lacks_is_asked_for(short):
    market, perps = short.market, [view for view in short.market.views if view.instrument.kind == "perp"]
    changed = type(market)(market.pair, market.now, market.venues, [perps[0]], market.compute, {}, is_part=True)
    told = LastDay(changed, {})
    venue = perps[0].instrument.venue
    assert told.command == f"coinmon backfill BTCUSDT --exchange {venue} --kind perp --from 2026-01-14"


def test_a_figure_of_the_pair_is_of_those_that_have_its_minutes_and_names_the_others(short, demo_report):
    document = short.document()
    assert document["left_out"]["delta"] == {"bybit:BTC/USDT": {"complete": SEEN, "of": 1440}}
    assert document["indicators"]["delta"]["pair"]["coverage"]["complete"] == 50
    total = sum(document["indicators"]["delta"][f"{name}:BTC/{quote}"]["delta"]
                for name, quote in (("binance", "USDT"), ("okx", "USDT"), ("coinbase", "USD")))  # fmt: skip
    assert document["indicators"]["delta"]["pair"]["delta"] == pytest.approx(total)
    for lang, words in (
        ("en", "made without bybit:BTC/USDT (6 min): "),
        ("zh", "分钟不足而未计入 bybit:BTC/USDT (6 分钟): "),
    ):
        assert any(line.startswith(words) for line in lines(short, lang, 120, 40))
        assert words in page(short, lang).decode()
    assert demo_report.document()["left_out"] == {}


def test_an_assistant_gets_the_same_figure_and_is_told_who_is_not_in_it(short, short_store, demo_report):
    config, database = short_store
    reader = MarketReader(config, Clock(STARTS_AT, 0, 0), database)
    every = (*indicator_tools(reader), *market_tools(reader), *what_changed_tools(reader))
    tools = {each.name: each for each in every}

    def asked(name, **arguments):
        arguments = {"symbol": "BTC", "at": "2026-01-15T12:00:00Z", **arguments}
        return tools[name].run(reader, tools[name].arguments.model_validate(arguments))

    missing = {"complete": SEEN, "of": 50}
    delta = asked("get_delta", exchange="all", kind="spot")
    assert delta["result"]["delta"] == short.document()["indicators"]["delta"]["pair"]["delta"]
    assert f"made without bybit:BTC/USDT ({SEEN} of " in delta["note"]
    changed = asked("what_changed", minutes=50)["flow"]
    assert changed["spot"]["without"] == {"bybit:BTC/USDT": missing}
    assert changed["spot"]["net_flow"] == pytest.approx(
        sum(flow for id, flow in changed["spot"]["venues"].items() if not id.startswith("bybit"))
    )
    assert "without" not in changed["perp"]
    flow = asked("get_fund_flow")
    # the verdict of all venues needs all of them
    assert (flow["total"], flow["consensus"]) == (None, None)
    assert flow["totalWithout"]["without"] == {"bybit": missing}
    assert flow["totalWithout"]["total"] == pytest.approx(changed["spot"]["net_flow"])
    compared = asked("compare_venues")["instruments"]
    shares = {id: row["volume_share_pct"] for id, row in compared.items()}
    assert shares.pop("bybit:BTC/USDT") is None
    assert sum(shares.values()) == pytest.approx(100)
    cells = market_cells(reader, short.market)
    assert (cells["cvd_spot"]["w"], cells["cvd_spot"]["s"] is None) == ("-bybit:BTC/USDT", False)
    assert "w" not in cells["cvd_perp"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_on_a_narrow_screen_what_was_seen_is_cut_and_no_figure(short, lang):
    rows = [line for line in lines(short, lang) if ":BTC/USD" in line and "…" in line and not line.startswith("*")]
    assert not [line for line in rows if "…" in line[:-2]]
    wide = [line.split()[:4] for line in lines(short, lang, 200, 40) if line.startswith(("bybit:BTC", "okx:BTC"))]
    assert [line.split()[:4] for line in lines(short, lang) if line.startswith(("bybit:BTC", "okx:BTC"))] == wide
