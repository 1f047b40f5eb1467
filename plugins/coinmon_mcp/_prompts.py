"""Prompts: questions that people ask often, worded so that an assistant looks before it answers."""

from collections.abc import Mapping

import mcp_types as types

from coinmon_mcp._tools.toolbox import CallFailed

PROMPTS = [
    types.Prompt(
        name="market_brief",
        title="Market brief",
        description="A short brief of one market: who is in control, where the levels are, what was not seen.",
        arguments=[types.PromptArgument(name="symbol", description="BTCUSDT, ETHUSDT, ...", required=True)],
    ),
    types.Prompt(
        name="explain_signal",
        title="Explain a signal",
        description="What a pair's latest signal means, from its evidence, and what would prove it wrong.",
        arguments=[types.PromptArgument(name="symbol", description="BTCUSDT, ETHUSDT, ...", required=True)],
    ),
]

_TEXTS = {
    "market_brief": (
        "Write a brief of {symbol} in at most ten lines. Call get_report for it, then get_key_levels and "
        "what_changed (compare_venues for each venue's share). Say who is buying and selling and on which venues,"
        " where value area, POC and VWAP are and where price is against them, what open interest and funding add."
        " Name as of when the figures are and what was not seen (coverage below 1, nulls and their reasons). Draw"
        " no conclusion from what was not seen. No advice to trade."
    ),
    "explain_signal": (
        "Explain the latest signal of {symbol}. Call get_signals with that symbol; if there is none in the last day, "
        "say so and stop. From its evidence say what was seen on which venue, why that has this grade, what usually "
        "speaks against such a reading, and check with get_fund_flow and get_report whether it still holds. Name the "
        "coverage. No advice to trade."
    ),
}


def prompt_text(name: str, arguments: Mapping[str, str]) -> str:
    """Raises CallFailed for a prompt or argument that is not there."""
    if name not in _TEXTS:
        raise CallFailed(f"no prompt {name[:100]!r}; there is {', '.join(_TEXTS)}")
    symbol = arguments.get("symbol", "").strip()
    if not 0 < len(symbol) <= 40:
        raise CallFailed(f"{name}: symbol is required, for example BTCUSDT")
    return _TEXTS[name].format(symbol=symbol)
