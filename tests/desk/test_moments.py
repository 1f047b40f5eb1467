"""The desk at moments of the past: what it shows is what the report says, and where nothing is stored it says so."""

import json

import pytest

from coinmon.model.moment import parse_time
from tests.desk.page import SHOWN, complaints

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


def test_at_fifty_moments_the_desk_shows_what_the_report_says(desk, remembering):
    # several times, for a busy machine needs longer than one question waits
    _page, (_, *_, walked) = desk("/pair/BTCUSDT?lang=en", SHOWN, *[WALK] * 8)
    compared = 0
    for moment, figures in walked or []:
        results = remembering.report("BTCUSDT", parse_time(moment)).results
        for name, of, text in figures:
            line = results[name][of].line("en")
            assert text == (line if of == "pair" else f"{of} {line}"), (moment, name, of)
            compared += 1
    assert [moment for moment, _ in walked] == MOMENTS
    assert len(MOMENTS) == 50
    assert compared > 20 * len(MOMENTS)


@pytest.fixture(scope="module")
def desk(remembering, opened):
    """The pages of a stored market, in this process: nothing has to be scanned for a look at the past."""
    with opened(remembering) as found:
        yield found


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


def test_the_length_of_a_candle_is_chosen_and_stands_in_the_address(desk):
    choose = (
        "(() => { const one = document.getElementById('candle'); one.value = '1h';"
        " one.dispatchEvent(new Event('change')); return true; })()"
    )
    title = "document.getElementById('title').textContent"
    page, (_, first, _, then, address) = desk(
        "/pair/BTCUSDT?lang=en&candle=15m", SHOWN, title, choose, f"{title}.includes(' 1h ') && {title}",
        "location.search.includes('candle=1h') && location.search",
    )  # fmt: skip
    assert "15m candles" in first
    assert "1h candles" in then
    assert address
    assert complaints(page) == []


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
