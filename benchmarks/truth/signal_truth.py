"""Recall of every bundled signal on planted events, and what is told in quiet markets, over many seeds.

The market is the emulator's own, without the wire between: its trades are folded into bars as a scan's are, open
interest and funding are sampled every five minutes, books every minute, and every five minutes the signals look at
each pair as of that moment; states in a database decide what is told.
(Over the wire: benchmarks/truth/planted_events.py.)

found: of the events that scenario `signals` plants, those of which the signal was told between the event's beginning
and 30 minutes after its end, of that pair; each pair is looked at from ten minutes before an event to then. other: told
besides meanwhile; a planted event has further effects (a pump breaks a swing), so these are no errors by themselves.
quiet: told in
scenario `quiet` in so many hours of its six pairs. Exit 1 if a planted event is missed, or if anything of grade A or A+
is told in a quiet market.

Run: python benchmarks/truth/signal_truth.py [--seeds 50] [--quiet-minutes 60] [--jobs 1] [--first 1] [--preset seed]
"""

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing import Pool
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from loguru import logger

from coinmon import MINUTE, Bars, Coverage, Funding, Instrument, OpenInterest, Pair, Trades
from coinmon.collect.track.whales import find_whales
from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.model.book import Book, Depth
from coinmon.model.events import as_json
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon.notify import signal_state
from coinmon.store.database import open_database
from coinmon.store.outbox import write_signals
from coinmon_emulator.market.ladder import STEP
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.scenario.signal_plan import LASTS

VENUES = ("binance", "okx", "bybit", "coinbase")
_BLOCK, _SAMPLE, _STEP, _PATIENCE = 240, 5, 5, 30
"""Minutes: of bars made at a time, between samples, between looks, and after an event's end until it must be told."""

SETTINGS: dict[str, object] = {}
"""Dotted keys of the configuration."""
KINDS = {each["kind"] for each in Scenario("signals").planted(1 << 62)}


