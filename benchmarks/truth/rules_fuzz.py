"""Made-up expressions against the language of rules: none may crash it, hold it up, or take memory.

Half are noise of the language's own pieces, half are sound expressions with a few characters changed. Those that are
accepted are judged once over a few moments of made-up figures. Prints the slowest and the memory; exit 1 where one
takes over 50 ms of CPU, raises anything but the language's own fault, or the process grows by over 200 MB.

Run: python benchmarks/truth/rules_fuzz.py [--count 1000000] [--seed 1]
"""

import argparse
import gc
import random
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from coinmon.config.load import load_config
from coinmon_rules._check import Known, compiled
from coinmon_rules._fields import Indicators
from coinmon_rules._values import Column
from coinmon_rules._written.grammar import RuleFault

LONGEST_S, MOST_MB = 0.05, 200
PIECES = [
    "net_flow", "(spot)", "(each)", ".zscore", ".net_flow", " > ", "2", " and ", " or ", "not ", "(", ")", "[", "]",
    "price", "15m", ", ", "'x'", "consensus", ".verdict", "==", "change(", "max(", "all(", "-", "+", "*", "/", "1e308",
    "9" * 50, ".", "__class__", "\u0000", "\n", "#", "£", "（", "lambda", "import os", "{}", "%", "0", "true",
    "window=5",
]  # fmt: skip
SOUND = (
    "net_flow(spot).zscore > 2 and price > vwap(spot).vwap",
    "count(funding(each).annualised > 0.3) >= 2 or on(whale)",
    "z(net_flow[window=5](spot).quote_volume, 4h, 5m) > 3 and not (consensus.verdict == 'mixed')",
    "change_pct(price(binance), 15m) > 0.5 and max(1, abs(-2.5)) < sum(net_flow(binance, okx).net_flow)",
    "any(structure(binance).events[each].event != 'sweep' and minutes_since(structure(binance).events[each].time) < 9)",
)


class Figures:
    rounded = True

    def figures(self, field, before):
        column = Column(np.full(before + 3, np.nan if len(field.path) % 3 else 1.5))
        return {"binance": column, "okx": column} if field.many else column

    def times(self, before):
        return Column(np.zeros(before + 3))


def expressions(rng, count):
    for number in range(count):
        if number % 2:
            yield "".join(rng.choice(PIECES) for _ in range(rng.randint(1, rng.choice((5, 25, 120)))))
        else:
            text = list(rng.choice(SOUND))
            for _ in range(rng.randint(0, 4)):
                at = rng.randrange(len(text))
                text[at : at + rng.randint(0, 3)] = rng.choice(PIECES)
            yield "".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        indicators = load_config(None, environ={}, cwd=Path(folder)).indicators
    known = Known(Indicators(indicators), ("binance", "okx", "bybit", "coinbase"), {"whale": lambda market: ()}, 0.95)
    accepted, slowest, longest = 0, 0.0, ""
    compiled(SOUND[0], known)
    # a search of all plugins' objects for garbage takes 40 ms, whichever expression it falls upon
    gc.collect()
    gc.freeze()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    for text in expressions(random.Random(given.seed), given.count):
        start = time.process_time()
        try:
            compiled(text, known).of(Figures(), 0)
            accepted += 1
        except RuleFault:
            pass
        spent = time.process_time() - start
        if spent > slowest:
            slowest, longest = spent, text
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{given.count:,} expressions in {time.perf_counter() - began:.0f} s, {accepted:,} accepted; the slowest took "
        f"{1000 * slowest:.1f} ms of CPU ({longest[:80]!r}); memory grew by {grown:.0f} MB"
    )
    raise SystemExit(1 if slowest > LONGEST_S or grown > MOST_MB else 0)


if __name__ == "__main__":
    main()
