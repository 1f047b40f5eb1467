"""What each signal says of a pair over a span, and when that changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import ASK, HOLDS, SILENT, WAITS, Codes, Frame
from coinmon.market.market import Market
from coinmon.market.view import Source
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.signal import Signal, Silent, say


@dataclass(slots=True)
class Judgement:
    """How many minutes a signal could be judged in, waited for data, or raised; `why`: in English, the last reason."""

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
) -> Iterator[tuple[int, Sequence[Signal]]]:
    """All that holds, at the first moment and at each at which that changes; moments are minutes of [start, end).

    Signals with `columns` are asked themselves only when their code changes; the others at every moment. judgements:
    counted up, by signal. columns: False: ask every signal at every moment.
    """
    said: dict[str, Sequence[Signal]] = {}
    shown: list[tuple[object, ...]] | None = None
    for first in range(start, end, DAY):
        count = (min(end, first + DAY) - first) // MINUTE
        if count <= 0:
            continue
        frame = Frame(market_at(first), source, first, count, evaluator.indicator_settings, market_at)
        codes = {name: evaluator.codes(name, frame) if columns else None for name in evaluator.names}
        for i, due in _due(codes, count):
            now = first + i * MINUTE
            market: Market | None = None
            for name in due:
                found, judgement = codes[name], judgements.setdefault(name, Judgement())
                code = ASK if found is None else int(found[i])
                if code == SILENT or (code == WAITS and judgement.why_waited):
                    said[name] = ()
                    continue
                market = market or market_at(now)
                answer = evaluator.judge(name, market)
                said[name] = () if isinstance(answer, Silent) else answer
                if code == ASK:
                    _count(judgement, answer, evaluator.raised(name))
                elif isinstance(answer, Silent):
                    judgement.why_waited = str(answer.reason)
            now_shown = [_shown(each) for each in chain.from_iterable(said.values())]
            if now_shown != shown:
                shown = now_shown
                yield now, list(chain.from_iterable(said.values()))
        for name, found in codes.items():
            each = judgements.setdefault(name, Judgement())
            each.minutes += count
            if found is not None:
                each.judged += int((found >= SILENT).sum())
                each.waited += int((found == WAITS).sum())


def _due(codes: dict[str, Codes | None], count: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Moments and the signals to look at then, in their order."""
    always = [name for name, found in codes.items() if found is None]
    changed: dict[int, set[str]] = {i: set() for i in range(count)} if always else {}
    for name, found in codes.items():
        if found is not None:
            moves = np.flatnonzero((np.diff(found, prepend=np.int8(HOLDS + 99)) != 0) | (found == ASK))
            for i in moves.tolist():
                changed.setdefault(i, set()).add(name)
    for i in sorted(changed):
        due = changed[i]
        yield i, [name for name in codes if codes[name] is None or name in due]


def _count(judgement: Judgement, answer: Sequence[Signal] | Silent, raised: bool) -> None:
    if raised:
        judgement.failed += 1
        judgement.why_failed = str(answer.reason) if isinstance(answer, Silent) else judgement.why_failed
    elif isinstance(answer, Silent) and answer.waits:
        judgement.waited += 1
        judgement.why_waited = say(answer.reason, "en")
    else:
        judgement.judged += 1


def _shown(signal: Signal) -> tuple[object, ...]:
    return signal.name, signal.key, signal.grade, signal.begins, signal.once
