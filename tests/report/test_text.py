"""The text: one screen first, everything on request."""

import copy
import io
import itertools
import re

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from coinmon.market.panel import Panel, Points
from coinmon.market.result import moment
from coinmon.model.events import AlertRecord, BothLanguages, WhaleEvent
from coinmon.model.signal import GRADES
from coinmon.report.document import PAIR
from coinmon.report.page import page
from coinmon.report.panels import Drawn
from coinmon.report.panes import price_pane
from coinmon.report.signal_lines import signal_lines
from coinmon.report.text import details, render


def printed(renderable, width: int, *, terminal: bool = False) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None).print(
        renderable
    )
    return out.getvalue().splitlines()


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_summary_fits_the_screen(demo_report, size, lang):
    width, height = size
    lines = printed(render(demo_report, lang, width, height), width)
    # a line for the hint and one for the prompt
    assert len(lines) <= height - 2
    assert max(map(cell_len, lines)) <= width


def test_the_gravest_signal_stands_first(demo_report):
    grades = [each["grade"] for each in demo_report.signals]
    assert grades[0] == "A+"
    assert len(grades) > 1
    assert grades == sorted(grades, key=GRADES.index, reverse=True)


def test_it_says_what_a_trader_asks(demo_report):
    text = "\n".join(printed(render(demo_report, "en", 100, 30), 100))
    for part in ("BTC/USDT", "consensus: strong bull", "binance:BTC/USDT:USDT", "50/50 trades", "▁", "volume profile",
                 "POC", "key levels*", "● last", "OI (BTC, 50 min)", "%/8h", "[A+] Global Sync Bullish",
                 "flows: last 50 minutes, quote currency", "USDT 50m"):  # fmt: skip
        assert part in text
    # a day's figures of an hour say so
    assert "* of less than their whole time: vwap 6%, volume_profile 6%, key_levels 2%" in text
    assert "\x1b[" not in text
    assert "Text(" not in text, "a name in two languages is said in one"
    assert any("\x1b[" in line for line in printed(render(demo_report, "en", 100, 30), 100, terminal=True))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_price_and_cvd_stand_below_one_another(demo_report, lang):
    lines = printed(render(demo_report, lang, 100, 30), 100)
    one = next(number for number, line in enumerate(lines) if "▁" in line)
    # the last piece of time ends both, whatever the width of the name before it
    ends = [cell_len(re.match(r".*[▁▂▃▄▅▆▇█]", line)[0]) for line in lines[one : one + 2]]
    assert lines[one + 1].startswith("CVD")
    assert ends[0] == ends[1]


@pytest.mark.parametrize("height", range(24, 50, 3))
def test_the_point_of_control_is_the_longest_row_that_is_shown(demo_report, height):
    lines = printed(render(demo_report, "en", 120, height), 120)
    begin = next(number for number, line in enumerate(lines) if "volume profile" in line)
    rows = [line for line in lines[begin + 1 :] if re.match(r" +[\d,.]+ [█▏]", line)]
    bars = [line.count("█") for line in rows]
    assert len(rows) > 3
    (marked,) = [bar for line, bar in zip(rows, bars, strict=True) if re.search(r"█ (\w+ )*POC", line)]
    assert marked == max(bars)
    # labelled by their middles, each as high as the next
    middles = [float(line.split()[0].replace(",", "")) for line in rows]
    steps = {round(a - b, 6) for a, b in itertools.pairwise(middles)}
    assert max(steps) - min(steps) < 0.02 * max(steps)


def test_the_levels_stand_in_order_around_the_price(demo_report):
    lines = printed(render(demo_report, "en", 100, 40), 100)
    begin = next(number for number, line in enumerate(lines) if "key levels" in line)
    column = lines[begin].index("key levels")
    cells = [line[column:].split() for line in lines[begin + 1 :]]
    prices = [float(cell[0].replace(",", "")) for cell in cells if cell and re.fullmatch(r"[\d.,]+", cell[0])]
    assert len(prices) > 4
    assert prices == sorted(prices, reverse=True)


def test_a_level_at_the_last_price_is_one_line_with_it(demo_report):
    report = copy.copy(demo_report)
    found = report.results["key_levels"][PAIR]
    below = max((each for each in found.levels if each.price < found.last_price), key=lambda each: each.price)
    report.results = {**report.results, "key_levels": {PAIR: found.model_copy(update={"last_price": below.price})}}
    lines = [line for line in printed(render(report, "en", 100, 40), 100) if "● last" in line]
    assert len(lines) == 1
    assert below.name in lines[0].partition("● last ")[2]


