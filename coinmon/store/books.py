"""Depth, heatmap and liquidations in and out of the database."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from decimal import Decimal

import numpy as np
from sqlalchemy import Connection

from coinmon.model.book import Depth, Near, Picture
from coinmon.model.derivatives import Liquidation, storable
from coinmon.store import schema
from coinmon.store.rows import rows_between, upsert

_NEAR = len(fields(Near))


def write_depth(connection: Connection, samples: Mapping[int, Depth]) -> None:
    """One sample an instrument, by its row number."""
    rows = [
        {
            "instrument": number, "time": each.time, "bid": each.bid, "ask": each.ask, "reach_bid": each.reach_bid,
            "reach_ask": each.reach_ask,
            "near": np.array([tuple(asdict(near).values()) for near in each.near], "<f8").tobytes(),
        }
        for number, each in samples.items()
    ]  # fmt: skip
    upsert(connection, schema.depth, rows)


def write_heatmap(connection: Connection, pictures: Mapping[int, Picture]) -> None:
    """One picture an instrument, by its row number."""
    rows = [
        {
            "instrument": number, "time": each.time, "row": str(each.row), "first": each.first,
            "sizes": zlib.compress(np.concatenate((each.bids, each.asks)).astype("<f4").tobytes(), 1),
        }
        for number, each in pictures.items()
    ]  # fmt: skip
    upsert(connection, schema.heatmap, rows)


def write_liquidations(
    connection: Connection, found: Mapping[int, Sequence[Liquidation]], known_at: int | None = None
) -> None:
    """By row number of the instrument; one that is there already is written over itself. known_at: now, ms UTC."""
    rows = {(number, each.key): each for number, several in found.items() for each in storable(several)}
    made = [{"instrument": key[0], **asdict(each), "known_at": known_at} for key, each in rows.items()]
    upsert(connection, schema.liquidations, made)


def write_observed_minutes(connection: Connection, minutes: Mapping[int, Sequence[int]]) -> None:
    """Minutes in which liquidations were listened to, by row number of the instrument."""
    rows = [{"instrument": number, "time": time} for number, times in minutes.items() for time in times]
    upsert(connection, schema.liquidations_heard, rows)


def read_depth(connection: Connection, number: int, start: int, end: int) -> list[Depth]:
    found = rows_between(connection, schema.depth, number, start, end)
    return [
        Depth(
            row.time, row.bid, row.ask, row.reach_bid, row.reach_ask,
            tuple(Near(*each) for each in np.frombuffer(row.near, "<f8").reshape(-1, _NEAR).tolist()),
        )
        for row in found
    ]  # fmt: skip


def read_heatmap(connection: Connection, number: int, start: int, end: int) -> list[Picture]:
    pictures = []
    for row in rows_between(connection, schema.heatmap, number, start, end):
        bids, asks = np.frombuffer(zlib.decompress(row.sizes), "<f4").astype(np.float64).reshape(2, -1)
        pictures.append(Picture(row.time, Decimal(row.row), row.first, bids, asks))
    return pictures


def read_liquidations(connection: Connection, number: int, start: int, end: int) -> list[Liquidation]:
    found = rows_between(connection, schema.liquidations, number, start, end)
    return [Liquidation(row.time, row.side, row.price, row.base, row.key) for row in found]


def read_observed_minutes(connection: Connection, number: int, start: int, end: int) -> list[int]:
    return [row.time for row in rows_between(connection, schema.liquidations_heard, number, start, end)]
