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


def test_a_page_that_begins_in_the_past_can_be_moved_to_the_present(desk):
    slider = "document.getElementById('slider')"
    _page, (_, (first, last, now)) = desk(
        "/pair/BTCUSDT?at=2026-01-15T11:40:00Z", SHOWN, f"[+{slider}.min, +{slider}.max, +{slider}.value]"
    )
    assert first < now < last
    assert now == parse_time("2026-01-15T11:40:00Z") // 1000
    assert 0 <= last - parse_time(MOMENTS[-1]) // 1000 < 60


def test_signals_at_one_candle_are_the_first_and_how_many_more(desk):
    text = """(window.asked ||= fetch('/desk/scene.json?symbol=BTCUSDT&lang=en').then(each => each.json())
      .then(scene => {
        window.told = scene.panes[0].layers.find(each => each.id === 'signals').marks[0];
      })) && window.told"""
    _page, (_, told) = desk("/pair/BTCUSDT?lang=en", SHOWN, text)
    assert told["text"][-1] == f"{told['all'][-1][0]} +{len(told['all'][-1]) - 1}"
    assert told["all"][-1][0].startswith("[A+]")


def test_the_slider_moves_the_whole_desk_and_replays(desk):
    def slide(moment):
        return (
            f"(() => {{ const one = document.getElementById('slider'); one.value = {parse_time(moment) // 1000};"
            " one.dispatchEvent(new Event('input')); return [+one.min, +one.max]; })()"
        )

    replay = "document.getElementById('replay')"
    of = "[each.pathname, new URL(each.href).searchParams.get('at')]"
    links = f"[...document.querySelectorAll('.bar a')].map(each => {of})"
    page, (_, span, shown, address, there, _, later, pressed, _, released) = desk(
        "/pair/BTCUSDT?lang=en", SHOWN, slide("2026-01-15T11:40:00Z"),
        f"{SHOWN} === '2026-01-15T11:40:00Z' && document.getElementById('as-of').textContent",
        "new URLSearchParams(location.search).get('at')", links, f"{replay}.click() || true",
        f"{SHOWN} > '2026-01-15T11:40:00Z' && {SHOWN}", f"{replay}.getAttribute('aria-pressed')",
        f"{replay}.click() || true", f"{replay}.getAttribute('aria-pressed')",
    )  # fmt: skip
    # from the first minute of which anything is stored to the present
    assert span[0] == parse_time(MOMENTS[0]) // 1000
    assert 0 <= span[1] - parse_time(MOMENTS[-1]) // 1000 < 60
    assert "2026-01-15 11:40:00 UTC" in shown
    assert address == "2026-01-15T11:40:00Z"
    # what is shown at once stays so on the way to the other pages; the state is of now
    assert dict(there) == {"/": address, "/tape": address, "/state": None}
    assert later == "2026-01-15T11:41:00Z"
    assert (pressed, released) == ("true", "false")
    assert complaints(page) == []


# the stream and the loudspeaker are the browser's: in their place stand ones that a test hears and speaks by
WIRE = """delete window.SharedWorker;
window.beeps = 0;
window.AudioContext = class {
  constructor() { window.contexts = (window.contexts || 0) + 1; this.currentTime = 0; }
  createOscillator() { return { frequency: {}, connect() {}, start() { window.beeps += 1; }, stop() {} }; }
};
window.EventSource = class extends EventTarget {
  constructor() { super(); window.wire = this; }
  close() {}
};
window.tell = (kind, data) => wire.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) })) && true;
"""


def told(number, kind):
    """What the stream says of one row of the tape, and how often the loudspeaker was used by then."""
    row = {"id": f"{kind} {number}", "time": "2026-01-15T12:00:00Z", "kind": kind, "pair": "BTC/USDT", "grade": "",
           "tone": "up", "side": "buy", "venue": "okx", "amount": 1e6, "price": 9.5, "why": {}}  # fmt: skip
    return f"tell('tape', {json.dumps([row])}) && [window.beeps]"


def test_the_tape_sounds_when_it_is_asked_to_and_for_what_it_shows(desk):
    def choose(id, change):
        return (
            f"(() => {{ const one = document.getElementById('{id}'); {change};"
            " one.dispatchEvent(new Event('input', { bubbles: true })); return true; })()"
        )

    found = "document.querySelectorAll('#tape li[data-kind=whale]').length"
    page, (_, silent, _, once, twice, _, unshown, whales, contexts) = desk(
        "/tape?lang=en", "window.wire && true", told(1, "whale"), choose("sound", "one.checked = true"),
        told(2, "whale"), told(3, "whale"), choose("kind", "one.value = 'whale'"), told(4, "liquidation"),
        found, "window.contexts", before=WIRE,
    )  # fmt: skip
    assert (silent, once, twice, unshown) == ([0], [1], [2], [2])
    assert whales >= 3
    # a browser gives a page few of them
    assert contexts == 1
    assert complaints(page) == []


def test_an_address_that_is_wrong_says_so_in_chinese(desk):
    _page, (reason,) = desk("/pair/BTCUSDT?lang=zh&candle=7m", "document.getElementById('reason').textContent")
    assert reason.startswith("candle: '7m' 不是 K 线周期")


TOKYO = """const whole = Intl.DateTimeFormat.prototype.resolvedOptions;
Intl.DateTimeFormat.prototype.resolvedOptions = function () { return { ...whole.call(this), timeZone: 'Asia/Tokyo' }; };
"""


def test_times_are_those_of_the_readers_zone_or_utc(desk):
    row = "document.querySelector('#tape li[data-id=\"whale 1\"] time')?.textContent"
    there, press = f"window.wire && {told(1, 'whale')}", "document.getElementById('zone').click() || true"
    name = "document.getElementById('zone')?.textContent"
    page, (_, utc, _, zone, _, tokyo, _, _, _, back) = desk(
        "/tape?lang=en&zone=UTC", there, row, press, f"{name} === 'Asia/Tokyo' && location.search", there, row,
        press, f"{name} === 'UTC' && 'UTC'", there, row, before=WIRE + TOKYO,
    )  # fmt: skip
    assert "zone=Asia%2FTokyo" in zone
    assert (utc, tokyo, back) == ("2026-01-15 12:00:00", "2026-01-15 21:00:00", "2026-01-15 12:00:00")
    assert complaints(page) == []
