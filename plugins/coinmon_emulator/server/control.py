"""The control path, outside the venues: the clock, what was planted, faults, counts, the true trades."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
from aiohttp import web

from coinmon_emulator.market.clock import parse_time, utc_text
from coinmon_emulator.market.decimals import plain
from coinmon_emulator.market.market import HOUR
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.answering import Server
from coinmon_emulator.server.faults import FaultSchedule


class Control:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._answers: dict[str, Callable[[web.Request], Any]] = {
            "clock": self._clock,
            "truth": self._truth,
            "faults": self._faults,
            "log": self._log,
            "trades": self._trades,
            "missing": lambda request: self._server.unanswered,
            "streams": lambda request: self._server.streams.told(),
        }

    async def tell(self, request: web.Request) -> web.Response:
        answer = self._answers.get(request.match_info["what"])
        if answer is None:
            return _json({"error": f"no such path; there are {', '.join(self._answers)}"}, 404)
        try:
            return _json(answer(request))
        except ValueError as problem:
            return _json({"error": str(problem)}, 400)

    async def set_faults(self, request: web.Request) -> web.Response:
        """Replace the schedule; its seconds count from now."""
        try:
            spec = orjson.loads(await request.read())["spec"]
            self._server.faults = FaultSchedule(str(spec), self._server.faults.seed)
        except (ValueError, KeyError, TypeError) as problem:
            return _json({"error": f'expected {{"spec": "..."}}: {problem}'}, 400)
        return _json({"spec": spec})

    async def past(self, request: web.Request) -> web.Response:
        """True trades of [start, end), ms, as columns in numpy's format, for a demo that shows two days at once.

        begins: from when this market has trades. Prices and sizes are integers of so many digits.
        """
        query = request.query
        market = self._server.market
        view = WorldNow(market, self._server.clock.now())
        one = view.find(query.get("venue", ""), query.get("kind", "spot"), query.get("symbol", ""))
        if one is None:
            return _json({"error": "no such instrument"}, 404)
        begins = market.begins(one)
        start, end = max(begins, int(query["start"])), min(view.now, int(query["end"]))
        found = view.between(one, start, end)
        body = io.BytesIO()
        np.savez(
            body, id=found.id, time=found.time, price=found.price, size=found.size, side=found.side,
            begins=np.int64(begins), price_digits=np.int64(one.price_digits), size_digits=np.int64(one.size_digits),
        )  # fmt: skip
        return web.Response(body=body.getvalue(), content_type="application/octet-stream")

    def _faults(self, request: web.Request) -> dict[str, Any]:
        return {"spec": self._server.faults.spec, "struck": self._server.faults.struck()}

    def _clock(self, request: web.Request) -> dict[str, Any]:
        clock = self._server.clock
        now = clock.now()
        started = round(clock.wall_started * 1000)
        return {
            "now": utc_text(now),
            "now_ms": now,
            "at": utc_text(clock.at_ms),
            "speed": clock.speed,
            "wall": utc_text(started),
            "market": self._server.market.title,
        }

    def _truth(self, request: web.Request) -> dict[str, Any]:
        """The planted events: those that have ended, and those to come within a day."""
        now = self._server.clock.now()
        told = self._server.market.planted(now)
        return {"now": utc_text(now), "events": [event | {"over": event["end_ms"] <= now} for event in told]}

    def _log(self, request: web.Request) -> dict[str, Any]:
        """Requests by venue and endpoint; status 0 is one that was never answered."""
        venues: dict[str, dict[str, Any]] = {}
        for (venue, endpoint, status), count in sorted(self._server.counts.items()):
            told = venues.setdefault(venue, {"requests": 0, "limited": 0, "statuses": Counter(), "endpoints": {}})
            told["requests"] += count
            told["limited"] += count if status in (429, 418) else 0
            told["statuses"][str(status)] += count
            told["endpoints"].setdefault(endpoint, {})[str(status)] = count
        return venues

    def _trades(self, request: web.Request) -> list[dict[str, Any]]:
        """True trades of one instrument, sizes in base, side the taker's; symbol is the venue's own, kind is spot."""
        query = request.query
        view = WorldNow(self._server.market, self._server.clock.now())
        kind = query.get("kind", "spot")
        one = view.find(query.get("venue", ""), kind, query.get("symbol", ""))
        if one is None:
            raise ValueError("no such instrument; expected venue, symbol (as the venue writes it), kind spot or perp")
        start = parse_time(query["start"]) if "start" in query else view.now - HOUR
        end = parse_time(query["end"]) if "end" in query else view.now + 1
        return [
            {
                "id": trade_id,
                "time": time,
                "price": plain(price, one.price_digits),
                "qty": plain(size, one.size_digits),
                "side": side,
            }
            for trade_id, time, price, size, side in view.between(one, start, end).rows()
        ]


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
