"""Rules of docs/rules.md against the bundled signals that they are written after: on at the same minutes?

For each seed the events that scenario `signals` plants are looked at, from ten minutes before to 30 minutes after, each
minute, on the pair of the event: every rule against its signal. Exit 1 where one differs.

Run: python benchmarks/truth/rules_as_signals.py [--seeds 50] [--first 1] [--step 1] [--jobs 1]
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

from loguru import logger
from signal_truth import VENUES, Played

from coinmon import MINUTE, Pair
from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon_emulator.scenario.scenario import Scenario

DOCS = Path(__file__).parents[2] / "docs" / "rules.md"
SIGNALS = {"consensus_change": "consensus", "global_sync_bullish": "global_sync"}
"""Names that a signal is told under, where they are not those of its plugin."""
BEFORE, AFTER = 10, 30


def rules_text():
    """The rules of the docs that are written after bundled signals."""
    text = DOCS.read_text("utf-8")
    section = text[text.index("## The bundled signals as rules") :]
    return re.search(r"```yaml\n(.*?)```", section, re.DOTALL)[1]


def differences(seed, step=1, events=1_000):
    """(rule, seed, pair, minute, signal on, rule on) where they differ; and minutes at which each was on."""
    found, on, looked = [], Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules").mkdir()
        (Path(folder) / "rules" / "mine.yaml").write_text(rules_text(), "utf-8")
        config = load_config(None, environ={}, cwd=Path(folder))
        rules = [name for name in config.signals if name.startswith("my_")]
        scenario = Scenario("signals", seed)
        evaluator = Evaluator(config, VENUES)
        played = Played(scenario)
        for event in scenario.planted(scenario.opens_at)[:events]:
            base = event["pair"].removesuffix("USDT")
            first = event["start_ms"] // MINUTE - BEFORE
            for minute in range(first, event["end_ms"] // MINUTE + AFTER + 1, step):
                now = minute * MINUTE
                market = evaluator.market(Pair(base, "USDT"), played.of(base), played, now)
                looked += 1
                for rule in rules:
                    name = rule.removeprefix("my_")
                    said = evaluator.judge(SIGNALS.get(name, name), market)
                    signal = any(each.begins and each.name == name for each in said)
                    mine = any(each.begins for each in evaluator.judge(rule, market))
                    on[rule] += mine
                    if signal != mine:
                        found.append((rule, seed, base, now, signal, mine))
        if evaluator.failures:
            raise RuntimeError(evaluator.failures)
    return seed, found, on, looked


def _one(job):
    logger.remove()
    return differences(*job)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--step", type=int, default=1, help="minutes between looks")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    began, on, differ, looked = time.perf_counter(), Counter(), Counter(), 0
    with Pool(given.jobs) as pool:
        jobs = [(seed, given.step) for seed in range(given.first, given.first + given.seeds)]
        for seed, found, more, minutes in pool.imap_unordered(_one, jobs):
            on += more
            looked += minutes
            differ += Counter(each[0] for each in found)
            print(f"seed {seed}: {minutes} minutes, {len(found)} differences {found[:3]}", flush=True)
    print(f"\n{looked:,} minutes in {time.perf_counter() - began:.0f} s\n\n| rule | on | differs |\n|---|---:|---:|")
    for rule in sorted({*on, *differ}):
        print(f"| {rule} | {on[rule]} | {differ[rule]} |")
    raise SystemExit(1 if differ else 0)


if __name__ == "__main__":
    main()
