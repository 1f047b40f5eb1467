"""The HTML page in a browser: everything drawn, nothing asked of the network, in both themes and on a phone."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("plotly", reason="the html extra is not installed")

PANELS = {
    "price", "cvd", "delta", "net_flow", "open_interest", "funding", "funding_dispersion", "consensus", "footprint",
    "coverage", "basis", "depth_delta", "liquidations", "heatmap binance:BTC/USDT", "heatmap okx:BTC/USDT:USDT",
}  # fmt: skip
COMPLAINTS = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
REQUEST = "Network.requestWillBeSent"
DRAWN = "document.documentElement.dataset.drawn"
COMPLETE = "document.documentElement.dataset.complete"
"""Those further down the page as well."""


@pytest.fixture(scope="module")
def pages(demo_report, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    from coinmon.report.page import page

    made = {}
    for lang in ("zh", "en"):
        made[lang] = folder / f"{lang}.html"
        made[lang].write_bytes(page(demo_report, lang))
    return made


def test_it_is_one_file_of_at_most_6_mb_that_names_nothing_to_fetch(pages):
    for path in pages.values():
        assert path.stat().st_size <= 6_000_000
        own = re.sub(r"<script>.*?</script>", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r'(src|href)="(?!data:)', own)


@pytest.mark.parametrize(("lang", "title"), [("zh", "各交易所资金流"), ("en", "Fund flow by venue")])
def test_it_speaks_the_language_asked_for(pages, lang, title):
    text = pages[lang].read_text("utf-8")
    assert f"<h2>{title}</h2>" in text
    told = {"zh": "最近 50 分钟，计价货币; 时间为 UTC; * ", "en": "last 50 minutes, quote currency; times are UTC; * "}
    assert told[lang] in text


@pytest.mark.parametrize(("lang", "day", "sessions"), [("zh", "24 小时", "交易时段"), ("en", "24 hours", "Sessions")])
def test_figures_of_a_kind_stand_in_one_table(pages, lang, day, sessions):
    text = pages[lang].read_text("utf-8").split("<script", 1)[0]
    markets = text.split(f"<h2>{day}</h2>", 1)[1].split("</table>", 1)[0]
    assert re.findall(r"<tr><td>([^<]+)</td>", markets) == re.findall(
        r'<td class="">(\w+:[^<]+)</td>', text.split('id="markets"', 1)[1].split("</table>", 1)[0]
    )
    assert f"<h2>{sessions}" in text


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, True)])
def test_every_panel_is_drawn_without_a_complaint(pages, browser, width, dark):
    page = browser()
    drawn, complete, shown, wide, paper = page.open(
        pages["en"],
        DRAWN,
        COMPLETE,
        "[...document.querySelectorAll('[data-panel]')]"
        ".filter(each => each.querySelector('.cartesianlayer :is(.trace, .hm)')).map(each => each.dataset.panel)",
        "document.documentElement.scrollWidth",
        "getComputedStyle(document.body).backgroundColor",
        width=width,
        dark=dark,
    )
    assert drawn
    assert complete
    assert set(shown) >= PANELS
    assert wide <= width
    assert paper == ("rgb(17, 22, 29)" if dark else "rgb(255, 255, 255)")
    assert [json.dumps(each)[:300] for each in page.heard if each.get("method") in COMPLAINTS] == []
    asked = [each["params"]["request"]["url"] for each in page.heard if each.get("method") == REQUEST]
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_it_opens_within_two_seconds(pages, browser):
    page = browser()
    drawn, opened, _ = page.open(pages["en"], DRAWN, "document.documentElement.dataset.opened", COMPLETE)
    # the candles first
    assert 0 < float(opened) <= float(drawn)
    # every chart; the page's own work, for the clock also counts what others do on this machine
    assert 0.1 < page.worked < 2


def test_the_switch_changes_the_theme_and_the_charts_with_it(pages, browser):
    paper = "document.querySelector('#chart-0 .main-svg').style.background"
    _, light, _, dark = browser().open(
        pages["en"],
        DRAWN,
        paper,
        "document.getElementById('theme').click() || true",
        f"document.documentElement.dataset.theme === 'dark' && {paper} !== 'rgb(255, 255, 255)' && {paper}",
    )
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(17, 22, 29)")


def test_charts_under_one_time_axis_are_zoomed_together(pages, browser):
    start, end = "2026-01-15T11:20:00", "2026-01-15T11:40:00"
    other = "document.querySelector('[data-panel=cvd]')._fullLayout.xaxis.range[0]"
    *_, moved = browser().open(
        pages["en"],
        DRAWN,
        f"Plotly.relayout('chart-0', {{'xaxis.range[0]': '{start}', 'xaxis.range[1]': '{end}'}}) && true",
        f"{other}.includes('11:20') && {other}",
    )
    assert moved
