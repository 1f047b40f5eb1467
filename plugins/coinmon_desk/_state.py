"""The state of things: venues, streams, lag, holes, deliveries, plugins in trouble."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from coinmon.command import DAY, MINUTE, CoinmonError, MarketReader, iso, local_findings, speaker
from coinmon_desk._task_names import task_name

_NAMED_STREAMS = 12
_HOLES_MIN = 60
"""Minutes in which holes are looked for."""
_LOOKED_PAIRS, _TOLD_ROWS, _NAMED_HOLES = 60, 40, 4


class State:
    """What the scan's events said last, and what the store shows."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._venues: dict[str, Mapping[str, Any]] = {}
        self._deliveries: Counter[tuple[str, str]] = Counter()
        self._trouble: dict[str, str] = {}
        self._scanned: int | None = None
        self._health: Mapping[str, Any] = {}
        self._failing: Mapping[str, str] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "venue":
            self._venues[event["venue"]] = event
        elif kind == "scan_finished":
            self._scanned = self._reader.now()
            self._health, self._failing = event.get("health", {}), event.get("failing_plugins", {})
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
            "delivery_errors": sorted(self._trouble.items()), "broken": broken, "health": self._told_health(),
            "failing": sorted(self._failing.items()),
            "budgets": [
                [venue, name, round(used, 1), limit]
                for venue, several in self._reader.usage().items()
                for name, (used, limit) in several.items()
            ],
        }  # fmt: skip

    def _told_health(self) -> dict[str, Any]:
        """What the last scan said of its streams: lag, gaps and their repair, holes, books."""
        health = self._health
        if not health:
            return {}
        return {
            "lag_ms": health["lag_ms"], "gaps_waiting": health["queue"]["gaps"], "gaps_filled": health["gaps_filled"],
            "holes": health["holes"], "reconnects": health["reconnects"], "books": health["books"]["live"],
            "resyncs": health["books"]["resyncs"], "rss_mb": health["rss_mb"], "behind_s": health["behind_seconds"],
        }  # fmt: skip

    def whole(self, lang: str) -> dict[str, Any]:
        """With what takes a look at the store and at this machine: holes, the outbox, what `doctor` would say."""
        say = speaker(lang)
        now = self._reader.now()
        queue = self._reader.outbox(now - DAY)
        tasks = self._reader.tasks()
        return self.document() | {
            "gaps": self._gaps(now),
            "outbox": [
                [each["output"], each["state"], f"{each['pair']} [{each['grade']}] {each['name']}", iso(each["time"]),
                 each["attempts"], iso(each["next_attempt"]) if each["next_attempt"] else None, each["error"]]
                for each in queue[:_TOLD_ROWS]
            ],
            "waiting": len(queue),
            "doctor": [[each.subject, each.check, each.status, say(each.detail), say(each.cure or "")]
                       for each in local_findings(self._reader.config)],
            "tasks": [[task_name(name, lang), each["alive"], each["restarts"], each["error"]]
                      for name, each in sorted(tasks.items())],
        }  # fmt: skip

    def _gaps(self, now: int) -> list[list[Any]]:
        """Holes of the last hour by instrument: complete minutes, minutes asked for, and where the holes lie."""
        found: list[list[Any]] = []
        try:
            for pair in self._reader.pairs()[:_LOOKED_PAIRS]:
                for view in self._reader.market(str(pair), now).views:
                    seen = view.seen(view.bars(_HOLES_MIN))
                    if seen.missing:
                        spans = [[iso(a), iso(b)] for a, b in seen.missing[:_NAMED_HOLES]]
                        found.append([view.instrument.id, seen.complete, seen.minutes, spans, seen.warming])
        except CoinmonError:
            return found
        return sorted(found, key=lambda each: each[1])[:_TOLD_ROWS]
