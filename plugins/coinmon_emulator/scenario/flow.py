"""Trades of a scenario, a block of four hours at a time, in any order and always the same.

The background is balanced: trades come in pairs of opposite sides, and the second of each pair is corrected so that
the running net taker flow stays within a few dollars of a small random walk. What a signal sees is what was planted.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coinmon_emulator.market.market import MINUTE, Column, Listed, Prints
from coinmon_emulator.scenario.coins import QUIET_SHARE, Pace
from coinmon_emulator.scenario.listing import listing_of
from coinmon_emulator.scenario.paths import Paths
from coinmon_emulator.scenario.plan import Leg, PlantedEvent

BLOCK = 240
SINGLES = 56
CALM = 4
NET_A_MINUTE = 15.0
_FURTHER = 6


def counts(seed: int, instrument: Listed, pace: Pace, paths: Paths, planted: Column) -> Column:
    """Background trades in each minute of the scenario."""
    key = zlib.crc32(instrument.key.encode())
    listing = listing_of(instrument)
    empty = QUIET_SHARE if paths.coin[instrument.base].quiet else listing.empty_minutes
    parts = []
    zones = (paths.further, _FURTHER), (paths.earlier - paths.further, 4), (paths.minutes - paths.earlier, 1)
    for minutes, salt in zones:
        rng = np.random.default_rng([seed, key, salt])
        part = 2 * rng.integers(pace.low, pace.high + 1, minutes)
        if salt == _FURTHER:
            part = np.minimum(part, 2)
        if empty:
            part[rng.random(minutes) < empty] = 0
        parts.append(part)
    found = np.concatenate(parts)
    start = paths.start_minute
    if listing.one_page and pace.low > 0:
        # One row a minute, so that a page of 60 covers 55 minutes; planted rows take the place of others.
        zone = slice(start - SINGLES, start)
        found[zone] = planted[zone] == 0
        found[start - SINGLES] += found[zone].sum() % 2
        found[start : start + CALM] = 2
    minute = paths.begin + np.arange(paths.minutes) * MINUTE
    found[(minute < instrument.listed_ms) | (minute >= instrument.until_ms)] = 0
    return found.astype(np.int64)


def block(
    seed: int,
    instrument: Listed,
    number: int,
    paths: Paths,
    background: NDArray[np.int16],
    mean_quote: float,
    events: Sequence[tuple[PlantedEvent, Leg]],
) -> Prints:
    """The trades of one block, planted ones included; ids are left to the caller."""
    first = number * BLOCK
    # blocks are counted from the end of what was put before
    nth = number - paths.earlier // BLOCK
    salt = (2, nth) if nth >= 0 else (5, -nth)
    rng = np.random.default_rng([seed, zlib.crc32(instrument.key.encode()), *salt])
    amounts = background[first : first + BLOCK].astype(np.int64)
    total = int(amounts.sum())
    minute = np.repeat(np.arange(first, first + len(amounts)), amounts)
    rank = np.arange(total) - np.repeat(np.cumsum(amounts) - amounts, amounts)
    # Slots keep any two background trades of an instrument more than 100 ms apart: no aggregate spans two of them.
    offset = (rank + rng.random(total) * 0.6) * (MINUTE / np.maximum(amounts[minute - first], 1))
    time = paths.begin + minute * MINUTE + offset.astype(np.int64)
    opening = (rng.integers(0, 2, (total + 1) // 2) * 2 - 1).astype(np.int64)
    side = np.empty(total, np.int64)
    side[::2], side[1::2] = opening, -opening[: total // 2]
    price = _prices(instrument, paths, time, side, rng)
    wanted = mean_quote * np.clip(rng.lognormal(-0.32, 0.8, (total + 1) // 2), 0.15, 8.0)
    if listing_of(instrument).one_page:
        # A window that splits a pair must not show it as flow.
        wanted = np.minimum(wanted, 2 * mean_quote)
    sizes = _sizes(instrument, price, np.repeat(wanted, 2)[:total])
    sizes[1::2] = sizes[0 : total - total % 2 : 2]
    _balance(instrument, rng, price, side, sizes, mean_trades=float(amounts.mean()) if len(amounts) else 1.0)
    parts = [Prints(time, time, price, sizes, side)]
    for event, leg in events:
        planted = _planted(seed, paths, event, leg)
        inside = (planted.time >= paths.begin + first * MINUTE) & (
            planted.time < paths.begin + (first + BLOCK) * MINUTE
        )
        parts.append(planted.take(inside))
    whole = Prints.join(parts)
    return whole.take(np.argsort(whole.time, kind="stable")) if len(parts) > 1 else whole


def _prices(instrument: Listed, paths: Paths, time: Column, side: Column, rng: np.random.Generator) -> Column:
    minute = (time - paths.begin) / MINUTE
    fair = paths.price(instrument.base, minute) * paths.basis(instrument, minute)
    tick = ticks_at(instrument, time)
    ticks = fair * 10**instrument.price_digits / tick
    half_spread = np.maximum(0.5, ticks * 2e-5)
    noise = rng.normal(0, 1, len(time)) * ticks * 1e-5
    found: Column = np.rint(ticks + side * half_spread + noise).astype(np.int64) * tick
    return found


def ticks_at(instrument: Listed, time: Column) -> Column:
    """The step of prices, in integer units, that holds at each time."""
    found = np.full(len(time), instrument.tick, np.int64)
    for change in instrument.changes:
        if change.name == "tick":
            found[time >= change.at] = change.value
    return found


def _sizes(instrument: Listed, price: Column, quote: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Column:
    per_lot = price * (instrument.lot / 10.0**instrument.quote_digits)
    return np.maximum(2, np.rint(quote / per_lot)).astype(np.int64) * instrument.lot


def _balance(
    instrument: Listed, rng: np.random.Generator, price: Column, side: Column, sizes: Column, *, mean_trades: float
) -> None:
    """Correct the second of each pair so that the running net follows a small random walk."""
    pairs = len(price) // 2
    if not pairs:
        return
    scale = 10.0**instrument.quote_digits
    signed = (price * sizes * side)[: 2 * pairs] / scale
    net = np.cumsum(signed[::2] + signed[1::2])
    wish = np.cumsum(rng.normal(0, NET_A_MINUTE / max(1.0, mean_trades / 2) ** 0.5, pairs))
    second = slice(1, 2 * pairs, 2)
    lots = np.rint((wish - net) / (price[second] * (instrument.lot / scale)))
    change = np.diff(lots, prepend=0.0).astype(np.int64) * side[second] * instrument.lot
    sizes[second] = np.maximum(sizes[second] + change, instrument.lot)


def _planted(seed: int, paths: Paths, event: PlantedEvent, leg: Leg) -> Prints:
    instrument = leg.instrument
    rng = np.random.default_rng([seed, zlib.crc32(instrument.key.encode()), 3, event.number])
    total = event.minutes * leg.rows
    start = paths.begin + event.minute * MINUTE
    if leg.one_order:
        time = np.full(total, start + int(rng.integers(20_000, 40_000)), np.int64)
    else:
        slot = MINUTE / leg.rows
        time = start + ((np.arange(total) + 0.1 + rng.random(total) * 0.6) * slot).astype(np.int64)
    side = np.full(total, 1 if leg.net > 0 else -1, np.int64)
    price = _prices(instrument, paths, time, side, rng)
    if leg.one_order:
        # One taker order eats its way through the book: each row a tick further.
        price = price[0] + side * np.arange(total) * ticks_at(instrument, time)
    share = rng.uniform(0.8, 1.2, total)
    sizes = _sizes(instrument, price, abs(leg.net) * share / share.sum())
    return Prints(time, time, price, sizes, side)
