"""Events: the JSON objects of `coinmon scan --json`, which outputs get too."""

import hashlib
from typing import Any

from coinmon.market.market import Market
from coinmon.model.moment import iso
from coinmon.model.signal import Signal, Text

Event = dict[str, Any]


def signal_id(signal: Signal, now: int) -> str:
    """Short, visible, and the same when the same event is found again."""
    text = signal.key if signal.once else f"{signal.key}@{now}"
    return hashlib.sha256(f"{signal.name} {text}".encode()).hexdigest()[:12]


def signal_event(signal: Signal, id: str, now: int, graver_than: str | None = None) -> Event:
    """A graded signal; one without a grade is an event of its own name (`whale`), with its evidence as fields.

    graver_than: the lesser grade it was told at before.
    """
    if signal.grade is None:
        return {"event": signal.name, "id": id, "time": iso(now), "pair": signal.pair, **signal.evidence}
    return {
        "event": "signal",
        "id": id,
        "time": iso(now),
        "pair": signal.pair,
        "signal": signal.name,
        "grade": signal.grade,
        "direction": signal.direction,
        "title": _both(signal.title),
        "reading": _both(signal.reading),
        "advice": _both(signal.advice) if signal.advice else None,
        "evidence": dict(signal.evidence),
        **({"graver_than": graver_than} if graver_than else {}),
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def flow_event(market: Market) -> Event:
    """The fund flow of a pair on every venue, and what the venues say together."""
    agreed = market.of("consensus")
    return {
        "event": "flow",
        "time": iso(market.now),
        "pair": str(market.pair),
        "price": agreed.last_price,
        "currency": agreed.currency,
        "window": agreed.window,
        "venues": {
            each.venue: {
                "instrument": each.instrument,
                "listed": each.listed,
                "net_flow": each.net_flow,
                "ratio": each.buy_sell_ratio,
                "net_flow_pct": each.net_flow_pct,
                "zscore": each.zscore,
                "coverage": each.coverage,
                "complete": each.complete,
                "warming": each.warming,
                "minutes": each.minutes,
            }
            for each in agreed.venues
        },
        "total": agreed.total,
        "consensus": agreed.verdict,
        "consensus_reason": agreed.reason,
        "coverage": agreed.coverage.share,
    }
