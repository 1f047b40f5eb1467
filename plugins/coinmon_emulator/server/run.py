"""Running the emulator as a command: the market, the clock, the end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from coinmon_emulator.market.clock import EmulatedClock, parse_time
from coinmon_emulator.market.world import World
from coinmon_emulator.server.faults import parse
from coinmon_emulator.server.robots import Arrival, Robots
from coinmon_emulator.server.server import Emulator, running
from coinmon_emulator.venues.folders import VENUES

if TYPE_CHECKING:
    from coinmon_emulator.playback.playback import Playback


class Complaint(Exception):
    """Something the user asked for cannot be had; its text is one line."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    tapes: tuple[Path, ...]
    scenario: str
    seed: int
    port: int
    at: str | None
    speed: float
    faults: str
    limits: bool
    robots: bool
    write_config: Path | None
    until_stdin_closes: bool
    also: tuple[str, ...] = ()


def run(order: Order) -> None:
    """Serve until SIGTERM, or until standard input ends. Raises KeyboardInterrupt after a clean stop on Ctrl-C."""
    try:
        parse(order.faults)
        unknown = [name for name in order.also if name not in VENUES]
        if unknown:
            raise ValueError(f"--also {unknown[0]}: no such venue; there are {', '.join(VENUES)}")
        playback = _playback(order)
        market = _market(order) if playback is None else playback.world()
    except (ValueError, OSError) as problem:
        raise Complaint(str(problem)) from problem
    start = market.opens_at if playback is None else playback.starts_at(order.speed)
    if order.at is not None:
        try:
            start = parse_time(order.at)
        except (ValueError, OverflowError):
            raise Complaint(f"--at {order.at!r} is not a time; expected ISO 8601, as 2026-01-15T12:00:20Z") from None
        if (span := getattr(market, "span", None)) and not span[0] <= start < span[1]:
            first, last = (datetime.fromtimestamp(each / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ") for each in span)
            raise Complaint(f"--at {order.at}: this made-up market is from {first} to {last}")
    if asyncio.run(_serve(order, market, start, playback)):
        raise KeyboardInterrupt


def _playback(order: Order) -> Playback | None:
    if not any(path.is_dir() for path in order.tapes):
        return None
    if len(order.tapes) > 1:
        raise ValueError("a recording is played alone: one folder of `coinmon record`")
    from coinmon_emulator.playback.playback import Playback

    return Playback(order.tapes[0])


def _market(order: Order) -> World:
    if order.tapes:
        from coinmon_emulator.tape.tape import RecordedMarket

        return RecordedMarket.read(order.tapes)
    if order.scenario.startswith("load"):
        from coinmon_emulator.scenario.load import Load

        return Load(order.scenario, order.seed)
    from coinmon_emulator.scenario.scenario import Scenario

    return Scenario(order.scenario, order.seed)


async def _serve(order: Order, market: World, start: int, playback: Playback | None) -> bool:
    """Whether it was Ctrl-C that ended it."""
    ended, interrupted = asyncio.Event(), asyncio.Event()

    def interrupt() -> None:
        interrupted.set()
        ended.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupt)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    if order.until_stdin_closes:
        threading.Thread(target=_wait_for_stdin, args=(loop, ended), daemon=True).start()
    clock = EmulatedClock(start, order.speed)
    try:
        async with running(
            market,
            clock=clock,
            faults=order.faults,
            limits=order.limits,
            port=order.port,
            seed=order.seed,
            robots=Robots(_print) if order.robots else None,
            stage=playback,
            books=None if playback is None else playback.has_books,
            also=order.also if playback is None else tuple(playback.folders),
        ) as emulator:
            _announce(order, emulator)
            await ended.wait()
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Complaint(f"port {order.port} is in use; --port 0 takes any free one") from problem
        raise Complaint(f"cannot serve on port {order.port}: {problem.strerror or problem}") from problem
    return interrupted.is_set()


def _print(arrival: Arrival) -> None:
    who = f"robot {arrival.robot}{' @all' if arrival.pages_all else ''}"
    for line in arrival.text.splitlines():
        typer.echo(f"{who} | {line}")
    sys.stdout.flush()


def _announce(order: Order, emulator: Emulator) -> None:
    target = order.write_config
    config = emulator.config_yaml()
    if target is not None:
        try:
            if target.exists() and not target.is_file():
                # /dev/stdout or a pipe is written into, not replaced
                target.write_text(config, encoding="utf-8")
            else:
                config = emulator.config_yaml(f"sqlite:///{target.with_suffix('.db').resolve()}")
                beside = target.with_name(f".{target.name}.{os.getpid()}")
                beside.write_text(config, encoding="utf-8")
                beside.replace(target)
        except OSError as problem:
            raise Complaint(f"cannot write {target}: {problem.strerror}") from problem
    typer.echo(f"# coinmon emulator: {emulator.url} ({emulator.market.title})\n{config}", nl=False)


def _wait_for_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # Straight from the descriptor: a buffered read would hold a lock that the interpreter wants at its end.
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    if not loop.is_closed():
        loop.call_soon_threadsafe(ended.set)
