"""What one venue says, put down line by line in the files of its parts."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coinmon.clock import Clock
from coinmon.plugin.wire_tap import Channel
from coinmon.record.lines import (
    answer_line,
    closed_line,
    frame_line,
    source_line,
    split_url,
    told_headers,
    without_secrets,
)
from coinmon.record.part_file import PartFile
from coinmon.secrets import redacted

_HOUR_MS = 3_600_000
PARTS: Mapping[str, str] = {"trades": "trades", "book": "books", "liquidations": "liquidations"}
"""Where the frames of a channel go."""
_Made = Callable[[int], bytes]
"""Makes a line once the number of its source in the file is known."""
Waiting = dict[str, "list[tuple[int, _Source, _Made]]"]
"""By part: what came and was not written yet, with its moment (ms UTC)."""


@dataclass(slots=True)
class _Source:
    """A connection or a kind of request. number: in `file`, the last one that names it."""

    type: str
    url: str
    method: str = ""
    number: int = 0
    file: PartFile | None = None


@dataclass(slots=True)
class _Part:
    """lines, plain_bytes, packed_bytes: written so far, in all of its files."""

    file: PartFile | None = None
    sources: int = 0
    waiting: deque[tuple[int, _Source, _Made]] = field(default_factory=deque)
    lines: int = 0
    plain_bytes: int = 0
    packed_bytes: int = 0


class VenueTape:
    """The `WireTap` of one venue. Called where frames come: what is said is only kept; `write` writes it down."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._parts: dict[str, _Part] = {}
        self._open: dict[int, tuple[_Part, _Source]] = {}
        self._requests: dict[tuple[str, str], _Source] = {}
        self._last = 0
        self.lost = 0

    def opened(self, channel: Channel, url: str) -> int:
        part, source = self._part(PARTS[channel]), _Source("stream", split_url(url)[0])
        self._last += 1
        self._open[self._last] = part, source
        part.waiting.append((self._clock.now(), source, lambda _: b""))
        return self._last

    def frame(self, connection: int, text: str) -> None:
        part, source = self._open[connection]
        at = self._clock.now()
        part.waiting.append((at, source, lambda number: frame_line(at, number, text)))

    def sent(self, connection: int, text: str) -> None:
        part, source = self._open[connection]
        at = self._clock.now()
        part.waiting.append((at, source, lambda number: frame_line(at, number, text, sent=True)))

    def closed(self, connection: int, why: str) -> None:
        part, source = self._open.pop(connection)
        at = self._clock.now()
        part.waiting.append((at, source, lambda number: closed_line(at, number, why)))

    def answered(
        self, method: str, url: str, sent: str | None, took_ms: float, status: int, headers: Mapping[str, str],
        body: bytes,
    ) -> None:  # fmt: skip
        told: dict[str, Any] = {"status": status}
        if shown := told_headers(headers):
            told["headers"] = shown
        self._request(method, url, sent, took_ms, body, told)

    def unanswered(self, method: str, url: str, sent: str | None, took_ms: float, why: str) -> None:
        self._request(method, url, sent, took_ms, None, {"error": redacted(why)})

    def _request(
        self, method: str, url: str, sent: str | None, took_ms: float, body: bytes | None, told: dict[str, Any]
    ) -> None:
        at = self._clock.now()
        place, query = split_url(url)
        source = self._requests.setdefault((method, place), _Source("request", place, method))
        about: dict[str, Any] = {"query": query, **told, "took": round(took_ms)}
        if sent is not None:
            about["sent"] = without_secrets(sent)
        self._part("rest").waiting.append((at, source, lambda number: answer_line(at, number, body, about)))

    def _part(self, name: str) -> _Part:
        return self._parts.setdefault(name, _Part())

    @property
    def sizes(self) -> dict[str, dict[str, int]]:
        """By part: lines, their bytes, and the bytes on disk before a finished hour is packed."""
        return {
            name: {"lines": part.lines, "bytes": part.plain_bytes, "packed": part.packed_bytes}
            for name, part in self._parts.items()
        }

    def take(self) -> Waiting:
        """What came since the last time, to be given to `write`; called where frames come."""
        taken = {}
        for name, part in list(self._parts.items()):
            if part.waiting:
                # frames may come in another thread meanwhile: what is not taken now is taken next
                taken[name] = [part.waiting.popleft() for _ in range(len(part.waiting))]
        return taken

    def write(self, taken: Waiting) -> list[Path]:
        """Write down what was taken, in any one thread; the files that are finished.

        Raises OSError when the disk refuses: what it refused is lost, and counted.
        """
        finished: list[Path] = []
        for name, waiting in taken.items():
            part = self._parts[name]
            try:
                while waiting:
                    hour = waiting[0][0] // _HOUR_MS
                    if part.file is not None and part.file.hour != hour:
                        finished.append(self._finish(part))
                    if part.file is None:
                        part.file = self._begin(part, name, waiting[0][0])
                    # a clock that was set back does not go back to the hour before: it begins a new file as well
                    count = next((at for at, each in enumerate(waiting) if each[0] // _HOUR_MS != hour), len(waiting))
                    self._put(part, part.file, waiting[:count])
                    del waiting[:count]
            except OSError:
                self.lost += sum(map(len, taken.values()))
                if part.file is not None:
                    part.file.abandon()
                    part.file = None
                raise
        return finished

    def _begin(self, part: _Part, name: str, at: int) -> PartFile:
        """A file begins with the connections that go on."""
        file = PartFile(self._folder, name, at)
        part.sources = 0
        going_on = [each for owner, each in list(self._open.values()) if owner is part and each.file is not None]
        file.write([self._said(part, file, each, at) for each in going_on])
        return file

    def _said(self, part: _Part, file: PartFile, source: _Source, at: int) -> bytes:
        part.sources += 1
        continued = source.type == "stream" and source.file is not None
        source.number, source.file = part.sources, file
        return source_line(source.number, at, source.type, source.url, source.method, continued=continued)

    def _put(self, part: _Part, file: PartFile, some: list[tuple[int, _Source, _Made]]) -> None:
        lines: list[bytes] = []
        for at, source, made in some:
            if source.file is not file:
                lines.append(self._said(part, file, source, at))
            if line := made(source.number):
                lines.append(line)
        before, plain = file.packed_bytes, file.plain_bytes
        file.write(lines)
        part.lines += len(lines)
        part.plain_bytes += file.plain_bytes - plain
        part.packed_bytes += file.packed_bytes - before

    def _finish(self, part: _Part) -> Path:
        assert part.file is not None
        file, part.file = part.file, None
        return file.close()

    def close(self) -> list[Path]:
        """Write what is left and end all files."""
        finished = self.write(self.take())
        return finished + [self._finish(part) for part in self._parts.values() if part.file is not None]
