"""What the signals say of every pair that is followed, and each pair's flow."""

from collections.abc import Mapping

from coinmon.collect.watchlist import Watchlist
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.market import Market
from coinmon.model.events import FlowEvent
from coinmon.model.signal import Signal
from coinmon.notify.events import flow_event
from coinmon.store.history import History


def judge(
    evaluator: Evaluator,
    watch: Watchlist,
    history: History,
    now: int,
    down: Mapping[str, str],
    since: Mapping[str, int],
    window: int,
) -> tuple[dict[str, list[Signal]], list[FlowEvent]]:
    """Signals by pair and the flow of each pair, as of `now`, ms UTC. Markets are let go one by one: they are large."""
    pairs = {str(pair): pair for pair in watch.pairs}

    def market_of(name: str) -> Market:
        return evaluator.market(pairs[name], watch.universe.of(pairs[name], watch.kinds), history, now, down, since)

    found: dict[str, list[Signal]] = {}
    flows = []
    for name in pairs:
        market = market_of(name)
        found[name] = evaluator.screened(market)
        flows.append(flow_event(market, window))
    for name, more in evaluator.rules(market_of, list(pairs)).items():
        found[name] += more
    return found, flows