class Played:
    """A scenario as views read it; minutes before `since` (ms UTC) were never seen."""

    def __init__(self, scenario, since=None):
        self.scenario = scenario
        self.since = scenario.paths.begin if since is None else since
        self.known = {}
        for each in scenario.instruments:
            symbol = f"{each.base}/{each.quote}" + (f":{each.quote}" if each.kind == "perp" else "")
            tick, lot = (
                Decimal(unit).scaleb(-digits)
                for unit, digits in ((each.tick, each.price_digits), (each.lot, each.size_digits))
            )
            made = Instrument(each.venue, each.kind, each.base, each.quote, each.native, symbol, tick, lot)
            self.known[made.id] = (made, each)
        self.blocks = {}
        self.depths = {}

    def of(self, base):
        return [made for made, each in self.known.values() if each.base == base]

    def _trades(self, instrument, start, end):
        one = self.known[instrument.id][1]
        rows = self.scenario.rows(one, self.scenario.before(one, start), self.scenario.before(one, end))
        return Trades(
            rows.id, rows.time, rows.price // one.tick, rows.size / 10.0**one.size_digits, rows.side.astype(np.int8)
        )

    def _block(self, instrument, number):
        key = (instrument.id, number)
        if key not in self.blocks:
            start = number * _BLOCK * MINUTE
            begin, end = max(start, self.since), start + _BLOCK * MINUTE
            made = Bars.empty(instrument.tick_size)
            if begin < end:
                made = fold(self._trades(instrument, begin, end), instrument)
                before = self.blocks.get((instrument.id, number - 1))
                last = int(before.close[-1]) if before is not None and len(before) else 0
                made = with_quiet_minutes(made, begin, end, Coverage.TRADES, last)
            self.blocks[key] = made
        return self.blocks[key]

    def bars(self, instrument, start, end, *, levels=False):
        span = _BLOCK * MINUTE
        first = max(start, self.since) // span
        parts = [self._block(instrument, number) for number in range(first, -(-end // span))]
        if not parts:
            return Bars.empty(instrument.tick_size)
        rows = Bars.concat(parts)
        low, high = np.searchsorted(rows.time, (start, end)).tolist()
        return rows[low:high]

    def _samples(self, start, end):
        step = _SAMPLE * MINUTE
        return range(-(-max(start, self.since) // step) * step + 10_000, end, step)

    def open_interest(self, instrument, start, end):
        one = self.known[instrument.id][1]
        return [OpenInterest(at, self.scenario.open_interest(one, at)) for at in self._samples(start, end)]

    def funding(self, instrument, start, end):
        one = self.known[instrument.id][1]
        marks = [self.scenario.mark(one, at) for at in self._samples(start, end)]
        return [Funding(m.time, m.rate, m.next_ms, m.hours * 60 * MINUTE, m.mark, m.index) for m in marks]

    def liquidations(self, instrument, start, end):
        one = self.known[instrument.id][1]
        rows = self.scenario.liquidations(one, max(start, self.since), end)
        return [
            SimpleNamespace(
                time=time, side=-side, price=price / 10.0**one.price_digits, base=size / 10.0**one.size_digits
            )
            for _, time, price, size, side in rows.rows()
        ]

    def depth(self, instrument, start, end):
        """A sample a minute, ten seconds into it."""
        first = -(-(max(start, self.since) - 10_000) // MINUTE)
        found = [self._depth(instrument, number * MINUTE + 10_000) for number in range(first, -(-end // MINUTE))]
        return [each for each in found if each.time < end]

    def _depth(self, instrument, time):
        if (instrument.id, time) not in self.depths:
            one = self.known[instrument.id][1]
            seen = self.scenario.ladder(one, time // STEP)
            scales = 10.0**-one.price_digits, 10.0**-one.size_digits
            sides = (np.column_stack(side) * scales for side in (seen.bids, seen.asks))
            self.depths[instrument.id, time] = Depth.of(Book(time, *sides), time, (0.5,))
        return self.depths[instrument.id, time]

    def liquidations_heard(self, instrument, start, end):
        return range(max(start, self.since), end, MINUTE)

    def signals(self, pair, start, end):
        return []

    def whale_trades(self, instrument, start, end):
        return find_whales(self._trades(instrument, max(start, self.since), end), instrument, 200_000.0)


@dataclass
class Watch:
    """Signals of a played market, told as a scan would."""

    played: Played
    folder: Path
    told: list = field(default_factory=list)
    judged: dict = field(default_factory=dict)

    def __post_init__(self):
        config = load_config(None, environ={}, cwd=self.folder, overrides=SETTINGS)
        self.evaluator = Evaluator(config, VENUES)
        self.database = open_database(f"sqlite:///{self.folder / 'truth.db'}")
        self.bases = sorted({each.base for each in self.played.scenario.instruments})

    def market(self, base, now, source=None):
        def everyone():
            return (self.market(each, now, source) for each in self.bases)

        of = self.played.of(base)
        return self.evaluator.market(Pair(base, "USDT"), of, source or self.played, now, everyone=everyone)

    def look(self, now, bases):
        signals, pairs = [], []
        for base in bases:
            market = self.market(base, now)
            self.judged[base] = self.evaluator.judged(market)
            signals += [each for said in self.judged[base].values() for each in said]
            pairs.append(f"{base}/USDT")
        with self.database.write() as connection:
            news = signal_state.update(connection, signals, pairs, now)
            write_signals(connection, news.rows, {})
        self.told += [
            (event.get("signal", event["event"]), base_of(event), now, event.get("grade"))
            for event in map(as_json, news.events.values())
        ]
        return news.events


def base_of(event):
    return event["pair"].partition("/")[0]


def follow(scenario, folder, minutes):
    """The watch after so many minutes; of planted events only the pairs and times around them."""
    watch = Watch(Played(scenario), Path(folder))
    planted = scenario.planted(scenario.opens_at)
    everything = sorted({each.base for each in scenario.instruments})
    for now in range(scenario.opens_at, scenario.opens_at + minutes * MINUTE + 1, _STEP * MINUTE):
        watch.look(now, near(planted, now) if planted else everything)
    if watch.evaluator.failures:
        raise RuntimeError(watch.evaluator.failures)
    return watch


def near(planted, now):
    """The bases of the events that are on, about to begin or just over."""
    before, after = 10 * MINUTE, _PATIENCE * MINUTE
    return sorted(
        {
            each["pair"].removesuffix("USDT")
            for each in planted
            if each["start_ms"] - before <= now <= each["end_ms"] + after
        }
    )


def outcome(scenario, told):
    """planted, found and other by signal name."""
    planted = [each for each in scenario.planted(scenario.opens_at) if each["kind"] in KINDS]
    counts = {name: Counter() for name in ("planted", "found", "other")}
    for each in planted:
        counts["planted"][each["kind"]] += 1
        counts["found"][each["kind"]] += any(is_of(each, said) for said in told)
    for said in told:
        counts["other"][said[0]] += not any(is_of(each, said) for each in planted)
    return counts


def is_of(event, said):
    name, base, now, _ = said
    inside = event["start_ms"] <= now <= event["end_ms"] + _PATIENCE * MINUTE
    return event["kind"] == name and event["pair"] == f"{base}USDT" and inside


def one_seed(job):
    global SETTINGS
    seed, quiet_minutes, preset = job
    SETTINGS = {"preset": preset}
    logger.remove()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario("signals", seed)
        counts = outcome(scenario, follow(scenario, folder, LASTS).told)
    with tempfile.TemporaryDirectory() as folder:
        quiet = follow(Scenario("quiet", seed), folder, quiet_minutes).told
    counts["quiet"] = Counter(said[0] for said in quiet)
    counts["grave"] = Counter(said[0] for said in quiet if said[3] in ("A", "A+"))
    return seed, counts, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--quiet-minutes", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--preset", choices=("seed", "calm"), default="seed")
    given = parser.parse_args()
    total = {name: Counter() for name in ("planted", "found", "other", "quiet", "grave")}
    with Pool(given.jobs) as pool:
        jobs = [(seed, given.quiet_minutes, given.preset) for seed in range(given.first, given.first + given.seeds)]
        for done, (seed, counts, seconds) in enumerate(pool.imap_unordered(one_seed, jobs), 1):
            for name, each in counts.items():
                total[name] += each
            missed = [kind for kind, n in counts["planted"].items() if counts["found"][kind] < n]
            print(f"seed {seed}: {seconds:.1f} s" + (f", missed {', '.join(missed)}" if missed else ""), flush=True)
            if done % 10 == 0 or done == given.seeds:
                show(total, done * 6 * given.quiet_minutes / 60)
    missed = sum(total["planted"].values()) - sum(total["found"].values())
    raise SystemExit(1 if missed or sum(total["grave"].values()) else 0)


def show(total, hours):
    print(f"\n| signal | planted | found | recall | other | in {hours:,.0f} quiet pair hours | of grade A or above |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in sorted(set().union(*total.values())):
        planted, found = total["planted"][name], total["found"][name]
        recall = f"{found / planted:.0%}" if planted else "-"
        rest = " | ".join(str(total[column][name]) for column in ("other", "quiet", "grave"))
        print(f"| {name} | {planted} | {found} | {recall} | {rest} |")


if __name__ == "__main__":
    main()
