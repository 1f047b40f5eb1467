"""The files that a backfill reads together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coinmon.plugin.archives import Archive


@dataclass(slots=True)
class Span:
    """The files for one stretch of time: trades in order of preference, and the venue's own klines.

    parts: shorter stretches that hold the same, as the days of a month: they are read where it cannot be had.
    """

    start: int
    end: int
    trades: list[Archive] = field(default_factory=list)
    bars: list[Archive] = field(default_factory=list)
    parts: "list[Span]" = field(default_factory=list)


@dataclass(slots=True)
class DownloadedFiles:
    """Files that were downloaded for a span."""

    trades: tuple[Archive, Path] | None
    bars: tuple[Archive, Path] | None


def spans_of(archives: Sequence[Archive]) -> list[Span]:
    """Trades and klines by the stretch of time that they are about, oldest first; days within their month."""
    found: dict[tuple[int, int], Span] = {}
    for archive in archives:
        if archive.data in ("trades", "bars"):
            span = found.setdefault((archive.start, archive.end), Span(archive.start, archive.end))
            (span.trades if archive.data == "trades" else span.bars).append(archive)
    whole: list[Span] = []
    for span in sorted(found.values(), key=lambda each: (each.start, -each.end)):
        if whole and span.end <= whole[-1].end:
            whole[-1].parts.append(span)
        else:
            whole.append(span)
    return whole


def wanted(spans: Sequence[Span], now: int, is_known: Callable[[Span], bool]) -> list[Span]:
    """What to read of them: a month where nothing of it is known, else the days that are not; of what is over."""
    found: list[Span] = []
    for span in spans:
        lacking = [part for part in span.parts if part.end <= now and not is_known(part)]
        if span.end > now or len(lacking) < len(span.parts):
            found += lacking
        elif not is_known(span):
            found.append(span)
    return found
