"""Who is told what."""

from collections.abc import Mapping
from typing import Any

from coinmon.config import NotifyConfig
from coinmon.contracts import Output

_STREAM = "flow"
"""An output that takes every pair's flow each cycle keeps a record (log, jsonl): it gets all there is."""


def takes(output: Output, events: frozenset[str] | None, event: Mapping[str, Any], policy: NotifyConfig) -> bool:
    """Whether an output gets an event. `events`: its configured kinds, None for those it wants by itself.

    Records get every event of their kinds; people (everything else) what `notify` lets through.
    """
    kinds = events if events is not None else output.wants
    if event["event"] not in kinds:
        return False
    return _STREAM in kinds or _worth_telling(event, policy)


def _worth_telling(event: Mapping[str, Any], policy: NotifyConfig) -> bool:
    if event["event"] == "whale":
        return policy.whale and event["quote"] >= policy.whale_threshold
    if event.get("signal") == "consensus_change":
        return policy.consensus
    return event.get("grade") in policy.grades if event["event"] == "signal" else True
