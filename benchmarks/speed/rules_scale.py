"""CPU seconds that rules cost a scan, beside asking each of them one by one in the same run.

Every pair is on four venues with made-up minutes. The rules are drawn by a seed from twelve shapes over fields of
net_flow, consensus, funding and prices, with windows, venues and `for`; about one in a hundred is on. Counted is what
the rules add to a cycle: reading their fields of indicators that are computed already (bundled signals ask for the same
ones), judging all, asking those that are on. The windows' first minute is not counted: what they look back at is read
once.

Run: python benchmarks/speed/rules_scale.py [--rules 1000] [--pairs 559] [--sample 3]
"""

import argparse
import random
import tempfile
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from coinmon import MINUTE, Bars, Coverage, Instrument, Pair
from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator

VENUES = ("binance", "okx", "bybit", "coinbase")
START, STORED = 29_000_000 * MINUTE, 400
SHAPES = (
    "net_flow(spot).net_flow > {big}",
    "net_flow({venue}).net_flow_pct > {pct} and price > {big}",
    "all(net_flow(each).net_flow > {big})",
    "count(net_flow(each).net_flow_pct > {pct}) >= 3",
    "consensus.verdict == 'strong_bull' and consensus.total > {big}",
    "net_flow({venue}).buy_sell_ratio > {ratio} or net_flow({venue}).buy_sell_ratio < 0.0{small}",
    "sum(net_flow(each).net_flow) > {big}",
    "change(net_flow(spot).net_flow, {minutes}m) > {big}",
    "change_pct(price, {minutes}m) > {pct}",
    "max(net_flow({venue}).net_flow_pct, {minutes}m) > {pct}",
    "net_flow({venue}).net_flow > {ratio} * mean(net_flow(each).net_flow) + {big}",
    "spread(net_flow(each).net_flow_pct) > {pct} and not (consensus.total > {big})",
)


class Made:
    """Minutes of every instrument, made from one block of noise."""

    def __init__(self):
        rng = np.random.default_rng(1)
        close = 100_000 + np.cumsum(rng.integers(-3, 4, STORED))
        volume = rng.gamma(0.8, 3.0, STORED)
        quote, buy = volume * close / 100, volume * rng.random(STORED)
        zeros = np.zeros(STORED)
        self.rows = Bars(
            Decimal("0.01"), START + np.arange(STORED) * MINUTE, close, close + 5, close - 5, close, volume, quote,
            np.full(STORED, 9, np.int64), buy, buy * close / 100, zeros, zeros,
            np.full(STORED, Coverage.TRADES, np.uint8),
        )  # fmt: skip

    def bars(self, instrument, start, end, *, levels=False):
        shift = hash(instrument.id) % 97
        first, last = np.searchsorted(self.rows.time, (start, end)).tolist()
        rows = self.rows[first:last]
        return replace(rows, buy=np.roll(rows.buy, shift), buy_quote=np.roll(rows.buy_quote, shift))

    def signals(self, pair, start, end):
        return []


def rules_text(count, seed=1):
    rng = random.Random(seed)
    lines = []
    for number in range(count):
        when = rng.choice(SHAPES).format(
            venue=rng.choice(VENUES), big=rng.randint(10**7, 10**9), pct=rng.randint(150, 400),
            ratio=rng.randint(20, 90), small=rng.randint(1, 9), minutes=rng.choice((5, 10, 15)),
        )  # fmt: skip
        if number % 100 == 0:
            when = f"net_flow(spot).net_flow > {rng.randint(-300, 300)}"
        hold = "\n  for: 3m" if number % 7 == 0 else ""
        lines.append(f"rule_{number}:\n  when: {when}{hold}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--pairs", type=int, default=559)
    parser.add_argument("--sample", type=int, default=3, help="pairs of which every rule is asked one by one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules").mkdir()
        (Path(folder) / "rules" / "mine.yaml").write_text(rules_text(given.rules), "utf-8")
        began = time.process_time()
        config = load_config(None, environ={}, cwd=Path(folder))
        print(f"read {given.rules} rules: {time.process_time() - began:.2f} s CPU, once")
    rules = {name: each for name, each in config.signals.items() if name.startswith("rule_")}
    object.__setattr__(config, "signals", rules)
    evaluator, source = Evaluator(config, VENUES), Made()
    pairs = [Pair(f"C{number}", "USDT") for number in range(given.pairs)]

    def market_of(pair, now):
        instruments = [
            Instrument(v, "spot", pair.base, "USDT", pair.base, str(pair), Decimal("0.01"), Decimal("0.001"))
            for v in VENUES
        ]
        return evaluator.market(pair, instruments, source, now)

    for minute in range(2):
        now = START + (300 + minute) * MINUTE
        spent = asked = 0.0
        for pair in pairs:
            market = market_of(pair, now)
            for kind in (market.merged["spot"], *market.spot.values()):
                kind.of("net_flow")
            market.of("consensus")
            began = time.process_time()
            evaluator.screened(market)
            spent += time.process_time() - began
        began = time.process_time()
        due = config.screen.due()
        judged = time.process_time() - began
        began = time.process_time()
        for name, names in due.items():
            market = market_of(Pair(*name.split("/")), now)
            for kind in (market.merged["spot"],):
                kind.of("net_flow")
            inner = time.process_time()
            for each in names:
                evaluator.judge(each, market)
            asked += time.process_time() - inner
        on = sum(map(len, due.values()))
        what = "first minute (not counted)" if minute == 0 else "each minute"
        print(
            f"{what}: {spent + judged + asked:.2f} s CPU = read {spent:.2f} + judge {judged:.2f} + "
            f"ask the {on} that are on {asked:.2f}"
        )
    one_by_one = 0.0
    for pair in pairs[: given.sample]:
        market = market_of(pair, now)
        evaluator.judge(next(iter(rules)), market)
        began = time.process_time()
        for name in rules:
            evaluator.judge(name, market)
        one_by_one += time.process_time() - began
    whole = one_by_one / given.sample * given.pairs
    ratio = whole / (spent + judged + asked)
    print(f"one by one: {whole:.0f} s CPU (by {given.sample} pairs), {ratio:.0f} times as much")
    assert not evaluator.failures, evaluator.failures


if __name__ == "__main__":
    main()
