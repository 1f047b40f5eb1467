"""The desk as routes of the server: documents, data, and one stream of what changes."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from coinmon.command import CANDLES, MINUTE, CoinmonError, MarketReader, NoDataError, iso, speaker
from coinmon_desk._absent import Absent, absent
from coinmon_desk._address import LANG_COOKIE, ZONE_COOKIE, Address, address_of
from coinmon_desk._board import PairBoard
from coinmon_desk._live import Live
from coinmon_desk._login import Login
from coinmon_desk._scenes import Scenes, chosen
from coinmon_desk._shell import SECURITY, document, modules_of, static
from coinmon_desk._state import State
from coinmon_desk._tape import Tape
from coinmon_desk._words import WORDS

_MOST_CHARTS = 40
"""Pairs whose forming minutes one reader of the stream is told."""
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
        self._live = Live(reader, self._board, self._tape, self._state)
        self._scenes = Scenes(reader)
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

    def hear(self, event: Mapping[str, Any]) -> None:
        """An event of the scan."""
        self._live.hear(event)

    def changed(self, moment: int) -> None:
        """The store has settled on a new edition."""
        self._live.changed(moment)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Rows are looked up, and what changed is sent, until the server stops."""
        return self._live.running()

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
        pair = str(market.pair)
        data = address.data(
            "scene.json", symbol=symbol, at=_said(address.at), market=address.market, candle=address.candle
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
                    "venues": self._board.venues, "forming": self._live.moves,
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
        return await self._scenes.json(request.query_params.get("symbol", ""), address, self._live.now)

    async def _board_data(self, request: Request, address: Address) -> bytes:
        at = address.at
        if at is None:
            return orjson.dumps({"at": iso(self._live.now), "revision": self._board.revision, "rows": self._board.rows})
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
        told = self._live.push.stream(since, request.query_params.getlist("pair")[:_MOST_CHARTS])
        return StreamingResponse(told, 200, {**SECURITY, "X-Accel-Buffering": "no"}, "text/event-stream")


def _said(at: int | None) -> str | None:
    return None if at is None else iso(at)
