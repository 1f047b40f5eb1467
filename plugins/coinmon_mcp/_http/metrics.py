"""Figures for Prometheus: what was asked, how long it took, how fresh the data is."""

import resource
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Counters of this server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "coinmon_tool_calls", "Tool calls by outcome", ["tool", "outcome"], registry=self._registry
        )
        self._seconds = Histogram("coinmon_tool_seconds", "Seconds until an answer", registry=self._registry)
        self._age = Gauge(
            "coinmon_venue_age_seconds",
            "Seconds since the last stored minute ended",
            ["venue"],
            registry=self._registry,
        )
        self._memory = Gauge("coinmon_peak_memory_bytes", "Largest resident size so far", registry=self._registry)

    def called(self, tool: str, outcome: str, seconds: float) -> None:
        self._calls.labels(tool, outcome).inc()
        self._seconds.observe(seconds)

    def page(self, ages: Mapping[str, float]) -> bytes:
        """The text format of Prometheus. ages: seconds by venue."""
        for venue, age in ages.items():
            self._age.labels(venue).set(age)
        self._memory.set(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return generate_latest(self._registry)
