"""Feeds: one channel of one instrument, from a moment on. A hub asks each when its next message is due."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from coinmon_emulator.market.ladder import STEP, Ladder
from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.world import World

NEVER = 1 << 62
CHUNK = 64
FeedRow = tuple[int, ...]


class FeedMessage(NamedTuple):
    """What is sent at a market time; `number` is what a gap counts by, None for what no gap swallows."""

    time: int
    payload: bytes
    number: int | None = None


class DueFeed(Protocol):
    due: int
    """Market time of the next message."""

    def take(self, now: int) -> Sequence[FeedMessage]:
        """The messages up to `now`, oldest first; `due` moves on."""
        ...

    def greeting(self) -> Sequence[FeedMessage]:
        """What a new subscriber gets at once, as of the last message taken."""
        ...


class SilentFeed:
    """What was asked for and is not known, or has nothing to say."""

    due = NEVER

    def take(self, now: int) -> Sequence[FeedMessage]:
        return ()

    def greeting(self) -> Sequence[FeedMessage]:
        return ()


class Trading:
    """Trades as they happen; rows are (id, due, price, size, side, ...)."""

    def __init__(
        self, market: World, one: Listed, now: int, render: Callable[[list[FeedRow]], list[FeedMessage]]
    ) -> None:
        self._market = market
        self._one = one
        self._render = render
        self._rows: deque[FeedRow] = deque()
        self._position = self._begin(now)
        self.due = NEVER
        self._fill()

    def _begin(self, now: int) -> int:
        return self._market.before(self._one, now + 1)

    def _fetch(self, low: int) -> Sequence[FeedRow]:
        return list(self._market.rows(self._one, low, low + CHUNK).rows())

    def _fill(self) -> None:
        if not self._rows:
            self._rows.extend(self._fetch(self._position))
            self._position += len(self._rows)
        self.due = self._rows[0][1] if self._rows else NEVER

    def take(self, now: int) -> Sequence[FeedMessage]:
        found = []
        while self.due <= now:
            found.append(self._rows.popleft())
            self._fill()
        return self._render(found)

    def greeting(self) -> Sequence[FeedMessage]:
        return ()


class RecordedFeed:
    """Messages that were recorded, at their own times."""

    def __init__(self, messages: Sequence[tuple[int, bytes]], now: int, wrap: Callable[[bytes], bytes]) -> None:
        self._messages = messages
        self._wrap = wrap
        self._next = bisect_right(messages, now, key=lambda message: message[0])
        self.due = NEVER
        self._look()

    def _look(self) -> None:
        self.due = self._messages[self._next][0] if self._next < len(self._messages) else NEVER

    def take(self, now: int) -> Sequence[FeedMessage]:
        found = []
        while self.due <= now:
            time, data = self._messages[self._next]
            found.append(FeedMessage(time, self._wrap(data), self._next))
            self._next += 1
            self._look()
        return found

    def greeting(self) -> Sequence[FeedMessage]:
        return ()


class Periodic:
    """Something that is told every so often."""

    def __init__(
        self,
        period: int,
        now: int,
        render: Callable[[int], Sequence[FeedMessage]],
        first: Callable[[int], Sequence[FeedMessage]] | None = None,
    ) -> None:
        self._period = period
        self._render = render
        self._first = first
        self._last = now
        self.due = (now // period + 1) * period

    def take(self, now: int) -> Sequence[FeedMessage]:
        found: list[FeedMessage] = []
        while self.due <= now:
            found.extend(self._render(self.due))
            self._last = self.due
            self.due += self._period
        return found

    def greeting(self) -> Sequence[FeedMessage]:
        return () if self._first is None else self._first(self._last)


class Booking:
    """A book's snapshot, and what changed since the message before."""

    def __init__(
        self,
        market: World,
        one: Listed,
        now: int,
        *,
        every: int,
        depth: int,
        snapshot: Callable[[Ladder], FeedMessage | None],
        update: Callable[[Sequence[Ladder]], FeedMessage],
    ) -> None:
        self._market = market
        self._one = one
        self._steps = every // STEP
        self._depth = depth
        self._snapshot = snapshot
        self._update = update
        self._seen = self._at(now // every * self._steps)
        self.due = NEVER if self._seen is None else (now // every + 1) * every

    def _at(self, step: int) -> Ladder | None:
        whole = self._market.ladder(self._one, step)
        return None if whole is None else whole.top(self._depth)

    def take(self, now: int) -> Sequence[FeedMessage]:
        found = []
        while self.due <= now:
            step = self.due // STEP
            states = [self._seen, *(self._at(step - back) for back in reversed(range(self._steps)))]
            known = [state for state in states if state is not None]
            found.append(self._update(known))
            self._seen = known[-1]
            self.due += self._steps * STEP
        return found

    def greeting(self) -> Sequence[FeedMessage]:
        found = None if self._seen is None else self._snapshot(self._seen)
        return () if found is None else (found,)
