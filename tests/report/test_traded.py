"""What traded in candles and beside them follows what is in sight, and is what the indicators say of that stretch."""

import json
import re

import numpy as np
import pytest

from coinmon.model.moment import MINUTE
from coinmon.report.page import page as page_of
from coinmon.report.panes import several
from coinmon.report.scene import scene
from coinmon.report.volume_at_price import _coarser, volume_at_price
from coinmon_indicators.profile.tpo import tpo
from coinmon_indicators.profile.volume_profile import volume_profile

DRAWN = "document.documentElement.dataset.drawn"
PROBE = "coinmonSheet.probe('price')"


@pytest.fixture(scope="module")
def path(demo_report, tmp_path_factory):
    found = tmp_path_factory.mktemp("traded") / "page.html"
    found.write_bytes(page_of(demo_report, "en"))
    return found


def shown(start, end):
    """In sight, and two frames later drawn."""
    return f"""(window.moved !== {start} + {end} ? (window.moved = {start} + {end}, coinmonSheet.move({start}, {end}),
      window.settled = 0, requestAnimationFrame(() => requestAnimationFrame(() => {{ window.settled = 1; }})), 0)
      : window.settled) && {PROBE}"""


def test_candles_become_bars_of_delta_and_cells_as_one_zooms_in(path, browser, demo_report):
    end = scene(demo_report, "en")["end"]
    found = browser().open(
        path, DRAWN, PROBE, *[shown(end - minutes * 60, end) for minutes in (30, 10)],
        "document.querySelector('[data-layer=footprint]').click() || true", shown(end - 9 * 60, end), width=1280,
    )  # fmt: skip
    stages = [each["stage"]["stage"] for each in (found[1], found[2], found[3], found[5])]
    assert stages == ["candles", "delta", "cells", "candles"]
    assert found[3]["stage"]["candles"] >= 10


@pytest.mark.parametrize("minutes", [50, 30, 12])
def test_the_profile_in_sight_is_the_indicators_of_that_stretch(path, browser, demo_report, minutes):
    view = next(iter(demo_report.market.merged.values()))
    end = view.end // 1000
    _, seen = browser().open(path, DRAWN, shown(end - minutes * 60, end), width=1280)
    profile = seen["profile"]
    told = volume_profile(
        view, period="window", start=view.end - minutes * MINUTE, end=view.end, bin_size=profile["height"]
    )
    assert (profile["minutes"], profile["of"]) == (minutes, minutes)
    for name in ("poc", "vah", "val"):
        assert profile[name] == pytest.approx(getattr(told, name)), name


def test_time_at_price_in_sight_is_the_indicators(path, browser, demo_report):
    view = next(iter(demo_report.market.merged.values()))
    show = "document.querySelector('[data-layer=tpo]').click() || true"
    _, _, seen = browser().open(path, DRAWN, show, shown(view.end // 1000 - 3000, view.end // 1000), width=1280)
    told = tpo(view, bin_size=seen["tpo"]["height"])
    for name in ("poc", "vah", "val"):
        assert seen["tpo"][name] == pytest.approx(getattr(told, f"tpo_{name}")), name


def test_shift_and_drag_chooses_the_range_and_escape_ends_it(path, browser):
    drag = """(() => {
      const one = document.querySelector('[data-panel=price] canvas');
      const at = one.getBoundingClientRect();
      one.setPointerCapture = () => {};
      for (const [kind, place] of [['pointerdown', 300], ['pointermove', 600], ['pointerup', 600]]) one.dispatchEvent(
        new PointerEvent(kind, { bubbles: true, pointerId: 1, shiftKey: true, clientX: at.left + place, clientY: at.top + 90 }));
      return true;
    })()"""  # noqa: E501
    escape = (
        "document.querySelector('[data-panel=price] canvas')"
        ".dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })) || true"
    )
    words = "document.querySelector('.profile-words').textContent"
    _, whole, _, part, _, again = browser().open(
        path, DRAWN, words, drag, f"{words}.endsWith('50/50 min') ? 0 : {words}", escape,
        f"{words}.endsWith('50/50 min') && {words}", width=1280,
    )  # fmt: skip
    assert whole == again
    assert part.startswith("POC ")
    assert not part.endswith("50/50 min")


def test_minutes_of_which_not_every_trade_was_seen_do_not_count(demo_report):
    view = next(iter(demo_report.market.merged.values()))
    bars = view.bars(60)
    made = volume_at_price(view, bars)
    assert sum(made["minutes"]) == 50
    assert made["minutes"][:10] == [0] * 10
    bought = [sum(made["buy"][a:b]) for a, b in zip(made["start"], made["start"][1:], strict=False)]
    assert bought[10:] == pytest.approx(bars.buy[10:].tolist(), rel=1e-4)
    assert volume_at_price(view, bars[:0]) is None
    assert volume_at_price(view, bars[:5]) is None or sum(made["minutes"][:5]) == 0


def test_rows_are_1_2_5_10_ticks_high():
    heights = [1]
    for _ in range(6):
        heights.append(_coarser(heights[-1]))
    assert heights == [1, 2, 5, 10, 20, 50, 100]


def test_several_signals_at_a_candle_are_the_first_and_how_many_more():
    assert several(["[A] one"]) == "[A] one"
    assert several(["[A+] one", "[A] two", "[B] three"]) == "[A+] one +2"


@pytest.mark.parametrize(
    ("lang", "name", "levels"), [("en", "London", {"London high", "d high", "dVWAP", "London POC"}),
                                 ("zh", "伦敦", {"伦敦高点", "今日高点", "今日 VWAP", "伦敦 POC"})],
)  # fmt: skip
def test_sessions_are_called_by_their_cities_and_levels_by_words(demo_report, lang, name, levels):
    marks = [mark for layer in scene(demo_report, lang)["panes"][0]["layers"] for mark in layer["marks"]]
    names = {each["name"] for each in marks}
    assert {name, *levels} <= names
    assert lang == "en" or not [each for each in names if re.search("high|low|open|close", each)]
    assert not [each for each in names if each.split(" ")[0] in ("A", "L", "N", "E")]
    assert np.isfinite([each["v"] for each in marks if each["m"] == "level"]).all()
    json.dumps(marks)
