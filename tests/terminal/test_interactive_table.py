"""The interactive table: driven by keys as a user does, on the store of one scan."""

import asyncio
from contextlib import contextmanager
from functools import partialmethod
from types import SimpleNamespace

import pytest
from textual.events import Key

from coinmon.clock import Clock
from coinmon.model.events import from_json
from coinmon.report.table.app import SheetScreen, TableApp
from coinmon.report.table.screen import InteractiveScreen
from coinmon.report.terminal.screen import PlainScreen, screen_for
from coinmon.report.terminal.table_screen import TableScreen
from coinmon_emulator.scenario.scenario import STARTS_AT
from tests.terminal.conftest import EVENTS, VENUES, WIDEST, row_of, screen_lines
from tests.terminal.test_live_table import REST, flow


def test_a_row_says_flow_verdict_and_the_signal_with_its_time(driven):
    cells = driven("down", look=row_of, size=WIDEST)[0]
    assert cells[:2] == ["BTC/USDT", "96,409.34"]
    assert {"strong bull", "12:00 [A+] Global Sync Bullish", "+3.3M", "100%"} <= set(cells)
    assert "全球协同看涨" in " ".join(driven("down", look=row_of, lang="zh", size=WIDEST)[0])


def test_a_refresh_before_there_is_a_screen_keeps_what_came(store):
    app = TableApp(VENUES, "en", 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
    app.events.append(from_json(REST["flow"] | flow()))
    app._tick()
    assert len(app.events) == 1


def test_what_the_store_knows_comes_to_the_rows_in_sight(store):
    async def run():
        app = TableApp(VENUES, "en", 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
        async with app.run_test(size=WIDEST) as pilot:
            app.events.extend(from_json(REST.get(event["event"], {}) | event) for event in EVENTS)
            for _ in range(200):
                await pilot.pause(0.05)
                if app._table.drawn and not app.state.stale(app._table.drawn):
                    break
            cells = zip([column.key for column in app._columns], row_of(app), strict=True)
            return app.state.rows["BTC/USDT"].figures, dict(cells)

    figures, cells = asyncio.run(run())
    market = store.market("BTCUSDT")
    spot, perp = market.merged["spot"].bars(50), market.merged["perp"].bars(50)
    assert figures.perp_flow == pytest.approx(float((perp.buy_quote - perp.sell_quote).sum()))
    assert figures.move == pytest.approx(100 * (spot.close[-1] / spot.open[0] - 1))
    assert figures.day is None, "nobody saw the day before"
    assert figures.cvd[-1] == pytest.approx(float((spot.buy_quote - spot.sell_quote).sum()))
    assert cells["move"] == f"{figures.move:+.2f}%"
    assert "█" in cells["cvd"]
    assert cells["funding"].endswith("%")


def test_rows_are_sorted_by_a_column_and_the_other_way(driven):
    everything = ["BTC/USDT", "DOGE/USDT", "ETH/USDT"]
    by_pair, by_price, reversed_, before = driven("s", "s", "r", "S")[:4]
    assert by_pair == everything
    assert by_price[-1] == reversed_[0] == "DOGE/USDT"
    assert before == everything


def test_what_is_unknown_is_sorted_last_whichever_way(driven):
    def by(app):
        app.state.sort = "consensus"
        orders = []
        for app.state.falling in (True, False):
            orders.append(app.state.shown()[-1])
        return orders

    assert driven("down", look=by)[0] == ["ETH/USDT", "ETH/USDT"]


def test_the_filter_leaves_what_was_typed_and_escape_brings_all_back(driven):
    typed, left, back = driven("slash d o g", "enter", "slash escape")[:3]
    assert typed == left == ["DOGE/USDT"]
    assert len(back) == 3


def test_what_is_typed_in_one_go_is_all_in_the_filter(driven):
    def paste(app):
        if not app.query_one("#filter").display:
            for key, character in (("slash", "/"), *zip("doge", "doge", strict=True), ("slash", "/"), ("u", "u")):
                app.post_message(Key(key, character))
        return app._table.drawn

    assert driven("down", look=paste, until=lambda drawn: len(drawn) == 1)[0] == ["DOGE/USDT"]


def test_the_chosen_pair_stays_chosen_when_the_order_changes(driven):
    chosen = driven("down down", "s s", look=lambda app: app._table.chosen)[:2]
    assert chosen == ["ETH/USDT", "ETH/USDT"]


def test_the_chosen_pair_stays_in_sight_when_it_moves_far(store):
    names = [f"C{number:02}/USDT" for number in range(60)]
    events = [flow(name, 1000.0 * (60 - number), price=1.0) for number, name in enumerate(names)]

    async def run():
        app = TableApp(VENUES, "en", 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
        seen = []
        async with app.run_test(size=(80, 24)) as pilot:
            app.events.extend(from_json(REST["flow"] | event) for event in events)
            while app.events or not app._table.drawn:
                await pilot.pause(0.02)
            await pilot.press("down", "down")
            for key in ("s", "r", "r"):
                await pilot.press(key)
                await pilot.pause(0.1)
                lines = app._table.scrollable_content_region.height - app._table.header_height
                seen.append((app._table.chosen, app._table.cursor_row, app._table.scroll_y, lines))
        return seen

    seen = asyncio.run(run())
    assert {chosen for chosen, *_ in seen} == {"C02/USDT"}
    assert {row for _, row, *_ in seen} == {2, 57}
    for _, row, first, lines in seen:
        assert first <= row < first + lines


def test_enter_opens_the_pairs_sheet_and_escape_closes_it(store):
    async def run():
        app = TableApp(VENUES, "en", 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
        async with app.run_test(size=(120, 40)) as pilot:
            app.events.extend(from_json(REST.get(event["event"], {}) | event) for event in EVENTS)
            while app.events or not app._table.drawn:
                await pilot.pause(0.02)
            await pilot.press("enter")
            for _ in range(400):
                await pilot.pause(0.05)
                told = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
                if "binance:BTC/USDT" in told:
                    break
            opened = isinstance(app.screen, SheetScreen)
            await pilot.press("escape")
            await pilot.pause()
            return opened, told, isinstance(app.screen, SheetScreen)

    opened, told, still = asyncio.run(run())
    assert opened
    assert not still
    assert "consensus: strong bullish" in told


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_leaving_stops_the_scan(driven, key):
    assert driven(key)[-1]


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (40, 10)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_drawn_at_any_size(driven, size, lang):
    def whole(drawn):
        return any("BTC/USDT" in line and "96,409.34" in line for line in drawn)

    drawn = driven("down", look=screen_lines, size=size, lang=lang, until=whole)[0]
    assert len(drawn) == size[1]
    assert whole(drawn), drawn


def test_it_is_for_terminals_alone(monkeypatch):
    @contextmanager
    def store(clock):
        yield None

    config = SimpleNamespace(exchanges={}, reader_lang="en")
    streams = {name: SimpleNamespace(isatty=lambda: True, buffer=None) for name in ("stdin", "stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(f"sys.{name}", stream)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(screen_for(config, as_json=False, store=store), InteractiveScreen)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(screen_for(config, as_json=False, store=store), TableScreen)
    monkeypatch.setenv("TERM", "xterm")
    streams["stderr"].isatty = lambda: False
    assert isinstance(screen_for(config, as_json=False, store=store), TableScreen)
    streams["stdout"].isatty = lambda: False
    assert isinstance(screen_for(config, as_json=False, store=store), PlainScreen)


def test_the_logs_last_lines_stay_when_the_table_has_gone(capsys, store, monkeypatch):
    @contextmanager
    def opened(clock):
        yield store

    monkeypatch.setattr(TableApp, "run_async", partialmethod(TableApp.run_async, headless=True))
    screen = InteractiveScreen(store.config, opened)
    stopped = []

    async def run():
        async with screen.shown(Clock(STARTS_AT, 0, 0), lambda: stopped.append(True)):
            for _ in range(200):
                if screen._app.is_running:
                    break
                await asyncio.sleep(0.02)
            screen.log("an alert\n")
            screen.log("💰 a flow\n")

    asyncio.run(run())
    assert capsys.readouterr().out == "an alert\n"
    assert stopped


def test_what_ended_the_table_is_raised_though_the_scan_ends_as_by_ctrl_c(store, monkeypatch):
    @contextmanager
    def opened(clock):
        yield store

    async def fails(app):
        raise RuntimeError("the terminal is gone")

    monkeypatch.setattr(TableApp, "run_async", fails)

    async def run():
        stop = asyncio.Event()
        async with InteractiveScreen(store.config, opened).shown(Clock(STARTS_AT, 0, 0), stop.set):
            await stop.wait()
            raise KeyboardInterrupt

    with pytest.raises(RuntimeError, match="the terminal is gone"):
        asyncio.run(run())


def test_a_table_that_is_taken_down_in_steps_fails_in_none(store):
    """As on a busy machine, where it ticks once more while its parts are gone."""

    async def run():
        app = TableApp(VENUES, "en", 50, Clock(STARTS_AT, 0, 0), store, 60_000, lambda: None)
        async with app.run_test():
            await app.query("#status, #table").remove()
            app._tick()
            await asyncio.wait_for(app._look(), 5)

    asyncio.run(run())
