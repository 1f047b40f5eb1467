"""Plugins of the chaos campaign, put into a `plugin_dir`: a sound venue and signal, and others wrong in sixty ways."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from coinmon import MINUTE, Bars, Coverage, Instrument, Message, Signal, Text, hookimpl

WINDOW = 5
"""Minutes for which the sound signal says the same: one alert each."""
PAIRS = ("BTC", "ETH", "SOL")


def volume_of(times: Any) -> Any:
    """Of the minutes that begin then, ms UTC: two that lie near one another differ."""
    return 10.0 + times // MINUTE % 7


class Formula:
    """A venue whose prices are a formula: bars of any time at once."""

    requests = 0

    def __init__(self, name: str) -> None:
        self.name = name

    async def instruments(self) -> Sequence[Instrument]:
        return [
            Instrument(self.name, "spot", base, "USDT", f"{base}USDT", f"{base}/USDT", Decimal("0.01"), Decimal("0.1"))
            for base in PAIRS
        ]

    async def bars(self, instrument: Instrument, start: int, end: int) -> Bars:
        times = np.arange(-(-start // MINUTE) * MINUTE, end, MINUTE, dtype=np.int64)
        count, price = len(times), np.full(len(times), 5_000_000, np.int64)
        volume, unknown = volume_of(times), np.full(count, np.nan)
        return Bars(
            instrument.tick_size, times, price, price, price, price,
            volume, volume * 50_000, np.full(count, 3, np.int64),
            0.6 * volume, 30_000 * volume, unknown, unknown, np.full(count, Coverage.KLINES, np.uint8),
        )  # fmt: skip


def sound(market: Any) -> list[Signal]:
    """One alert of each pair in each window of five minutes."""
    window = market.now // (WINDOW * MINUTE)
    text = Text(f"窗口 {window}", f"window {window}")
    return [
        Signal("sound", market.pair, "A", "bullish", text, text, {"window": window}, f"{market.pair} {window}", True)
    ]


class Panic(BaseException):
    """As a library written in Rust raises it."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def raising(error: BaseException) -> Any:
    def form(signal: Signal) -> Any:
        raise error

    return form


def _deep() -> Any:
    value: list[Any] = []
    for _ in range(50):
        value = [value]
    return value


EVIDENCE: list[Any] = [
    np.float32(1.5), np.int64(7), np.bool_(True), np.array([1.0, np.nan]), np.float64("inf"), Decimal("1.5"),
    Decimal("NaN"), datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, frozenset({3}), 2**70, -(10**400), {1: 2}, {None: 1},
    "\ud800", "a\x00b", float("nan"), float("inf"), b"bytes", object(), range(5), _deep(), [0] * 20_000, Panic,
    "\x1b[2Jgone", complex(1, 2), Text("x", "y"), lambda: 1,
]  # fmt: skip
FORMS: list[Any] = [
    *(lambda s, each=each: [replace(s, evidence={"x": each})] for each in EVIDENCE),
    lambda s: [replace(s, evidence=None)], lambda s: [replace(s, title="plain")], lambda s: [replace(s, title=None)],
    lambda s: [replace(s, reading=7)], lambda s: [replace(s, title=Text("\x1b[31m", "\x1b]0;x\x07"))],
    lambda s: [replace(s, pair=7)], lambda s: [replace(s, pair="OTHER/USDT")], lambda s: [replace(s, grade=["A"])],
    lambda s: [replace(s, grade="S")], lambda s: [replace(s, direction="up")],
    lambda s: [replace(s, grade=None, name="scan_finished")], lambda s: [replace(s, cooldown=None)],
    lambda s: [replace(s, cooldown=-1)], lambda s: [replace(s, key="")], lambda s: [replace(s, key=None)],
    lambda s: [replace(s, key="k" * 100_000)], lambda s: [replace(s, name="\x00")], lambda s: [replace(s, once="yes")],
    lambda s: None, lambda s: s, lambda s: 7, lambda s: "text", lambda s: {"a": s}, lambda s: [None, s, {}],
    lambda s: (each for each in [s, 7]),
    *map(raising, (ValueError("x" * 100_000), Mute(), Panic("at the disco"), SystemExit(3), KeyboardInterrupt(),
                   asyncio.CancelledError(), GeneratorExit(), StopIteration(), MemoryError(), RecursionError())),
]  # fmt: skip
"""Given a sound signal of the form's own, what the plugin gives, or raises, in its place."""


def misshapen(number: int) -> Any:
    def signal(market: Any) -> Any:
        name = f"form_{number}"
        text = Text("坏", "bad")
        return FORMS[number](Signal(name, market.pair, "A", "bullish", text, text, {}, f"{name} {market.pair}"))

    return signal


def changing(market: Any) -> list[Signal]:
    """Changes the arrays that it was given."""
    for view in market.spot.values():
        bars = view.bars(5)
        bars.volume -= bars.volume.mean()
    return []


class Nobody:
    """Lists nonsense."""

    requests = 0

    def __init__(self, name: str) -> None: ...
    async def instruments(self) -> Any:
        return [{"symbol": "BTC/USDT"}, None]


class Sleeper(Formula):
    """Blocks for half a minute at times."""

    async def bars(self, instrument: Instrument, start: int, end: int) -> Bars:
        if time.monotonic() % 40 < 1:
            time.sleep(15)  # noqa: ASYNC251
        return await super().bars(instrument, start, end)


class Wrong:
    """Takes nothing, each time in another way."""

    wants = frozenset({"signal"})
    ways = (OSError("deaf"), asyncio.CancelledError(), Panic("deaf"), SystemExit(1), KeyboardInterrupt(), Mute())

    def __init__(self, name: str) -> None:
        self.asked = 0

    async def send(self, message: Message) -> None:
        self.asked += 1
        raise self.ways[self.asked % len(self.ways)]


class Blocking(Wrong):
    async def send(self, message: Message) -> None:
        time.sleep(20)  # noqa: ASYNC251


class Parts(Wrong):
    def parts(self, message: Message) -> Any:
        return [message]


@hookimpl
def register_exchanges(register: Any) -> None:
    for name, kind in (("formula", Formula), ("nobody", Nobody), ("sleeper", Sleeper)):
        register(name, kind)


@hookimpl
def register_signals(register: Any) -> None:
    for number in range(len(FORMS)):
        register(f"form_{number}", misshapen(number))
    register("changing", changing)
    register("sound", sound)


@hookimpl
def register_outputs(register: Any) -> None:
    for name, kind in (("wrong", Wrong), ("blocking", Blocking), ("parts", Parts)):
        register(name, kind)
