"""A recording as the emulator serves it: which venues and instruments, where its clock starts, what comes when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from coinmon_emulator.market.clock import EmulatedClock, utc_text
from coinmon_emulator.market.market import Listed
from coinmon_emulator.playback.answers import RecordedAnswers
from coinmon_emulator.playback.client import RecordingClient
from coinmon_emulator.playback.connections import Reel, Topics
from coinmon_emulator.playback.empty import EmptyWorld
from coinmon_emulator.playback.lines import TapeLine, files_of, lines_of
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketRules
from coinmon_emulator.venues.folders import VENUES, module_of

MANIFEST = "recording.json"
STREAM_PARTS = ("trades", "books", "liquidations")
LEAD_S = 8.0
"""Real seconds before the recording begins at which the clock starts: who asks then waits for the first answers."""
_AHEAD_S = 8.5
"""Real seconds that a request waits at most for an answer that the recording has a little later."""


class RecordingComplaint(ValueError):
    """The folder is no recording that can be played; its text is one line."""


class Playback:
    """A recording being played."""

    def __init__(self, folder: Path) -> None:
        said = _manifest(folder)
        self.began = int(said["began"])
        ended = said.get("ended")
        self.ended = int(ended) if ended is not None else None
        plugins = {name: str(about["plugin"]).rpartition(".")[2] for name, about in said["exchanges"].items()}
        self.folders = {plugin: folder / name for name, plugin in plugins.items() if plugin in VENUES}
        self.not_played = sorted(name for name, plugin in plugins.items() if plugin not in VENUES)
        if not self.folders:
            raise RecordingComplaint(f"{folder}: nothing of {', '.join(VENUES)} was recorded")
        names = {name: plugin for name, plugin in plugins.items() if plugin in VENUES}
        self.instruments = [_listed(each, names) for each in said["instruments"] if each["venue"] in names]
        self.has_books = any(files_of(each, "books") for each in self.folders.values())
        self.title = f"recording {folder.name}, begun {utc_text(self.began)}"
        self._topics: dict[str, Topics] = {venue: module_of(venue, "topics") for venue in self.folders}
        self._reels = {
            venue: [Reel(venue, self._topics[venue], files_of(each, part), self.ended) for part in STREAM_PARTS]
            for venue, each in self.folders.items()
        }
        self._answers = {
            venue: RecordedAnswers(
                venue, _lines(files_of(each, "rest")), module_of(venue, "minutes"), self._topics[venue]
            )
            for venue, each in self.folders.items()
        }
        self._clients: dict[str, dict[Connection, RecordingClient]] = {venue: {} for venue in self.folders}

    def world(self) -> EmptyWorld:
        return EmptyWorld(self.title, self.instruments, self.began)

    def starts_at(self, speed: float) -> int:
        """Where the clock starts, so that a scan that is started with it is there when the recording begins."""
        return self.began - round(LEAD_S * 1000 * speed)

    def rules(self, venue: str, session: Connection, path: str, query: Query) -> SocketRules | None:
        if venue not in self.folders:
            return None
        client = RecordingClient(self._topics[venue], session, path.rstrip("/") or "/")
        self._clients[venue][session] = client
        return client

    def left(self, venue: str, session: Connection) -> None:
        client = self._clients[venue].pop(session, None)
        if client is not None:
            client.leave()

    def tick(self, venue: str, now: int) -> None:
        """Hand on what came up to now."""
        if venue not in self.folders:
            return
        for reel in self._reels[venue]:
            reel.read(now)
        clients = self._clients[venue]
        if any(client.waits for client in clients.values()):
            open_now = [each for reel in self._reels[venue] for each in reel.open]
            for client in list(clients.values()):
                if client.waits:
                    client.bind(open_now)
        for client in list(clients.values()):
            client.flush()

    def time_offset(self, venue: str, path: str) -> int | None:
        if venue not in self._topics or path not in self._topics[venue].SERVER_TIME:
            return None
        return self._answers[venue].time_offsets.get(path, 0)

    async def answer(self, venue: str, method: str, path: str, query: Query, clock: EmulatedClock) -> Reply | None:
        """The recorded answer that is nearest in time, at its moment."""
        answers = self._answers.get(venue)
        if answers is None:
            return None
        told_without = path in answers.time_offsets
        if not told_without:
            await self._begun(clock)
        now, speed = clock.now(), clock.speed
        ahead_ms = _AHEAD_S * 1000 * max(speed, 1.0)
        answers.read(round(now + ahead_ms))
        if told_without or path in answers.time_offsets:
            return None
        found = answers.find(method, path, query, now, ahead_ms, speed)
        if found is None:
            return None
        if found.at > now and speed:
            await asyncio.sleep((found.at - now) / speed / 1000)
        if found.raw is None:
            return Reply(b"", 0)
        kind = found.headers.get("Content-Type", "application/json").partition(";")[0]
        headers = {name: value for name, value in found.headers.items() if name not in ("Content-Type", "Date")}
        return Reply(found.raw, found.status, headers, content_type=kind)

    async def _begun(self, clock: EmulatedClock) -> None:
        """Nothing is answered before the recording begins: who is there early goes on in step with who recorded."""
        if clock.speed and clock.now() < self.began:
            await asyncio.sleep((self.began - clock.now()) / clock.speed / 1000)


def _lines(files: list[Path]) -> Iterator[TapeLine]:
    return (line for path in files for line in lines_of(path))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        said: dict[str, Any] = orjson.loads(path.read_bytes())
    except OSError as problem:
        raise RecordingComplaint(f"{folder} is no recording: {path.name}: {problem.strerror}") from problem
    except orjson.JSONDecodeError as problem:
        raise RecordingComplaint(f"{path} cannot be read: {problem}") from problem
    if said.get("format") != "coinmon-recording":
        raise RecordingComplaint(f"{path} describes no recording of coinmon")
    if said.get("version") != 1:
        raise RecordingComplaint(f"{path}: version {said.get('version')}; this coinmon plays version 1")
    return said


def _listed(said: dict[str, str], names: dict[str, str]) -> Listed:
    return Listed(
        venue=names[said["venue"]],
        kind="spot" if said["kind"] == "spot" else "perp",
        base=said["base"],
        quote=said["quote"],
        native=said["native_id"],
        price_digits=8,
        size_digits=8,
        tick=1,
        lot=1,
        price_text=8,
        size_text=8,
    )
