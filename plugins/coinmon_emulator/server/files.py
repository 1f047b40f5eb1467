"""What the venues' files of history have in common: a day or month in the name, text in lines, zip."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime

from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import DAY, Listed
from coinmon_emulator.market.view import WorldNow

TINY = re.compile(r"(?<=,)0\.0000[0-9]*[1-9][0-9]*(?=,|$)")
"""A number that programs print with an exponent: 0.00001 is 1e-05."""
DATE = r"(?P<date>\d{4}-\d{2}(?:-\d{2})?)"


def span_of(date: str, *, monthly: bool) -> tuple[int, int] | None:
    """The day or month that a file's name says: its begin and end, ms UTC; None where it says none."""
    if monthly != (len(date) == len("2026-11")):
        return None
    try:
        begin = datetime.strptime(date, "%Y-%m" if monthly else "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    start = round(begin.timestamp() * 1000)
    return start, (CandleInterval(0).after(start) if monthly else start + DAY)


def published(view: WorldNow, one: Listed, start: int, end: int) -> bool:
    return end <= view.now and end > view.market.begins(one)


def zipped(view: WorldNow, name: str, rows: Iterable[str]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        # a fixed time of the file, so that the same day has the same checksum each time
        archive.writestr(zipfile.ZipInfo(f"{name}.csv"), text_of(view, rows), zipfile.ZIP_DEFLATED)
    return into.getvalue()


def text_of(view: WorldNow, rows: Iterable[str]) -> bytes:
    """The lines as the file host has them, in the odd shapes that are asked for."""
    shapes, lines = view.spoil.files, list(rows)
    if "cutday" in shapes:
        lines = lines[: len(lines) * 2 // 3]
    if "exponent" in shapes:
        lines = [TINY.sub(lambda found: repr(float(found[0])), line) for line in lines]
    if "blank" in shapes:
        for place in range(50, len(lines), 100):
            cells = lines[place].split(",")
            lines[place] = ",".join([*cells[:2], "", *cells[3:]])
    if "bom" in shapes:
        return ("\ufeff" + "\r\n".join(lines) + "\r\n\r\n").encode()
    return ("\n".join(lines) + "\n").encode("gbk" if "gbk" in shapes else "utf-8")
