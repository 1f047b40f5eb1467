"""A pair's row: each column's text, and what it is sorted by."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from coinmon.model.events import FlowEvent, SignalEvent, WhaleEvent
from coinmon.model.figures import rough, with_sign
from coinmon.report.cell_text import consensus_text, flow_text, newness, price, ratio_text, signal_text
from coinmon.report.table.figures import PairFigures

_BLOCKS = "▁▂▃▄▅▆▇█"
_HEAD = {
    "zh": {
        "pair": "交易对", "price": "价格", "move": "{}分钟", "day": "24小时", "spot": "现货净流量",
        "perp": "永续净流量", "consensus": "共识", "signal": "最近信号", "oi": "持仓1小时", "funding": "资金费率",
        "cvd": "CVD 2小时", "ratio": "买卖比", "seen": "覆盖",
    },
    "en": {
        "pair": "pair", "price": "price", "move": "{} m", "day": "24 h", "spot": "spot flow", "perp": "perp flow",
        "consensus": "consensus", "signal": "last signal", "oi": "OI 1 h", "funding": "funding", "cvd": "CVD 2 h",
        "ratio": "ratio", "seen": "seen",
    },
}  # fmt: skip
_FIRST = ("pair", "price", "move", "spot", "perp", "consensus", "signal", "day", "cvd", "oi", "funding")
_LAST = ("ratio", "seen")
_VERDICTS = {"strong_bull": 2.0, "lean_bull": 1.0, "mixed": 0.0, "lean_bear": -1.0, "strong_bear": -2.0}
_TO_THE_RIGHT = {"price", "move", "day", "spot", "perp", "oi", "funding", "ratio", "seen"}


@dataclass(frozen=True)
class TableColumn:
    """has_brief: less can stand in it, where there is no room for all."""

    key: str
    head: Text
    has_brief: bool = False


def columns(venues: Sequence[str], lang: str, window: int) -> list[TableColumn]:
    """In their order: what decides first, then each venue's own flow. window: minutes of the flow and the move."""
    words = {**_HEAD[lang], "move": _HEAD[lang]["move"].format(window)}
    keys = [*_FIRST, *(f"venue {name}" for name in venues), *_LAST]
    heads = ((key, words.get(key) or key.removeprefix("venue ")[:3].upper()) for key in keys)
    return [TableColumn(key, _head(key, head), has_brief=key in ("consensus", "signal")) for key, head in heads]


def _head(key: str, text: str) -> Text:
    return Text(text, justify="right" if key in _TO_THE_RIGHT or key.startswith("venue ") else "left")


@dataclass
class PairRow:
    """What is known of a pair now. heard: its newest signal or whale."""

    flow: FlowEvent
    heard: SignalEvent | WhaleEvent | None = None
    figures: PairFigures = field(default_factory=PairFigures)

    def cell(self, key: str, lang: str, *, brief: bool = False) -> Text:
        """brief: of a signal its grade alone, of who is waited for how much there is."""
        flow, known = self.flow, self.figures
        match key:
            case "pair":
                return Text(flow.pair, "bold")
            case "price":
                return _right(price(flow.price))
            case "move" | "day" | "oi":
                value = {"move": known.move, "day": known.day, "oi": known.open_interest}[key]
                return _signed("-" if value is None else f"{with_sign(value, 2)}%", value)
            case "spot":
                value, whole = self._spot()
                return _signed("-" if value is None else rough(value, sign=True) + ("" if whole else "*"), value)
            case "perp":
                value, whole = known.perp_flow, known.perp_whole
                return _signed("-" if value is None else rough(value, sign=True) + ("" if whole else "*"), value)
            case "consensus":
                return consensus_text(flow, lang, brief=brief)
            case "signal":
                return Text(_time(self.heard)).append_text(signal_text(self.heard, lang, brief=brief))
            case "funding":
                value = known.funding
                return _signed("-" if value is None else f"{with_sign(100 * value, 4)}%", value)
            case "cvd":
                return _spark(known.cvd)
            case "ratio":
                return _right(ratio_text([each.ratio for each in flow.venues.values() if each.listed]))
            case "seen":
                share = flow.coverage
                text = "-" if share is None else f"{math.floor(100 * share)}%"
                return Text(text, "" if share == 1 else "yellow", justify="right")
        shown = flow_text(flow.venues.get(key.removeprefix("venue ")))
        shown.justify = "right"
        return shown

    def sorts_by(self, key: str) -> Any:
        """None sorts last, whichever way."""
        flow, known = self.flow, self.figures
        found = {
            "pair": flow.pair, "price": flow.price, "move": known.move, "day": known.day, "spot": self._spot()[0],
            "perp": known.perp_flow, "consensus": _VERDICTS.get(flow.consensus or ""), "oi": known.open_interest,
            "signal": newness(self.heard) if self.heard else None, "funding": known.funding, "seen": flow.coverage,
            "cvd": next((each for each in reversed(known.cvd) if each is not None), None),
            "ratio": max((each.ratio for each in flow.venues.values() if each.ratio is not None), default=None),
        }  # fmt: skip
        if key in found:
            return found[key]
        venue = flow.venues.get(key.removeprefix("venue "))
        return venue.net_flow if venue else None

    def _spot(self) -> tuple[float | None, bool]:
        """The venues' flow together, of those that know it, and whether all that list the pair do."""
        listed = [each for each in self.flow.venues.values() if each.listed]
        known = [each.net_flow for each in listed if each.net_flow is not None]
        whole = len(known) == len(listed) and all(each.coverage in (None, 1) for each in listed)
        return (math.fsum(known), whole) if known else (None, False)


def _time(event: SignalEvent | WhaleEvent | None) -> str:
    return "" if event is None else f"{event.time[11:16]} "


def _right(text: str) -> Text:
    return Text(text, justify="right")


def _signed(text: str, value: float | None) -> Text:
    return Text(text, "" if not value else "green" if value > 0 else "red", justify="right")


def _spark(values: Sequence[float | None]) -> Text:
    known = [each for each in values if each is not None]
    if not known:
        return Text("-", "dim")
    step = (max(known) - min(known)) / (len(_BLOCKS) - 1) or 1.0
    bars = "".join(" " if each is None else _BLOCKS[round((each - min(known)) / step)] for each in values)
    return Text(bars, "green" if known[-1] > 0 else "red")
