"""The live table: what it shows of the events, whole at any width, and as many rows as there is room for."""

import io

import pytest
from rich.console import Console

from coinmon.model.events import from_json
from coinmon.report.terminal.live_table import Board

VENUES = ("binance", "okx", "bybit", "coinbase")
NOW = 1_768_478_423_000


def flow(pair="BTC/USDT", net=825_000.0, **changes):
    each = {"listed": True, "net_flow": net, "ratio": 1.54, "coverage": 1.0, "complete": 50, "minutes": 50}
    return {
        "event": "flow", "time": "2026-01-15T12:00:20Z", "pair": pair, "price": 96409.34, "window": 50,
        "venues": {name: dict(each) for name in VENUES}, "consensus": "strong_bull", "coverage": 1.0,
    } | changes  # fmt: skip


def whale(pair):
    return {"event": "whale", "pair": pair, "venue": "binance", "side": "buy", "quote": 650_000.0}


SIGNAL = {
    "event": "signal", "time": "2026-01-15T11:58:00Z", "pair": "BTC/USDT", "grade": "A+", "direction": "bullish",
    "title": {"zh": "全球协同看涨", "en": "Global Sync Bullish"},
}  # fmt: skip


TEXT = {"zh": "", "en": ""}
REST = {
    "flow": {"currency": "USDT", "total": None, "consensus_reason": None},
    "whale": {"id": "1", "time": "", "instrument": "", "kind": "spot", "price": 1.0, "base": 1.0, "trade_id": 1,
              "fills": 1},
    "signal": {"id": "2", "signal": "s", "reading": TEXT, "advice": None, "evidence": {}},
    "venue": {"time": "", "requests": 0, "seconds": 0.0, "instruments": 1, "streamed": None},
}  # fmt: skip
"""What is not shown of an event."""


@pytest.fixture
def shown():
    def draw(*events, lang="en", width=100, rows=20):
        board = Board(VENUES, lang)
        for event in events:
            board.take(from_json(REST[event["event"]] | event))
        console = Console(file=io.StringIO(), width=width)
        console.print(board.draw(NOW, width, rows + 2))
        return console.file.getvalue()

    return draw


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_figures_are_whole_at_any_width_and_each_pair_has_one_line(shown, lang, width):
    text = shown(flow(), SIGNAL, flow("SOL/USDT"), whale("SOL/USDT"), lang=lang, width=width)
    lines = [line for line in text.splitlines() if line.strip()]
    # Chinese titles are short
    is_narrow = (width, lang) == (80, "en")
    assert len(lines) == 4 + 2 * is_narrow
    assert ("最近 50 分钟" if lang == "zh" else "last 50 minutes, quote currency") in lines[3]
    btc = lines[1]
    for figure in ("BTC/USDT", "96,409.34", "100%", "[A+]"):
        assert figure in btc
    assert btc.count("+825k") == 4
    assert ("强力看涨" if lang == "zh" else "strong bull") in btc
    assert ("🐳 BIN 买入 650k" if lang == "zh" else "🐳 BIN buys 650k") in lines[5 if is_narrow else 2]
    assert ("全球协同看涨" if lang == "zh" else "Global Sync Bullish") in lines[4 if is_narrow else 1]
    assert all(len(line) <= width for line in lines)
    # narrow: the ratio and the age give way before any figure is cut
    assert ("1.54" in btc, "3s" in btc) == (width >= 100, width >= 100)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_a_row_has_no_room_for_a_title_it_has_the_grade_and_the_titles_stand_below_newest_first(shown, lang):
    title = {"zh": "同步" * 12, "en": "Everything Everywhere Rises" * 2}
    pairs = [f"C{number}/USDT" for number in range(6)]
    signals = [SIGNAL | {"pair": pair, "time": f"2026-01-15T11:5{pair[1]}:00Z"} for pair in pairs]
    signals[2] |= {"title": title, "direction": "bearish"}
    flows = [flow(pair) for pair in pairs]
    more = "另有 3 条" if lang == "zh" else "+3 more"

    def lines(width, rows=20):
        return [line.strip() for line in shown(*flows, *signals, lang=lang, width=width, rows=rows).splitlines()]

    narrow = lines(80)
    assert [line.rpartition(" ")[2] for line in narrow[1:7]] == ["[A+]"] * 6
    assert [line.split(" [")[0] for line in narrow[8:]] == [f"11:5{n} C{n}/USDT" for n in (5, 4, 3, 2, 1, 0)]
    assert narrow[11].startswith(f"11:52 C2/USDT [A+] {title[lang][:20]}")
    # a long title may be too long at a greater width too
    assert lines(100)[11] == narrow[11]
    assert len(lines(170)) == 8
    few = lines(80, rows=12)
    assert few[1].startswith("C0/USDT")
    assert few[7:][1:] == [*narrow[8:11], more]
    assert "UTC" in few[7]
    same_minute = [
        each | {"time": "2026-01-15T11:59:00Z", "grade": grade} for each, grade in zip(signals, "ACBCCC", strict=True)
    ]
    told = [line.split()[1] for line in shown(*flows, *same_minute, width=80).splitlines()[8:11]]
    assert told == ["C0/USDT", "C2/USDT", "C5/USDT"], "the gravest first"
    fewest = lines(80, rows=4)
    assert len(fewest) <= 6
    assert [line[:7] for line in fewest[1:3]] == ["C5/USDT", "C4/USDT"]
    assert fewest[4] == narrow[8]


