"""Coinbase has no public files of history."""

from __future__ import annotations

from coinmon_emulator.market.view import WorldNow


def file(view: WorldNow, path: str) -> bytes | None:
    return None
