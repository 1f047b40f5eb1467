"""A replay's pairs side by side in processes of their own: the same replay, pair after pair, whatever their number."""

import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stdout

from coinmon.config.load import Config
from coinmon.errors import CoinmonError, NoDataError
from coinmon.log import start_log
from coinmon.model.instrument import Pair
from coinmon.run.backtest import As, Replay, backtest
from coinmon.run.monitor import clock_of
from coinmon.store.database import open_database
from coinmon.store.history import History

_ATTEMPTS = 3
"""How often a pair is begun anew whose process was killed."""


def replayed_side_by_side(
    load: Callable[[], Config],
    pairs: Sequence[Pair],
    start: int | None,
    end: int | None,
    known: As,
    jobs: int,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Replay:
    """As `backtest` of all pairs. load: gives the configuration in each process, so it can be pickled.

    Raises NoDataError where nothing is stored of any pair.
    """
    made: dict[Pair, Replay | None] = {}
    for attempt in range(_ATTEMPTS):
        left = [pair for pair in pairs if pair not in made]
        # a forked process would share the database's connection
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            due: dict[Future[Replay | None], Pair] = {
                pool.submit(_replayed, load, pair, start, end, known): pair for pair in left
            }
            try:
                for each in as_completed(due):
                    made[due[each]] = each.result()
                    progress(len(made), len(pairs))
                break
            except BrokenProcessPool as error:
                if attempt == _ATTEMPTS - 1:
                    raise CoinmonError(f"a process of the replay was killed {_ATTEMPTS} times") from error
    found = [each for each in (made[pair] for pair in pairs) if each is not None]
    if not found:
        raise NoDataError(
            f"nothing is stored of {', '.join(map(str, pairs)) or 'any pair'} in that time; see coinmon backfill"
        )
    return Replay([one for each in found for one in each.told], [one for each in found for one in each.pairs], known)


def _replayed(load: Callable[[], Config], pair: Pair, start: int | None, end: int | None, known: As) -> Replay | None:
    """One pair's; None where nothing is stored of it."""
    # what a plugin prints is not the result
    with redirect_stdout(sys.stderr):
        config = load()
        start_log(config, clock_of(config))
        database = open_database(config.db, create=False)
        try:
            history = History(database)
            universe = history.universe(config.exchanges, config.quotes)
            return backtest(config, history, universe, [pair], start, end, known=known)
        except NoDataError:
            return None
        finally:
            database.close()