def test_everything_is_there_on_request_with_its_reasons_apart(demo_report):
    lines = printed(details(demo_report, "en"), 160)
    for name, results in demo_report.results.items():
        assert not results or name in lines
    assert any(line.startswith("  ! ") for line in lines)
    # one reason that several instruments share is told once
    assert len(lines) < 2 * sum(len(results) for results in demo_report.results.values())
    assert max(map(cell_len, lines)) <= 160


@pytest.mark.parametrize(("lang", "said"), [("zh", "(战绩: 已证实)"), ("en", "(record: proven)")])
def test_a_signal_says_what_its_like_were_worth_on_the_screen_and_the_page(demo_report, lang, said):
    record = AlertRecord(63, "proven", 90, "ab", None, BothLanguages("已证实", "proven"))
    report = copy.copy(demo_report)
    report.events = [replace(each, record=record) for each in demo_report.events]
    assert said in "\n".join(printed(render(report, lang, 200, 40), 200))
    assert said in page(report, lang).decode()
    assert said not in page(demo_report, lang).decode()


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "全球协同看涨 (战绩: 尚无结论) - "), ("en", "Bullish (record: no verdict yet) - ")]
)
def test_where_a_record_has_no_room_its_verdict_stands_before_the_reading_and_with_everything_it_is_whole(
    demo_report, lang, said
):
    text = BothLanguages("90 天内 63 次" * 9, "63 times in 90 days" * 9)
    report = copy.copy(demo_report)
    record = AlertRecord(63, None, 90, "ab", None, text)
    report.events = [replace(each, record=record) for each in demo_report.events]
    screen = printed(render(report, lang, 80, 40), 80)
    assert any(said in line for line in screen)
    assert text.say(lang)[:20] not in "\n".join(screen)
    whole = "".join(line.strip() for line in printed(details(report, lang), 80))
    assert whole.replace(" ", "").count(text.say(lang).replace(" ", "")) == len(report.events)


def test_coverage_is_whole_where_columns_can_stand_closer_together(demo_report):
    for width in (80, 76):
        (line,) = (
            each
            for each in printed(render(demo_report, "en", width, 40), width)
            if each.startswith("binance:BTC/USDT:")
        )
        assert line.endswith(" 50/50 trades")


@pytest.mark.parametrize(("lang", "said"), [("zh", "巨鲸 okx 卖出 523k USDT"), ("en", "whale okx sell 523k USDT")])
def test_a_whale_is_told_in_the_readers_language(demo_report, lang, said):
    when = "2026-01-15T12:00:00Z"
    whale = WhaleEvent("2", when, "BTC/USDT", "okx:BTC/USDT", "okx", "spot", "sell", 96_000.0, 5.4, 523_000.0, 7, 1)
    report = copy.copy(demo_report)
    report.events = [whale]
    assert said in "\n".join(printed(render(report, lang, 200, 40), 200))


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "巨鲸 27 笔：2 笔买入 950k USD + 900k USDT，25 笔卖出 12.5M USDT；最大：binance 买入 900k USDT"),
        ("en", "27 whales: 2 bought 950k USD + 900k USDT, 25 sold 12.5M USDT; the largest: binance buy 900k USDT"),
    ],
)
def test_several_whales_are_one_line_and_one_entry_of_the_legend(demo_report, lang, said):
    when = "2026-01-15T12:00:00Z"
    sold = WhaleEvent("2", when, "BTC/USDT", "okx:BTC/USDT", "okx", "spot", "sell", 96_000.0, 5.2, 5e5, 7, 1)
    bought = replace(sold, venue="binance", side="buy", base=9.4, quote=9e5)
    dollars = replace(bought, venue="coinbase", instrument="coinbase:BTC/USD", base=9.3, quote=9.5e5)
    report = copy.copy(demo_report)
    report.events = [*[sold] * 20, bought, *demo_report.events * 3, dollars, *[sold] * 5]
    told = [text for text, _ in signal_lines(demo_report, lang)] * 3
    # dollars and USDT are not added up, and agree on no tone here
    assert signal_lines(report, lang)[2] == (said, "")
    assert [text for text, _ in signal_lines(report, lang)] == [*told[:2], said, *told[2:]]
    assert said[:20] in "\n".join(printed(render(report, lang, 80, 24), 80)), "a screen has room for three"
    report.events.remove(dollars)
    text, tone = signal_lines(report, lang)[2]
    assert f'<li class="{tone}">{text}</li>' in page(report, lang).decode()
    assert tone == "down"
    view = next(iter(report.market.merged.values()))
    dots = Points("whales", [moment(view.end)], [96_000.0], ["$500k"], "down", "circle")
    found = [Drawn("whale_trades", id, Panel("Whale trades", [dots], "price")) for id in report.results["whale_trades"]]
    layers = price_pane(report, view, view.bars(50), [], found, lang)["layers"]
    (whales,) = [each for each in layers if each["title"] == "Whale trades"]
    assert len(whales["marks"]) == len(found) > 1
