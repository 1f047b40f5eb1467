"""The desk at moments of the past: what it shows is what the report says, and where nothing is stored it says so."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.model.moment import parse_time
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from coinmon_emulator.scenario.scenario import STARTS_AT
from tests.desk.page import SHOWN, complaints

# a server that scans has to start first
pytestmark = pytest.mark.timeout(300)

FIGURES = "[...document.querySelectorAll('[data-result]')].map(e => [e.dataset.result, e.dataset.of, e.textContent])"
MOMENTS = [f"2026-01-15T11:{minute}:00Z" for minute in range(11, 60)] + ["2026-01-15T12:00:00Z"]
"""Every minute of which anything is stored."""

# in one page, as the slider moves it: each moment's figures as they stand in the document
WALK = """(window.walk ||= (async () => {
  const found = [];
  for (const moment of MOMENTS) {
    const field = document.getElementById('at');
    field.value = moment;
    field.dispatchEvent(new Event('change'));
    while (document.documentElement.dataset.shown !== moment) await new Promise(each => setTimeout(each, 10));
    found.push([moment, FIGURES]);
  }
  window.walked = found;
})()) && window.walked""".replace("MOMENTS", json.dumps(MOMENTS)).replace("FIGURES", FIGURES)


def told_by_reports(server):
    """By moment, result and subject: the line that the report writes."""
    config = load_config(server.config, environ={}, cwd=server.folder)
    database = open_database(config.db)
    reader = MarketReader(config, Clock(STARTS_AT + 60_000, 0, 0), database)
    found = {}
    for moment in MOMENTS:
        results = reader.report("BTCUSDT", parse_time(moment)).results
        found[moment] = {(name, of): each.line("en") for name, some in results.items() for of, each in some.items()}
    database.close()
    return found


def test_at_fifty_moments_the_desk_shows_what_the_report_says(desk, server):
    # both at once: the server makes its scenes in a process of its own
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(told_by_reports, server)
        # several times, for a busy machine needs longer than one question waits
        _page, (_, *_, walked) = desk("/pair/BTCUSDT?lang=en", SHOWN, *[WALK] * 8)
        told = asked.result()
    compared = 0
    for moment, figures in walked or []:
        for name, of, text in figures:
            line = told[moment][name, of]
            assert text == (line if of == "pair" else f"{of} {line}"), (moment, name, of)
            compared += 1
    assert [moment for moment, _ in walked] == MOMENTS
    assert len(MOMENTS) == 50
    assert compared > 20 * len(MOMENTS)


ABSENT = "document.getElementById('absent').textContent"


@pytest.mark.parametrize("path", ["/pair/BTCUSDT", "/", "/tape"])
@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Nothing is stored yet at 2026-01-15T11:10:00Z; the first minute is"),
                        ("zh", "2026-01-15T11:10:00Z 时尚未存储任何数据；最早的一分钟从")],
)  # fmt: skip
def test_a_moment_before_any_data_says_so_and_leads_back(desk, path, lang, words):
    link = "document.querySelector('#absent a')"
    page, (text, shown, present, _, ready) = desk(
        f"{path}?at=2026-01-15T11:10:00Z&lang={lang}", ABSENT,
        "String(['sheet', 'board', 'tape'].some(id => document.getElementById(id)?.checkVisibility()))",
        "document.querySelectorAll('#absent a')[1].search", f"{link}.click() || true",
        f"location.search.includes('11%3A11') && document.getElementById('absent')?.hidden && ({SHOWN} || true)",
    )  # fmt: skip
    assert text.startswith(words)
    assert "2026-01-15T11:10:00Z" in text
    assert shown == "false"
    assert present == f"?lang={lang}"
    assert ready
    assert complaints(page) == []


def test_a_chart_is_not_left_under_a_moment_without_data(desk):
    go = (
        "(() => { const one = document.getElementById('at'); one.value = '2026-01-15T11:00:00Z';"
        " one.dispatchEvent(new Event('change')); return true; })()"
    )
    _page, (_, _, text, sheet) = desk(
        "/pair/BTCUSDT?lang=en", SHOWN, go, ABSENT, "String(document.getElementById('sheet').checkVisibility())"
    )
    assert "at 2026-01-15T11:00:00Z" in text
    assert sheet == "false"


def test_no_chart_of_before_stands_under_a_moment_that_is_none(desk):
    def write(text):
        return (
            f"(() => {{ const one = document.getElementById('at'); one.value = '{text}';"
            " one.dispatchEvent(new Event('change')); return true; })()"
        )

    visible = "document.getElementById('sheet').checkVisibility()"
    trouble = "document.getElementById('trouble').textContent"
    _page, (_, _, said, hidden, _, again, silent) = desk(
        "/pair/BTCUSDT?lang=en", SHOWN, write("yesterday"), f"{trouble}.includes('at: ') && {trouble}",
        f"!{visible} && !({SHOWN})", write("2026-01-15T11:40:00Z"), f"{SHOWN} === '2026-01-15T11:40:00Z' && {visible}",
        f"{trouble} === ''",
    )  # fmt: skip
    assert "yesterday" in said
    assert hidden
    assert again
    assert silent


def test_signals_at_one_candle_are_the_first_and_how_many_more(desk):
    text = """(window.asked ||= fetch('/desk/scene.json?symbol=BTCUSDT&lang=en').then(each => each.json())
      .then(scene => {
        window.told = scene.panes[0].layers.find(each => each.id === 'signals').marks[0];
      })) && window.told"""
    _page, (_, told) = desk("/pair/BTCUSDT?lang=en", SHOWN, text)
    assert told["text"][-1] == f"{told['all'][-1][0]} +{len(told['all'][-1]) - 1}"
    assert told["all"][-1][0].startswith("[A+]")
