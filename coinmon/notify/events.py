"""What is made of signals and markets: the events of a scan."""

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from msgspec import UNSET, ValidationError, convert

from coinmon.errors import CoinmonError
from coinmon.market.market import Market
from coinmon.model.events import (
    WHALE_EVIDENCE,
    AlertRecord,
    BothLanguages,
    FlowEvent,
    FlowOfVenue,
    PluginEvent,
    SignalEvent,
    ToldEvent,
    WhaleEvent,
)
from coinmon.model.moment import MINUTE, iso
from coinmon.model.signal import Bilingual, Grade, Signal, Text

_ID_DIGITS = 12
"""Hexadecimal: short, so that a digest of hundreds names each; two of a million may agree, one then gets another."""


def signal_id(signal: Signal, now: int, attempt: int = 0) -> str:
    """Short, visible, and the same when the same event is found again. attempt: of ids that others have."""
    text = signal.key if signal.once else f"{signal.key}@{now}"
    text += f" #{attempt}" if attempt else ""
    return hashlib.sha256(f"{signal.name} {text}".encode()).hexdigest()[:_ID_DIGITS]


def signal_event(
    signal: Signal,
    id: str,
    now: int,
    graver_than: Grade | None = None,
    record: AlertRecord | None = None,
    situation: Mapping[str, Any] | None = None,
) -> ToldEvent:
    """A graded signal; one without a grade is an event of its own name (`whale`), with its evidence as fields.

    graver_than: the lesser grade it was told at before. record: what signals like it were worth, see notify/record.py.
    situation: where the pair stands, for those who are told.
    """
    if signal.grade is None:
        return _plain_event(PluginEvent(signal.name, id, iso(now), signal.pair, signal.evidence))
    return SignalEvent(
        id=id,
        time=iso(now),
        pair=signal.pair,
        signal=signal.name,
        grade=signal.grade,
        direction=signal.direction,
        title=_both(signal.title),
        reading=_both(signal.reading),
        advice=_both(signal.advice) if signal.advice else None,
        evidence=dict(signal.evidence),
        graver_than=graver_than or UNSET,
        record=record or UNSET,
        situation=situation or UNSET,
        cooldown_minutes=signal.cooldown / MINUTE,
    )


def _plain_event(event: PluginEvent) -> WhaleEvent | PluginEvent:
    """A whale trade where it is one, with all that belongs to one and nothing else."""
    if event.event == "whale" and event.evidence.keys() == WHALE_EVIDENCE:
        try:
            return convert({"id": event.id, "pair": event.pair, **event.evidence}, WhaleEvent)
        except ValidationError:
            pass
    return event


def _both(text: Text) -> BothLanguages:
    return BothLanguages(text.zh, text.en)


def flow_event(market: Market, window: int, ask: Callable[[Market], FlowEvent]) -> FlowEvent:
    """The fund flow of a pair on every venue, and what the venues say together.

    window: closed minutes that are looked at where nobody says the latter; then the flow of each venue is there without
    it, and `consensus_reason` says why. ask: who says it; raises CoinmonError.
    """
    try:
        return ask(market)
    except CoinmonError as error:
        said = error.args[0] if error.args else ""
        return _flow_alone(market, window, said if isinstance(said, Bilingual) else str(error))


def _flow_alone(market: Market, window: int, why: str) -> FlowEvent:
    """The same fields from the bars alone: money, ratio and coverage of each spot market, and no verdict."""
    venues: dict[str, FlowOfVenue] = {}
    price = None
    for name in market.venues:
        view = market.spot.get(name)
        if view is None:
            venues[name] = FlowOfVenue(listed=None if name in market.down else False)
            continue
        bars = view.bars(window)
        seen = view.seen(bars)
        rows = bars[bars.has_flow & np.isfinite(bars.buy_quote) & np.isfinite(bars.quote_volume)]
        buy = math.fsum(rows.buy_quote)
        sell = math.fsum(np.maximum(rows.sell_quote, 0.0))
        traded = math.fsum(rows.quote_volume)
        closes = bars.price(bars.close)
        known = closes[np.isfinite(closes) & (closes > 0)]
        if price is None and len(known):
            price = float(known[-1])
        venues[name] = FlowOfVenue(
            instrument=view.instrument.id,
            listed=True,
            net_flow=buy - sell if len(rows) else None,
            ratio=buy / sell if seen.share == 1 and sell else None,
            net_flow_pct=100 * (buy - sell) / traded if traded else None,
            zscore=None,
            coverage=seen.share,
            complete=seen.complete,
            warming=seen.warming,
            minutes=seen.minutes,
        )
    listed = [each for each in venues.values() if each.listed]
    whole = bool(listed) and not market.down and all(each.coverage == 1 for each in listed)
    return FlowEvent(
        time=iso(market.now),
        pair=str(market.pair),
        price=price,
        currency=market.pair.quote,
        window=window,
        venues=venues,
        total=math.fsum(each.net_flow or 0.0 for each in listed) if whole else None,
        consensus=None,
        consensus_reason=why,
        coverage=min((each.coverage for each in listed if each.coverage is not None), default=None),
    )
