"""A replay's parts on a Dask cluster. The cluster's own scheduler begins anew what a lost worker had."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

from coinmon.config.load import Config
from coinmon.errors import CoinmonError, ConfigError
from coinmon.model.instrument import Pair
from coinmon.run.backtest import Replay
from coinmon.run.parts.pair_jobs import AnyTask, Progress, ReplayTask, replayed_in_parts, working_on
from coinmon.run.parts.replay_parts import As

CONNECT_TIMEOUT_S = 15


def replayed_on_cluster(
    address: str,
    load: Callable[[], Config],
    pairs: Sequence[Pair],
    start: int | None,
    end: int | None,
    known: As,
    progress: Progress = lambda _done, _all: None,
    lake: Path | None = None,
) -> Replay:
    """As `backtest` of all pairs. load: gives the configuration in each worker, which reads what is stored itself.

    Raises ConfigError where no scheduler answers at that address, and CoinmonError for a part that killed each worker
    that had it.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--dask {address}: no Dask scheduler answers there: {error}") from None
    with client:

        def work(tasks: Sequence[AnyTask], moved: Progress) -> Sequence[object]:
            futures = client.map(partial(_worked_there, ReplayTask(load, start, end, known, lake)), tasks, pure=False)
            try:
                for done, _ in enumerate(distributed.as_completed(futures), 1):
                    moved(done, len(tasks))
                answers: Sequence[object] = client.gather(futures)
            except distributed.KilledWorker as error:
                raise CoinmonError(f"--dask {address}: each worker that had a part of it died: {error}") from None
            return answers

        return replayed_in_parts(work, pairs, known, progress)


def _worked_there(whole: ReplayTask, task: AnyTask) -> object:
    """In a worker, which may have several threads: what a plugin prints goes to its log."""
    with working_on(whole, whole.load()) as work:
        return work(task)


def _distributed() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise ConfigError("--dask needs Dask; pip install '.[dask]' in coinmon's folder") from None
    module: ModuleType = distributed
    return module
