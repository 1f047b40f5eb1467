"""Whether a signal or indicator says the same of a moment whatever comes later, and whoever asked what before.

At sampled moments of stored history it is asked on fresh views: with all that is stored, with the future cut off, with
the future turned into nonsense, in another order, and in a process of its own, later, backwards and with another hash
seed. Any difference is a fault, told with both answers.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError, IndicatorFailed, NoDataError
from coinmon.evaluate.audit_source import AuditSource
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import AS_BEFORE, ASK, HOLDS, SILENT, WAITS, Codes, Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import settled
from coinmon.evaluate.stored_markets import AllPairs
from coinmon.market.market import Market
from coinmon.market.source import Source
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE
from coinmon.model.signal import Signal, Silent
from coinmon.model.symbols import Universe
from coinmon.processes import Processes
from coinmon.store.database import open_database
from coinmon.store.history import History

FRAME_MOMENTS = 720
"""Minutes that `columns` are compared over: half a day, the last that is stored."""
MAX_CHANGES = 60
"""Moments at which columns change that are looked at, at most, evenly spread."""


@dataclass(frozen=True, slots=True)
class AuditFault:
    """check: what was tried. at: the moment, ms UTC. expected, got: both answers."""

    check: str
    pair: str
    at: int
    expected: str
    got: str


@dataclass(slots=True)
class AuditReport:
    """One plugin's. comparisons: answers compared. reach: minutes that were read before a moment, at most.

    raised: what it raised last, where it did. answers: by pair and moment, as it was asked first.
    """

    name: str
    kind: str
    comparisons: int = 0
    reach: int = 0
    raised: str = ""
    faults: list[AuditFault] = field(default_factory=list)
    answers: dict[tuple[Pair, int], str] = field(default_factory=dict)

    def compare(self, check: str, pair: str, at: int, expected: str, got: str) -> None:
        self.comparisons += 1
        if expected != got:
            self.faults.append(AuditFault(check, pair, at, expected, got))


def audit(
    config: Config,
    history: History,
    universe: Universe,
    pairs: Sequence[Pair],
    names: Sequence[str],
    moments: int,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    load: Callable[[], Config] | None = None,
) -> list[AuditReport]:
    """Reports of the signals and indicators named (none: all that are on), over the last of what is stored.

    load: gives the configuration in a process of its own, where all are asked again; it can be pickled.
    Raises ConfigError for a name that is not on, NoDataError where nothing is stored.
    """
    offered = {**dict.fromkeys(config.signals, "signal"), **dict.fromkeys(config.indicators, "indicator")}
    for name in names:
        if name not in config.signals and name not in config.indicators:
            raise ConfigError(f"{name}: no such signal or indicator is on; there is {', '.join(offered)}")
    wanted = [("signal", each) for each in config.signals if not names or each in names]
    wanted += [("indicator", each) for each in config.indicators if not names or each in names]
    spans = {pair: _span(history, universe, pair) for pair in pairs}
    spans = {pair: span for pair, span in spans.items() if span[1] > span[0]}
    if not spans:
        raise NoDataError("nothing is stored to audit with; see coinmon backfill")
    reports = []
    for i, (kind, name) in enumerate(wanted):
        progress(i, len(wanted))
        report = AuditReport(name, kind)
        for pair, (first, last) in spans.items():
            _Audit(config, history, universe, pair, report).run(first, last, moments, random.Random(f"{seed} {name}"))
        reports.append(report)
    if load is not None:
        _compare_elsewhere(load, reports)
    progress(len(wanted), len(wanted))
    return reports


@dataclass(frozen=True, slots=True)
class AskTask:
    """A plugin, and the pairs and moments at which it is to be asked, in this order."""

    kind: str
    name: str
    moments: Sequence[tuple[Pair, int]]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def _compare_elsewhere(load: Callable[[], Config], reports: Sequence[AuditReport]) -> None:
    tasks = [AskTask(each.kind, each.name, [*reversed(each.answers)]) for each in reports]
    with _hash_seed(), Processes(partial(_asking, load), 1) as process:
        found: list[Mapping[tuple[Pair, int], str]] = process.answers(tasks)
    for report, answers in zip(reports, found, strict=True):
        for (pair, at), got in answers.items():
            report.compare("in another process", str(pair), at, report.answers[pair, at], got)


@contextmanager
def _hash_seed() -> Iterator[None]:
    """Processes that begin meanwhile put sets into another order than this one."""
    before = os.environ.get(_SEED)
    os.environ[_SEED] = "1" if before != "1" else "2"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SEED]
        else:
            os.environ[_SEED] = before


_SEED = "PYTHONHASHSEED"


@contextmanager
def _asking(load: Callable[[], Config]) -> Iterator[Callable[[AskTask], Mapping[tuple[Pair, int], str]]]:
    """In a process of its own: answers."""
    # what a plugin prints is not the result
    with redirect_stdout(sys.stderr):
        config = load()
        database = open_database(config.db, create=False)
        try:
            history = History(database)
            universe = history.universe(config.exchanges, config.quotes)

            def answers(task: AskTask) -> Mapping[tuple[Pair, int], str]:
                found: dict[tuple[Pair, int], str] = {}
                for pair in dict.fromkeys(pair for pair, _ in task.moments):
                    asked = _Audit(config, history, universe, pair, AuditReport(task.name, task.kind))
                    found |= {(pair, at): asked.ask(at) for each, at in task.moments if each == pair}
                return found

            yield answers
        finally:
            database.close()


def _span(history: History, universe: Universe, pair: Pair) -> tuple[int, int]:
    spans = [span for span in map(history.span, universe.of(pair)) if span]
    if not spans:
        return 0, 0
    last = max(end for _, end in spans)
    return max(min(first for first, _ in spans) + MINUTE, last - FRAME_MOMENTS * MINUTE), last


class _Audit:
    """One plugin over one pair."""

    def __init__(self, config: Config, history: History, universe: Universe, pair: Pair, report: AuditReport) -> None:
        self._evaluator = Evaluator(config, list(config.exchanges))
        self._config, self._pair, self._report = config, pair, report
        self._instruments = [each for each in universe.of(pair) if each.venue in config.exchanges]
        self._stored = ReadOnce(history)
        self._all_pairs = AllPairs(config, self._evaluator, history)

    def run(self, first: int, last: int, moments: int, rng: random.Random) -> None:
        count = (last - first) // MINUTE + 1
        chosen = sorted(rng.sample(range(count), min(count, moments)))
        whole = {at: self._ask(first + at * MINUTE, self._stored) for at in chosen}
        self._report.answers |= {(self._pair, first + at * MINUTE): answer for at, answer in whole.items()}
        shuffled = rng.sample(chosen, len(chosen))
        for at in shuffled:
            now = first + at * MINUTE
            self._compare("another order", now, whole[at], self._stored)
        for at in chosen:
            now = first + at * MINUTE
            cut = AuditSource(self._stored, now, nonsense=False)
            self._compare("the future cut off", now, whole[at], cut)
            self._compare("the future made nonsense", now, whole[at], AuditSource(self._stored, now, nonsense=True))
            self._report.reach = max(self._report.reach, cut.reach)
        if self._report.kind == "signal":
            self._columns(first, count, set(chosen))
        what = f"{self._report.kind} {self._report.name}"
        for each in (what, f"columns of {what}", f"quiet of {what}"):
            self._report.raised = self._evaluator.failures.get(each, self._report.raised)

    def ask(self, now: int) -> str:
        """The answer in words."""
        return self._ask(now, self._stored)

    def _compare(self, check: str, now: int, expected: str, source: Source) -> None:
        self._report.compare(check, str(self._pair), now, expected, self._ask(now, source))

    def _market(self, now: int, source: Source) -> Market:
        everyone = partial(self._all_pairs.markets, now, source)
        return self._evaluator.market(self._pair, self._instruments, source, now, everyone=everyone)

    def _ask(self, now: int, source: Source) -> str:
        """The answer in words, on fresh views."""
        market = self._market(now, source)
        if self._report.kind == "signal":
            said = self._evaluator.judge(self._report.name, market)
            if self._evaluator.is_quiet(self._report.name, self._market(now, source)):
                # what it surely does not say, it does not say
                self._report.compare("quiet", str(self._pair), now, _told(said) if said else "silent", "silent")
            return f"silent: {said.reason}" if isinstance(said, Silent) else "; ".join(map(repr, said))
        offer = self._config.indicators[self._report.name].offer
        on = [market] if offer.scope == "pair" else [v for v in market.views if v.instrument.kind in offer.kinds]
        return "; ".join(self._figures(each) for each in on)

    def _figures(self, subject: Any) -> str:
        try:
            return repr(self._evaluator.compute(self._report.name, subject))
        except IndicatorFailed as error:
            return f"failed: {error}"

    def _columns(self, first: int, count: int, chosen: set[int]) -> None:
        """`columns` against the signal itself: where they change, and at the sampled moments."""

        def market_at(now: int) -> Market:
            return self._market(now, self._stored)

        frame = Frame(market_at(first), self._stored, first, count, self._evaluator.indicator, market_at)
        codes = settled(self._evaluator.codes(self._report.name, frame))
        if codes is None:
            return
        changes = np.flatnonzero(np.diff(codes, prepend=codes[:1])).tolist()
        some = set(changes[:: max(1, len(changes) // MAX_CHANGES)])
        always: dict[int, str] = {}
        for i in sorted(chosen | some):
            now, source = first + i * MINUTE, _asked_at(codes, i)
            code = int(codes[source])
            if code == ASK and source == i:
                continue
            said = self._evaluator.judge(self._report.name, market_at(now))
            meant = _means(code)
            if code == ASK:
                then = self._evaluator.judge(self._report.name, market_at(first + source * MINUTE))
                self._report.compare("columns: as before", str(self._pair), now, _told(said), _told(then))
            else:
                self._report.compare("columns", str(self._pair), now, _stands(said), meant)
            if code >= HOLDS and codes.dtype == np.int64:
                told = always.setdefault(code, _told(said))
                self._report.compare("columns", str(self._pair), now, _told(said), told)


def _asked_at(codes: Codes, i: int) -> int:
    """The moment whose code holds at i."""
    while i and codes[i] == AS_BEFORE:
        i -= 1
    return i


def _means(code: int) -> str:
    return {WAITS: "waits", SILENT: "silent"}.get(code, "says something" if code >= HOLDS else "asks")


def _stands(said: Sequence[Signal] | Silent) -> str:
    if isinstance(said, Silent):
        return "waits" if said.waits else "silent"
    return "says something"


def _told(said: Sequence[Signal] | Silent) -> str:
    if isinstance(said, Silent):
        return _stands(said)
    return "; ".join(f"{each.key} {each.grade} begins={each.begins}" for each in said)
