"""The desk in a browser: what people do with it, and nothing breaks it."""

import asyncio

import aiohttp
import httpx
import pytest

from tests.desk.page import ROWS, SHOWN, TOKEN, complaints

# a server that scans has to start first
pytestmark = pytest.mark.timeout(300)


def test_the_board_shows_sorts_and_searches_without_a_complaint(desk, server):
    first = "document.querySelector('.board-row').dataset.pair"
    sort = "document.querySelector('[data-column=price]').click() || true"
    search = (
        "(() => { const one = document.getElementById('search'); one.value = 'eth';"
        " one.dispatchEvent(new Event('input')); return true; })()"
    )
    # that of the forming minute, when its stream has brought it
    cell = "document.querySelector('.board-row [data-cell=price]').textContent"
    cell = f"{cell} !== '96,409.34' && {cell}"
    page, (rows, _, dearest, price, _, count) = desk(
        "/", ROWS, sort, f"{first} === 'BTC/USDT' && {first}", cell, search,
        "document.getElementById('count').textContent === '1 / 6' && '1 / 6'",
    )  # fmt: skip
    assert rows
    assert dearest == "BTC/USDT"
    assert price == "96,404.73"
    assert count == "1 / 6"
    assert complaints(page) == []
    asked = [
        each["params"]["request"]["url"] for each in page.heard if each.get("method") == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith((server.address, "about:"))] == []


@pytest.mark.parametrize(("width", "dark", "lang"), [(1280, False, "en"), (390, True, "zh")])
def test_a_pair_fits_its_screen_in_both_languages(desk, width, dark, lang):
    page, (shown, wide, colours, name) = desk(
        f"/pair/BTCUSDT?lang={lang}", SHOWN, "document.documentElement.scrollWidth",
        "[...document.querySelectorAll('canvas')].length", "document.documentElement.lang", width=width, dark=dark,
    )  # fmt: skip
    assert shown
    assert wide <= width
    assert colours > 10
    assert name.startswith(lang)
    assert complaints(page) == []


