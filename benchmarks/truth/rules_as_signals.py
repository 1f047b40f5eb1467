"""Rules of docs/rules.md against the bundled signals that they are written after: on at the same minutes?

For each seed of scenario `signals`, every rule against its signal. Exit 1 where one differs.

--hours 0: at each planted event, from ten minutes before to 30 minutes after, on the pair of the event, both asked
themselves at each minute. --hours N: every minute of the N hours from where the events begin, on all pairs, by the
columns of both; where a code changes, or is to be asked, they are asked themselves (that columns are what the signal
says is what the tests of the signals show).

Run: python benchmarks/truth/rules_as_signals.py [--seeds 50] [--first 1] [--step 1] [--hours 0] [--jobs 1]
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from loguru import logger
from signal_truth import VENUES, Played

from coinmon import MINUTE, Pair
from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import ASK, HOLDS, SILENT, WAITS, Frame
from coinmon.evaluate.replay import settled
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


@contextmanager
def asked(seed):
    """The rules' names, who judges, and the seed's market."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules").mkdir()
        (Path(folder) / "rules" / "mine.yaml").write_text(rules_text(), "utf-8")
        config = load_config(None, environ={}, cwd=Path(folder))
        evaluator = Evaluator(config, VENUES)
        yield [name for name in config.signals if name.startswith("my_")], evaluator, Played(Scenario("signals", seed))
        if evaluator.failures:
            raise RuntimeError(evaluator.failures)


def in_columns(seed, hours):
    """As `differences`, of every minute of so many hours and every pair."""
    found, on, looked = [], Counter(), 0
    with asked(seed) as (rules, evaluator, played):
        start = min(event["start_ms"] for event in played.scenario.planted(played.scenario.opens_at)) // MINUTE * MINUTE
        count = hours * 60
        for base in sorted({each.base for each in played.scenario.instruments}):
            market = partial(_market, evaluator, played, base)
            frame = Frame(market(start), played, start, count, evaluator.indicator, market)
            said = {name: list(_begin(evaluator, frame, market, name)) for name in {*rules, *map(_plugin, rules)}}
            looked += count
            for rule in rules:
                name = rule.removeprefix("my_")
                for i, (signal, mine) in enumerate(zip(said[_plugin(rule)], said[rule], strict=True)):
                    on[rule] += bool(mine)
                    if (name in signal) != bool(mine):
                        found.append((rule, seed, base, start + i * MINUTE, name in signal, bool(mine)))
    return seed, found, on, looked


def _market(evaluator, played, base, now):
    return evaluator.market(Pair(base, "USDT"), played.of(base), played, now)


def _plugin(rule):
    name = rule.removeprefix("my_")
    return SIGNALS.get(name, name)


def _begin(evaluator, frame, market, name):
    """Names of what a signal begins to say, at each moment of the frame."""
    codes, before, names = settled(evaluator.codes(name, frame)), None, frozenset()
    for i, code in enumerate(codes.tolist()):
        if code in (SILENT, WAITS):
            names = frozenset()
        elif code != ASK and name.startswith("my_"):
            # a rule says nothing but itself, and above HOLDS that it begins
            names = frozenset({name} if code > HOLDS else ())
        elif code == ASK or code != before:
            names = frozenset(
                each.name for each in evaluator.judge(name, market(frame.start + i * MINUTE)) if each.begins
            )
        before = code
        yield names


def differences(seed, step=1, events=1_000):
    """(rule, seed, pair, minute, signal on, rule on) where they differ; and minutes at which each was on."""
    found, on, looked = [], Counter(), 0
    with asked(seed) as (rules, evaluator, played):
        scenario = played.scenario
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
    return seed, found, on, looked


def _one(job):
    logger.remove()
    seed, step, hours = job
    return in_columns(seed, hours) if hours else differences(seed, step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--step", type=int, default=1, help="minutes between looks")
    parser.add_argument("--hours", type=int, default=0, help="all minutes of so many hours; 0: at the events")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    began, on, differ, looked = time.perf_counter(), Counter(), Counter(), 0
    with Pool(given.jobs) as pool:
        jobs = [(seed, given.step, given.hours) for seed in range(given.first, given.first + given.seeds)]
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
