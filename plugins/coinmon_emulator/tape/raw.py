"""Recordings of Binance's raw streams: `<local time> <json>` a line, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from coinmon_emulator.tape.track import TapeTrack, milliseconds, track


def read_raw(path: Path, tracks: dict[tuple[str, str], TapeTrack]) -> None:
    """Add what the file holds; ValueError names the line that cannot be read."""
    reader = _RawTape(path, tracks)
    number = 0
    try:
        for line in _lines(path):
            number += 1
            reader.take(line)
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise ValueError(f"{path}: after line {number}: {problem}") from problem
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError) as problem:
        raise ValueError(f"{path}:{number}: not a line of a recording ({_reason(problem)})") from problem
    reader.finish()


def _reason(problem: Exception) -> str:
    return f"no {problem}" if isinstance(problem, KeyError) else str(problem)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield line


class _RawTape:
    def __init__(self, path: Path, tracks: dict[tuple[str, str], TapeTrack]) -> None:
        self._tracks = tracks
        name = path.name.lower()
        self._named = "perp" if "usdm" in name else "spot" if "spot" in name else None
        self._last_time = 0
        self._diffs: list[tuple[str, str, int, bytes]] = []
        self._snapshots: list[tuple[bool, int, bytes]] = []
        self._seen: dict[str, str] = {}
        self._aggregated: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def take(self, line: bytes) -> None:
        stamp, _, raw = line.partition(b" ")
        if not stamp.isdigit() or not raw:
            raise ValueError("expected a time, a space and JSON")
        if b'"depthUpdate"' in raw[:120]:
            # Thousands of levels: kept as they are until somebody asks for a book.
            self._depth(raw)
            return
        if b"@bookTicker" in raw[:80]:
            # Most of a recording, and only ever played back.
            self._best(raw)
            return
        message = orjson.loads(raw)
        data = message.get("data", message)
        event = data.get("e")
        if event == "trade":
            self._trade(data, raw)
        elif event == "aggTrade":
            self._aggregated.setdefault((self._kind(data, "nq"), data["s"]), []).append(data)
        elif event == "markPriceUpdate":
            into = track(self._tracks, "perp", data["s"])
            rate = float(data["r"] or 0)
            into.marks.append((int(data["E"]), float(data["p"]), float(data["i"]), rate, int(data["T"])))
            into.keep(event, int(data["E"]), payload(raw))
        elif "lastUpdateId" in data:
            futures = "E" in data
            time = milliseconds(int(data["E"])) if futures else self._last_time
            self._snapshots.append((futures, time, orjson.dumps(data)))

    def _kind(self, data: dict[str, Any], futures_only: str) -> str:
        if futures_only in data:
            return "perp"
        return "spot" if "M" in data else self._named or "spot"

    def _trade(self, data: dict[str, Any], raw: bytes) -> None:
        kind = self._kind(data, "X")
        self._last_time = milliseconds(int(data["E"]))
        self._seen.setdefault(kind, data["s"])
        into = track(self._tracks, kind, data["s"])
        into.keep("trade", self._last_time, payload(raw))
        price, size = str(data["p"]), str(data["q"])
        # Insurance fund and ADL fills and empty rows use up an id, and are no trades of the market.
        if data.get("X", "MARKET") != "MARKET" or float(price) <= 0 or float(size) <= 0:
            return
        into.ids.append(int(data["t"]))
        into.times.append(milliseconds(int(data["T"])))
        into.prices.append(price)
        into.sizes.append(size)
        into.sides.append(-1 if data["m"] else 1)

    def _depth(self, raw: bytes) -> None:
        head = raw[:400]
        time = milliseconds(int(_field(head, b'"E":')))
        symbol = _field(head, b'"s":"').decode()
        kind = "perp" if b'"pu":' in head else "spot"
        self._seen.setdefault(kind, symbol)
        self._last_time = time
        track(self._tracks, kind, symbol).diffs.append((time, raw))

    def _best(self, raw: bytes) -> None:
        """Spot's say no time: then the message before tells it."""
        futures = b'"e":"bookTicker"' in raw
        time = int(_field(raw, b'"E":')) if futures else self._last_time
        symbol = _field(raw, b'"s":"').decode()
        track(self._tracks, "perp" if futures else "spot", symbol).keep("bookTicker", time, payload(raw))

    def finish(self) -> None:
        for (kind, symbol), rows in self._aggregated.items():
            into = track(self._tracks, kind, symbol)
            if into.ids and not into.firsts:
                continue
            for data in rows:
                into.ids.append(int(data["a"]))
                into.firsts.append(int(data["f"]))
                into.lasts.append(int(data["l"]))
                into.times.append(milliseconds(int(data["T"])))
                into.prices.append(str(data["p"]))
                into.sizes.append(str(data["q"]))
                into.sides.append(-1 if data["m"] else 1)
        for futures, time, raw in self._snapshots:
            # A REST reply does not name its symbol: it belongs to the one this file is about.
            kind = "perp" if futures else "spot"
            if kind in self._seen:
                track(self._tracks, kind, self._seen[kind]).snapshots.append((time, raw))


def payload(raw: bytes) -> bytes:
    """A message without the {"stream", "data"} of a combined stream."""
    raw = raw.strip()
    return raw[raw.index(b'"data":') + 7 : -1].strip() if raw.startswith(b'{"stream"') else raw


def _field(head: bytes, name: bytes) -> bytes:
    start = head.index(name) + len(name)
    end = start
    while head[end : end + 1] not in (b",", b'"', b"}", b""):
        end += 1
    return head[start:end]
