"""Hyperliquid has no files of history that anybody may fetch."""

from __future__ import annotations

from coinmon_emulator.market.view import WorldNow

HAS_CHECKSUMS = False


def file(view: WorldNow, path: str) -> bytes | None:
    return None
