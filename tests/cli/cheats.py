"""Signals that cheat, each in a way of its own: a plugin file. Each says a figure, so that every cheat shows."""

import itertools
import os
import random
import secrets
import time
import uuid
from datetime import UTC, datetime
from functools import cache

import numpy as np

from coinmon.signal import MINUTE, SILENT, Signal, Silent, Text, hookimpl

FAR = 10_000 * MINUTE


def around(market, back, ahead, view=0):
    """The minutes around now, past the end of what is known."""
    seen = market.views[view]
    return seen.source.bars(seen.instrument, seen.end - back * MINUTE, seen.end + ahead * MINUTE, levels=True)


def closes(market, back, ahead):
    return [*map(float, around(market, back, ahead).close), 0.0]


def whole(market):
    return np.array(closes(market, 10_000, 10_000))


def last(market):
    return float(market.views[0].bars(1).close[0])


def both_ways(values):
    for _ in range(2):
        values = list(itertools.accumulate(values, lambda held, new: 0.9 * held + 0.1 * new))[::-1]
    return values


def future_of(table, field):
    def figure(market):
        found = []
        for view in market.views:
            rows = getattr(view.source, table)(view.instrument, view.end, view.end + FAR)
            found += [getattr(each, field) if field else each for each in rows]
        return sum(found)

    return figure


