"""A replay's parts on a Dask cluster. The cluster's own scheduler begins anew what a lost worker had."""

from collections.abc import Sequence
from functools import partial
from socket import gethostname
from types import ModuleType

from coinmon.errors import CoinmonError, ConfigError
from coinmon.log import SPOKEN
from coinmon.model.instrument import Pair
from coinmon.run.backtest import Replay
from coinmon.run.parts.loaded_source import loaded_source
from coinmon.run.parts.pair_jobs import AnyTask, Progress, ReplayTask, replayed_in_parts, working_on

CONNECT_TIMEOUT_S = 15


def replayed_on_cluster(
    address: str, whole: ReplayTask, pairs: Sequence[Pair], progress: Progress = lambda _done, _all: None
) -> Replay:
    """As `backtest` of all pairs: each worker loads the configuration and reads what is stored itself.

    Raises ConfigError where no scheduler answers at that address, and CoinmonError for a part that killed each worker
    that had it.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--dask {address}: no Dask scheduler answers there: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            SPOKEN.warning("--dask {}: no worker has come to that scheduler yet: the replay waits for one", address)

        def work(tasks: Sequence[AnyTask], moved: Progress) -> Sequence[object]:
            futures = client.map(partial(_worked_there, whole), tasks, pure=False)
            try:
                for done, _ in enumerate(distributed.as_completed(futures), 1):
                    moved(done, len(tasks))
                answers: Sequence[object] = client.gather(futures)
            except distributed.KilledWorker as error:
                raise CoinmonError(f"--dask {address}: each worker that had a part of it died: {error}") from None
            return answers

        return replayed_in_parts(work, pairs, whole.known, progress)


def _worked_there(whole: ReplayTask, task: AnyTask) -> object:
    """In a worker, which may have several threads: what a plugin prints goes to its log."""
    config = whole.load()
    if whole.source is not None and whole.source != loaded_source(config).source:
        raise CoinmonError(
            f"--dask: a worker on {gethostname()} runs other source of coinmon or of a plugin than this; start it anew"
        )
    with working_on(whole, config) as work:
        return work(task)


def _distributed() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise ConfigError("--dask needs Dask; pip install '.[dask]' in coinmon's folder") from None
    module: ModuleType = distributed
    return module
