"""What readers of the stream are told as it comes: in turns, so that many who watch cost the scan little."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

from coinmon.command import CoinmonError, MarketReader, iso
from coinmon_desk._board import PairBoard
from coinmon_desk._forming import Forming, places_of
from coinmon_desk._push import Broadcast, frame
from coinmon_desk._state import State
from coinmon_desk._tape import Tape

_ROWS_S, _LONGEST_ROWS_S, _WRITES_PER_S = 0.25, 0.5, 100
"""Between two turns of what is not a chart: what changes meanwhile goes together, more seldom where many read."""
_CANDLES_S, _CANDLES_TIMES = 0.03, 4.0
"""Between two turns of forming minutes: at least so many seconds, and so many times as long as the turn took."""
_PING_S = 10.0
"""After so long without a word one says that the connection lives, to proxies and to the page."""
_STATE_S = 2.0
"""Between two looks at the state of things."""


class Live:
    """Rows of the board and the tape, the state and the forming minutes, from the scan and the store to who reads."""

    def __init__(self, reader: MarketReader, board: PairBoard, tape: Tape, state: State) -> None:
        self._reader, self._board, self._tape, self._state = reader, board, tape, state
        self._forming = Forming(reader)
        self.push = Broadcast(self._whole)
        self._present: int | None = None
        self._news, self._traded, self._moved = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._told: list[dict[str, Any]] = []
        self._due = self._said_at = 0.0
        self._whole_board = "", b""
        self._whole_state = float("-inf"), b""
        self._state_turn = asyncio.Lock()

    @property
    def moves(self) -> bool:
        """Whether forming minutes are known: a scan of this process brings them."""
        return self._forming.known

    @property
    def now(self) -> int:
        """The moment that stands for now, ms UTC."""
        return self._reader.now() if self._present is None else self._present

    def hear(self, event: Mapping[str, Any]) -> None:
        """An event of the scan."""
        self._board.take(event)
        self._state.take(event)
        row = self._tape.take(event)
        if row is not None:
            self._told.append(row)
        if event["event"] in ("venue", "scan_finished", "delivery"):
            self._moved.set()

    def changed(self, moment: int) -> None:
        """The store has settled on a new edition."""
        self._present = moment
        self.push.send(self._edition())
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Rows are looked up, and what changed is sent, until the server stops."""
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "rows of the desk": self._look, "news of the desk": partial(_again_and_again, self._turn),
            "state of the desk": partial(_again_and_again, self._tell_state),
        }  # fmt: skip
        for name, work in works.items():
            self._reader.supervisor.start(name, work)
        try:
            yield
        finally:
            await self._reader.supervisor.stop(*works)

    async def _look(self) -> None:
        await self._place()
        while True:
            await self._news.wait()
            self._news.clear()
            await self._place()
            await self._board.look(self.now)

    async def _place(self) -> None:
        with suppress(CoinmonError):
            self._forming.placed(await asyncio.to_thread(places_of, self._reader))

    async def _turn(self) -> None:
        """What was told goes on: of charts as it comes, of all else when it is due."""
        if not len(self.push):
            self._forming.take(None)
            self._board.move({}, heard=False)
            self._board.news()
            self._told.clear()
            await asyncio.sleep(_ROWS_S)
            return
        shown = self.push.pairs
        pause = min(_LONGEST_ROWS_S, max(_ROWS_S, len(self.push) / _WRITES_PER_S))
        if shown:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._due - monotonic()):
                    await self._traded.wait()
        else:
            await asyncio.sleep(self._due - monotonic())
        self._traded.clear()
        begun = monotonic()
        rest = _CANDLES_S if shown else pause / 2
        for pair, candles in self._forming.take(self._traded.set, rest, shown).items():
            self.push.send(frame("forming", {pair: candles}), pair)
        if begun >= self._due:
            self._due = begun + pause
            self._send_rows(begun)
        await asyncio.sleep(max(_CANDLES_S, _CANDLES_TIMES * (monotonic() - begun)))

    def _send_rows(self, now: float) -> None:
        """All that readers have in common, as one piece."""
        self._board.move(self._forming.prices(), heard=True)
        frames = []
        if rows := self._board.news():
            frames.append(frame("board", rows, self._board.revision))
        if self._told:
            frames.append(frame("tape", self._told))
            self._told = []
        if not frames and now - self._said_at > _PING_S:
            frames.append(frame("ping", {}))
        if frames:
            self._said_at = now
            self.push.send(b"".join(frames))

    async def _tell_state(self) -> None:
        await self._moved.wait()
        self._moved.clear()
        if len(self.push):
            self.push.send(await self._state_frame(0.0))
        await asyncio.sleep(_STATE_S)

    async def _whole(self, since: str, pairs: Collection[str]) -> bytes:
        """What a reader begins with. since: a revision of the board that it has. pairs: whose charts it shows."""
        state = await self._state_frame(_STATE_S)
        candles = {pair: found for pair in pairs if (found := self._forming.candles(pair))}
        forming = [frame("forming", candles)] if candles else []
        return b"".join([self._edition(), self._rows_frame(since), state, *forming])

    def _edition(self) -> bytes:
        return frame("edition", {"at": iso(self.now)}, self._board.revision)

    def _rows_frame(self, since: str) -> bytes:
        """All rows are written once for all who have none of them, as after a restart."""
        rows, revision = self._board.since(since), self._board.revision
        if rows is not self._board.rows:
            return frame("board", rows)
        if self._whole_board[0] != revision:
            self._whole_board = revision, frame("board", rows)
        return self._whole_board[1]

    async def _state_frame(self, age: float) -> bytes:
        """As it was so many seconds ago at most. It takes a look at the store, which is not this thread's."""
        async with self._state_turn:
            if monotonic() - self._whole_state[0] > age:
                made = frame("state", await asyncio.to_thread(self._state.document))
                self._whole_state = monotonic(), made
            return self._whole_state[1]


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await work()
