"""The HTML page in a browser: everything drawn, nothing asked of the network, in both themes and on a phone."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from coinmon.report.page import page as page_of
from tests.desk.page import ACCESS

PANELS = [
    "price", "volume", "delta", "cvd", "open_interest", "funding", "basis", "funding_dispersion", "consensus",
    "net_flow", "liquidations", "footprint", "tpo", "session_levels", "coverage",
]  # fmt: skip
"""In the order in which they stand."""
COMPLAINTS = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
REQUEST = "Network.requestWillBeSent"
DRAWN = "document.documentElement.dataset.drawn"
ORDER = "[...document.querySelectorAll('[data-panel]')].map(each => each.dataset.panel)"
RANGE = "coinmonSheet.range()"
INK = """[...document.querySelectorAll('canvas')].map(each => {
  const data = new Uint32Array(each.getContext('2d').getImageData(0, 0, each.width, each.height).data.buffer);
  return new Set(data.subarray(0, 4000000)).size;
})"""
"""How many colours each canvas has."""


POINTER = """(() => {
  const one = document.querySelector('[data-panel=price] canvas');
  const at = one.getBoundingClientRect();
  one.setPointerCapture = () => {};
  one.dispatchEvent(new PointerEvent('KIND', {
    bubbles: true, pointerId: 1, clientX: at.left + PLACE, clientY: at.top + 100,
  }));
  return true;
})()"""


FITS = """(() => {
  const wrong = [];
  for (const one of document.querySelectorAll('body *')) {
    if (!one.getClientRects().length) continue;
    const style = getComputedStyle(one);
    const own = [...one.childNodes].some(each => each.nodeType === 3 && each.textContent.trim());
    if (own && parseFloat(style.fontSize) < 11) wrong.push(`${style.fontSize} of ${one.className}`);
    const cut = one.matches('.scroll') && one.scrollWidth > one.clientWidth;
    const low = one.matches('button, summary') && one.getBoundingClientRect().height < LEAST;
    if (cut) wrong.push(`${one.textContent.slice(0, 30)} is cut`);
    if (low) wrong.push(`${one.outerHTML} is low`);
  }
  return wrong.length ? wrong.slice(0, 9) : ['all fits'];
})()"""
"""Words that are too small, columns that are cut, and what a finger cannot hit."""
WORDS = "coinmonSheet.probe('price').words"
CHART = "document.querySelector('[data-panel=price] canvas').getBoundingClientRect().bottom"


def pointer(kind: str, place: float) -> str:
    return POINTER.replace("KIND", kind).replace("PLACE", str(place))


@pytest.fixture(scope="module")
def pages(demo_report, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for lang in ("zh", "en"):
        made[lang] = folder / f"{lang}.html"
        made[lang].write_bytes(page_of(demo_report, lang))
    return made


def test_it_is_one_file_of_at_most_1_mb_that_names_nothing_to_fetch(pages):
    for path in pages.values():
        assert path.stat().st_size <= 1_000_000
        own = re.sub(r"<script.*?</script>", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r'(src|href)="(?!data:)', own)


@pytest.mark.parametrize(("lang", "flows"), [("zh", "各交易所资金流"), ("en", "Fund flow by venue")])
def test_it_speaks_the_language_asked_for(pages, lang, flows):
    text = pages[lang].read_text("utf-8")
    assert flows in text
    told = {"zh": "最近 50 分钟，计价货币; 时间为 UTC; * ", "en": "last 50 minutes, quote currency; times are UTC; * "}
    assert told[lang] in text


KNOWN = {"all", "backfill", "binance", "bybit", "coinbase", "coinmon", "exchange", "feed", "from", "okx", "pair",
         "poll", "scan"}  # fmt: skip
"""Names, and what is typed."""
UNSAID = {
    "id",
    "m",
    "tone",
    "axis",
    "shape",
    "indicator",
    "bytes",
    "shades",
    "safe",
    "lang",
    "strong",
    "legend",
    "runs",
}
"""What a scene says to the drawing modules alone."""


def texts_of(page: str) -> list[str]:
    """All that a reader is shown: of the page itself and of its scene."""

    def within(value):
        if isinstance(value, str):
            yield value
        for each in value if isinstance(value, list) else ():
            yield from within(each)
        for name, each in value.items() if isinstance(value, dict) else ():
            yield from within(each) if name not in UNSAID else ()

    own = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    scene = json.loads(re.search(r'id="scene">(.*?)</script>', page, re.DOTALL)[1])
    return [*re.sub("<[^>]*>", "\n", own).splitlines(), *within(scene)]


def test_nothing_is_said_in_the_other_language(pages, demo_report):
    zh, en = (texts_of(pages[lang].read_text("utf-8")) for lang in ("zh", "en"))
    words = {word for text in zh for word in re.findall(r"\b[a-z_]{3,}\b", text)}
    assert words - KNOWN - set(demo_report.results) == set()
    assert [each for each in en if re.search("[\u4e00-\u9fff]", each)] == []


@pytest.mark.parametrize(("lang", "venues"), [("zh", "全部交易所"), ("en", "all venues")])
def test_its_title_names_venue_timeframe_and_time_zone(pages, lang, venues):
    head = pages[lang].read_text("utf-8").split("<h1>", 1)[1].split("</h1>", 1)[0]
    assert head.startswith(f"BTC/USDT · {venues} (binance, bybit, coinbase, okx)")
    assert "1m" in head
    assert head.endswith("UTC")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, True)])
def test_every_panel_is_drawn_in_its_order_without_a_complaint(pages, browser, width, dark):
    page = browser()
    drawn, shown, colours, wide, paper = page.open(
        pages["en"], DRAWN, ORDER, INK, "document.documentElement.scrollWidth",
        "getComputedStyle(document.body).backgroundColor", width=width, dark=dark,
    )  # fmt: skip
    assert drawn
    assert [each for each in shown if each in PANELS] == PANELS
    assert min(colours) > 3, dict(zip(shown, colours, strict=False))
    assert wide <= width
    assert paper == ("rgb(17, 22, 29)" if dark else "rgb(255, 255, 255)")
    assert [json.dumps(each)[:300] for each in page.heard if each.get("method") in COMPLAINTS] == []
    asked = [each["params"]["request"]["url"] for each in page.heard if each.get("method") == REQUEST]
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize(
    ("lang", "width", "tall", "least"),
    [("zh", 390, 844, 32), ("en", 390, 844, 32), ("en", 768, 1024, 24), ("zh", 1280, 1100, 24)],
)
def test_the_chart_is_in_the_first_screen_and_no_column_is_cut(pages, browser, lang, width, tall, least):
    fits = FITS.replace("LEAST", str(least))
    drawn, bottom, shut, opened = browser().open(
        pages[lang], DRAWN, CHART, fits,
        f"(document.querySelectorAll('details').forEach(each => {{ each.open = true; }}), {fits})", width=width,
    )  # fmt: skip
    assert drawn
    assert bottom <= tall
    assert (shut, opened) == (["all fits"], ["all fits"])


SESSIONS = """(() => {
  const scene = JSON.parse(document.getElementById('scene').textContent);
  const [pane] = scene.panes;
  const [high, low] = [Math.max(...pane.marks[0].high), Math.min(...pane.marks[0].low)];
  const marks = ['亚洲', '伦敦', '纽约', '尾盘'].map((name, k) => ({
    m: 'box', name, high, low, tone: 'muted', start: scene.start + 300 * k, end: scene.end,
  }));
  // the last has just begun
  marks[3].start = scene.end - 60;
  pane.layers.push({ id: 'crowd', title: 'crowd', marks, badge: { text: '', why: '', tone: 'up' } });
  coinmonSheet.show(scene, false);
  return true;
})()"""


@pytest.mark.parametrize("width", [390, 1280])
def test_every_session_has_its_name_and_no_word_of_the_chart_covers_another(pages, browser, width):
    drawn, _, words = browser().open(
        pages["zh"], DRAWN, SESSIONS, f"{WORDS}?.some(each => each.name === '尾盘') && {WORDS}", width=width
    )
    assert drawn
    assert {each["name"] for each in words if each["kind"] == "box"} >= {"亚洲", "伦敦", "纽约", "尾盘"}
    assert len([each for each in words if each["kind"] == "level"]) > 2
    graded = [each["name"] for each in words if each["name"].startswith("[")]
    assert all(re.fullmatch(r"\[\w\+?\]( \+\d+)?" if width < 640 else r"\[\w\+?\] \S.+", each) for each in graded)
    assert graded
    for one, other in combinations(words, 2):
        beside = one["left"] + one["wide"] <= other["left"] or other["left"] + other["wide"] <= one["left"]
        assert beside or abs(one["up"] - other["up"]) >= 13, (one, other)


@pytest.mark.parametrize("dark", [False, True])
def test_everything_has_a_name_and_stands_out_from_its_paper(pages, browser, dark):
    drawn, found = browser().open(pages["zh"], DRAWN, ACCESS, dark=dark)
    assert drawn
    assert found["wrong"] == []


def test_it_opens_within_a_second_of_work(pages, browser):
    page = browser()
    (drawn,) = page.open(pages["en"], DRAWN)
    assert float(drawn) > 0
    # the page's own work, for the clock also counts what others do on this machine
    assert 0 < page.worked < 1


def test_the_switches_change_the_theme_and_the_colours(pages, browser):
    paper = "[...document.querySelector('canvas').getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3).join()"
    up = "getComputedStyle(document.documentElement).getPropertyValue('--up').trim()"
    _, light, green, _, dark, _, blue = browser().open(
        pages["en"], DRAWN, paper, up, "document.getElementById('theme').click() || true",
        f"{paper} === '17,22,29' && {paper}", "document.getElementById('safe').click() || true", up,
    )  # fmt: skip
    assert light != dark
    assert green != blue


def test_wheel_drag_keys_and_two_fingers_move_all_panels_at_once(pages, browser):
    wheel = (
        "document.querySelector('[data-panel=cvd] canvas').dispatchEvent("
        "new WheelEvent('wheel', {deltaY: -400, clientX: 300, bubbles: true, cancelable: true})) || true"
    )
    key = (
        "document.querySelector('[data-panel=price] canvas').dispatchEvent("
        "new KeyboardEvent('keydown', {key: '%s', bubbles: true})) || true"
    )
    second = pointer("pointerdown", 500).replace("pointerId: 1", "pointerId: 2")
    spread = pointer("pointermove", 700).replace("pointerId: 1", "pointerId: 2")
    lift = pointer("pointerup", 700).replace("pointerId: 1", "pointerId: 2")
    _, whole, _, zoomed, _, _, _, dragged, _, _, pinched, _, _, _, back = browser().open(
        pages["en"], DRAWN, RANGE, wheel, RANGE,
        pointer("pointerdown", 300), pointer("pointermove", 400), "true", RANGE,
        second, spread, RANGE, lift, pointer("pointerup", 400), key % "0", RANGE,
    )  # fmt: skip
    assert zoomed[1] - zoomed[0] < whole[1] - whole[0]
    # dragged to the right: earlier times come in sight
    assert dragged[0] < zoomed[0]
    assert pinched[1] - pinched[0] < dragged[1] - dragged[0]
    assert back == pytest.approx(whole)


def test_a_panel_out_of_sight_waits_and_is_drawn_when_it_comes(pages, browser):
    ink = (
        "new Uint32Array(document.querySelector('[data-panel=coverage] canvas').getContext('2d')"
        ".getImageData(0, 0, 1200, 60).data.buffer).reduce((sum, each) => (sum * 31 + each) | 0, 7)"
    )
    move = (
        f"window.settled || (window.asked ||= (coinmonSheet.move({RANGE}[1] - 600, {RANGE}[1]),"
        " requestAnimationFrame(() => requestAnimationFrame(() => { window.settled = true; })), 1), false)"
    )
    *_, waits, _, comes = browser().open(
        pages["en"], DRAWN, f"(window.first = {ink}, true)", move, f"String(window.first === {ink})",
        "(document.querySelector('[data-panel=coverage]').scrollIntoView(), true)", f"window.first !== {ink}",
    )  # fmt: skip
    assert waits == "true"
    assert comes


def test_the_crosshair_reads_the_same_moment_in_all_panels(pages, browser):
    readout = "document.querySelector('[data-panel=%s] .readout').textContent"
    price = readout % "price"
    _, last, _, moved, here, volume = browser().open(
        pages["en"], DRAWN, f"window.last = {price}", pointer("pointermove", 200), f"{price} !== window.last", price,
        readout % "volume",
    )  # fmt: skip
    assert moved
    assert re.fullmatch(r"O [\d,.]+ H [\d,.]+ L [\d,.]+ C [\d,.]+", last)
    assert here
    assert volume
