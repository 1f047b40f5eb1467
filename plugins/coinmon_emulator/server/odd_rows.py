"""Rows of answers with numbers that are not there, as venues send them of new, closing and settling markets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coinmon_emulator.server.reply import Reply

EMPTIED = ("odd", "null", "missing")
"""Shapes of a number that is not there: an empty string, null, no such field."""
STRANGE_ROWS: tuple[Any, ...] = (None, "", {}, [], {"error": "unavailable"})
"""What stands in lists of rows without being one."""


def empty(row: dict[str, Any], names: Sequence[str], shape: str) -> None:
    """Take numbers out of a row."""
    for name in names:
        if shape == "missing":
            row.pop(name, None)
        else:
            row[name] = "" if shape == "odd" else None


def with_strange_rows(rows: list[Any]) -> None:
    """Put what is no row between the rows: one at the beginning, others behind."""
    rows.insert(0, STRANGE_ROWS[0])
    rows.extend(STRANGE_ROWS[1:])


CLOUDFLARE_PAGE = b"""<!DOCTYPE html>
<html lang="en-US"><head><title>Access denied | Cloudflare</title></head><body>
<h1>Error 1015</h1><h2>You are being rate limited</h2>
<p>The owner of this website has banned you temporarily from accessing this website.</p></body></html>"""
CLOUDFLARE_BROKEN = b"""<!DOCTYPE html>
<html lang="en-US"><head><title>520: Web server is returning an unknown error</title></head><body>
<h1>Error 520</h1><h2>Web server is returning an unknown error</h2></body></html>"""


def in_front(kind: str) -> Reply | None:
    """What the network in front of a venue answers instead of it (EXCHANGES C13)."""
    if kind == "520":
        return Reply(CLOUDFLARE_BROKEN, 520, content_type="text/html")
    if kind == "1015":
        return Reply(CLOUDFLARE_PAGE, 429, content_type="text/html")
    return Reply(b"", 404, content_type="text/plain") if kind == "404" else None