def test_an_older_whale_or_a_lesser_grade_of_the_same_minute_that_comes_later_takes_no_signals_place(shown):
    late = whale("BTC/USDT") | {"time": "2026-01-15T11:57:59Z"}
    lesser = SIGNAL | {"grade": "B", "time": "2026-01-15T11:58:40Z"}
    assert "[A+] Global Sync Bullish" in shown(flow(), SIGNAL, late, lesser, width=160).splitlines()[1]
    newer = lesser | {"time": "2026-01-15T11:59:00Z"}
    assert "[B] Global Sync Bullish" in shown(flow(), SIGNAL, late, newer, width=160).splitlines()[1]


def test_where_there_is_no_room_for_all_that_are_waited_for_their_fewest_minutes_are_told_and_no_figure_is_cut(shown):
    waits = flow("1000SATS/USDT", -123_456.0, consensus=None)
    for each in waits["venues"].values():
        each |= {"coverage": 0.94, "complete": 47}
    row = shown(waits, width=80).splitlines()[1]
    assert "96,409.34" in row
    assert row.count("-123k*") == 4
    assert "waits 47/50" in row
    assert "waits BIN 47/50 OKX 47/50 BYB 47/50 COI 47/50" in shown(waits, width=140)
    assert "100%" in row


def test_more_pairs_than_rows_shows_the_newest_signals_then_the_largest_flows(shown):
    pairs = [flow(f"C{number:03}/USDT", net=-100.0 * number) for number in range(300)]
    lines = shown(*pairs, whale("C007/USDT"), whale("C003/USDT"), whale("C009/USDT"), rows=5).splitlines()
    assert [line.split("/")[0] for line in lines[1:6]] == ["C009", "C003", "C007", "C299", "C298"]
    assert lines[6].strip() == "flows: last 50 minutes, quote currency  5 / 300 pairs"


@pytest.mark.parametrize(("lang", "word"), [("en", "warming"), ("zh", "预热")])
@pytest.mark.parametrize("complete", [12, 0])
def test_a_window_that_only_time_fills_is_warming(shown, lang, word, complete):
    young = flow(consensus=None, coverage=complete / 50)
    young["venues"]["bybit"] |= {"coverage": complete / 50, "complete": complete, "warming": True}
    assert f"{word} BYB {complete}/50" in shown(young, lang=lang)


def test_holes_are_marked_and_a_venue_in_trouble_is_named_on_one_line(shown):
    missing = flow(consensus=None, coverage=0.94)
    missing["venues"]["okx"] |= {"coverage": 0.94, "complete": 47}
    missing["venues"]["bybit"] |= {"net_flow": None, "ratio": None, "coverage": 0.0, "complete": 0}
    missing["venues"]["coinbase"] |= {"listed": False, "net_flow": None}
    trouble = {"event": "venue", "venue": "okx", "status": "down", "error": "okx /candles: HTTP 503: " + "x" * 300}
    _, row, legend, line, *rest = shown(missing, trouble).splitlines()
    assert "+825k*" in row
    assert "*: not all seen" in legend
    assert "·" in row
    assert "94%" in row
    assert "waits OKX 47/50 BYB 0/50" in row
    assert line.startswith("okx is down: okx /candles: HTTP 503")
    assert rest == []
    (zh,) = shown(trouble, lang="zh").splitlines()[1:]
    assert zh.startswith("okx 无法访问")
    late = trouble | {"error": "okx /candles: no answer within 10 s"}
    assert shown(late, lang="zh").splitlines()[1] == "okx 无法访问: okx /candles: 10 秒内没有应答"
