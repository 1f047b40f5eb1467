"""The files that a backfill reads together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coinmon.plugin.archives import Archive


@dataclass(slots=True)
class Span:
    """The files for one stretch of time: trades in order of preference, and the venue's own klines."""

    start: int
    end: int
    trades: list[Archive] = field(default_factory=list)
    bars: list[Archive] = field(default_factory=list)


@dataclass(slots=True)
class DownloadedFiles:
    """Files that were downloaded for a span."""

    trades: tuple[Archive, Path] | None
    bars: tuple[Archive, Path] | None


def spans_of(archives: Sequence[Archive]) -> list[Span]:
    """Trades and klines by the stretch of time that they are about."""
    found: dict[tuple[int, int], Span] = {}
    for archive in archives:
        if archive.data in ("trades", "bars"):
            span = found.setdefault((archive.start, archive.end), Span(archive.start, archive.end))
            (span.trades if archive.data == "trades" else span.bars).append(archive)
    return list(found.values())
