"""What a pair's page is asked to show, row by row: each is in the scene and leaves ink on the page."""

import json

import httpx
import pytest

from tests.desk.page import SHOWN, complaints

OVER_THE_CANDLES = {"vwap": "line", "key_levels": "level", "session_profile": "box", "imbalance": "box",
                    "exhaustion": "points", "unfinished_auction": "box", "signals": "points"}  # fmt: skip
BELOW = {"volume": "columns", "delta": "columns", "cvd": "line", "net_flow": "line", "open_interest": "level",
         "funding": "level", "basis": "line", "liquidations": "columns", "footprint": "cells", "tpo": "rows",
         "coverage": "strips", "depth_delta": "line"}  # fmt: skip
BY_VENUE = {"net_flow", "open_interest", "funding", "basis", "liquidations"}

# colours on each panel's canvas, wherever it stands on the page: those out of sight are drawn for a printer
INK = """(window.inked ||= (dispatchEvent(new Event('beforeprint')), Object.fromEntries(
  [...document.querySelectorAll('[data-panel]')].filter(each => each.querySelector('canvas')).map(each => {
    const canvas = each.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width - 66, canvas.height - 18);
    return [each.dataset.panel, new Set(new Uint32Array(data.buffer)).size];
  })))) && window.inked"""
LAYERS = ["vwap", "key_levels", "session_profile", "profile", "tpo", "signals"]
# what the candles' panel looks like before and after each button, and when it is pressed again
PRESSED = """(window.pressing ||= (async () => {
  const canvas = document.querySelector('[data-panel=price] canvas');
  const frame = () => new Promise(requestAnimationFrame);
  const drawn = async () => (await frame(), await frame(), canvas.toDataURL());
  const found = {};
  for (const name of LAYERS) {
    const button = document.querySelector(`[data-layer="${name}"]`);
    const looks = [await drawn()];
    for (let k = 0; k < 2; k += 1) {
      button.click();
      looks.push(await drawn());
    }
    found[name] = [looks[0] !== looks[1], looks[0] === looks[2]];
  }
  window.pressed = found;
})()) && window.pressed""".replace("LAYERS", json.dumps(LAYERS))


@pytest.fixture(scope="module")
def looked(remembering, opened):
    with opened(remembering) as look:
        yield look


@pytest.fixture(scope="module")
def address(looked):
    _page, (_, found) = looked("/pair/BTCUSDT?lang=en", SHOWN, "location.origin")
    return found


@pytest.fixture(scope="module")
def scene(address):
    def get(**asked):
        answer = httpx.get(f"{address}/desk/scene.json", params={"symbol": "BTCUSDT", "lang": "en"} | asked)
        assert answer.status_code == 200
        return answer.json()

    return get


@pytest.fixture(scope="module")
def panes(scene):
    return {each["id"]: each for each in scene()["panes"]}


@pytest.fixture(scope="module")
def ink(looked):
    page, (_, found) = looked("/pair/BTCUSDT?lang=en", SHOWN, INK, width=1400)
    assert complaints(page) == []
    return found


def test_candles_with_what_traded_inside_them(panes):
    candles = panes["price"]["marks"][0]
    assert len(candles["t"]) == len(candles["close"]) == 50
    assert panes["price"]["traded"]["row"]


@pytest.mark.parametrize("layer", sorted(OVER_THE_CANDLES))
def test_it_lies_over_the_candles(panes, layer):
    (found,) = [each for each in panes["price"]["layers"] if each["id"] == layer]
    assert OVER_THE_CANDLES[layer] in {mark["m"] for mark in found["marks"]}


def test_the_book_lies_beneath_the_candles_and_the_profile_beside_them(panes):
    (heat,) = [each for each in panes["price"]["layers"] if each["under"] and not each["hidden"]]
    assert heat["id"].startswith("heatmap ")
    assert heat["marks"][0]["bytes"]
    assert [each["id"] for each in panes["price"]["side"]] == ["volume_profile"]


@pytest.mark.parametrize("pane", sorted(BELOW))
def test_it_stands_below_on_the_same_axis_and_is_drawn(panes, ink, pane):
    assert BELOW[pane] in {mark["m"] for mark in panes[pane]["marks"]}
    # paper, grid and more
    assert ink[pane] > 3


@pytest.mark.parametrize("pane", sorted(BY_VENUE))
def test_it_tells_venues_apart(panes, pane):
    names = " ".join(mark["name"] for mark in panes[pane]["marks"])
    for venue in ("binance", "bybit", "okx"):
        assert venue in names


def test_a_layers_button_takes_it_away_and_brings_it_back(looked):
    page, (_, found) = looked("/pair/BTCUSDT?lang=en", SHOWN, PRESSED, width=1400)
    assert found == {key: [True, True] for key in LAYERS}
    assert complaints(page) == []


