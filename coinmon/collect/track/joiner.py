"""How what a stream brings joins what was read of one instrument."""

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from coinmon.model.moment import MINUTE, floor
from coinmon.model.trades import Trades
from coinmon.plugin.trade_page import Cursor, TradePage

if TYPE_CHECKING:
    from coinmon.collect.track.track import Track

_MAX_ID_LAG, _MAX_LATENESS_MS = 1000, 2000
"""Streamed trades and moments may be this far behind what was asked for, and a venue's two clocks this far apart."""


class Joiner:
    """Adds a stream's pages to its track; one that does not join what was read waits until what lacks is read.

    waiting: pages that wait, oldest first. page_was_read: a page was asked for since the stream last left a gap.
    """

    def __init__(self, track: "Track") -> None:
        self.waiting: deque[TradePage] = deque()
        self.page_was_read = False
        self._track = track

    @property
    def waits(self) -> bool:
        """Whether something that was streamed waits for trades before it to be read."""
        track = self._track
        return bool(self.waiting) and track.cursor is not None and not track.busy

    def stream(self, page: TradePage) -> None:
        """A page of a stream."""
        track = self._track
        busy = track.busy
        if page.first_id is None and not page.joined and not busy:
            self.page_was_read = False
        if not busy and not self.waiting and self._follow(page):
            return
        self.waiting.append(page)
        if not busy:
            self.join()

    def join(self) -> bool:
        """Add what was streamed as far as it joins; whether all does."""
        while self.waiting and self._follow(self.waiting[0]):
            self.waiting.popleft()
        return not self.waiting

    def accept_hole(self) -> None:
        """Go on from what waits: what is missing before it cannot be had."""
        track = self._track
        page = self.waiting.popleft()
        if len(page.trades):
            track.take(replace(page, joined=False, more=True), 0)
        elif page.first_id is not None:
            track.cursor = Cursor(track.start, page.first_id - 1)
            track.proven_from = floor(page.until) + MINUTE
        self.join()

    def begin(self) -> None:
        """Begin with what the stream brought, if it brought something."""
        track = self._track
        if track.cursor is None and self.waiting:
            self.accept_hole()

    def _follow(self, page: TradePage) -> bool:
        """Add a streamed page; False: something before it was not read."""
        track = self._track
        if track.cursor is None:
            return False
        if page.first_id is None:
            return self._follow_unproven(page)
        last = track.cursor.last_id
        if last is None or page.first_id > last + 1 or _is_numbered_anew(page, last, track.read_to):
            return False
        trades = page.trades
        if len(trades) and int(trades.id[-1]) > last:
            if page.first_id <= last:
                # a row may begin inside of what was read: the page stands for all that it covers, but what is stored
                trades = trades[(trades.id > last) | (trades.time >= track.start)]
                known = Trades.concat(track.pending)
                known = known[known.id < page.first_id]
                track.pending = [known] if len(known) else []
            track.pending.append(trades)
            track.cursor = Cursor(track.cursor.since, int(trades.id[-1]))
            track.caught_up = max(track.caught_up, int(trades.time[-1]))
        track.caught_up = max(track.caught_up, page.until)
        return True

    def _follow_unproven(self, page: TradePage) -> bool:
        """A page whose ids prove nothing: what was missed shows only in the venue's own volume of the minute."""
        track = self._track
        if not page.joined and not self.page_was_read:
            return False
        # a stored minute is what the venue's volume says it was; a late trade of it is part of that
        trades = page.trades[page.trades.time >= track.start]
        if not len(trades):
            return True
        once = np.unique(trades.id, return_index=True)[1]
        if len(once) < len(trades):
            trades = trades[np.sort(once)]
        begins = int(trades.time[0])
        overlap = 0
        while overlap < len(track.pending) and int(track.pending[-1 - overlap].time[-1]) >= begins:
            overlap += 1
        if overlap:
            known = Trades.concat(track.pending[-overlap:])
            both = Trades.concat([known, trades[~np.isin(trades.id, known.id)]])
            track.pending[-overlap:] = [both[np.argsort(both.time, kind="stable")]]
        else:
            track.pending.append(trades)
        track.cursor = Cursor(track.start, int(track.pending[-1].id[-1]))
        track.proven_from = None
        track.caught_up = max(track.caught_up, int(trades.time[-1]))
        return True


def _is_numbered_anew(page: TradePage, last_id: int, read_to: int) -> bool:
    """Whether its ids lie far behind what was read and its moment after it: nothing is told of what lies between."""
    trades = page.trades
    newest = int(trades.id[-1]) if len(trades) else (page.first_id or 0) - 1
    moment = max(page.until, int(trades.time[-1]) if len(trades) else 0)
    return last_id - newest > _MAX_ID_LAG and moment > read_to + _MAX_LATENESS_MS
