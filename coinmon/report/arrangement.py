"""How the panes of a scene stand: what has all of the width, and what is in sight at first."""

from collections.abc import Sequence
from itertools import groupby

from coinmon.report.marks import Drawing

_BLANK_SHARE = 3
"""One of so many parts of the time without anything to show is left out of what is shown at first."""


def paired(panes: Sequence[Drawing]) -> None:
    """A panel of half the width beside no other has all of it: no blank paper stands beside it."""
    for half, run in groupby(panes, key=lambda pane: bool(pane.get("half"))):
        several = list(run)
        if half and len(several) % 2:
            several[-1]["half"] = False


def opening(panes: Sequence[Drawing], start: int, end: int) -> int:
    """Seconds at which what is in sight at first begins.

    The start, but where most panels have nothing to show of the first third: where half of them begin.
    """
    firsts = sorted(
        min(known)
        for pane in panes
        if pane["axis"] == "time" and pane["id"] not in ("price", "volume")
        if (known := [_first(mark) for mark in pane["marks"] if mark.get("t")])
    )
    begin = firsts[len(firsts) // 2] if firsts else start
    return begin if begin > start + (end - start) / _BLANK_SHARE else start


def _first(mark: Drawing) -> int:
    """Seconds of the first value of a line or of columns."""
    values = mark.get("v") or mark["t"]
    return int(next((at for at, value in zip(mark["t"], values, strict=True) if value is not None), mark["t"][-1]))