# every control has a name, ids are told once, focus goes in the order of the document, text stands out from its paper
ACCESS = """(() => {
  const wrong = [];
  const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const paper = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const c = rgb(getComputedStyle(at).backgroundColor);
      if (c.length === 3 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  for (const one of document.querySelectorAll('button, select, input, a[href], canvas, [role=grid]')) {
    const name = one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim();
    if (!name) wrong.push(`no name: ${one.outerHTML.slice(0, 90)}`);
    if (one.tabIndex > 0) wrong.push(`out of order: ${one.id}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id twice');
  if (!document.querySelector('main') || !document.querySelector('h1')) wrong.push('no main, h1');
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some(each => each.nodeType === 3 && each.textContent.trim());
    if (!own || !one.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(paper(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: .${one.className} ${one.textContent.slice(0, 30)}`);
  }
  return { wrong: [...new Set(wrong)].slice(0, 12) };
})()"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("path", "ready"), [("/", ROWS), ("/pair/BTCUSDT", SHOWN), ("/tape", "document.querySelector('#tape li')"),
                        ("/state", "document.querySelector('#state td')")],
)  # fmt: skip
def test_everything_has_a_name_and_stands_out_from_its_paper(desk, path, ready, dark):
    _page, (shown, found) = desk(path, f"Boolean({ready})", ACCESS, dark=dark)
    assert shown
    assert found["wrong"] == []


def test_the_board_works_by_keys_alone(desk):
    press = (
        "(() => { const one = document.getElementById('board'); one.focus();"
        " for (const key of ['End', 'Home', 'ArrowDown'])"
        " one.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })); return true; })()"
    )
    second = "document.querySelector('.board-row[aria-selected=true][aria-rowindex=\"3\"]')?.dataset.pair"
    enter = (
        "(document.getElementById('board')"
        ".dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })), true)"
    )
    _page, (*_, pair, _, path) = desk(
        "/", ROWS, press, second, enter, "location.pathname.startsWith('/pair/') && location.pathname"
    )
    assert path == f"/pair/{pair.replace('/', '')}"


def test_a_plugins_words_are_words(desk):
    page, (shown, injected, title) = desk(
        "/pair/BTCUSDT", SHOWN, "String(window.injected)", "document.querySelector('[data-panel=mine] h2').textContent"
    )
    assert shown
    assert injected == "undefined"
    assert title.startswith("<img src=x")
    assert complaints(page) == []


def test_the_tape_says_why_and_jumps_to_the_moment(desk):
    row = "document.querySelector('#tape li[data-kind=signal]')"
    page, (why, jump) = desk(
        "/tape?lang=en", f"{row} && {row}.querySelectorAll('dt').length", f"{row}.querySelector('a').href"
    )
    assert why > 3
    assert "?at=2026-01-15T" in jump
    assert complaints(page) == []


def test_a_view_that_was_sent_shows_the_same_range(desk):
    query = "from=2026-01-15T11:20:00Z&to=2026-01-15T11:40:00Z"
    _, (_, seen) = desk(f"/pair/BTCUSDT?{query}", SHOWN, "coinmonSheet.range()")
    assert seen == pytest.approx([1768476000, 1768477200])


def test_the_forming_minute_grows_the_last_candle_and_the_next_scene_takes_it_over(desk):
    script = """(window.grown ||= {}) && (grown.asked ||= Promise.all([import('/desk/forming.js'),
      fetch('/desk/scene.json?symbol=BTCUSDT').then(each => each.json())]).then(([{ grower }, scene]) => {
        const price = scene.panes.find(each => each.id === 'price');
        const count = price.marks[0].t.length;
        const grow = grower(scene, null);
        const row = (k, close, whole) => [scene.end + k * 60, 10, close, 9, close, 2, 1, whole];
        grow.take([row(0, 11, true)]);
        grow.take([row(0, 12, true), row(1, 13, false)]);
        const volume = scene.panes.find(each => each.id === 'volume').marks.map(each => each.v.at(-1));
        const later = { ...scene, end: scene.end + 60 };
        grown.done = [count, price.marks[0].t.length, price.marks[0].close.at(-2), price.last,
          price.holes.at(-1)[0] - scene.end, volume, grower(later, grow).rows().length, grow.rows().length];
      })) && grown.done"""
    page, (_, grown) = desk("/pair/BTCUSDT", SHOWN, script)
    count, now, closed, last, hole, volume, kept, there = grown
    assert now == count + 2
    assert (closed, last) == (12, 13)
    # what was not heard from its beginning is hatched
    assert hole == 60
    assert volume == [3, None]
    assert (kept, there) == (1, 2)
    assert complaints(page) == []


def test_the_state_page_says_what_doctor_would(desk):
    headings = "document.body.textContent.includes('GiB free') && document.querySelectorAll('#state td').length"
    page, (cells, text) = desk("/state?lang=en", headings, "document.getElementById('state').textContent")
    assert cells > 30
    for word in ("request budgets", "outbox", "doctor", "health of the streams", "GiB free", "background tasks"):
        assert word in text
    assert complaints(page) == []


def test_the_state_names_every_venue(server):
    with httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        state = client.get("/desk/state.json").json()
    assert {each["venue"] for each in state["venues"]} == {"binance", "okx", "bybit", "coinbase"}
    assert state["broken"] == []
    assert {each[0] for each in state["budgets"]} == {"binance", "okx", "bybit", "coinbase"}
    # the emulator's pairs begin an hour ago: what was before is a hole that is named
    assert state["gaps"]
    assert {each[0] for each in state["doctor"]} >= {"config", "database", "disk"}


def test_it_finds_back_after_a_restart_without_a_reload(desk, server):
    page, (_, once) = desk("/", ROWS, "coinmonDesk.connected === 1 && 1")
    assert once == 1
    # the page stays open in the browser while the server goes and comes
    server.stop()
    server.start(scanned=False)
    live = "document.getElementById('live').className === 'live on'"
    assert asyncio.run(still(page, f"coinmonDesk.connected >= 2 && {live}"))


async def still(page, script):
    """What a script gives in the page that is open."""
    port = (page._folder / "DevToolsActivePort").read_text().split()[0]
    async with aiohttp.ClientSession(trust_env=False) as session:
        async with session.get(f"http://127.0.0.1:{port}/json") as reply:
            tab = next(each for each in await reply.json() if each["type"] == "page")
        async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            return await page._value(socket, script)
