"""All tools of a desk: which are listed, and how one is called."""

import asyncio
import time
from collections.abc import Hashable, Mapping
from typing import Any

import orjson
from loguru import logger
from pydantic import ValidationError

from coinmon.command import CoinmonError, MarketReader, iso, our_stop, redacted
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._tools.answers import Answers
from coinmon_mcp._tools.chart import CHARTED, chart_tool
from coinmon_mcp._tools.indicators import indicator_tools
from coinmon_mcp._tools.markets import market_tools
from coinmon_mcp._tools.older_names import counted_in_what_is_shown
from coinmon_mcp._tools.orderflow import contract_tools
from coinmon_mcp._tools.report import REPORT
from coinmon_mcp._tools.rules import rule_tools
from coinmon_mcp._tools.scorecard import SCORECARD
from coinmon_mcp._tools.size import fit, folded, moment_and_offset
from coinmon_mcp._tools.tool import Arguments, AsOf, Tool
from coinmon_mcp._tools.what_changed import what_changed_tools

_ANSWER_TIMEOUT_S = 30.0
_PREPARE_TIMEOUT_S = 20.0
_PREPARED_EDITIONS = 2
"""Editions for which a question is prepared after it was asked."""
_MAX_PREPARED_QUESTIONS = 100
_MAX_OFFSET = 1_000_000
"""Smaller cursors are rows of the window, as the older server's clients count them."""
_OF_THE_PAGE = {"maxTokens", "cursor", "at"}
"""Arguments that say which part of an answer is wanted."""
_MAX_CUT_ANSWERS = 100
"""Answers kept as they were cut and given."""


class CallFailed(Exception):
    """What to tell the assistant: what was wrong and what to do."""


