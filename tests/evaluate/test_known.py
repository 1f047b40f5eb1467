"""A replay as of what was known sees what a scan saw: no row before it was read, no minute that nobody looked at."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.known import KnownThen
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import evaluate
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import DAY, MINUTE
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments
from coinmon.store.judged import JudgedMinutes

from .test_columns import EASY, FIRST, START, Stored, config, scenario  # noqa: F401

VENUES = ["binance", "okx", "bybit", "coinbase"]
PAIR = Pair("BTC", "USDT")
BEGIN, MINUTES = FIRST, 130
REPAIRED, KNOWN = range(450, 470), 500
"""Rows of okx that came at a later minute."""
RESTATED, FIRST_TOLD, TOLD_AGAIN, AT_LAST = range(475, 525), 1, 12, 40
"""Rows of bybit whose volumes were told otherwise a minute after theirs, again after these minutes, and then as they
are stored."""
DOWN, BACK = range(530, 541), 542
"""Minutes that the scan did not run in; it read them in the minute that it was back in."""


class StoredThen(Stored):
    def __init__(self, rows):
        super().__init__(rows)
        self.known_at = {}
        for id, each in rows.items():
            known = each.time + MINUTE + 5_000
            minute = (each.time - START) // MINUTE
            known[np.isin(minute, DOWN)] = START + BACK * MINUTE + 5_000
            if id.startswith("okx"):
                known[np.isin(minute, REPAIRED)] = START + KNOWN * MINUTE + 5_000
            self.known_at[id] = known
        bybit = next(id for id in rows if id.startswith("bybit"))
        each = rows[bybit]
        again = each[np.isin((each.time - START) // MINUTE, RESTATED)]
        told = (again.time[:, None] + np.array((FIRST_TOLD, TOLD_AGAIN, AT_LAST)) * MINUTE + 5_000).T
        self.known_at[bybit][np.isin(each.time, again.time)] = told[2]
        wrong = [replace(again, buy=again.buy * 0.1), replace(again, buy=again.volume * 0.95)]
        self.states = {bybit: [(wrong[0], told[0], told[1]), (wrong[1], told[1], told[2])]}
        """By instrument, what was stored over: bars, since when, until when."""
        self.written = None
        """Of the moments that a scan wrote down to have judged: when it had read. None: it wrote nothing down."""

    def judged(self, pair, start, end):
        assert pair == PAIR
        if self.written is None:
            return JudgedMinutes(None, np.empty(0, np.int64), np.empty(0, np.int64))
        inside = {moment: until for moment, until in sorted(self.written.items()) if start <= moment < end}
        since = min(self.written)
        return JudgedMinutes(since, np.array(list(inside), np.int64), np.array(list(inside.values()), np.int64))

    def superseded(self, instrument, start, end):
        rows, known_at, until = self.superseded_rows("bars", instrument, start, end)
        return {"bars": (rows.time, known_at, until)}

    def superseded_rows(self, table, instrument, start, end):
        empty = self._rows[instrument.id][:0], np.empty(0, np.int64), np.empty(0, np.int64)
        states, known_at, until = zip(*self.states.get(instrument.id, [empty]), strict=True)
        rows, known_at, until = Bars.concat(states), np.concatenate(known_at), np.concatenate(until)
        inside = (rows.time >= start) & (rows.time < end)
        return rows[inside], known_at[inside], until[inside]

    def known(self, instrument, start, end):
        rows = self._rows[instrument.id]
        inside = (rows.time >= start) & (rows.time < end)
        return {"bars": (rows.time[inside], self.known_at[instrument.id][inside])}

    def as_of(self, read):
        """By hand: what had been read by then."""
        found = {}
        for id, rows in self._rows.items():
            parts = [rows[self.known_at[id] <= read]]
            for states, since, until in self.states.get(id, ()):
                parts.append(states[(since <= read) & (until > read)])
            every = Bars.concat(parts)
            found[id] = every[np.argsort(every.time, kind="stable")]
        return Stored(found)


def told(changes):
    return [(at, [(s.name, s.key, s.grade, s.begins) for s in signals]) for at, signals in changes]


def late_cycles(start, end):
    """From the fortieth minute on it is written down what was judged: some minutes late, some not at all."""
    written, behind = {}, 0
    for moment in range(start + 40 * MINUTE, end, MINUTE):
        behind -= MINUTE
        minute = (moment - start) // MINUTE
        if behind > 0 or minute % 17 == 9:
            # a cycle went on meanwhile; a scan was killed before it had judged
            continue
        behind = {3: 130_000, 8: 70_000}.get(minute % 11, 5_000)
        written[moment] = moment + behind
    return written


@pytest.mark.parametrize(("columns", "late"), [(True, False), (False, False), (True, True)])
def test_signals_are_judged_with_what_was_read_by_then(config, columns, late):  # noqa: F811
    instruments, rows = scenario(3)
    stored = StoredThen(rows)
    evaluator = Evaluator(config(EASY), VENUES)
    start, end = START + BEGIN * MINUTE, START + (BEGIN + MINUTES) * MINUTE
    source = ReadOnce(stored)
    stored.written = late_cycles(start, end) if late else None

    def market_at(now, source=source):
        return evaluator.market(PAIR, instruments, source, now)

    known, judgements = KnownThen(stored, PAIR, instruments, start, end), {}
    changes = list(evaluate(evaluator, market_at, source, start, end, judgements, columns, known))
    expected, last = [], None
    for now in range(start, end, MINUTE):
        began = stored.written and now >= min(stored.written)
        if now not in stored.written if began else (now - START) // MINUTE - 1 in DOWN:
            continue
        found = evaluator.signals(market_at(now, stored.as_of(stored.written[now] if began else now + 5_000)))
        says = [(s.name, s.key, s.grade, s.begins) for s in found]
        if says != last:
            last = says
            expected.append((now, says))
    assert told(changes) == expected
    assert len(expected) > 5
    for each in judgements.values():
        assert each.minutes == each.judged + each.waited + each.failed == MINUTES
        assert each.waited >= len(DOWN)
    complete = list(evaluate(evaluator, market_at, source, start, end, {}, columns))
    assert told(complete) != expected


def bars(first, count):
    at = np.arange(count)
    price, one = np.full(count, 100), np.ones(count)
    return Bars(
        Decimal("0.01"), (first + at) * MINUTE, price, price, price, price, one, one, at, one, one, one, one,
        np.full(count, Coverage.TRADES, np.uint8),
    )  # fmt: skip


def test_rows_say_when_they_were_read_and_instruments_when_they_were_listed(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    first = 29_000_000
    names = {"BTC": first * MINUTE, "NEW": first * MINUTE + 3 * DAY}
    made = {}
    with database.write() as connection:
        for base, seen in names.items():
            each = Instrument("okx", "spot", base, "USDT", base, f"{base}/USDT", Decimal("0.01"), Decimal("0.001"))
            ((number, stored),) = sync_instruments(connection, [each], seen).values()
            made[base] = stored
            write_bars(connection, number, stored, bars(seen // MINUTE, 5), known_at=seen + 9 * MINUTE)
            write_bars(connection, number, stored, bars(seen // MINUTE + 5, 2))
    history = History(database)
    times, known = history.known(made["BTC"], first * MINUTE, (first + 20) * MINUTE)["bars"]
    assert times.tolist() == [(first + i) * MINUTE for i in range(7)]
    assert known.tolist() == [(first + 9) * MINUTE] * 5 + [-1] * 2
    assert history.listed(made["BTC"]) == (None, None)
    assert history.listed(made["NEW"]) == (names["NEW"], None)
    database.close()
