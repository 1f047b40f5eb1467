"""Do the records of signals tell the truth? Intervals, p values and verdicts on histories whose truth is known.

    python benchmarks/truth/calibration.py [--calendars 2000] [--jobs 2]

Made-up histories of 180 days of minutes: volatility that clusters and follows the hour of day, pairs that move
together, bursts of events in all pairs at once. The first 90 days are the base's. Seeds are fixed.

Asked for: intervals of 95 % hold the truth in 92 to 98 % of the calendars of each cell; noise is proven in at most 2 %
of the histories, over a family as large as that of the bundled signals; a market that only rises proves nothing; an
edge of twice the costs on ten pairs is found in at least 95 %; a bid-ask bounce is no edge. A naive interval (every
event an independent case) is shown beside it.
"""

import argparse
import ctypes
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise

import numpy as np

from coinmon.evaluate.excess import Excess, excess_of_logs
from coinmon.evaluate.score import Cases, Record, Verdict, judge, record_of
from coinmon.evaluate.statistics.rotation import Rotation

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Names of glibc's malloc.h."""
DAY, BASE, JUDGED = 1440, 90, 90
MINUTES = (BASE + JUDGED) * DAY
COST = 0.12
"""Of a round trip, in percent."""
FAMILY = 54
"""The bundled signals, 27, in two directions."""
CALENDARS_A_HISTORY = 2
"""Independent of one another: making the prices is most of the work."""
TIMES = 1999
"""A p value can be as small as 2 / 2,000: less than what the first of a family of 54 has to be."""


