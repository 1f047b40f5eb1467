"""What each signal says of a pair over a span, and when that changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt

from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import AS_BEFORE, ASK, HOLDS, SILENT, WAITS, Codes, Frame
from coinmon.evaluate.held_signal import HeldSignal, Holding
from coinmon.evaluate.known import KnownThen
from coinmon.market.market import Market
from coinmon.market.source import Source
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.signal import Bilingual, Signal, Silent


@dataclass(slots=True)
class Judgement:
    """How many minutes a signal could be judged in, waited for data, or raised; `why`: the last reason."""

    minutes: int = 0
    judged: int = 0
    waited: int = 0
    failed: int = 0
    why_waited: str = ""
    why_failed: str = ""

    def add(self, other: "Judgement") -> None:
        self.minutes += other.minutes
        self.judged += other.judged
        self.waited += other.waited
        self.failed += other.failed
        self.why_waited = other.why_waited or self.why_waited
        self.why_failed = other.why_failed or self.why_failed


def evaluate(
    evaluator: Evaluator,
    market_at: Callable[[int], Market],
    source: Source,
    start: int,
    end: int,
    judgements: dict[str, Judgement],
    columns: bool = True,
    known: KnownThen | None = None,
    cuts: Sequence[int] = (),
) -> Iterator[tuple[int, Sequence[Signal | HeldSignal]]]:
    """All that holds, at the first moment and at each at which that changes; moments are minutes of [start, end).

    Signals with `columns` are asked themselves only when their code changes, and not where that code is known to stand
    for the same; the others at every moment. judgements: counted up, by signal. columns: False: ask all each time.
    known: judge by what was known then; market_at has all that is stored. cuts: when the pair's instruments change.
    """
    said: dict[str, Sequence[Signal | HeldSignal]] = {}
    shown: list[tuple[object, ...]] | None = None
    asking = _Asking(evaluator, judgements)
    for first, count in _parts(start, end, cuts):
        frame = Frame(market_at(first), source, first, count, evaluator.indicator, market_at)
        if first in cuts:
            asking.meant.clear()
        codes = {name: settled(evaluator.codes(name, frame)) if columns else None for name in evaluator.names}
        unseen = np.zeros(count, bool)
        if known is not None:
            known.include(frame.looked_across)
            unseen = known.of(known.unseen, first, count)
            asked = unseen | known.of(known.hides, first, count)
            codes = {name: found if found is None else _asked(found, asked) for name, found in codes.items()}
        for i, due in _due(codes, count):
            if unseen[i]:
                continue
            now = first + i * MINUTE
            # made for the first that is asked
            market = cache(partial(_market_then, market_at, known, now))
            for name in due:
                said[name] = asking.said(name, codes[name], i, now, market)
            now_shown = [_shown(each) for each in chain.from_iterable(said.values())]
            if now_shown != shown:
                shown = now_shown
                yield now, list(chain.from_iterable(said.values()))
        _count_minutes(judgements, codes, unseen)


def _market_then(market_at: Callable[[int], Market], known: KnownThen | None, now: int) -> Market:
    return market_at(now) if known is None else known.market(market_at(now))


class _Asking:
    """What signals say at moments at which their codes changed. meant: what they said for a code that means it always.

    judgements: counted up where a signal is asked.
    """

    def __init__(self, evaluator: Evaluator, judgements: dict[str, Judgement]) -> None:
        self._evaluator, self._judgements = evaluator, judgements
        self.meant: dict[tuple[str, int], Sequence[Signal]] = {}

    def said(
        self, name: str, found: Codes | None, i: int, now: int, market: Callable[[], Market]
    ) -> Sequence[Signal | HeldSignal]:
        """At moment i of the codes found, which is `now`, ms UTC."""
        judgement = self._judgements.setdefault(name, Judgement())
        code = ASK if found is None else int(found[i])
        if code == SILENT or (code == WAITS and judgement.why_waited):
            return ()
        if (same := self.meant.get((name, code))) is not None:
            return [HeldSignal.like(each, name, now) for each in same]
        answer = self._evaluator.judge(name, market())
        if code == ASK:
            lasts = 1 if found is None else _lasts(found, i)
            _count(judgement, answer, self._evaluator.raised(name), lasts)
        elif isinstance(answer, Silent):
            judgement.why_waited = answer.reason
        elif found is not None and found.dtype == np.int64:
            self.meant[name, code] = answer
        return () if isinstance(answer, Silent) else answer


def _count_minutes(
    judgements: dict[str, Judgement], codes: dict[str, Codes | None], unseen: npt.NDArray[np.bool_]
) -> None:
    """Add the minutes of a part: unseen says of each whether nobody looked at it."""
    for name, found in codes.items():
        each = judgements.setdefault(name, Judgement())
        each.minutes += len(unseen)
        if unseen.any():
            each.waited += int(unseen.sum())
            nobody = Bilingual("该分钟结束时没有人查看", "nobody looked at the minute when it ended")
            each.why_waited = each.why_waited or nobody
        if found is not None:
            each.judged += int((found >= SILENT).sum())
            each.waited += int((found == WAITS).sum())


def _parts(start: int, end: int, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """[start, end) in days, from each cut anew: the first moment and the number of moments of each part."""
    edges = sorted({start, end, *(each for each in cuts if start < each < end)})
    for begin, stop in pairwise(edges):
        for first in range(begin, stop, DAY):
            count = (min(stop, first + DAY) - first) // MINUTE
            if count > 0:
                yield first, count


def _asked(found: Codes, asked: npt.NDArray[np.bool_]) -> Codes:
    """The signal is asked itself at these moments; what follows them is not as it was a moment before."""
    made = np.where(asked, np.int8(ASK), found)
    after = np.flatnonzero(asked[:-1] & ~asked[1:]) + 1
    made[after[made[after] == AS_BEFORE]] = ASK
    return made


def _due(codes: dict[str, Codes | None], count: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Moments and the signals to look at then, in their order."""
    always = [name for name, found in codes.items() if found is None]
    changed: dict[int, set[str]] = {i: set() for i in range(count)} if always else {}
    for name, found in codes.items():
        if found is not None:
            moved = (np.diff(found, prepend=found.dtype.type(HOLDS + 99)) != 0) & (found != AS_BEFORE)
            moves = np.flatnonzero(moved | (found == ASK))
            for i in moves.tolist():
                changed.setdefault(i, set()).add(name)
    for i in sorted(changed):
        due = changed[i]
        yield i, [name for name in codes if codes[name] is None or name in due]


