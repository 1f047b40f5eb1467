"""The state of things: venues, streams, lag, holes, deliveries, plugins in trouble."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from coinmon.command import MINUTE, CoinmonError, MarketReader, iso

_NAMED_STREAMS = 12


class State:
    """What the scan's events said last, and what the store shows."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._venues: dict[str, Mapping[str, Any]] = {}
        self._deliveries: Counter[tuple[str, str]] = Counter()
        self._trouble: dict[str, str] = {}
        self._scanned: int | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "venue":
            self._venues[event["venue"]] = event
        elif kind == "scan_finished":
            self._scanned = self._reader.now()
        elif kind == "delivery":
            output, status = str(event.get("output", "?")), str(event.get("state", "?"))
            self._deliveries[output, status] += 1
            if event.get("error"):
                self._trouble[output] = str(event["error"])

    def document(self) -> dict[str, Any]:
        """As the page shows it."""
        now = self._reader.now()
        config = self._reader.config
        try:
            ends = self._reader.followed()
        except CoinmonError:
            ends = {}
        stale = 3 * max(config.interval, MINUTE) + config.settle
        venues = []
        for name in config.exchanges:
            lags = {each.id: (now - end) / 1000 for each, end in ends.items() if each.venue == name}
            late = sorted(id for id, lag in lags.items() if lag * 1000 > stale)
            said = self._venues.get(name, {})
            status = said.get("status") or ("ok" if lags and not late else "stale" if lags else "no data")
            venues.append(
                {
                    "venue": name, "status": status, "streams": len(lags), "stale": late[:_NAMED_STREAMS],
                    "late": len(late), "lag": round(min(lags.values()), 1) if lags else None,
                    "requests": said.get("requests"), "seconds": said.get("seconds"), "error": said.get("error"),
                }
            )  # fmt: skip
        broken = [{"plugin": each.plugin, "of": each.distribution, "why": each.why} for each in config.catalog.broken]
        return {
            "time": iso(now), "scanned": iso(self._scanned) if self._scanned else None, "venues": venues,
            "deliveries": [[*key, count] for key, count in sorted(self._deliveries.items())],
            "delivery_errors": sorted(self._trouble.items()), "broken": broken,
        }  # fmt: skip