def test_every_venue_kind_and_all_together_can_be_chosen(scene):
    markets = scene()["markets"]
    assert markets[:2] == ["spot", "perp"]
    assert len(markets) == 9
    prices = {}
    for each in markets:
        found = scene(market=each)
        prices[each] = found["panes"][0]["last"]
        assert found["of"] == (each if ":" in each else f"all:BTC/USDT{':USDT' if each == 'perp' else ''}")
    assert len(set(prices.values())) > 4


def test_a_phone_shows_the_rows_of_the_footprints_in_sight(looked, panes):
    tall = "document.querySelector('[data-panel^=footprint] canvas').clientHeight"
    scroll = f"(window.newest = {tall}, document.querySelector('[data-panel^=footprint] .holder').scrollLeft = 0, 1)"
    _page, (_, _, newest, _, oldest) = looked(
        "/pair/BTCUSDT?lang=en", SHOWN, INK, tall, scroll, f"{tall} !== window.newest && {tall}", width=390
    )
    every = 15 * len(panes["footprint"]["marks"][0]["y"])
    assert newest < 0.7 * every
    assert newest != oldest < every


# thousands of points to a pixel are looked up and painted otherwise than few: with the same result
DENSE = """(window.compared ||= import('/desk/strokes.js').then(({ extentOf, strokesOf }) => {
  const values = Array.from({ length: 1000 }, (_, k) => (k % 7 ? Math.sin(k * k) : null));
  const wrong = [];
  for (let k = 0; k < 300; k += 1) {
    const [first, last] = [(k * 37) % 1000, (k * 91) % 1000].sort((a, b) => a - b);
    const some = values.slice(first, last + 1).filter((each) => each !== null);
    const [low, high] = extentOf(values, first, last);
    if (low !== Math.min(...some) || high !== Math.max(...some)) wrong.push([first, last]);
  }
  for (let length = 0; length < 400; length += 1) {
    const falling = Array.from({ length }, (_, k) => -k);
    if (length && extentOf(falling, 0, length - 1)[0] !== 1 - length) wrong.push(length);
  }
  values[999] = 5;
  if (extentOf(values, 0, 999)[1] !== 5) wrong.push('the newest');
  const canvases = [0, 1].map(() => Object.assign(document.createElement('canvas'), { width: 300, height: 200 }));
  const [painted, filled] = canvases.map((each) => each.getContext('2d'));
  const plot = { c: painted, ratio: 1, x: { start: 0, end: 300 }, y: { start: 200 } };
  const strokes = strokesOf(plot, ['#102030', '#a0b0c0']);
  for (let k = 0; k < 300; k += 1) {
    const [top, bottom] = [100 - (k % 120), 100 + (k % 9)];
    strokes.add(k, top, bottom, k % 2);
    filled.fillStyle = ['#102030', '#a0b0c0'][k % 2];
    filled.fillRect(k, top, 1, Math.max(1, bottom - top));
  }
  strokes.paint();
  window.done = [wrong, canvases[0].toDataURL() === canvases[1].toDataURL()];
})) && window.done"""


def test_what_is_dense_is_drawn_as_what_is_not(looked):
    page, (_, (wrong, same)) = looked("/pair/BTCUSDT?lang=en", SHOWN, DENSE)
    assert wrong == []
    assert same
    assert complaints(page) == []


# where drawing a panel seems to take 5 ms longer than it does
SLOW = """(window.slowing ||= (async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const looks = () => ['price', 'volume'].map((id) => document.querySelector(`[data-panel=${id}] canvas`).toDataURL());
  const [now, context] = [performance.now.bind(performance), HTMLCanvasElement.prototype.getContext];
  const drawn = { price: 0, volume: 0 };
  let calls = 0;
  performance.now = () => now() + 5 * (calls += 1);
  HTMLCanvasElement.prototype.getContext = function (...given) {
    drawn[this.closest('[data-panel]')?.dataset.panel] += 1;
    return context.apply(this, given);
  };
  const [from, to] = coinmonSheet.range();
  for (let k = 1; k <= 24; k += 1) {
    coinmonSheet.move(from + 20 * k, to - 20 * k);
    await frame();
  }
  const moving = { ...drawn };
  await new Promise((done) => setTimeout(done, 300));
  const rested = looks();
  [performance.now, HTMLCanvasElement.prototype.getContext] = [now, context];
  coinmonSheet.redraw();
  for (let k = 0; k < 6; k += 1) await frame();
  const anew = looks();
  window.slow = [moving, rested.map((each, k) => each === anew[k])];
})()) && window.slow"""


def test_where_drawing_takes_long_candles_move_first_and_all_agree_at_rest(looked):
    page, (_, (moving, same)) = looked("/pair/BTCUSDT?lang=en", SHOWN, SLOW, width=1400)
    assert moving["price"] >= 23
    assert 2 <= moving["volume"] <= 12
    assert same == [True, True]
    assert complaints(page) == []
