"""The desk as routes of the server: documents, data, and one stream of what changes."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from coinmon.command import (
    CANDLES,
    MINUTE,
    CoinmonError,
    MarketReader,
    NoDataError,
    iso,
    speaker,
)
from coinmon_desk._absent import Absent, absent
from coinmon_desk._address import LANG_COOKIE, ZONE_COOKIE, Address, address_of
from coinmon_desk._board import PairBoard
from coinmon_desk._forming import Forming
from coinmon_desk._login import Login
from coinmon_desk._push import Broadcast, frame
from coinmon_desk._scenes import Scenes, chosen
from coinmon_desk._shell import SECURITY, document, modules_of, static
from coinmon_desk._state import State
from coinmon_desk._tape import Tape
from coinmon_desk._words import WORDS

_FLUSH_S = 0.25
"""Between two frames of rows: what changes meanwhile travels together."""
_MOVE_S, _MOVE_TIMES = 0.03, 4.0
"""Between two frames of forming minutes: at least so many seconds, and so many times as long as making one took."""
_SQUEEZED_BYTES = 1400
"""Answers longer than this are compressed."""
_YEAR_S = 31_536_000

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Address], Awaitable[Response]]


class DeskPages:
    """Everything that `coinmon serve` shows to browsers."""

    login_path = "/login"
    open_paths = ("/login", "/desk/desk.css", "/desk/icon.svg")

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._board, self._tape, self._state = PairBoard(reader), Tape(reader), State(reader)
        self._scenes = Scenes(reader)
        self._forming = Forming(reader)
        self._push = Broadcast(self._whole)
        self._present: int | None = None
        self._news, self._traded = asyncio.Event(), asyncio.Event()
        self.home = self._guarded(self._board_page)
        self.routes = [
            Route("/pair/{symbol:path}", self._guarded(self._pair_page)),
            Route("/tape", self._guarded(self._tape_page)),
            Route("/state", self._guarded(self._state_page)),
            Route("/login", Login(reader.config.serve.token, self._lang).answer, methods=["GET", "POST"]),
            Route("/desk/events", self._events),
            Route("/desk/scene.json", self._data(self._scene)),
            Route("/desk/board.json", self._data(self._board_data)),
            Route("/desk/tape.json", self._data(self._tape_data)),
            Route("/desk/state.json", self._data(self._state_data)),
            Route("/desk/{name}", self._static),
        ]

    # what the server tells

    def hear(self, event: Mapping[str, Any]) -> None:
        """An event of the scan."""
        self._board.take(event)
        self._state.take(event)
        row = self._tape.take(event)
        if row is not None:
            self._push.send("tape", [row])
        if event["event"] in ("venue", "scan_finished", "delivery"):
            self._push.send("state", self._state.document())

    def changed(self, moment: int) -> None:
        """The store has settled on a new edition."""
        self._present = moment
        self._push.send("edition", {"at": iso(moment)})
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Rows are looked up, and what changed is sent, until the server stops."""
        works = {"rows of the desk": self._look, "news of the desk": self._flush, "live prices of the desk": self._move}
        for name, work in works.items():
            self._reader.supervisor.start(name, partial(self._again_and_again, work))
        try:
            yield
        finally:
            await self._reader.supervisor.stop(*works)

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await work()

    async def _look(self) -> None:
        await self._news.wait()
        self._news.clear()
        await self._board.look(self._present or self._reader.now())

    async def _flush(self) -> None:
        await asyncio.sleep(_FLUSH_S)
        self._send_rows()

    def _send_rows(self) -> None:
        news = self._board.news()
        if news:
            self._push.send("board", news, self._board.revision)

    async def _move(self) -> None:
        """What the streams bring of minutes that are not over goes on as it comes, while somebody reads."""
        if not len(self._push):
            self._forming.take(None)
            self._board.move({}, heard=False)
            await asyncio.sleep(_FLUSH_S)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._traded.wait(), _FLUSH_S)
        self._traded.clear()
        begun = monotonic()
        charts, prices = self._forming.take(self._traded.set)
        if charts:
            self._push.send("forming", charts)
        if prices:
            self._board.move(prices, heard=True)
            self._send_rows()
        await asyncio.sleep(max(_MOVE_S, _MOVE_TIMES * (monotonic() - begun)))

    def _whole(self, since: str) -> Iterator[bytes]:
        """What a reader of the stream begins with. since: a revision of the board that it has."""
        yield frame("edition", {"at": iso(self._now())}, self._board.revision)
        yield frame("board", self._board.since(since))
        yield frame("state", self._state.document())

    def _now(self) -> int:
        return self._reader.now() if self._present is None else self._present

    # documents

    def _guarded(self, handler: Handler) -> Endpoint:
        """An address that cannot be shown gives a page that says what is wrong with it."""

        async def answer(request: Request) -> Response:
            lang = self._lang(request)
            try:
                address = address_of(request.query_params, self._reader, request.cookies)
                made = await handler(request, address)
            except CoinmonError as error:
                status = 404 if isinstance(error, NoDataError) else 400
                return document("wrong.html", lang, status, reason=speaker(lang)(str(error)))
            for cookie, name in ((LANG_COOKIE, "lang"), (ZONE_COOKIE, "zone")):
                if request.query_params.get(name):
                    made.set_cookie(cookie, request.query_params[name], max_age=_YEAR_S, samesite="strict")
            return made

        return answer

    def _lang(self, request: Request) -> str:
        asked = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
        return asked if asked in ("zh", "en") else self._reader.config.lang

    async def _board_page(self, request: Request, address: Address) -> Response:
        return self._document("board.html", "board", address, address.data("board.json", at=_said(address.at)))

    async def _tape_page(self, request: Request, address: Address) -> Response:
        return self._document("tape.html", "tape", address)

    async def _state_page(self, request: Request, address: Address) -> Response:
        return self._document("state.html", "state", address)

    async def _pair_page(self, request: Request, address: Address) -> Response:
        symbol = request.path_params["symbol"]
        market = await asyncio.to_thread(self._reader.market, symbol, address.at)
        chosen(market, address.market)
        self._forming.look(str(market.pair))
        pair = str(market.pair)
        data = address.data(
            "scene.json", symbol=symbol, pair=pair, at=_said(address.at), market=address.market, candle=address.candle
        )
        return self._document("pair.html", "pair", address, data, symbol=symbol, pair=pair)

    def _document(
        self, name: str, page: str, address: Address, data: str | None = None, **values: Any
    ) -> Response:  # fmt: skip
        """data: what the page fetches first."""
        at = _said(address.at)
        return document(
            name, address.lang, page=page, address=address, at=at, venues=self._board.venues, data=data,
            modules=modules_of(page),
            config={"lang": address.lang, "zone": address.zone, "at": at, "page": page, "market": address.market,
                    "candle": address.candle, "candles": list(CANDLES),
                    "venues": self._board.venues, "forming": self._forming.known,
                    "words": WORDS[address.lang], **values},
            **values,
        )  # fmt: skip

    async def _static(self, request: Request) -> Response:
        found = static(request.path_params["name"], request.headers)
        return found or Response("no such file\n", 404, SECURITY, "text/plain")

    # data

    def _data(self, handler: Callable[[Request, Address], Awaitable[bytes]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            status = 200
            try:
                address = address_of(request.query_params, self._reader, request.cookies)
                body = await handler(request, address)
            except Absent as error:
                # nothing is wrong with the question: a browser would complain of a status
                body = orjson.dumps({"error": str(error), "absent": error.told})
            except CoinmonError as error:
                told = speaker(self._lang(request))(str(error))
                body, status = orjson.dumps({"error": told}), 404 if isinstance(error, NoDataError) else 400
            headers = dict(SECURITY)
            if len(body) > _SQUEEZED_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
                body = await asyncio.to_thread(gzip.compress, body, 5)
                headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            return Response(body, status, headers, "application/json")

        return answer

    async def _scene(self, request: Request, address: Address) -> bytes:
        if address.at is None:
            self._forming.look(request.query_params.get("pair", ""))
        return await self._scenes.json(request.query_params.get("symbol", ""), address, self._now())

    async def _board_data(self, request: Request, address: Address) -> bytes:
        at = address.at
        if at is None:
            return orjson.dumps({"at": iso(self._now()), "revision": self._board.revision, "rows": self._board.rows})
        rows = await asyncio.to_thread(self._board.at, at)
        known = any(row.get("price", {}).get("s") is not None for row in rows.values())
        return orjson.dumps({"at": iso(at), "rows": rows} | await self._absence(known, at, address.lang))

    async def _tape_data(self, request: Request, address: Address) -> bytes:
        rows = await asyncio.to_thread(self._tape.rows, address.at)
        found = {} if address.at is None else await self._absence(bool(rows), address.at, address.lang)
        return orjson.dumps({"rows": rows} | found)

    async def _absence(self, known: bool, at: int, lang: str) -> dict[str, Any]:
        """Where nothing is known of a moment in the past: what says so."""
        if known:
            return {}
        followed = list(await asyncio.to_thread(self._reader.followed))
        found = await asyncio.to_thread(absent, self._reader, followed, at, lang)
        # a quiet day is not a day without data
        return {"absent": found} if found["first"] is None or at < 1000 * found["first"] + MINUTE else {}

    async def _state_data(self, request: Request, address: Address) -> bytes:
        return orjson.dumps(await asyncio.to_thread(self._state.whole, address.lang))

    async def _events(self, request: Request) -> Response:
        # a browser that connects again names what it had last
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return StreamingResponse(
            self._push.stream(since), 200, {**SECURITY, "X-Accel-Buffering": "no"}, "text/event-stream"
        )


def _said(at: int | None) -> str | None:
    return None if at is None else iso(at)
