"""Coinbase has no public files of history."""

from __future__ import annotations

from coinmon_emulator.market.view import WorldNow

HAS_CHECKSUMS = False


def file(view: WorldNow, path: str) -> bytes | None:
    return None
