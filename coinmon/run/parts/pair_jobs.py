"""A replay's parts side by side, in processes of our own or on a cluster: the same replay, whatever their number."""

import pickle
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from coinmon.config.load import Config
from coinmon.log import start_log
from coinmon.model.instrument import Pair
from coinmon.model.symbols import Universe
from coinmon.processes import Processes
from coinmon.run.backtest import PairReplay, Replay, ReplayedSignal, backtest, folded, nothing_stored
from coinmon.run.monitor import clock_of
from coinmon.run.parts.keeping import Keeping, keeping
from coinmon.run.parts.kept_parts import KeptParts
from coinmon.run.parts.replay_parts import As, PairPlayer, PlayedPart, parts_of, span_of
from coinmon.run.parts.stored_rows import StoredRows, stored_rows

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """What all tasks of a replay have. load: gives the configuration in each process, so it can be pickled.

    lake: where the rows are; None: in the configured database. kept: where parts are kept; None: nowhere. source: the
    source that is to compute it; None: whichever a process has.
    """

    load: Callable[[], Config]
    start: int | None
    end: int | None
    known: As
    lake: Path | None = None
    kept: KeptParts | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class SpanTask:
    """Which moments of a pair there are to replay."""

    pair: Pair

    def __str__(self) -> str:
        return str(self.pair)


@dataclass(frozen=True, slots=True)
class PartTask:
    """What holds in a part of a pair."""

    pair: Pair
    part: tuple[int, int, bool]

    def __str__(self) -> str:
        return str(self.pair)


@dataclass(frozen=True, slots=True)
class PackedPart:
    """A part that was played, as it goes from process to process: the one that deals them out holds those of all pairs.

    data: the `PlayedPart`, pickled and compressed; a twentieth of what it takes unpacked.
    """

    data: bytes
    asked_back: bool
    taken: bool

    @classmethod
    def of(cls, part: PlayedPart) -> "PackedPart":
        return cls(zlib.compress(pickle.dumps(part), 1), part.asked_back, part.taken)

    def unpacked(self) -> PlayedPart:
        found: PlayedPart = pickle.loads(zlib.decompress(self.data))
        return found


@dataclass(frozen=True, slots=True)
class FoldTask:
    """What is told of a pair whose parts were played."""

    pair: Pair
    span: tuple[int, int]
    parts: Sequence[PackedPart]

    def __str__(self) -> str:
        return str(self.pair)


AnyTask = SpanTask | PartTask | FoldTask
PairAnswer = tuple[Sequence[ReplayedSignal], Sequence[PairReplay]]
Work = Callable[[Sequence[AnyTask], Progress], Sequence[object]]
"""Works on tasks, in any order, and gives the answers in the order of the tasks."""


def replayed_here(
    whole: ReplayTask, config: Config, pairs: Sequence[Pair], progress: Progress = lambda _done, _all: None
) -> Replay:
    """As `backtest` of all pairs, in this process, part by part. Raises NoDataError where nothing is stored."""
    with working_on(whole, config) as worked:

        def work(tasks: Sequence[AnyTask], moved: Progress) -> Sequence[object]:
            answers = []
            for number, task in enumerate(tasks, 1):
                answers.append(worked(task))
                moved(number, len(tasks))
            return answers

        return replayed_in_parts(work, pairs, whole.known, progress)


def replayed_side_by_side(
    whole: ReplayTask, pairs: Sequence[Pair], jobs: int, progress: Progress = lambda _done, _all: None
) -> Replay:
    """As `backtest` of all pairs, in processes of our own, each of which loads the configuration itself.

    Raises NoDataError where nothing is stored of any pair, and CoinmonError for a pair whose process is killed always.
    """
    with Processes(partial(_replaying, whole), jobs) as processes:
        return replayed_in_parts(processes.answers, pairs, whole.known, progress)


def replayed_in_parts(work: Work, pairs: Sequence[Pair], known: As, progress: Progress) -> Replay:
    """Every pair's span, then all parts of all pairs, then what is told of each pair."""
    spans: Sequence[tuple[int, int]] = work([SpanTask(each) for each in pairs], _silent)  # type: ignore[assignment]
    stored = {pair: span for pair, span in zip(pairs, spans, strict=True) if span[1] > span[0]}
    if not stored:
        raise nothing_stored(pairs)
    tasks = [PartTask(pair, part) for pair, span in stored.items() for part in parts_of(*span)]
    empty = len(pairs) - len(stored)
    played: Sequence[PackedPart] = work(  # type: ignore[assignment]
        tasks, lambda done, total: progress(empty + done, empty + total)
    )
    of_pair: dict[Pair, list[PackedPart]] = {}
    for task, part in zip(tasks, played, strict=True):
        of_pair.setdefault(task.pair, []).append(part)
    folds = [FoldTask(pair, stored[pair], parts) for pair, parts in of_pair.items()]
    answers: Sequence[PairAnswer] = work(folds, _silent)  # type: ignore[assignment]
    told, replayed = [one for each, _ in answers for one in each], [one for _, each in answers for one in each]
    return Replay(told, replayed, known, len(played), sum(each.taken for each in played))


def _silent(_done: int, _all: int) -> None:
    return


@contextmanager
def _replaying(whole: ReplayTask) -> Iterator[Callable[[AnyTask], object]]:
    """In a process of our own: works on the tasks of a replay."""
    # what a plugin prints is not the result
    with redirect_stdout(sys.stderr):
        config = whole.load()
        start_log(config, clock_of(config), warns=False)
        with working_on(whole, config) as work:
            yield work


@contextmanager
def working_on(whole: ReplayTask, config: Config) -> Iterator[Callable[[AnyTask], object]]:
    """Works on the tasks of a replay, with a database or lake opened by itself."""
    with stored_rows(config, whole.lake) as history:
        universe = history.universe(config.exchanges, config.quotes)
        kept = keeping(whole.kept, config, whole.known, whole.lake is not None)
        yield partial(_worked, whole, config, history, universe, kept)


def _worked(
    whole: ReplayTask,
    config: Config,
    history: StoredRows,
    universe: Universe,
    kept: Keeping | None,
    task: AnyTask,
) -> object:
    if isinstance(task, SpanTask):
        return span_of(history, universe.of(task.pair), whole.start, whole.end)
    if isinstance(task, PartTask) and kept is not None:
        return PackedPart.of(
            kept.played(history, lambda rows: PairPlayer(config, rows, universe, task.pair, whole.known), task.part)
        )
    player = PairPlayer(config, history, universe, task.pair, whole.known)
    if isinstance(task, PartTask):
        return PackedPart.of(player.alone(*task.part))
    if any(each.asked_back for each in task.parts):
        replay = backtest(config, history, universe, [task.pair], whole.start, whole.end, known=whole.known)
        return replay.told, replay.pairs
    told, pair = folded(player, *task.span, (each.unpacked() for each in task.parts))
    return told, [pair]
