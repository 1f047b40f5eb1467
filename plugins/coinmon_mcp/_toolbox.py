"""All tools of a desk: which are listed, and how one is called."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson
from loguru import logger
from pydantic import ValidationError

from coinmon import CoinmonError, Desk, iso
from coinmon_mcp._contract import contract_tools
from coinmon_mcp._indicators import indicator_tools
from coinmon_mcp._markets import market_tools
from coinmon_mcp._metrics import Metrics
from coinmon_mcp._size import fit, moment_and_offset
from coinmon_mcp._tool import Arguments, OfPair, Tool

_AT_ONCE = 4
"""Answers computed at the same time; the rest wait their turn."""
_TIMEOUT = 30.0
_FRESH_MS = 5000
"""Answers about the present are as of a moment this long ago at most, so that equal questions share an answer."""
_REMEMBERED = 512


class CallFailed(Exception):
    """What to tell the assistant: what was wrong and what to do."""


class Toolbox:
    """The tools by name. `listed`: those a client is shown; any of them may be called."""

    def __init__(self, desk: Desk, toolset: str, max_tokens: int, metrics: Metrics) -> None:
        self._desk = desk
        self._max_tokens = max_tokens
        self._metrics = metrics
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._answers: dict[bytes, asyncio.Future[dict[str, Any]]] = {}
        self.tools: dict[str, Tool] = {}
        for tool in (*contract_tools(desk), *market_tools(desk), *indicator_tools(desk)):
            self.tools.setdefault(tool.name, tool)
        self.listed = [tool for tool in self.tools.values() if toolset == "all" or tool.core]

    async def call(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, cut to size. Raises CallFailed, and LookupError for a tool that is not there."""
        tool = self.tools[name]
        began = time.perf_counter()
        outcome = "error"
        try:
            answer = await self._answered(tool, self._checked(tool, given))
            outcome = "ok"
            return answer
        finally:
            self._metrics.called(name, outcome, time.perf_counter() - began)

    def _checked(self, tool: Tool, given: Mapping[str, Any]) -> Arguments:
        try:
            return tool.arguments.model_validate(dict(given))
        except ValidationError as error:
            raise CallFailed("; ".join(_complaint(each, tool) for each in error.errors())) from None

    async def _answered(self, tool: Tool, asked: Arguments) -> dict[str, Any]:
        moment, offset = self._moment(asked)
        if isinstance(asked, OfPair):
            asked = asked.model_copy(update={"at": str(moment)})
        key = orjson.dumps([tool.name, asked.model_dump(mode="json", exclude={"maxTokens", "cursor"}), moment])
        answer = self._answers.get(key)
        if answer is None:
            while len(self._answers) >= _REMEMBERED:
                del self._answers[next(iter(self._answers))]
            answer = self._answers[key] = asyncio.ensure_future(self._computed(tool, asked))
        try:
            full = await asyncio.shield(answer)
        except BaseException:
            self._answers.pop(key, None)
            raise
        whole = {"asOf": iso(moment), **full}
        max_rows = getattr(asked, "limit", None) if tool.pages else None
        return fit(whole, moment, offset, asked.maxTokens or self._max_tokens, max_rows)

    def _moment(self, asked: Arguments) -> tuple[int, int]:
        """As of when, ms UTC, and where its longest list begins."""
        now = self._desk.now()
        moment, offset = now - now % _FRESH_MS, 0
        if isinstance(asked, OfPair):
            try:
                moment = asked.moment() or moment
            except CoinmonError as error:
                raise CallFailed(str(error)) from None
        if asked.cursor is not None:
            moment, offset = moment_and_offset(asked.cursor)
            if moment > now:
                raise CallFailed("cursor: not one that an answer gave; leave it out to begin anew")
        return moment, offset

    async def _computed(self, tool: Tool, asked: Arguments) -> dict[str, Any]:
        try:
            async with self._slots, asyncio.timeout(_TIMEOUT):
                return await asyncio.to_thread(tool.run, self._desk, asked)
        except TimeoutError:
            raise CallFailed(f"no answer within {_TIMEOUT:.0f} s; ask for a shorter window") from None
        except CoinmonError as error:
            raise CallFailed(str(error)) from None
        except Exception as error:
            logger.error("tool {} raised {}: {}", tool.name, type(error).__name__, error)
            raise CallFailed(f"{tool.name} failed ({type(error).__name__}); the server's log says more") from None


def _complaint(problem: Any, tool: Tool) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{where}: no such argument; {tool.name} takes {', '.join(tool.arguments.model_fields)}"
    return f"{where}: {problem['msg']}" if where else problem["msg"]
