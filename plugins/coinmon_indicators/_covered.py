"""Coverage of several instruments together."""

from collections.abc import Sequence
from datetime import datetime

from coinmon.indicator import MINUTE, SeenReport, moment

_KINDS = ("missing", "partial", "klines", "trades")


def covered(reports: Sequence[SeenReport], now: int, *, unasked: bool = False) -> SeenReport:
    """A minute is complete when every one of the reports, all of one window, has it complete.

    unasked: one more could not be asked, so that no minute is complete.
    """
    if not reports:
        at = moment(now - now % MINUTE)
        return SeenReport(start=at, end=at, minutes=0, complete=0, share=0.0, kind="missing")
    first = reports[0]
    gaps = [(first.start, first.end)] if unasked else sorted(gap for report in reports for gap in report.missing)
    missing: list[tuple[datetime, datetime]] = []
    for start, end in gaps:
        if missing and start <= missing[-1][1]:
            missing[-1] = (missing[-1][0], max(end, missing[-1][1]))
        else:
            missing.append((start, end))
    out = round(sum((end - start).total_seconds() for start, end in missing) / 60)
    complete = first.minutes - out
    return SeenReport(
        start=first.start, end=first.end, minutes=first.minutes, complete=complete,
        share=complete / first.minutes if first.minutes else 0.0,
        kind="missing" if unasked else min((report.kind for report in reports), key=_KINDS.index), missing=missing,
    )  # fmt: skip
