"""What a signal works out in an indicator's place, in its `columns` or `quiet`: it holds for that indicator alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from coinmon.config.plugin_config import PluginConfig

OURS = "coinmon"
"""The distribution of what is bundled."""
_whose: ContextVar[str | None] = ContextVar("whose", default=None)


@contextmanager
def shortcut_of(distribution: str) -> Iterator[None]:
    """Within it a shortcut of that distribution's signal is at work."""
    token = _whose.set(distribution)
    try:
        yield
    finally:
        _whose.reset(token)


def settings_of(indicator: PluginConfig) -> Mapping[str, Any]:
    """Those configured. Raises KeyError to a shortcut whose author cannot know how the indicator works out its figures:
    it is neither bundled nor of the same distribution, as one that stands in a bundled one's place."""
    if _whose.get() not in (None, indicator.offer.distribution) and indicator.offer.distribution != OURS:
        raise KeyError(indicator.offer.name)
    return indicator.settings
