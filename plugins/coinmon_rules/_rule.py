"""A rule: a signal whose condition is written, not programmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from coinmon.command import PluginConfig
from coinmon.signal import ASK, HOLDS, MINUTE, SILENT, WAITS, Bilingual, Codes, Frame, Market, Signal, Silent, Text
from coinmon_rules._examples.inline_bars import InlineMarket
from coinmon_rules._moments import OfBars, OfFrame, OfMarket
from coinmon_rules._nodes import Field, Moments, Node
from coinmon_rules._reading import why_unknown
from coinmon_rules._values import Column, both, negated
from coinmon_rules._words import TextPieces, shown

Grade = Literal["A+", "A", "B+", "B", "C"]
Direction = Literal["bullish", "bearish", "neutral"]


@dataclass(frozen=True, slots=True)
class Example:
    """What a rule is expected to say of a pair at a time.

    place: where it is written. bars: the market, where it is given.
    """

    pair: str
    at: str
    expect: bool
    place: str
    bars: Sequence[InlineMarket] = ()


@dataclass(frozen=True, eq=False)
class Rule:
    """Called with a market it is a signal plugin's function; `columns` is the same over a frame.

    when: what has to hold, for `for` minutes on end where that is written (it is in the node). until: what ends it;
    None: it ends when `when` does. horizon: minutes after which its worth is judged.
    """

    name: str
    text: str
    when: Node
    begins: Node
    until: Node | None
    grade: Grade
    direction: Direction
    horizon: int
    cooldown: int
    title: Mapping[str, TextPieces]
    say: Mapping[str, TextPieces]
    advice: Mapping[str, TextPieces]
    pairs: frozenset[str]
    chosen: Mapping[str, PluginConfig] = field(repr=False)
    examples: Sequence[Example] = ()
    place: str = ""

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return f"{self.title['en'].pieces[0] or self.name}: {' '.join(self.text.split())}"

    @property
    def nodes(self) -> Sequence[Node]:
        return [self.begins] if self.until is None else [self.begins, self.until]

    def fields(self) -> Mapping[tuple[Any, ...], tuple[Field, int]]:
        """The fields it looks at and how many minutes back, by key."""
        found: dict[tuple[Any, ...], tuple[Field, int]] = {}
        for node in self.nodes:
            for each, back in node.fields():
                before = found.get(each.asked.key, (each.asked, 0))[1]
                found[each.asked.key] = each.asked, max(back, before)
        return found

    def __call__(self, market: Market) -> list[Signal] | Silent:
        if self.pairs and not self.pairs & {str(market.pair), str(market.pair).replace("/", "")}:
            return Silent(Bilingual("规则不适用于该交易对", "the rule is for other pairs"))
        moments = self._moments(market)
        begins, holds = self._state(moments)
        if any(each.unsure is not None and each.unsure[-1] for each in self.judged(moments)):
            moments = OfMarket(market)
            begins, holds = self._state(moments)
        now, goes_on = float(begins[-1]), float(holds[-1])
        if (np.isnan(now) and goes_on != 1) or np.isnan(goes_on):
            return self._waits(market)
        if now != 1 and goes_on != 1:
            figures = self._figures(moments)
            return Silent(Bilingual(f"不满足：{figures}", f"it is not so: {figures}"))
        return [self._signal(market, moments, begins=now == 1)]

    def columns(self, frame: Frame) -> Codes:
        """What the rule says of each moment of the frame."""
        if self.pairs and not self.pairs & {str(frame.pair), str(frame.pair).replace("/", "")}:
            return np.full(frame.count, SILENT, np.int8)
        moments = OfFrame(frame, self.chosen, list(self.fields().values()))
        return codes(*self.judged(moments), frame.count)

    def judged(self, moments: Moments) -> tuple[Column, Column]:
        """Whether it begins, and whether it goes on where it is on: 1, 0 or NaN at each moment."""
        begins = self.begins.of(moments, 0)
        assert isinstance(begins, Column)
        if self.until is None:
            return begins, begins
        ended = self.until.of(moments, 0)
        assert isinstance(ended, Column)
        holds = negated(ended)
        return both([begins, holds]), holds

    def _moments(self, market: Market) -> OfMarket:
        back = max((back for _, back in self.fields().values()), default=0)
        return OfBars(market, self.chosen, back) if back else OfMarket(market)

    def _state(self, moments: Moments) -> tuple[Any, Any]:
        begins, holds = self.judged(moments)
        return begins.figures, holds.figures

    def _figures(self, moments: Moments) -> str:
        """Each field's figure, as it was written."""
        parts = []
        for each, _ in self.begins.fields():
            found = each.of(moments, 0)
            if isinstance(found, Column):
                parts.append(f"{self._written(each)} {shown(found.figures[-1])}")
            else:
                inner = ", ".join(f"{name} {shown(column.figures[-1])}" for name, column in found.items())
                parts.append(f"{self._written(each)} ({inner})")
        return "; ".join(dict.fromkeys(parts))

    def _written(self, node: Node) -> str:
        return self.text[node.start : node.end]

    def _waits(self, market: Market) -> Silent:
        moments = OfMarket(market)
        for node in self.nodes:
            for each, _ in node.fields():
                found = each.of(moments, 0)
                columns = [found] if isinstance(found, Column) else list(found.values())
                if not columns or any(shown(column.figures[-1]) == "-" for column in columns):
                    why = why_unknown(each.asked, market)
                    written = self._written(each) if node is self.begins else each.asked.indicator
                    return Silent(Bilingual(f"等待 {written}：{why.zh}", f"waits for {written}: {why}"), waits=True)
        return Silent(Bilingual("等待更早的数据", "waits for the minutes before"), waits=True)

    def _signal(self, market: Market, moments: Moments, *, begins: bool) -> Signal:
        return Signal(
            name=self.name,
            pair=str(market.pair),
            grade=self.grade,
            direction=self.direction,
            title=self._text(self.title, moments),
            reading=self._text(self.say, moments),
            advice=self._text(self.advice, moments) if self.advice else None,
            evidence={"rule": " ".join(self.text.split()), **self._evidence(moments)},
            key=f"{self.name}:{market.pair}",
            begins=begins,
            cooldown=self.cooldown * MINUTE,
        )

    def _evidence(self, moments: Moments) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in self.nodes:
            for each, _ in node.fields():
                figures = each.of(moments, 0)
                name = self._written(each) if node is self.begins else f"{each.asked.indicator}.{each.asked.path}"
                if isinstance(figures, Column):
                    found[name] = _plain(figures.figures[-1])
                else:
                    found[name] = {key: _plain(column.figures[-1]) for key, column in figures.items()}
        return found

    @staticmethod
    def _text(said: Mapping[str, TextPieces], moments: Moments) -> Text:
        return Text(said["zh"].at(moments), said["en"].at(moments))


def codes(begins: Column, holds: Column, count: int) -> Codes:
    """As a signal's `columns` say it: the last `count` moments."""
    first, on = (np.broadcast_to(each.figures, (count,)) for each in (begins, holds))
    unknown = (np.isnan(first) & (on != 1)) | np.isnan(on)
    code = np.where((first == 1) | (on == 1), np.where(first == 1, HOLDS + 1, HOLDS), SILENT)
    code = np.where(unknown, WAITS, code)
    for each in (begins, holds):
        if each.unsure is not None:
            code = np.where(np.broadcast_to(each.unsure, (count,)), ASK, code)
    return code.astype(np.int8)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return None if number != number else number
