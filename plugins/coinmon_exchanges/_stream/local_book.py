"""Local order books: a snapshot, differences in the venue's own order, and a new snapshot where that order breaks."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from coinmon.exchange import Book, Instrument
from coinmon_exchanges._columns import Floats, levels
from coinmon_exchanges._entries import ODD

MAX_PAUSE_S = 60.0
_NEAR_THE_EDGE = 0.25
"""A snapshot is renewed when the mid has come so near to its edge, as a share of the way at its beginning."""
_ABSENT = np.empty((0, 2))


class Update(NamedTuple):
    """A message about a book. Rows are (price, size, ...), size 0: the level is gone.

    first, last: the sequence numbers it covers; before: that of the message before, where the venue says it.
    whole: a snapshot.
    """

    name: str
    time: int
    bids: Sequence[Any]
    asks: Sequence[Any]
    first: int = 0
    last: int = 0
    before: int = 0
    whole: bool = False


Follows = Callable[[int, bool, Update], bool | None]
"""Whether an update follows the sequence number; None: it is a repeat. The second tells the first one after a snapshot
that came by REST."""


class BookSide:
    """Levels by ascending price, as columns that are replaced and never written into."""

    def __init__(self, rows: Floats = _ABSENT) -> None:
        if (rows < 0).any():
            raise ValueError("a negative price or size")
        self.prices, last = np.unique(rows[::-1, 0], return_index=True)
        self.sizes = rows[::-1, 1][last]
        self._drop()

    def _drop(self) -> None:
        there = self.sizes > 0
        if not there.all():
            self.prices, self.sizes = self.prices[there], self.sizes[there]

    def put(self, rows: Floats) -> None:
        """Set levels; of several rows for a price the last counts, and size 0 removes it."""
        if not len(rows):
            return
        if (rows < 0).any():
            raise ValueError("a negative price or size")
        prices, last = np.unique(rows[::-1, 0], return_index=True)
        sizes = rows[::-1, 1][last]
        at = np.searchsorted(self.prices, prices)
        known = np.zeros(len(prices), np.bool_)
        inside = at < len(self.prices)
        known[inside] = self.prices[at[inside]] == prices[inside]
        self.sizes = self.sizes.copy()
        self.sizes[at[known]] = sizes[known]
        new = ~known & (sizes > 0)
        if new.any():
            self.prices = np.insert(self.prices, at[new], prices[new])
            self.sizes = np.insert(self.sizes, at[new], sizes[new])
        self._drop()


class LocalBook:
    """One instrument's book. sound: a snapshot was loaded, and no update after it is missing."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.time = 0
        self.breaks = 0
        self.waiting: list[Update] = []
        self.resubscribe_at = 0.0
        self._bids, self._asks = BookSide(), BookSide()
        self._pending: list[Update] = []
        self._last: int | None = None
        self._starting = False
        self._known: tuple[float, float] | None = None
        self._edge: tuple[float, float] = (0.0, 0.0)
        self._failures = 0
        self._since = 0.0

    @property
    def sound(self) -> bool:
        return self._last is not None

    @property
    def last(self) -> int | None:
        """The sequence number it is at."""
        return self._last

    def load(self, snapshot: Update, known: tuple[float, float] | None = None, *, starting: bool = False) -> bool:
        """known: the prices between which no level is missing, where that is not everything. False: it is no book."""
        size = self.instrument.contract_size
        try:
            bids, asks = (BookSide(levels(side, size)) for side in (snapshot.bids, snapshot.asks))
        except ODD:
            return False
        self._bids, self._asks = bids, asks
        self._last, self._starting, self._known = snapshot.last, starting, known
        self.time, self._pending, self._since = snapshot.time, [], monotonic()
        mid = self._mid()
        if known is not None and mid is not None:
            self._edge = known[0] + (mid - known[0]) * _NEAR_THE_EDGE, known[1] - (known[1] - mid) * _NEAR_THE_EDGE
        return True

    def take(self, update: Update, follows: Follows) -> bool:
        """False: the sequence is broken."""
        assert self._last is not None
        verdict = follows(self._last, self._starting, update)
        if verdict:
            self._pending.append(update)
            self._last, self._starting, self.time = update.last, False, max(self.time, update.time)
        return verdict is not False

    def apply(self) -> str:
        """Apply the updates taken to the levels; why the book cannot be believed then, or nothing."""
        pending, self._pending = self._pending, []
        size = self.instrument.contract_size
        try:
            for side, name in ((self._bids, "bids"), (self._asks, "asks")):
                side.put(levels([row for each in pending for row in getattr(each, name)], size))
        except ODD:
            return "an update is not in the venue's format"
        is_crossed = len(self._bids.prices) and len(self._asks.prices) and self._bids.prices[-1] >= self._asks.prices[0]
        # something is missing
        return "the best bid is above the best ask" if is_crossed else ""

    def mark_broken(self) -> None:
        """Its sequence broke; the next snapshot is requested after a pause that grows while this goes on."""
        self._failures = 0 if monotonic() - self._since > MAX_PAUSE_S else self._failures + 1
        self.breaks += 1
        self.await_snapshot(min(MAX_PAUSE_S, 0.25 * 2.0**self._failures))

    def await_snapshot(self, pause: float) -> None:
        self._last, self._pending, self.waiting = None, [], []
        self.resubscribe_at = monotonic() + pause

    def left_snapshot(self) -> bool:
        """Whether the mid has come near to the edge of what the snapshot covered."""
        mid = self._mid()
        return self._known is not None and mid is not None and not self._edge[0] <= mid <= self._edge[1]

    def _mid(self) -> float | None:
        if not len(self._bids.prices) or not len(self._asks.prices):
            return None
        return float(self._bids.prices[-1] + self._asks.prices[0]) / 2

    def book(self) -> Book:
        bids = np.column_stack((self._bids.prices[::-1], self._bids.sizes[::-1]))
        asks = np.column_stack((self._asks.prices, self._asks.sizes))
        return Book(self.time, bids, asks, *(self._known or (None, None)))
