"""Is what is served still being filled?"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from loguru import logger

from coinmon.command import MINUTE, CoinmonError, MarketReader, NoDataError, iso, redacted

_MAX_MISSED_SCANS = 3
"""Scans that may be missed before data is stale."""
_NAMED = 10
"""Stale streams of a venue that are named."""
_RENEWED_S = 1.0
"""From the end of a look at the database to the next."""
_OVERDUE_S = 30.0
"""A look that takes longer says that the database does not answer; a machine that is merely busy needs a few."""
_FIRST_LOOK_S = 1.0
"""How long the first client is kept waiting for the first look."""


class Health:
    """Freshness by venue and instrument, from the store and from what the scan of this process says.

    scans: this process has to scan. Everything is measured against what a scan would have brought by now.
    """

    def __init__(self, desk: MarketReader, *, scans: bool) -> None:
        self._desk = desk
        self._scans = scans
        self._stale_after = _MAX_MISSED_SCANS * max(desk.config.interval, MINUTE) + desk.config.settle
        self._venues: dict[str, Mapping[str, Any]] = {}
        # the last scan that ended, at first when we began
        self._scanned = desk.now()
        self._since = self._scanned
        self._state: tuple[bool, dict[str, Any]] | None = None
        self._made_at = time.monotonic()
        self._due = threading.Event()
        """Set where the next look must not wait."""

    def take(self, event: Mapping[str, Any]) -> None:
        """An event of the scan."""
        if event["event"] == "venue":
            self._venues[event["venue"]] = event
        elif event["event"] == "scan_finished":
            self._scanned = self._desk.now()
            self._due.set()

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Looks again and again, in a thread of its own that waits for nobody else's work."""
        stop, looked = threading.Event(), threading.Event()
        thread = threading.Thread(target=self._renew, args=(stop, looked), name="health", daemon=True)
        thread.start()
        await asyncio.to_thread(looked.wait, _FIRST_LOOK_S)
        try:
            yield
        finally:
            stop.set()
            self._due.set()
            await asyncio.to_thread(thread.join, _FIRST_LOOK_S)

    def current(self) -> tuple[bool, dict[str, Any]]:
        """The last `document`. Reads nothing and waits for nothing: it is asked for by who restarts what is slow."""
        age = time.monotonic() - self._made_at
        if age > _OVERDUE_S:
            reason = f"the database has not answered for {age:.0f} seconds"
            return False, {"status": "unreadable", "time": iso(self._desk.now()), "reason": reason}
        return self._state or (True, {"status": "starting", "time": iso(self._desk.now()), "venues": {}})

    def _renew(self, stop: threading.Event, looked: threading.Event) -> None:
        said = ""
        while not stop.is_set():
            try:
                self._state = self.document()
                self._made_at = time.monotonic()
                said = ""
            except BaseException as error:
                # a bug of ours, or a panic: what is known grows old, and is said to be when it is overdue
                words = redacted(f"{type(error).__name__}: {error}")
                if words != said:
                    logger.error("health cannot be told: {}", words)
                said = words
            looked.set()
            self._due.wait(_RENEWED_S)
            self._due.clear()

    def ages(self) -> dict[str, float]:
        """Seconds since the last stored minute of each venue ended."""
        try:
            return {venue: min(streams.values()) for venue, streams in self._streams().items()}
        except CoinmonError:
            return {}

    def document(self) -> tuple[bool, dict[str, Any]]:
        """Whether there is anything fresh to serve, and the JSON that says what is not.

        `ok`; `degraded`: some venues are stale, or background tasks are dead (`dead_tasks`), the others are served;
        `starting`: the first scan has time to end;
        not alive are `stale`: no venue is fresh, `stuck`: the scan of this process does not end any more, and
        `unreadable`: the database cannot be read.
        """
        now = self._desk.now()
        try:
            streams = self._streams()
        except CoinmonError as error:
            return False, {"status": "unreadable", "time": iso(now), "reason": redacted(str(error))}
        venues = {venue: self._venue(venue, streams.get(venue, {})) for venue in sorted({*streams, *self._venues})}
        fresh = [each["status"] == "ok" for each in venues.values()]
        if self._scans and now - self._scanned > self._stale_after:
            status = "stuck"
        elif any(fresh):
            status = "ok" if all(fresh) else "degraded"
        else:
            status = "starting" if now - self._since < self._stale_after else "stale"
        dead = {name: row["error"] for name, row in self._desk.tasks().items() if not row["alive"]}
        if dead and status == "ok":
            status = "degraded"
        document: dict[str, Any] = {"status": status, "time": iso(now), "venues": venues}
        if dead:
            document["dead_tasks"] = dead
        if self._scans:
            document["scan"] = {"age_seconds": round((now - self._scanned) / 1000, 1)}
        return status in ("ok", "degraded", "starting"), document

    def _streams(self) -> dict[str, dict[str, float]]:
        """Seconds since the last stored minute of each instrument ended, by venue."""
        try:
            ends = self._desk.followed()
        except NoDataError:
            return {}
        now = self._desk.now()
        found: dict[str, dict[str, float]] = {}
        for instrument, end in ends.items():
            found.setdefault(instrument.venue, {})[instrument.id] = max(0.0, (now - end) / 1000)
        return found

    def _venue(self, name: str, streams: Mapping[str, float]) -> dict[str, Any]:
        last = self._venues.get(name, {})
        stale = sorted(id for id, age in streams.items() if age * 1000 > self._stale_after)
        return {
            "status": "no data" if not streams else "stale" if len(stale) == len(streams) else "ok",
            "age_seconds": round(min(streams.values()), 1) if streams else None,
            "streams": {"stored": len(streams), "fresh": len(streams) - len(stale), "stale": stale[:_NAMED]},
            "last_scan": last.get("status"),
            "error": redacted(last["error"]) if last.get("error") else None,
        }
