"""A connection: what the client says goes to its venue's rules, what feeds say goes out, faults in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from aiohttp import WSMsgType, web

from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.world import World
from coinmon_emulator.server.faults import IN_FRAMES, Fault
from coinmon_emulator.server.hub import Hub, payload_of, text_frame

MOST_UNSENT = 64 << 20
"""Bytes a client may leave unread before it is cut off, as venues do with slow readers."""


class SocketRules(Protocol):
    """How one venue's sockets behave."""

    def opened(self) -> None: ...
    def received(self, text: str) -> None:
        """A text message of the client; ValueError where it is not what the venue reads."""
        ...

    def pinged(self, *, answer: bool) -> None:
        """The client sent a ping frame, or a pong, which is an answer to ours."""
        ...

    def check(self, now: float) -> bytes | None:
        """Called every second or so: a close reason when the venue hangs up, b"" to go on with a ping frame."""
        ...


@dataclass(frozen=True, slots=True)
class SocketPlace:
    """What a socket's rules work with: its venue's hub and market, the market's time, and real time in seconds."""

    market: World
    ever_listed: Mapping[tuple[str, str], Listed]
    """Its venue's instruments by kind and native name, those that have ended or are to come too."""
    hub: Hub
    now: Callable[[], int]
    enforce: bool
    late: Callable[[], float]
    seconds: Callable[[], float] = time.monotonic

    def find(self, kind: str, native: str) -> Listed | None:
        """An instrument that trades now, as the venue names it."""
        one = self.ever_listed.get((kind, native))
        return one if one is not None and one.trades_at(self.now()) else None

    def of_kind(self, kind: str) -> list[Listed]:
        return [one for (each, _), one in self.ever_listed.items() if each == kind]


class Connection:
    """One open socket."""

    def __init__(
        self,
        hub: Hub,
        socket: web.WebSocketResponse,
        request: web.Request,
        strike: Callable[[Fault], None],
        reframe: Callable[[bytes, str], bytes],
    ) -> None:
        assert request.transport is not None
        self._hub = hub
        self._strike = strike
        self._reframe = reframe
        self._socket = socket
        self._transport = request.transport
        self._out: list[bytes] = []
        self._held: deque[tuple[float, bytes]] = deque()
        self._faults: dict[str, Fault] = {}
        self._keys: dict[Any, None] = {}
        self.rules: SocketRules
        self.closing = b""
        self.spoke = time.monotonic()

    def subscribe(self, key: Any, make: Callable[[], Any]) -> None:
        self._keys[key] = None
        self._hub.subscribe(self, key, make)

    def unsubscribe(self, key: Any) -> None:
        self._keys.pop(key, None)
        self._hub.unsubscribe(self, key)

    @property
    def keys(self) -> list[Any]:
        return list(self._keys)

    def holds(self, key: Any) -> bool:
        return key in self._keys

    def leave(self) -> None:
        for key in self.keys:
            self.unsubscribe(key)

    def say(self, answer: Any) -> None:
        """Answer the client itself: no fault of the feeds holds this up."""
        payload = answer if isinstance(answer, bytes) else orjson.dumps(answer)
        if not self.mute:
            self._write(text_frame(payload))

    @property
    def mute(self) -> bool:
        """The connection is dead, and nobody has told the client."""
        return "silence" in self._faults

    def hang_up(self, reason: str) -> None:
        """The venue closes the connection, at its next look."""
        self.closing = reason.encode()

    def hear(self, number: int | None, frame: bytes) -> None:
        faults = self._faults
        if not faults:
            self._out.append(frame)
            return
        gap = faults.get("gap")
        held = faults.get("stall") or faults.get("silence")
        if held is None and gap and number is not None and number % 100 < (gap.argument or 0):
            held = gap
        if held is not None:
            self._strike(held)
            return
        for kind in ("garbage", "repeat", "late"):
            if kind in faults:
                self._strike(faults[kind])
        if changed := [faults[kind] for kind in IN_FRAMES if kind in faults]:
            frame = self._reframed(frame, changed)
        if "garbage" in faults:
            head = 2 if len(frame) < 128 else 4 if len(frame) < 1 << 16 else 10
            frame = text_frame(frame[head : (head + len(frame)) // 2] + b'{"\\u0000]')
        frames = frame * 2 if "repeat" in faults else frame
        if "late" in faults:
            self._held.append((time.monotonic() + (faults["late"].argument or 0), frames))
        else:
            self._out.append(frames)

    def _reframed(self, frame: bytes, changed: list[Fault]) -> bytes:
        """The message in the odd shapes that its venue's messages may have."""
        payload = whole = payload_of(frame)
        for fault in changed:
            payload = self._reframe(whole, fault.kind)
            if payload != whole:
                self._strike(fault)
            whole = payload
        return text_frame(payload)

    def suffer(self, faults: dict[str, Fault]) -> None:
        """The faults in force from now on; what a late stream held back goes out when its time comes."""
        self._faults = faults
        now = time.monotonic()
        while self._held and (self._held[0][0] <= now or "late" not in faults):
            self._out.append(self._held.popleft()[1])
        if not self._transport.is_closing() and (ended := faults.get("cut") or faults.get("drop")) is not None:
            self._strike(ended)
            if "cut" in faults:
                # A frame that promises more than will come.
                self._write(b"\x81\x7e\x10\x00{")
            self.abort()
        self.flush()

    def flush(self) -> None:
        if not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        self._write(data)
        if self._transport.get_write_buffer_size() > MOST_UNSENT:
            self.abort()

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)
            self.spoke = time.monotonic()

    def abort(self) -> None:
        """Gone without a word, once what was written is sent."""
        self._transport.close()

    async def look(self) -> None:
        """Keep the connection as the venue keeps it: pings, idle times, lifetimes."""
        asked = self.rules.check(time.monotonic())
        if asked:
            self.closing = asked
        if self.closing:
            await self._socket.close(code=1008, message=self.closing[:120])
        elif asked is not None:
            await self._socket.ping(str(int(time.time() * 1000)).encode())

    async def run(self) -> None:
        """Hear the client out until it goes."""
        self.rules.opened()
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self.rules.received(message.data)
            elif message.type is WSMsgType.PING:
                self.rules.pinged(answer=False)
                if not self.mute:
                    await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self.rules.pinged(answer=True)
            if self.closing:
                await self._socket.close(code=1008, message=self.closing[:120])