def settled(found: Codes | None) -> Codes | None:
    """AS_BEFORE only after a moment that is asked at; elsewhere the code itself, and at the first moment ASK."""
    if found is None or not (found == AS_BEFORE).any():
        return found
    source = np.maximum.accumulate(np.where(found == AS_BEFORE, 0, np.arange(len(found))))
    first = np.where(np.arange(len(found)) == 0, ASK, AS_BEFORE)
    told = np.where(found[source] == AS_BEFORE, ASK, found[source])
    return np.where((found == AS_BEFORE) & (told == ASK), first, told).astype(found.dtype)


def _lasts(found: Codes, i: int) -> int:
    """For how many moments, from i on, the answer that was asked for at i holds."""
    other = np.flatnonzero(found[i + 1 :] != AS_BEFORE)
    return 1 + (int(other[0]) if len(other) else len(found) - i - 1)


def _count(judgement: Judgement, answer: Sequence[Signal] | Silent, raised: bool, moments: int) -> None:
    if raised:
        judgement.failed += moments
        judgement.why_failed = answer.reason if isinstance(answer, Silent) else judgement.why_failed
    elif isinstance(answer, Silent) and answer.waits:
        judgement.waited += moments
        judgement.why_waited = answer.reason
    else:
        judgement.judged += moments


def _shown(signal: Holding) -> tuple[object, ...]:
    return signal.name, signal.key, signal.grade, signal.begins, signal.once
