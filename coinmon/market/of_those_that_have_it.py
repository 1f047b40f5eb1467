"""A figure of all venues' markets, made of those that have its minutes: one that lacks them does not take it away."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from coinmon.market.market import Market
from coinmon.market.view import View
from coinmon.model.bars import Seen


class MadeWithout(NamedTuple):
    """view: the markets that the result is of. left_out: by id the others, and what they have seen of its time."""

    view: View
    result: Any
    left_out: Mapping[str, Seen]


def of_those_that_have_it(market: Market, merged: View, result: Any, ask: Callable[[View], Any]) -> MadeWithout:
    """`result` is of `merged`, all markets of a kind; where some lack its minutes `ask` makes it of the others."""
    start, end = (round(1000 * each.timestamp()) for each in (result.coverage.start, result.coverage.end))
    there, others = market.with_minutes(merged.instrument.kind, start, end)
    if not there or not others:
        return MadeWithout(merged, result, {})
    view = market.together(there)
    return MadeWithout(view, ask(view), {each.instrument.id: each.seen(each.between(start, end)) for each in others})


def named(left_out: Mapping[str, Seen]) -> dict[str, dict[str, int]]:
    """As JSON: by instrument the minutes that it has seen whole, and of how many."""
    return {id: {"complete": seen.complete, "of": seen.minutes} for id, seen in left_out.items()}
