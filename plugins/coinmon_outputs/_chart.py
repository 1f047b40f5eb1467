"""A picture of what a signal is about: price and VWAP, the venues' net flow, and when it happened."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from coinmon.output import MINUTE, Market, View, moment
from coinmon_outputs._headline import title
from coinmon_outputs._lines import price, thousands

SHOWN_MINUTES = 120
"""Closed minutes before the event."""
_SIZE, _DOTS = (8.0, 4.8), 120
"""Inches, and dots of one: 960 by 576, a few tens of kilobytes."""
_WORDS = {
    "price": ("价格", "price"),
    "vwap": ("{} 分钟均价 VWAP", "VWAP of {} min"),
    "flow": ("累计净流入", "Net flow, added up"),
}
_INK, _MEAN, _VENUES = "#1f2937", "#d97706", ("#2563eb", "#059669", "#7c3aed", "#db2777", "#0891b2", "#65a30d")
_HAN = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC",
    "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Arial Unicode MS",
    "Droid Sans Fallback", "Noto Serif CJK SC", "Noto Serif CJK JP",
)  # fmt: skip
"""Fonts with Chinese characters, of the systems that people have."""
_one_at_a_time = Lock()


def can_draw() -> bool:
    """Whether the extra `chart` is installed."""
    return find_spec("matplotlib") is not None


def draw(market: Market, event: Mapping[str, Any], lang: str, zone: ZoneInfo) -> bytes:
    """A PNG; half a second of work (a second and a half the first time), so call it in a thread.

    In English where no font of this machine has Chinese. Raises ValueError where no price of the pair is known.
    """
    from matplotlib.figure import Figure  # 0.5 s and 30 MB, and an extra

    views = list((market.spot or market.perp).values())
    priced = next((view for view in views if (view.bars(SHOWN_MINUTES).close > 0).any()), None)
    if priced is None:
        raise ValueError(f"no price of {market.pair} is stored")
    # its text engine is not safe in two threads
    with _one_at_a_time:
        fonts = _fonts()
        lang = lang if lang != "zh" or len(fonts) > 1 else "en"
        figure = Figure(figsize=_SIZE, dpi=_DOTS, facecolor="white", layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _prices(upper, priced, market, lang, zone)
        _flows(lower, views, lang, zone)
        for axes in (upper, lower):
            axes.axvline(moment(market.now).astimezone(zone), color="#dc2626", linewidth=1.2, linestyle=(0, (4, 3)))
        _dress(figure, (upper, lower), f"{title(event, lang)}  ·  {event.get('id')}", zone, fonts)
        png = io.BytesIO()
        figure.savefig(png, format="png")
    return png.getvalue()


def _prices(axes: Any, view: View, market: Market, lang: str, zone: ZoneInfo) -> None:
    """Closes of a venue, and what everyone paid on all of them."""
    bars = view.bars(SHOWN_MINUTES)
    close = np.where(bars.close > 0, bars.price(bars.close), np.nan)
    time = _times(bars.time, zone)
    axes.plot(time, close, color=_INK, linewidth=1.4, label=f"{_word('price', lang)} {view.instrument.venue}")
    all_venues = market.merged[view.instrument.kind].bars(SHOWN_MINUTES)
    known = np.isfinite(all_venues.quote_volume) & (all_venues.volume > 0)
    if known.any():
        base = np.cumsum(np.where(known, all_venues.volume, 0.0))
        quote = np.cumsum(np.where(known, all_venues.quote_volume, 0.0))
        mean = np.divide(quote, base, out=np.full(len(base), np.nan), where=base > 0)
        axes.plot(
            _times(all_venues.time, zone),
            mean,
            color=_MEAN,
            linewidth=1.2,
            linestyle="--",
            label=_word("vwap", lang).format(int(known.sum())),
        )
    last = close[np.isfinite(close)][-1]
    axes.plot([time[int(np.flatnonzero(np.isfinite(close))[-1])]], [last], "o", color="#dc2626", markersize=5)
    axes.yaxis.set_major_formatter(lambda value, _: price(value))
    axes.set_ylabel(view.instrument.quote)


def _flows(axes: Any, views: Sequence[View], lang: str, zone: ZoneInfo) -> None:
    """Taker buys less sells of each venue since the picture begins; a minute that was not seen adds nothing."""
    axes.axhline(0, color="#9ca3af", linewidth=0.8)
    for number, view in enumerate(views):
        bars = view.bars(SHOWN_MINUTES)
        known = bars.has_flow & np.isfinite(bars.quote_volume) & np.isfinite(bars.buy_quote)
        if not known.any():
            continue
        net = np.cumsum(np.where(known, 2 * bars.buy_quote - bars.quote_volume, 0.0))
        share = float(known.mean())
        label = f"{view.instrument.venue} {thousands(float(net[-1]))}" + (f" ({share:.0%})" if share < 0.995 else "")
        color = _VENUES[number % len(_VENUES)]
        axes.plot(_times(bars.time, zone), np.where(known, net, np.nan), color=color, linewidth=1.3, label=label)
    axes.yaxis.set_major_formatter(lambda value, _: thousands(value))
    axes.set_ylabel(_word("flow", lang))


def _dress(figure: Any, several: Sequence[Any], head: str, zone: ZoneInfo, fonts: Sequence[str]) -> None:
    from matplotlib import dates
    from matplotlib.text import Text

    untyped: Any = dates

    figure.suptitle(head, fontsize=11, fontweight="bold", color=_INK)
    for axes in several:
        axes.grid(color="#e5e7eb", linewidth=0.6)
        axes.tick_params(labelsize=8, colors=_INK)
        axes.yaxis.label.set_fontsize(9)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper left", fontsize=8, frameon=False, ncols=4)
    several[-1].xaxis.set_major_formatter(untyped.DateFormatter("%H:%M", tz=zone))
    several[-1].set_xlabel(str(zone), fontsize=8)
    for text in figure.findobj(Text):
        text.set_fontfamily(fonts)
        text.set_text(_without_boxes(text.get_text(), fonts))


def _times(column: Any, zone: ZoneInfo) -> list[datetime]:
    """When each minute ended: its close is of then."""
    return [moment(ms + MINUTE).astimezone(zone) for ms in column.tolist()]


def _word(name: str, lang: str) -> str:
    return _WORDS[name][lang != "zh"]


@cache
def _fonts() -> list[str]:
    """Names of fonts to look for a character in, one after the other; a single one has no Chinese."""
    from matplotlib.font_manager import fontManager

    there = {each.name for each in fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in _HAN if name in there][:1]]


def _without_boxes(text: str, fonts: Sequence[str]) -> str:
    """Without the characters that none of the fonts has: an empty box says less than nothing."""
    return "".join(each for each in text if any(ord(each) in _characters(font) for font in fonts)).strip()


@cache
def _characters(font: str) -> frozenset[int]:
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont(font)).get_charmap())
