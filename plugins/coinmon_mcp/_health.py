"""Is what is served still being filled?"""

from collections.abc import Mapping
from typing import Any

from coinmon import MINUTE, Desk, iso

_MISSED = 3
"""Scans that may be missed before data is stale."""


class Health:
    """Freshness by venue, from the store and from what the scan of this process says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stale_after = _MISSED * max(desk.config.interval, MINUTE) + desk.config.settle
        self._venues: dict[str, Mapping[str, Any]] = {}
        self._since = desk.now()

    def take(self, event: Mapping[str, Any]) -> None:
        """An event of the scan."""
        if event["event"] == "venue":
            self._venues[event["venue"]] = event

    def ages(self) -> dict[str, float]:
        """Seconds since the last stored minute of each venue ended."""
        ends: dict[str, int] = {}
        for instrument, end in self._desk.followed().items():
            ends[instrument.venue] = max(end, ends.get(instrument.venue, 0))
        now = self._desk.now()
        return {venue: max(0.0, (now - end) / 1000) for venue, end in sorted(ends.items())}

    def document(self) -> tuple[bool, dict[str, Any]]:
        """Whether all is well, and the JSON that says so; a server that has just started is given time."""
        ages = self.ages()
        stale = {venue for venue, age in ages.items() if age * 1000 > self._stale_after}
        starting = not ages and self._desk.now() - self._since < self._stale_after
        alive = starting or bool(ages and len(stale) < len(ages))
        venues = {
            venue: {
                "status": "stale" if venue in stale else "ok",
                "age_seconds": round(age, 1),
                "last_scan": self._venues.get(venue, {}).get("status"),
                "error": self._venues.get(venue, {}).get("error"),
            }
            for venue, age in ages.items()
        }
        for venue, event in self._venues.items():
            venues.setdefault(
                venue, {"status": "no data", "age_seconds": None, "last_scan": event["status"], "error": event["error"]}
            )
        status = "starting" if starting else "ok" if alive and not stale else "degraded" if alive else "stale"
        return alive, {"status": status, "time": iso(self._desk.now()), "venues": venues}