class Toolbox:
    """The tools by name. `listed`: those a client is shown, and `for_panels` beside them where it shows panels.

    Any of them may be called. begun: what is asked before there is anything to answer from waits for it.
    """

    def __init__(
        self, desk: MarketReader, edition: Edition, metrics: Metrics, begun: asyncio.Event | None = None
    ) -> None:
        self._desk = desk
        self._edition = edition
        self._max_tokens = desk.config.serve.max_tokens
        self._metrics = metrics
        self._begun = begun
        self._answers = Answers()
        self._given: dict[Hashable, dict[str, Any]] = {}
        # questions about the present and in how many editions more they are prepared
        self._asked: dict[tuple[str, str], tuple[Tool, Arguments, int]] = {}
        self.tools: dict[str, Tool] = {}
        about_pairs = *what_changed_tools(desk), *market_tools(desk), *rule_tools(desk)
        for tool in (REPORT, SCORECARD, *about_pairs, *contract_tools(desk), *indicator_tools(desk)):
            self.tools.setdefault(tool.name, tool)
        chart = chart_tool(self.tools)
        self.tools[chart.name] = chart
        self.listed = [
            tool
            for tool in self.tools.values()
            if (desk.config.serve.toolset == "all" and not tool.for_panels) or tool.core
        ]
        charted = [self.tools[name] for name in CHARTED if name in self.tools]
        self.for_panels = [tool for tool in (*charted, chart) if tool not in self.listed]

    async def call(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, cut to size; whoever gets it must not change it.

        Raises CallFailed, and LookupError for a tool that is not there.
        """
        tool = self.tools[name]
        began = time.perf_counter()
        outcome = "error"
        try:
            asked = self._checked(tool, given)
            if self._begun:
                await self._begun.wait()
            answer = await self._cut(tool, asked)
            outcome = "ok"
            return answer
        finally:
            self._metrics.called(name, outcome, time.perf_counter() - began)

    async def prepare(self, moment: int) -> None:
        """Answer what was asked lately as of that moment, one after the other, before it is asked again."""
        lately = list(self._asked.items())
        self._asked = {key: (tool, asked, times - 1) for key, (tool, asked, times) in lately if times > 1}
        until = time.monotonic() + _PREPARE_TIMEOUT_S
        # pair by pair, for what was read of a pair is kept only for a while
        for question, (tool, asked, _) in sorted(lately, key=lambda each: getattr(each[1][1], "symbol", None) or ""):
            if time.monotonic() > until:
                break
            try:
                await self._whole(question, tool, asked, moment)
            except CallFailed:
                continue
        self._given.clear()

    def _checked(self, tool: Tool, given: Mapping[str, Any]) -> Arguments:
        # assistants fill what they have no word for with nothing
        said = {name: value for name, value in given.items() if value is not None and value != ""}
        try:
            return tool.arguments.model_validate(said)
        except ValidationError as error:
            raise CallFailed("; ".join(_complaint(each, tool) for each in error.errors())) from None

    async def _cut(self, tool: Tool, asked: Arguments) -> dict[str, Any]:
        moment, offset, forward = self._page(tool, asked)
        max_tokens = asked.maxTokens or min(tool.max_tokens or self._max_tokens, self._max_tokens)
        # what a client says counts, what it leaves out is the configuration's: the two may differ at equal values
        said = ",".join(sorted(asked.model_fields_set - _OF_THE_PAGE))
        question = tool.name, f"{asked.model_dump_json(exclude=_OF_THE_PAGE)} {said}"
        if not (tool.live or tool.for_panels) and moment == self._edition.moment():
            self._asked.pop(question, None)
            self._asked[question] = (tool, asked, _PREPARED_EDITIONS)
            if len(self._asked) > _MAX_PREPARED_QUESTIONS:
                del self._asked[next(iter(self._asked))]
        page = question, moment, offset, max_tokens, forward
        given = self._given.get(page)
        if given is None:
            full = orjson.loads(await self._whole(question, tool, asked, moment))
            if tool.for_panels:
                return {"asOf": iso(moment), **full}
            max_rows = getattr(asked, "limit", None) if tool.pages else None
            shown = full if forward else folded(full)
            cut = fit({"asOf": iso(moment), **shown}, moment, offset, max_tokens, max_rows, forward=forward)
            given = counted_in_what_is_shown(cut)
            if len(self._given) == _MAX_CUT_ANSWERS:
                self._given.clear()
            self._given[page] = given
        return given

    async def _whole(self, question: tuple[str, str], tool: Tool, asked: Arguments, moment: int) -> bytes:
        """JSON of the answer without its time, uncut."""
        if isinstance(asked, AsOf):
            asked = asked.model_copy(update={"at": str(moment)})
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                return await self._answers.of((*question, moment), lambda: tool.run(self._desk, asked))
        except TimeoutError:
            raise CallFailed(f"no answer within {_ANSWER_TIMEOUT_S:.0f} s; ask for a shorter window") from None
        except CoinmonError as error:
            raise CallFailed(redacted(str(error))) from None
        except BaseException as error:
            if our_stop(error):
                raise
            logger.error("tool {} raised {}: {}", tool.name, type(error).__name__, error)
            raise CallFailed(f"{tool.name} failed ({type(error).__name__}); the server's log says more") from None

    def _page(self, tool: Tool, asked: Arguments) -> tuple[int, int, bool]:
        """As of when, ms UTC, after how many rows of its longest list, and whether that is read forward in time."""
        moment = self._edition.moment(live=tool.live)
        if isinstance(asked, AsOf):
            try:
                given = asked.moment()
            except CoinmonError as error:
                raise CallFailed(str(error)) from None
            if given is not None:
                if given > self._desk.now():
                    raise CallFailed(f"at: {iso(given)} has not come yet; it is {iso(self._desk.now())}")
                moment = given
        # as the older server's clients page: from the window's start on
        begins = getattr(asked, "startTime", None) is not None
        forward = begins and (getattr(asked, "limit", None) is not None or asked.cursor is not None)
        if asked.cursor is None or asked.cursor < _MAX_OFFSET:
            return moment, asked.cursor or 0, forward
        second, offset, forward = moment_and_offset(asked.cursor)
        if second > self._desk.now():
            raise CallFailed("cursor: not one that an answer gave; leave it out to begin anew")
        # `at` may have been finer than a cursor
        return (moment if moment // 1000 == second // 1000 else second), offset, forward


def _complaint(problem: Any, tool: Tool) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{where}: no such argument; {tool.name} takes {', '.join(tool.arguments.model_fields)}"
    said = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
