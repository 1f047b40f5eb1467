"""The recorder: a tape for each venue, written every second, hours packed, and what the folder is."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from loguru import logger

from coinmon.clock import Clock
from coinmon.errors import ConfigError, words_of
from coinmon.model.instrument import Instrument
from coinmon.plugin.contracts import Exchange
from coinmon.record.part_file import pack
from coinmon.record.venue_tape import VenueTape
from coinmon.store.lock_file import LockFile

FORMAT, FORMAT_VERSION = "coinmon-recording", 1
MANIFEST = "recording.json"
_WRITE_INTERVAL_S = 1.0
"""Seconds of a recording that a killed process loses, and what writing takes."""
_COMPLAINT_INTERVAL_S = 60.0
_LAST_PACKING_S = 40.0
"""Seconds that who ends a recording waits for its last hour to be packed; else it stays gzip, which is read as well."""


class Recorder:
    """Writes a recording into `folder` while `keep_writing` runs. exchanges: the plugin of each, by name.

    finished: bytes on disk of the files that it has finished, by venue and part.
    """

    def __init__(self, folder: Path, clock: Clock, exchanges: Mapping[str, str]) -> None:
        self.folder = folder
        self._clock = clock
        self._exchanges = exchanges
        self._tapes: dict[str, VenueTape] = {}
        self._instruments: dict[str, Instrument] = {}
        self._began = clock.now()
        self._packing: set[asyncio.Task[None]] = set()
        self._complained = float("-inf")
        self.finished: Counter[tuple[str, str]] = Counter()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()) and not (folder / MANIFEST).exists():
                raise ConfigError(f"{folder}: there is something else than a recording in it; name another folder")
            lock = LockFile.taken(str(folder / ".recording"), "writer")
            if lock is None:
                # each would say in the manifest what it alone follows
                raise ConfigError(f"{folder}: another coinmon records into it; name another folder")
            self._lock = lock
            self._describe(None)
        except OSError as error:
            raise ConfigError(f"{folder}: cannot write a recording there: {error.strerror}") from None

    def listen(self, exchanges: Mapping[str, Exchange]) -> None:
        """Be told what they hear from now on; before anything was asked of them."""
        for name, exchange in exchanges.items():
            if getattr(exchange, "record", None) is None:
                logger.warning("{} cannot be recorded: its plugin does not tell what it hears", name)
                continue
            self._tapes[name] = VenueTape(self.folder / name, self._clock)
            exchange.record(self._tapes[name])

    def follows(self, instruments: Sequence[Instrument]) -> None:
        """Say which instruments are followed; called whenever it may have changed."""
        before = len(self._instruments)
        self._instruments.update({each.id: each for each in instruments})
        if len(self._instruments) != before:
            try:
                self._describe(None)
            except OSError as error:
                self._complain(error)

    async def keep_writing(self) -> None:
        """Until it is cancelled; then `close`."""
        while True:
            await asyncio.sleep(_WRITE_INTERVAL_S)
            for tape in list(self._tapes.values()):
                try:
                    finished = await asyncio.to_thread(tape.write, tape.take())
                except OSError as error:
                    self._complain(error)
                    continue
                for path in finished:
                    task = asyncio.create_task(self._pack(path))
                    self._packing.add(task)
                    task.add_done_callback(self._packing.discard)

    async def close(self) -> None:
        """Write what is left, pack it, and say when the recording ended."""
        until = monotonic() + _LAST_PACKING_S
        if self._packing:
            await asyncio.wait(self._packing)
        for tape in self._tapes.values():
            try:
                finished = await asyncio.to_thread(tape.close)
            except OSError as error:
                self._complain(error)
                continue
            await asyncio.gather(*(self._pack(path, until) for path in finished))
        try:
            self._describe(self._clock.now())
        except OSError as error:
            self._complain(error)
        self._lock.free()

    @property
    def sizes(self) -> dict[str, dict[str, dict[str, int]]]:
        """Lines, bytes and packed bytes by venue and part."""
        return {name: tape.sizes for name, tape in self._tapes.items()}

    @property
    def lost(self) -> int:
        """Lines that the disk refused."""
        return sum(tape.lost for tape in self._tapes.values())

    async def _pack(self, path: Path, until: float = float("inf")) -> None:
        try:
            path = await asyncio.to_thread(pack, path, until)
        except Exception as error:
            # of whatever kind: nobody else looks at it, and the file is whole as it is
            logger.warning("recording: {} stays as gzip: {}", path, words_of(error))
        with suppress(OSError):
            self.finished[path.parent.name, path.name.partition("-")[0]] += path.stat().st_size

    def _describe(self, ended: int | None) -> None:
        said: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "coinmon": version("coinmon"),
            "began": self._began,
            "ended": ended,
            "lost_lines": self.lost,
            "exchanges": {name: {"plugin": plugin} for name, plugin in self._exchanges.items()},
            "instruments": [_described(each) for each in self._instruments.values()],
        }
        part = self.folder / f"{MANIFEST}.part"
        part.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))
        part.replace(self.folder / MANIFEST)

    def _complain(self, error: OSError) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained > _COMPLAINT_INTERVAL_S:
            self._complained = now
            logger.error("recording: {}: {}; {} lines are lost so far", self.folder, error.strerror, self.lost)


def _described(instrument: Instrument) -> dict[str, str]:
    return {
        "venue": instrument.venue,
        "native_id": instrument.native_id,
        "kind": instrument.kind,
        "symbol": instrument.symbol,
        "base": instrument.base,
        "quote": instrument.quote,
        "tick_size": str(instrument.tick_size),
        "contract_size": str(instrument.contract_size),
    }
