"""The desk in a browser: what people do with it, and nothing breaks it."""

import asyncio
import re

import httpx
import pytest

from tests.desk.page import ACCESS, ROWS, SHOWN, TOKEN, complaints, still

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


@pytest.mark.parametrize(("path", "ready", "data"), [("/", ROWS, "board.json"), ("/pair/BTCUSDT", SHOWN, "scene.json")])
def test_all_that_a_page_needs_is_asked_for_by_its_document(desk, server, path, ready, data):
    page, _ = desk(path, ready)
    told = [each["params"] for each in page.heard if each.get("method") == "Network.requestWillBeSent"]
    own = [each for each in told if each["request"]["url"].startswith(f"{server.address}/desk/")]
    names = [each["request"]["url"].rsplit("/", 1)[1].split("?")[0] for each in own]
    assert {"desk.js", "sheet.js", "strokes.js", "desk.css", data} <= set(names)
    # once each, and none of them waits for a module that imports it
    assert sorted(set(names)) == sorted(names)
    late = {name for name, each in zip(names, own, strict=True) if each["initiator"]["type"] != "parser"}
    assert late <= {"stream.js", "icon.svg", "events"}
    assert complaints(page) == []


LOW = """(() => {
  const low = [...document.querySelectorAll('a:not(.skip), button, select, input, summary')].filter(each => {
    // a pair's link is a part of its row, which is hit as a whole
    const { height } = (each.closest('.board-row') || each.closest('label') || each).getBoundingClientRect();
    return innerWidth < 640 && height && height < 28;
  });
  return low.length ? low.map(each => each.outerHTML.slice(0, 80)) : ['none'];
})()"""
"""What a finger cannot hit."""


@pytest.mark.parametrize(("width", "dark", "lang"), [(1280, False, "en"), (390, True, "zh")])
def test_a_pair_fits_its_screen_in_both_languages(desk, width, dark, lang):
    page, (shown, wide, colours, name, low) = desk(
        f"/pair/BTCUSDT?lang={lang}", SHOWN, "document.documentElement.scrollWidth",
        "[...document.querySelectorAll('canvas')].length", "document.documentElement.lang", LOW, width=width, dark=dark,
    )  # fmt: skip
    assert low == ["none"]
    assert shown
    assert wide <= width
    assert colours > 10
    assert name.startswith(lang)
    assert complaints(page) == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("path", "ready"), [("/", ROWS), ("/pair/BTCUSDT", SHOWN), ("/tape", "document.querySelector('#tape li')"),
                        ("/state", "document.querySelector('#state td')"),
                        ("/pair/NOPE", "document.getElementById('reason')")],
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
    mine = "document.querySelector('[data-panel=mine] %s')"
    page, (shown, injected, title, cell, ink) = desk(
        "/pair/BTCUSDT", SHOWN, "String(window.injected)", f"{mine % 'h2'}.textContent", f"{mine % 'td'}.textContent",
        # its line is drawn as everybody's is
        f"new Set(new Uint32Array({mine % 'canvas'}.getContext('2d').getImageData(0, 0, 1000, 120).data.buffer)).size",
    )  # fmt: skip
    assert shown
    assert injected == "undefined"
    assert title.startswith("<img src=x")
    assert cell.startswith("<img src=x")
    assert ink > 3
    assert complaints(page) == []


def test_the_tape_says_why_and_jumps_to_the_moment(desk):
    row = "document.querySelector('#tape li[data-kind=signal]')"
    page, (why, jump) = desk(
        "/tape?lang=en", f"{row} && {row}.querySelectorAll('dt').length", f"{row}.querySelector('a').href"
    )
    assert why > 3
    assert "?at=2026-01-15T" in jump
    assert complaints(page) == []


@pytest.mark.parametrize(("path", "ready"), [("/", ROWS), ("/tape", "Boolean(document.querySelector('#tape li a'))")])
def test_a_finger_hits_what_it_is_to_hit(desk, path, ready):
    _, (there, low) = desk(path, ready, LOW, width=390)
    assert there
    assert low == ["none"]


