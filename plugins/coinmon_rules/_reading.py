"""A field read of a market as of a moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coinmon.command import CoinmonError
from coinmon.signal import MINUTE, Bilingual, Market, Signal, Silent, View, say
from coinmon_rules._fields import reach
from coinmon_rules._nodes import Field

OLDEST_PRICE = 5
"""Minutes that the last price may be old: a minute without a trade stays where the one before it closed."""

Known = float | str | None
"""Numbers, flags as 1 and 0, times as ms UTC; None: unknown."""


def read(field: Field, market: Market) -> Known | Mapping[str, Known]:
    """Of a `many` field by name. What an indicator cannot say, or fails to, is unknown."""
    if field.where == "state":
        return _is_on(market, field)
    subjects = subjects_of(field, market)
    if field.where == "venues" and field.many and not _listed(field):
        return {name: _of(field, subject) for name, subject in subjects.items()}
    if field.where == "price":
        prices = {name: _price(subject) for name, subject in subjects.items()}
        return prices if field.many else next(iter(prices.values()), None)
    if not subjects:
        return {} if field.many else None
    found: Any = _of(field, next(iter(subjects.values())))
    if field.many:
        return {name: _plain(value) for name, value in found} if isinstance(found, list) else {}
    known: Known = found
    return known


def why_unknown(field: Field, market: Market) -> Bilingual:
    """In words, for whoever asks why a rule waits."""
    if field.where == "state":
        return Bilingual(f"信号 {field.indicator} 在等待数据", f"signal {field.indicator} waits for data itself")
    reasons: list[str] = []
    for name, subject in subjects_of(field, market).items():
        if subject is None:
            reasons.append(Bilingual(f"{name} 未上线该交易对或无法访问", f"{name} does not list it, or is down"))
        elif field.where == "price":
            reasons.append(Bilingual(f"{OLDEST_PRICE} 分钟内没有价格", f"no price within {OLDEST_PRICE} minutes"))
        else:
            reasons.append(_reason(field, subject, name))
    if not reasons:
        return Bilingual("没有平台上线该交易对", "no venue lists the pair")
    return Bilingual.listed([each for each in reasons if each] or [Bilingual("未知", "not known")])


def _reason(field: Field, subject: Any, name: str) -> str:
    try:
        result = subject.of(field.indicator, **dict(field.settings))
    except CoinmonError as error:
        return str(error)
    if short_of(field, result):
        seen = f"{name} {result.coverage.complete}/{result.coverage.minutes}"
        return Bilingual(f"{seen} 分钟已覆盖", f"{seen} minutes covered")
    why = result.reason
    return "" if why is None else Bilingual(f"{name}: {say(why, 'zh')}", f"{name}: {why}")


def subjects_of(field: Field, market: Market) -> Mapping[str, Market | View | None]:
    """What the indicator is asked of, by name; None: a venue that may list the pair and cannot be asked."""
    if field.where == "pair":
        return {"": market}
    views = market.spot if field.kind == "spot" else market.perp
    if field.venues:
        return {name: views.get(name) for name in field.venues}
    if field.where == "merged" or dict(field.settings).get("where") == "merged":
        whole = market.merged.get(field.kind)  # type: ignore[call-overload]
        if whole is None and field.where == "price":
            whole = market.merged.get("perp" if field.kind == "spot" else "spot")
        return {"all": whole} if whole else {}
    there: dict[str, Market | View | None] = dict(views)
    return there | {name: None for name in market.down if name in market.venues and name not in there}


def short_of(field: Field, result: Any) -> bool:
    """Too little of the result's minutes was seen for its figures to count as known."""
    return bool(field.steps and field.steps[0].name != "coverage" and result.coverage.share < field.least)


def _listed(field: Field) -> bool:
    return any(step.item == "each" for step in field.steps)


def _of(field: Field, subject: Any) -> Any:
    if subject is None:
        return None
    try:
        result = subject.of(field.indicator, **dict(field.settings))
    except CoinmonError:
        return None
    found = None if short_of(field, result) else reach(result, field.steps)
    return found if isinstance(found, list) else _plain(found)


def _plain(value: Any) -> Known:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number == number and abs(number) != float("inf") else None


def _price(subject: Any) -> float | None:
    if subject is None:
        return None
    rows = subject.bars(OLDEST_PRICE)
    seen = (rows.close > 0).nonzero()[0]
    return float(rows.price(rows.close[seen[-1:]])[0]) if len(seen) else None


def _is_on(market: Market, field: Field) -> float | None:
    """Whether the signal begins now, or goes on where it was told; unknown where it waits or fails."""
    assert field.signal is not None
    try:
        said = field.signal(market)
        if isinstance(said, Silent) and said.waits:
            return None
        return float(any(each.begins or each.once or _was_told(market, each) for each in said))
    except Exception:
        # a plugin's own fault, which the scan says of that plugin
        return None


def _was_told(market: Market, signal: Signal) -> bool:
    """Whether the state that goes on is one that is told."""
    now = market.now
    for view in market.views[:1]:
        events = view.source.signals(str(market.pair), now - MINUTE, now + 1)
        return any(each.get("signal") == signal.name and each.get("ended") is None for each in events)
    return False