def smooth(random: np.random.Generator, shape: tuple[int, ...], step: int, keep: float) -> np.ndarray:
    """Noise that remembers: one value for each `step` minutes of the shape, of variance 1."""
    values = random.standard_normal((*shape[:-1], -(-shape[-1] // step)))
    values[..., 1:] *= np.sqrt(1 - keep * keep)
    # x[t] = keep x[t-1] + noise[t], all t at once: each round doubles how far back is added up
    back = 1
    while back < values.shape[-1] and keep**back > 1e-12:
        values[..., back:] = values[..., back:] + keep**back * values[..., :-back]
        back *= 2
    return values


def history(random: np.random.Generator, pairs: int, drift: float = 0.0) -> np.ndarray:
    """Logarithms of each pair's price; about 0.03 % a minute, 1.2 % a day. drift: percent a minute."""
    hour = np.arange(MINUTES) % DAY / DAY
    scale = 0.03 * np.repeat(np.exp(0.5 * smooth(random, (MINUTES,), 60, 0.97)), 60)
    scale *= 1 + 0.4 * np.sin(2 * np.pi * hour)
    together = random.standard_normal(MINUTES, np.float32)
    moves = random.standard_normal((pairs, MINUTES), np.float32)
    moves *= np.sqrt(0.5, dtype=np.float32)
    moves += np.sqrt(0.5, dtype=np.float32) * together
    moves *= scale.astype(np.float32)
    moves += np.float32(drift)
    logs = moves.cumsum(axis=1, dtype=np.float64)
    logs /= 100
    return logs


def calendar(random: np.random.Generator, pairs: int, events: float) -> np.ndarray:
    """Where events are, by pair and minute of the judged period: bursts, many of them in all pairs at once."""
    length = JUDGED * DAY - 2 * DAY
    heat = np.exp(1.2 * (smooth(random, (length,), 30, 0.9) + smooth(random, (pairs, length), 30, 0.9)) / np.sqrt(2))
    likely = heat * (events / (pairs * length) / heat.mean())
    lots = random.random((pairs, length), np.float32).reshape(pairs, -1, 30)
    return (lots < likely[:, :, None]).reshape(pairs, length)


def looked_at(
    excesses: list[Excess], found: tuple[np.ndarray, np.ndarray], sign: int, horizon: int, seed: int = 0
) -> Record:
    """The record of one signal whose events' pairs and minutes are given, by pair."""
    pair, minute = found
    at = minute + BASE * DAY
    split = np.searchsorted(pair, np.arange(len(excesses) + 1))
    minutes = [at[low:high] for low, high in pairwise(split)]
    forward, base = (
        np.concatenate([getattr(each, name)[m] for each, m in zip(excesses, minutes, strict=True)])
        for name in ("forward", "base")
    )
    cases = Cases(at * 60_000, pair, sign * forward, sign * base, np.full(len(at), COST))
    p_value = np.nan
    if seed:
        rotation = Rotation.of(JUDGED - 2, TIMES, seed)
        for each, m in zip(excesses, minutes, strict=True):
            judged = slice(BASE * DAY, MINUTES - 2 * DAY)
            rotation.add(sign * (each.forward[judged] - each.base[judged]), m - BASE * DAY)
        p_value = rotation.p_value()
    return record_of(cases, horizon, p_value)


def excesses_of(logs: np.ndarray, horizon: int) -> list[Excess]:
    return [excess_of_logs(each, 0, horizon) for each in logs]


def covered(job: tuple[int, int]) -> list[list[tuple[bool, bool, int]]]:
    """Of each calendar, for 1 h and 1 d: whether the interval and the naive one hold the truth, which is 0, and the
    clusters."""
    pairs, seed = job
    random = np.random.default_rng([1, pairs, seed])
    logs = history(random, pairs, 0.0005)
    by_horizon = {horizon: excesses_of(logs, horizon) for horizon in (60, 1440)}
    told = []
    for _ in range(CALENDARS_A_HISTORY):
        found = calendar(random, pairs, 80 if pairs == 1 else 600)
        one = []
        pair, minute = np.nonzero(found)
        at = minute + BASE * DAY
        for horizon, excesses in by_horizon.items():
            record = looked_at(excesses, (pair, minute), 1, horizon)
            values = np.array(
                [excesses[p].forward[m] - excesses[p].base[m] for p, m in zip(pair.tolist(), at.tolist(), strict=True)]
            )
            naive = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
            held = record.excess.low <= 0 <= record.excess.high
            one.append((held, abs(values.mean()) <= naive, record.excess.clusters))
        told.append(one)
    return told


def noise(job: tuple[int, float]) -> tuple[bool, bool, bool]:
    """A family of signals that know nothing: was one proven, was one discovered, was a naive interval above zero?"""
    seed, drift = job
    random = np.random.default_rng([2, seed])
    logs = history(random, 4, drift)
    excesses = excesses_of(logs, 60)
    records, naive = [], False
    for each in range(FAMILY // 2):
        found = np.nonzero(calendar(random, 4, 150))
        for sign in (1, -1):
            record = looked_at(excesses, found, sign, 60, seed=each + 1)
            records.append(record)
            naive |= record.median - 0 > 0 and record.hits.share - 1.96 * np.sqrt(0.25 / max(1, record.n)) > 0.5
    verdicts = {each.verdict for each in judge(records)}
    return Verdict.PROVEN in verdicts, bool(verdicts - {Verdict.TOO_FEW, Verdict.NOT_PROVEN}), bool(naive)


def edge(seed: int) -> tuple[bool, int]:
    """Ten pairs, 90 days: after each event price goes on by twice the costs within the hour. Found among noise?"""
    random = np.random.default_rng([3, seed])
    logs = history(random, 10)
    found = np.nonzero(calendar(random, 10, 900))
    moves = np.zeros(logs.shape)
    for pair, minute in zip(*found, strict=True):
        moves[pair, minute + BASE * DAY + 2 : minute + BASE * DAY + 62] += 2 * COST / 60 / 100
    excesses = excesses_of(logs + moves.cumsum(axis=1), 60)
    records = [looked_at(excesses, found, 1, 60, seed=1)]
    noise = [np.nonzero(calendar(random, 10, 300)) for _ in range(4)]
    records += [looked_at(excesses, each, 1, 60, seed=2 + at) for at, each in enumerate(noise)]
    # the rest of the family as noise gives it: p values that are as likely as any other
    rest = [Record(**{**vars_of(records[1]), "p_value": p}) for p in random.random(FAMILY - len(records))]
    return judge(records + rest)[0].verdict is Verdict.PROVEN, len(found[0])


def vars_of(record: Record) -> dict:
    return {name: getattr(record, name) for name in record.__slots__}


def bounce(seed: int) -> tuple[float, float]:
    """Prints are at the bid or the ask; a signal fires when the last one is at the ask. The mean excess in percent,
    entered a minute later, and entered at the print itself."""
    random = np.random.default_rng([4, seed])
    logs = history(random, 4)
    side = random.choice([-1.0, 1.0], logs.shape)
    pair, minute = np.nonzero(calendar(random, 4, 20_000) & (side[:, BASE * DAY : MINUTES - 2 * DAY] > 0))
    means = []
    for delay in (1, 0):
        excesses = [excess_of_logs(each, 0, 60, delay).of(1) for each in logs + 0.0002 * side]
        means.append(np.mean([excesses[p][m + BASE * DAY] for p, m in zip(pair, minute, strict=True)]))
    return means[0], means[1]


def keep_memory() -> None:
    """Arrays that are freed are used again: asking the system anew for each is a third of the time. Linux only."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in ((_M_TRIM_THRESHOLD, 2**30), (_M_MMAP_THRESHOLD, 2**25)):
            mallopt(option, value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calendars", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    began, failed = time.monotonic(), []

    def say(text: str, ok: bool) -> None:
        print(f"{'ok  ' if ok else 'FAIL'} {text}", flush=True)
        if not ok:
            failed.append(text)

    with ProcessPoolExecutor(args.jobs, initializer=keep_memory) as pool:
        for pairs in (1, 20):
            histories = -(-args.calendars // CALENDARS_A_HISTORY)
            parts = pool.map(covered, [(pairs, seed) for seed in range(histories)], chunksize=8)
            told = [each for part in parts for each in part]
            for at, name in enumerate(("1 h", "1 d")):
                share, naive = (np.mean([each[at][part] for each in told]) for part in (0, 1))
                clusters = np.mean([each[at][2] for each in told])
                text = (
                    f"{pairs} pair(s), {name}: {share:.1%} hold the truth (naive {naive:.1%}), {clusters:.0f} clusters"
                )
                say(text, 0.92 <= share <= 0.98)
        few = max(40, args.calendars // 4)
        for name, drift in (("noise", 0.0), ("a market that only rises (1 % a day)", 1 / 1440)):
            told = list(pool.map(noise, [(seed, drift) for seed in range(few)], chunksize=4))
            proven, any_found, naive = np.mean(told, axis=0)
            text = f"{name}: proven in {proven:.1%} of {few} histories, discovered in {any_found:.1%}"
            say(f"{text}; by a naive interval of the hit rate in {naive:.1%}", proven <= 0.02)
        told = list(pool.map(edge, range(few // 2), chunksize=4))
        share, events = np.mean(told, axis=0)
        say(
            f"an edge of twice the costs, {events:.0f} events in 10 pairs and 90 days: proven in {share:.1%}",
            share >= 0.95,
        )
        later, at_once = np.array(list(pool.map(bounce, range(few // 4), chunksize=4))).T
        error = later.std(ddof=1) / np.sqrt(len(later))
        text = f"a bid-ask bounce of 0.02 %: {later.mean():+.4f} % (error {error:.4f})"
        say(f"{text}; entered at the print {at_once.mean():+.4f} %", abs(later.mean()) < 3 * error)
    print(f"{time.monotonic() - began:.0f} s")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