LOOK_AHEAD = {
    "next_close": lambda m: closes(m, 0, 1)[0],
    "shifted_by_minus_one": lambda m: closes(m, 5, 1)[-2],
    "unclosed_candle": lambda m: closes(m, 0, 15 - m.now // MINUTE % 15)[-2:],
    "label_on_the_right": lambda m: sum(closes(m, 2, 3)),
    "centred_window": lambda m: np.mean(closes(m, 5, 5)),
    "centred_median": lambda m: np.median(closes(m, 5, 5)),
    "mean_of_the_whole": lambda m: whole(m).mean(),
    "deviations_of_the_whole": lambda m: (last(m) - whole(m).mean()) / (whole(m).std() + 1),
    "scaled_by_the_whole": lambda m: last(m) / whole(m).max(),
    "rank_in_the_whole": lambda m: (whole(m) < last(m)).mean(),
    "quantile_of_the_whole": lambda m: np.quantile(whole(m), 0.9),
    "low_of_the_whole_day": lambda m: np.min([*around(m, 1440, 1440).low, 1e9]),
    "filtered_both_ways": lambda m: both_ways(closes(m, 20, 20))[20:21],
    "line_through_the_future": lambda m: np.polyfit(np.arange(9), np.resize(closes(m, 4, 4), 9), 1).tolist(),
    "filled_from_behind": lambda m: next((each for each in closes(m, 0, 30) if each), 0.0),
    "pivot_before_it_is_one": lambda m: sorted(closes(m, 3, 3)).index(last(m)),
    "zigzag_that_repaints": lambda m: int(np.argmax(closes(m, 20, 10))),
    "touches_the_target_first": lambda m: max(closes(m, 0, 20)) - last(m),
    "high_of_the_next_minutes": lambda m: float(np.max([0, *around(m, 0, 10).high])),
    "volume_to_come": lambda m: float(around(m, 0, 5).volume.sum()),
    "buys_to_come": lambda m: float(np.nansum(around(m, 0, 5).buy)),
    "levels_to_come": lambda m: float(around(m, 0, 5).levels.buy.sum()),
    "profile_to_come": lambda m: m.views[0].source.profile(m.views[0].instrument, m.now, m.now + FAR).buy.sum(),
    "another_venue_ahead": lambda m: float(around(m, 0, 3, view=-1).close.sum()),
    "is_it_the_last_minute": lambda m: len(around(m, 0, 1)),
    "how_much_is_still_stored": lambda m: len(around(m, 0, 10_000)),
    "open_interest_to_come": future_of("open_interest", "base"),
    "funding_to_come": future_of("funding", "rate"),
}

held = {"calls": 0, "most": 0.0, "now": 0, "first": None}
cycle = itertools.cycle((0, 1))
asked: list[int] = []
drawn = np.random.default_rng()


def counted(_market, calls=[0]):  # noqa: B006
    calls[0] += 1
    return calls[0]


def attribute(_market):
    attribute.calls = getattr(attribute, "calls", 0) + 1
    return attribute.calls


def running_most(market):
    held["most"] = max(held["most"], last(market)) + 1
    return held["most"]


def since_the_last_call(market):
    held["now"], before = market.now, held["now"]
    return market.now - before


def first_answer_for_ever(market):
    held["first"] = held["first"] or market.now
    return held["first"]


def hysteresis(market):
    held["calls"] = (held["calls"] + market.now // MINUTE) % 7
    return held["calls"]


def environment(_market):
    os.environ["CHEATS"] = str(int(os.environ.get("CHEATS", "0")) + 1)
    return os.environ["CHEATS"]


def remembered(market):
    asked.append(market.now)
    return len(asked)


@cache
def by_pair(_pair):
    return time.time_ns()


class Smoothed:
    def __init__(self):
        self.mean = 0.0

    def __call__(self, market):
        self.mean = 0.9 * self.mean + 0.1 * last(market)
        return self.mean


def unlocked(market):
    """Makes what it was given its own, and changes it for all that come after."""
    rows = market.views[0].source.bars(market.views[0].instrument, 0, market.now)
    owner = rows.close
    while owner.base is not None and isinstance(owner.base, np.ndarray):
        owner = owner.base
    owner.flags.writeable = True
    owner += 1
    return float(owner.sum())


STATE = {
    "remembers": remembered, "mutable_default": counted, "attribute_of_itself": attribute,
    "running_most": running_most, "since_the_last_call": since_the_last_call,
    "first_answer_for_ever": first_answer_for_ever, "hysteresis_in_a_global": hysteresis,
    "counts_in_the_environment": environment, "order_of_a_set": lambda _m: list(set("abcdefgh")),
    "every_second_time": lambda _m: next(cycle),
    "smooths_over_calls": Smoothed(), "changes_what_it_was_given": unlocked,
}  # fmt: skip
CHANCE = {
    "global_random": lambda _m: random.random(),
    "random_of_its_own": lambda _m: random.Random().random(),
    "random_of_numpy": lambda _m: np.random.rand(),
    "generator_kept": lambda _m: drawn.random(),
    "random_of_the_system": lambda _m: secrets.randbits(60),
    "random_name": lambda _m: uuid.uuid4().hex,
    "wall_clock": lambda _m: time.time_ns(),
    "wall_clock_as_a_date": lambda _m: datetime.now(UTC).isoformat(),
    "stopwatch": lambda _m: time.perf_counter_ns(),
    "processor_time": lambda _m: time.process_time_ns(),
}


def honest(market):
    return float(market.views[0].bars(30).close.mean())


def rises(market):
    rows = market.views[0].bars(2)
    return bool(rows.close[1] > rows.close[0])


def risen(frame, shift=0, window=1):
    """The codes of `rises`: HOLDS is 1, as a state; shifted by minutes, or smoothed over some."""
    close = frame.bars(frame.listed[0], 2).close.astype(float)
    up = np.convolve(np.diff(close), np.ones(window), "same")[-frame.count :] > 0
    return np.where(np.roll(up, shift), np.int8(1), SILENT).astype(np.int8)


COLUMNS = {
    "columns_a_minute_early": lambda frame: risen(frame, -1),
    "columns_a_minute_late": lambda frame: risen(frame, 1),
    "columns_centred": lambda frame: risen(frame, 0, 7),
    "columns_upside_down": lambda frame: np.where(risen(frame) == 1, SILENT, np.int8(1)).astype(np.int8),
    "columns_say_nothing": lambda frame: np.full(frame.count, SILENT, np.int8),
    "columns_always": lambda frame: np.ones(frame.count, np.int8),
    "columns_of_another_type": lambda frame: risen(frame).astype(np.int32),
    "columns_that_raise": lambda frame: 1 / 0,
    "columns_of_one_code_for_two_grades": lambda frame: np.ones(frame.count, np.int64),
}


def telling(name, figure):
    def signal(market):
        found = {"figure": repr(figure(market))}
        return [Signal(name, str(market.pair), "B", "neutral", Text("x", "x"), Text("x", "x"), found, key=name)]

    return signal


def standing(name):
    def signal(market):
        if name == "columns_of_one_code_for_two_grades":
            grade = "A" if rises(market) else "B"
            return [Signal(name, str(market.pair), grade, "neutral", Text("x", "x"), Text("x", "x"), key=name)]
        if not rises(market):
            return Silent("it fell")
        return [Signal(name, str(market.pair), "B", "neutral", Text("x", "x"), Text("x", "x"), key=name)]

    return signal


@hookimpl
def register_signals(register):
    for name, figure in {**LOOK_AHEAD, **STATE, **CHANCE, "honest": honest}.items():
        register(name, telling(name, figure))
    for name, columns in {**COLUMNS, "honest_columns": risen}.items():
        register(name, standing(name), columns=lambda frame, made=columns: made(frame))
