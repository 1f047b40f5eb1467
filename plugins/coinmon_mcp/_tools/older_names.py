"""What the older order-flow server's answers were called, beside our own names: its clients look for these."""

from collections.abc import Mapping
from typing import Any

from coinmon.command import DAY, MINUTE, MarketReader, View, iso

ALGORITHM = "coinmon-1"
"""Version of the definitions: changes when the same bars give other figures."""
_MAX_RANGES = 10
_MAX_SETTLEMENTS = 30
_HOUR_MS = 60 * MINUTE
_LATE_MS = 1000
"""Settlements are on the hour, their stamps some milliseconds late; a rate that is sampled is read later than that."""
_SESSION = {
    "name": "name", "open": "open", "high": "high", "low": "low", "close": "close", "volQuote": "quote_volume",
    "deltaQuote": "delta_quote", "vwap": "vwap", "vPOC": "poc", "vVAH": "vah", "vVAL": "val",
}  # fmt: skip
_BY_VOLUME = {"vPOC": "vpoc", "vVAH": "vvah", "vVAL": "vval"}


def older_names(
    tool: str, desk: MarketReader, view: View, result: Mapping[str, Any], value_area_pct: float | None
) -> dict[str, Any]:
    """Fields beside `result`, of an indicator's result as plain JSON data."""
    seen = result["coverage"]
    found: dict[str, Any] = {
        "window": {"start": seen["start"], "end": seen["end"]},
        "dataQuality": {
            "coveragePct": round(100 * seen["share"], 2),
            "missingRanges": seen["missing"][-_MAX_RANGES:],
            "algoVersion": ALGORITHM,
            "degraded": seen["complete"] < seen["minutes"],
        },
    }
    if value_area_pct is not None:
        found["valueAreaPct"] = value_area_pct
    if result.get("bin_size") is not None:
        found["binSize"] = result["bin_size"]
    return found | _OWN.get(tool, _nothing)(desk, view, result)


def _nothing(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _sessions(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    rows = [*result["sessions"], *result["pd_sessions"]]
    return {
        "binSize": next((each["bin_size"] for each in rows if each["bin_size"] is not None), None),
        "sessions": [_session(each) for each in result["sessions"]],
        "pdSessions": [_session(each) for each in result["pd_sessions"]],
    }


def _session(row: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: row[name] for ours, name in _SESSION.items()}


def _key_levels(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    return {"binSize": result["day"].get("bin_size")}


def _tpo(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: result[name] for ours, name in _BY_VOLUME.items()}


def _footprint(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    return {"levelsDropped": sum(each["levels_dropped"] for each in result["bars"])}


def counted_in_what_is_shown(answer: dict[str, Any]) -> dict[str, Any]:
    """A cut answer whose `levelsDropped` is that of the candles that it shows, not of all that were asked for."""
    bars = answer["result"].get("bars") if "levelsDropped" in answer else None
    return answer if bars is None else {**answer, "levelsDropped": sum(each["levels_dropped"] for each in bars)}


def _heatmap(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    latest = view.heatmap(result["window"])[-1:]
    enabled = desk.config.books.enabled is not False
    return {
        "enabled": enabled,
        "remediation": _what_helps(enabled, result),
        "lastUpdate": iso(latest[0].time) if latest else None,
    }


def _what_helps(enabled: bool, result: Mapping[str, Any]) -> str | None:
    """What brings the samples that are missing; None where none is."""
    seen = result["coverage"]
    if not enabled:
        return (
            "order books are not sampled: set `books.enabled: true` (HEATMAP_ENABLED=true) and let `coinmon scan` run"
        )
    if seen["complete"] >= seen["minutes"]:
        return None
    missing = seen["minutes"] - seen["complete"]
    return (
        f"sampled in {seen['complete']} of {seen['minutes']} minutes: order books cannot be had afterwards; let "
        f"`coinmon scan` run for {missing} more, or ask with `lookbackMinutes` for less"
    )


def _funding(desk: MarketReader, view: View, result: Mapping[str, Any]) -> dict[str, Any]:
    """Each settlement's rate, the newest first: as the venue lists it, or the one that was last seen before it."""
    before: dict[int, float] = {}
    for each in view.funding(7 * DAY // MINUTE):
        if each.next_time is None and each.time % _HOUR_MS < _LATE_MS:
            before[each.time // _HOUR_MS * _HOUR_MS] = each.rate
        elif each.next_time is not None and each.time <= each.next_time <= view.now:
            before[each.next_time] = each.rate
    newest = sorted(before.items(), reverse=True)[:_MAX_SETTLEMENTS]
    return {"history": [{"settledAt": iso(at), "rate": rate} for at, rate in newest]}


_OWN = {
    "get_session_profile": _sessions,
    "get_key_levels": _key_levels,
    "get_tpo_profile": _tpo,
    "get_footprint": _footprint,
    "get_footprint_statistics": _footprint,
    "get_orderbook_heatmap": _heatmap,
    "get_funding_rate": _funding,
}
