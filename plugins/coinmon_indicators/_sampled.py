"""Coverage of what is not bars: which minutes have a sample."""

from collections.abc import Collection

from coinmon.indicator import MINUTE, SeenReport, moment


def sampled(minutes: Collection[int], end: int, window: int) -> SeenReport:
    """minutes: starts of those that were sampled. end: of the last closed minute, ms UTC."""
    start = end - window * MINUTE
    there = {minute for minute in minutes if start <= minute < end}
    missing: list[tuple[int, int]] = []
    for minute in range(start, end, MINUTE):
        if minute in there:
            continue
        if missing and missing[-1][1] == minute:
            missing[-1] = missing[-1][0], minute + MINUTE
        else:
            missing.append((minute, minute + MINUTE))
    kind = "samples" if len(there) == window else "partial" if there else "missing"
    return SeenReport(
        start=moment(start), end=moment(end), minutes=window, complete=len(there), share=len(there) / window,
        kind=kind, missing=[(moment(a), moment(b)) for a, b in missing],
    )  # fmt: skip
