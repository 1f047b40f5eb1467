"""The venues' public files of history (EXCHANGES 6), made when they are asked for: only of days that are over."""

from __future__ import annotations

from dataclasses import replace

from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Reply
from coinmon_emulator.venues.folders import module_of

PREFIX = "/archive/"
"""Below a venue's own address; `archive_url` of the configuration points here."""


def _with_all_history(view: WorldNow) -> WorldNow:
    """What is no longer listed still has its files."""
    return WorldNow(view.market, view.now, replace(view.spoil, unlisted=frozenset(), all_ever_listed=True))


def answer(venue: str, view: WorldNow, path: str) -> Reply:
    """A file below `/archive/`, or 404 as a file host says it."""
    body: bytes | None = module_of(venue, "archive").file(_with_all_history(view), path.removeprefix(PREFIX))
    if body is None:
        return Reply(b"not found", 404, content_type="text/plain")
    return Reply(body, content_type="application/octet-stream")
