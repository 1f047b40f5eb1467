"""Judging every followed pair by all signals, and computing each pair's flow."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from coinmon.collect.watchlist import Watchlist
from coinmon.config.load import Config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.situation import situation
from coinmon.evaluate.stored_markets import AllPairs
from coinmon.market.kept.stretches import KeptStretches
from coinmon.market.market import Market
from coinmon.model.events import FlowEvent
from coinmon.model.multiples import in_coins
from coinmon.model.signal import Signal
from coinmon.notify.events import flow_event
from coinmon.store.history import History


class Judged(NamedTuple):
    """Signals by pair, each pair's flow, and where those pairs stand of which something may be told."""

    found: dict[str, list[Signal]]
    flows: list[FlowEvent]
    situations: dict[str, dict[str, Any]]


def judge(
    config: Config,
    evaluator: Evaluator,
    watch: Watchlist,
    history: History,
    now: int,
    down: Mapping[str, str],
    since: Mapping[str, int],
    may_tell: Callable[[Sequence[Signal]], bool] = lambda signals: False,
    kept: KeptStretches | None = None,
) -> Judged:
    """What is said as of `now`, ms UTC. Markets are let go one by one: they are large.

    may_tell: whether something may be told of these signals of a pair, so that its situation is wanted. kept: of the
    cycles before, for those to come.
    """
    pairs = {str(pair): pair for pair in watch.pairs}
    listed = {name: watch.universe.of(pair, watch.kinds) for name, pair in pairs.items()}
    if kept is not None:
        asked = [[in_coins(each) for each in several if each.venue in config.exchanges] for several in listed.values()]
        history.of_all_pairs(kept, now, asked)
    window, everyone = config.window, partial(AllPairs(config, evaluator, history).markets, now)

    def market_of(name: str) -> Market:
        return evaluator.market(pairs[name], listed[name], history, now, down, since, everyone)

    found: dict[str, list[Signal]] = {}
    flows, situations = [], {}
    for name in pairs:
        market = market_of(name)
        found[name] = evaluator.screened(market)
        flows.append(flow_event(market, window, evaluator.flow))
        if may_tell(found[name]):
            situations[name] = situation(market, window, evaluator.answering)
    for name, more in evaluator.rules(market_of, list(pairs)).items():
        found[name] += more
        if name not in situations and may_tell(more):
            situations[name] = situation(market_of(name), window, evaluator.answering)
    return Judged(found, flows, situations)
