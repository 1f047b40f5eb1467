"""Lines of blocks over a day: the price, and what an indicator draws."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from rich.cells import set_cell_size
from rich.text import Text

from coinmon.market.panel import Line, Name
from coinmon.model.moment import MINUTE
from coinmon.report.cell_text import price
from coinmon.report.cells import (
    glanced,
)
from coinmon.report.document import PAIR, Report
from coinmon.report.panels import drawn
from coinmon.report.phrases import WORDS

_BLOCKS = "▁▂▃▄▅▆▇█"


_DAY_MINUTES = 1440


def sparks(report: Report, lang: str, width: int) -> Iterator[Text]:
    """Price and the line of an indicator over a day, as far as its prices are known; both are of the same time."""
    view = next(iter(report.market.merged.values()))
    bars = view.bars(_DAY_MINUTES)
    known = np.flatnonzero(bars.close > 0)
    if not len(known):
        return
    bars = bars[int(known[0]) :]
    span = f"{len(bars)}m" if len(bars) < 60 else f"{len(bars) // 60}h"
    pieces = np.array_split(np.arange(len(bars)), min(width - 44, 96, len(bars)))
    closes = bars.price(bars.close)
    yield _spark(WORDS[lang]["price"], [closes[piece] for piece in pieces], f"{view.instrument.quote} {span}", 7)
    panel = drawn(report, glanced(report, "line"), PAIR)
    lines = [] if panel is None else [mark for mark in panel.marks if isinstance(mark, Line)]
    if panel is not None and lines and len(lines[0].time) > 1:
        # a candle's value is that of its close
        step = lines[0].time[1] - lines[0].time[0]
        closed = np.array([round((each + step).timestamp() * 1000) for each in lines[0].time])
        value = np.array([np.nan, *(np.nan if each is None else each for each in lines[0].value)])
        at = np.searchsorted(closed, bars.time + MINUTE, side="right")
        yield _spark(name_in(lines[0].name, lang), [value[at[piece]] for piece in pieces], panel.unit, 4)


def name_in(name: Name, lang: str) -> str:
    return name if isinstance(name, str) else name.say(lang)


def _spark(name: str, pieces: Sequence[Any], unit: str, digits: int) -> Text:
    """A block for each piece of time, its last value; nothing where none is known."""
    ends = [piece[np.isfinite(piece)][-1:] for piece in pieces]
    text = Text(no_wrap=True, overflow="ellipsis").append(set_cell_size(name, 6), "bold")
    if not any(len(end) for end in ends):
        return text.append("-", "dim")
    low, high = (float(pick(np.concatenate(ends))) for pick in (np.min, np.max))
    step = (high - low) / (len(_BLOCKS) - 1) or 1.0
    bars = "".join(_BLOCKS[round((float(end[0]) - low) / step)] if len(end) else " " for end in ends)
    return text.append(bars, "cyan").append(f" {short(low, digits)} .. {short(high, digits)} {unit}", "dim")


def short(value: float, digits: int = 7) -> str:
    """As a price, of either sign; so many digits are enough to find one's way."""
    rounded = float(f"{value:.{digits}g}")
    return price(rounded) if value > 0 else f"-{price(-rounded)}" if value < 0 else "0"
