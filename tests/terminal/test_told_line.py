"""Above a table, and when the interactive one has gone, a signal is one line: short, and not the log's too."""

import asyncio
from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from coinmon.clock import Clock
from coinmon.model.events import from_json
from coinmon.report.table.screen import InteractiveScreen
from coinmon.report.terminal.table_screen import TableScreen
from tests.terminal.test_live_table import REST, SIGNAL, whale

RECORD = {
    "told": 139, "verdict": None, "days": 14, "scorecard": "ab", "as_of": "2026-01-15T00:00:00Z",
    "text": {"zh": "14 天内 139 次；1 小时后中位 +0.10 %", "en": "139 times in 14 days; after 1 h +0.10 % median"},
}  # fmt: skip
READING = {"zh": "东方交易所买入，西方交易所卖出。警惕诱多。", "en": "Eastern exchanges buy, the Western one sells."}
TOLD = SIGNAL | {"reading": READING, "record": RECORD}
LOGGED = "2026-01-15 11:58:00 | CRITICAL - 🚨 [BTC/USDT] signal [A+]: Global Sync Bullish - Eastern ...\n"


@pytest.fixture(params=["table", "interactive"])
def printed(request, capsys, monkeypatch):
    """What stands there after these events and lines of the log."""

    def show(*told, lang, width=80):
        monkeypatch.setenv("COLUMNS", str(width))
        config = SimpleNamespace(exchanges={}, reader_lang=lang, timezone="Asia/Shanghai")
        interactive = request.param == "interactive"
        screen = InteractiveScreen(config, None) if interactive else TableScreen(config, goes_on=False)
        if interactive:
            screen._app = SimpleNamespace(size=SimpleNamespace(width=width), events=[], lines=[])
        for each in told:
            if isinstance(each, str):
                screen.log(each)
            else:
                screen.take(from_json({**REST[each["event"]], **each}))
        if interactive:
            assert [line.plain for line in screen._app.lines] == list(screen._last)
            screen._say_last(None)
        return capsys.readouterr().out.splitlines()

    return show


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_signal_is_one_line_with_the_verdict_and_its_reading_where_there_is_room(printed, lang):
    said = {
        "zh": "19:58:00 🚨 BTC/USDT [A+] 全球协同看涨（战绩：尚无结论）",
        "en": "19:58:00 🚨 BTC/USDT [A+] Global Sync Bullish (record: no verdict yet)",
    }[lang]
    lines = {
        width: printed(LOGGED, TOLD, "💰 BTC/USDT\n", lang=lang, width=width)
        for width in (cell_len(said), cell_len(said) + 11, 140)
    }
    assert list(lines.values()) == [[said], [f"2026-01-15 {said}"], [f"2026-01-15 {said} - {READING[lang]}"]]


def test_a_whale_has_its_price_and_what_is_no_signal_is_the_logs(printed):
    warning = "2026-01-15 11:58:00 | WARNING - okx is down"
    told = whale("SOL/USDT") | {"time": "2026-01-15T11:41:00Z", "price": 141.99}
    said = "2026-01-15 19:41:00 SOL/USDT 🐳 BIN buys 650k @ 141.99"
    assert printed(told, f"{warning}\n", lang="en") == [said, warning]


def test_without_a_record_there_is_no_verdict(printed):
    assert printed(SIGNAL, lang="en", width=70)[0].startswith(
        "2026-01-15 19:58:00 🚨 BTC/USDT [A+] Global Sync Bullish"
    )
    assert "record" not in str(printed(SIGNAL, lang="en", width=140))


def test_a_line_waits_until_the_table_is_drawn(capsys):
    screen = TableScreen(SimpleNamespace(exchanges={}, reader_lang="en", timezone="UTC"), goes_on=False)

    unused = screen._drawing

    async def run():
        async with screen.shown(Clock(), lambda: None):
            # what the table's own thread holds while it draws
            with screen._drawing:
                saying = asyncio.create_task(asyncio.to_thread(screen.log, "a line\n"))
                done, _ = await asyncio.wait({saying}, timeout=0.1)
                before = capsys.readouterr().out
            await asyncio.wait_for(saying, 5)
            return done, before, screen._drawing, capsys.readouterr().out

    done, before, drawing, after = asyncio.run(run())
    assert (done, before, after) == (set(), "", "a line\n")
    assert drawing is not unused
