"""Who is told what, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from coinmon.config.load import Config
from coinmon.config.schema import NotifyConfig
from coinmon.model.events import AlertRecord, Event, PluginEvent, SignalEvent, WhaleEvent, kind_of
from coinmon.model.moment import MINUTE, floor
from coinmon.notify.record import meets
from coinmon.plugin.contracts import Output
from coinmon.store.outbox import ENDED, Due

_STREAM = "flow"
"""An output that takes every pair's flow each cycle keeps a record (log, jsonl): it gets all there is, at once."""


@dataclass(frozen=True)
class Route:
    """What one output is told. record: everything of its kinds, unpaced and unasked; else what the rest says.

    pairs: None for all, written without a separator. digest: grades told in a digest. quiet: hours of `zone`.
    switches: signals that a key of `notify` switches in place of their grade.
    """

    events: frozenset[str]
    record: bool
    policy: NotifyConfig
    pairs: frozenset[str] | None
    digest: frozenset[str]
    zone: ZoneInfo
    switches: Mapping[str, str] = field(default_factory=dict)

    def takes(self, event: Event) -> bool:
        """Whether the output gets an event at all."""
        if kind_of(event) not in self.events:
            return False
        return self.record or (self._of_its_pairs(event) and self._worth_telling(event))

    def due(self, output: str, event: Event, now: int) -> Due:
        """When an event is to be sent that happens now."""
        if self.record:
            return Due(output, now)
        grade = event.grade if isinstance(event, SignalEvent) else _over(event).get("grade")
        end = self._end_of_quiet(now)
        if end is not None and grade not in self.policy.quiet_grades:
            return Due(output, end, "quiet")
        if grade in self.digest:
            step = self.policy.digest_minutes * MINUTE
            return Due(output, floor(now, step) + step, "digest")
        return Due(output, now)

    def addressed(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """An event's JSON as the output gets it: one whose record is not good enough to page everyone says `page`."""
        if self.record or self.policy.at_all_requires == "any":
            return event
        if event["event"] == "digest":
            return {**event, "events": [self.addressed(each) for each in event["events"]]}
        verdict = (event.get("record") or {}).get("verdict")
        if event["event"] != "signal" or meets(verdict, self.policy.at_all_requires):
            return event
        return {**event, "page": False}

    def _of_its_pairs(self, event: Event) -> bool:
        pair = getattr(event, "pair", None)
        return self.pairs is None or pair is None or _bare(pair) in self.pairs

    def _worth_telling(self, event: Event) -> bool:
        policy = self.policy
        if isinstance(event, WhaleEvent):
            return policy.whale and event.quote >= policy.whale_threshold
        if over := _over(event):
            return policy.ended and meets(over["verdict"], policy.require) and self._of_its_grade(over)
        if not isinstance(event, SignalEvent):
            return True
        if not meets(event.record.verdict if isinstance(event.record, AlertRecord) else None, policy.require):
            return False
        return self._of_its_grade({"signal": event.signal, "grade": event.grade})

    def _of_its_grade(self, signal: Mapping[str, Any]) -> bool:
        switch = self.switches.get(signal["signal"])
        return signal["grade"] in self.policy.grades if switch is None else bool(getattr(self.policy, switch))

    def _end_of_quiet(self, now: int) -> int | None:
        """When the quiet hours end that now is in, ms UTC; None outside them."""
        if self.policy.quiet is None:
            return None
        start, end = ((int(each[:2]), int(each[3:])) for each in self.policy.quiet.split("-"))
        local = datetime.fromtimestamp(now / 1000, self.zone)
        clock = (local.hour, local.minute)
        if not (start <= clock < end if start < end else clock >= start or clock < end):
            return None
        over = local.replace(hour=end[0], minute=end[1], second=0, microsecond=0, fold=0)
        return round((over if clock < end else over + timedelta(days=1)).timestamp() * 1000)


def _over(event: Event) -> Mapping[str, Any]:
    """Of which signal an event tells that it is over; empty for any other event."""
    return event.evidence if isinstance(event, PluginEvent) and event.event == ENDED else {}


def routes(config: Config, outputs: Mapping[str, Output]) -> dict[str, Route]:
    """What each output is told: as configured for it, else as `notify` says."""
    switches = {name: key for each in config.catalog.of("signal") for name, key in each.switches.items()}
    found = {}
    for name, output in outputs.items():
        chosen = config.outputs[name]
        events = output.wants if chosen.events is None else chosen.events
        own = {key: value for key, value in chosen.route.model_dump().items() if value is not None}
        pairs, digest = own.pop("pairs", None), own.pop("digest", getattr(output, "digests", ()))
        found[name] = Route(
            events=frozenset(events),
            record=_STREAM in events,
            policy=config.notify.model_copy(update=own),
            pairs=None if pairs is None else frozenset(map(_bare, pairs)),
            digest=frozenset(digest),
            zone=ZoneInfo(chosen.settings.get("timezone") or config.timezone),
            switches=switches,
        )
    return found


def _bare(pair: str) -> str:
    return "".join(each for each in pair.upper() if each.isalnum())
