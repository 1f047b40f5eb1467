"""The venues' public files of history (EXCHANGES 6), made when they are asked for: only of days that are over."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace
from weakref import WeakKeyDictionary

from coinmon_emulator.market.view import Spoil, WorldNow
from coinmon_emulator.market.world import World
from coinmon_emulator.server.reply import Reply
from coinmon_emulator.venues.folders import module_of

PREFIX = "/archive/"
"""Below a venue's own address; `archive_url` of the configuration points here."""
CHECKSUM = ".CHECKSUM"
"""At the end of a file's path: its SHA-256 and its name in place of it, at the venues that publish these."""
KEPT_BYTES = 32 << 20
"""Most that is kept of files that were made: a day that is over does not change, and is asked for with its checksum."""
_Made = tuple[str, str, Spoil]
"""Venue, path and what faults do to files."""


class _Kept:
    """The files of one world that were asked for last."""

    def __init__(self) -> None:
        self._files: OrderedDict[_Made, tuple[int, bytes]] = OrderedDict()
        self._bytes = 0

    def file(self, venue: str, view: WorldNow, path: str) -> bytes | None:
        made = venue, path, view.spoil
        since, body = self._files.pop(made, (0, None))
        if body is None or view.now < since:
            self._bytes -= len(body or b"")
            since, body = view.now, module_of(venue, "archive").file(view, path)
            if body is None:
                return None
            self._bytes += len(body)
        self._files[made] = since, body
        while self._bytes > KEPT_BYTES and len(self._files) > 1:
            self._bytes -= len(self._files.popitem(last=False)[1][1])
        return body


_KEPT: WeakKeyDictionary[World, _Kept] = WeakKeyDictionary()


def _with_all_history(view: WorldNow) -> WorldNow:
    """What is no longer listed still has its files."""
    return WorldNow(view.market, view.now, replace(view.spoil, unlisted=frozenset(), all_ever_listed=True))


def answer(venue: str, view: WorldNow, path: str) -> Reply:
    """A file below `/archive/`, or 404 as a file host says it."""
    name = path.removeprefix(PREFIX)
    file = name.removesuffix(CHECKSUM) if module_of(venue, "archive").HAS_CHECKSUMS else name
    body = _KEPT.setdefault(view.market, _Kept()).file(venue, _with_all_history(view), file)
    if body is None:
        return Reply(b"not found", 404, content_type="text/plain")
    if file != name:
        body = f"{hashlib.sha256(body).hexdigest()}  {file.rpartition('/')[2]}\n".encode()
    return Reply(body, content_type="application/octet-stream")