BOARD = ["pair", "price", "hour", "day", "flow:binance", "flow:okx", "flow:bybit", "flow:coinbase", "ratio",
         "consensus", "signal", "cvd_spot", "cvd_perp", "oi", "funding", "seen"]  # fmt: skip


def test_a_row_of_the_board_says_what_a_trader_asks(desk):
    row = "document.querySelector('.board-row[data-pair=\"BTC/USDT\"]')"
    cells = f"Object.fromEntries([...{row}.children].map(e => [e.dataset.cell, e.textContent]))"
    line = f"{row}.querySelector('[data-cell=cvd_spot] path').getAttribute('d')"
    _page, (_, _, line, cells, titles) = desk(
        "/?lang=en", ROWS, f"{row}.querySelector('[data-cell=oi]').textContent", line, cells,
        "[...document.querySelectorAll('.board-head button')].map(e => e.textContent).filter(Boolean).length",
    )  # fmt: skip
    assert sorted(cells) == sorted(BOARD)
    assert titles == len(BOARD)
    assert [name for name in BOARD if not cells[name]] == []
    assert "strong bull" in cells["consensus"]
    assert "[A" in cells["signal"]
    assert line.startswith("M")


def test_pairs_are_pinned_and_filtered(desk):
    star = "document.querySelector('.board-row[data-pair=\"SOL/USDT\"] .star')"
    first = (
        "[...document.querySelectorAll('.board-row')].find(e => e.getAttribute('aria-rowindex') === '2').dataset.pair"
    )
    only = (
        "(() => { const one = document.getElementById('only'); one.value = 'VALUE';"
        " one.dispatchEvent(new Event('change')); return true; })()"
    )
    count = "document.getElementById('count').textContent"
    page, (*_, pinned, _, one, _, none) = desk(
        "/", ROWS, f"{star}.click() || true", f"{first} === 'SOL/USDT' && {first}", only.replace("VALUE", "pinned"),
        f"{count}.startsWith('1 /') && {count}", f"{star}.click() || true", f"{count}.startsWith('0 /') && {count}",
    )  # fmt: skip
    assert (pinned, one, none) == ("SOL/USDT", "1 / 6", "0 / 6")
    assert complaints(page) == []


def test_the_tape_is_filtered_by_kind_grade_and_pair(desk):
    seen = "[...document.querySelectorAll('#tape li[data-id]')]"
    told = f"{seen}.map(e => [e.dataset.kind, ...[...e.querySelectorAll('b')].map(b => b.textContent)])"

    def choose(id, value):
        return (
            f"(() => {{ const one = document.getElementById('{id}'); one.value = '{value}';"
            f" one.dispatchEvent(new Event('input')); return {told}; }})()"
        )

    page, (_, every, signals, best, _, pairs) = desk(
        "/tape?lang=en", f"{seen}.some(e => e.dataset.kind === 'signal')", told, choose("kind", "signal"),
        choose("grade", "A+"), choose("grade", ""), choose("search", "eth"),
    )  # fmt: skip
    assert {kind for kind, _, _ in signals} == {"signal"}
    assert len(signals) <= len(every)
    assert {grade for _, grade, _ in best} == {"A+"}
    assert {pair for _, _, pair in pairs} <= {"ETH/USDT"}
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


def test_the_state_page_is_chinese_where_it_is_asked_to_be(desk):
    cells = "document.body.textContent.includes('磁盘')"
    heads = "[...document.querySelectorAll('#state th, #state h2')].map(e => e.textContent).filter(Boolean)"
    tasks = "[...document.querySelectorAll('#state section:last-child td:first-child')].map(e => e.textContent)"
    _page, (_, heads, text, tasks) = desk(
        "/state?lang=zh", cells, heads, "document.getElementById('state').textContent", tasks
    )
    # units and the name of our command stay
    plain = [re.sub("coinmon doctor|ms|MB|s$", "", each) for each in heads]
    assert [each for each in plain if re.search("[A-Za-z]", each)] == []
    # names of tasks but those of venues and outputs
    assert len(tasks) > 15
    assert [each for each in tasks if re.search("[A-Za-z]", re.sub("^[a-z]+: |：[a-z]+$", "", each))] == []
    assert "磁盘空间" in text.replace(" ", "")
    assert "剩余" in text
    assert "GiB free" not in text


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
