"""A replay's pairs side by side in processes of their own: the same replay, pair after pair, whatever their number."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial

from coinmon.config.load import Config
from coinmon.errors import NoDataError
from coinmon.log import start_log
from coinmon.model.instrument import Pair
from coinmon.processes import side_by_side
from coinmon.run.backtest import As, Replay, backtest
from coinmon.run.monitor import clock_of
from coinmon.store.database import open_database
from coinmon.store.history import History


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

    Raises NoDataError where nothing is stored of any pair, and CoinmonError for a pair whose process is killed always.
    """
    answers = side_by_side(partial(_replaying, load, start, end, known), pairs, jobs, progress)
    found = [each for each in answers if each is not None]
    if not found:
        raise NoDataError(
            f"nothing is stored of {', '.join(map(str, pairs)) or 'any pair'} in that time; see coinmon backfill"
        )
    return Replay([one for each in found for one in each.told], [one for each in found for one in each.pairs], known)


@contextmanager
def _replaying(
    load: Callable[[], Config], start: int | None, end: int | None, known: As
) -> Iterator[Callable[[Pair], Replay | None]]:
    """In a process: replays a pair; None where nothing is stored of it."""
    # what a plugin prints is not the result
    with redirect_stdout(sys.stderr):
        config = load()
        start_log(config, clock_of(config))
        database = open_database(config.db, create=False)
        try:
            history = History(database)
            universe = history.universe(config.exchanges, config.quotes)

            def replayed(pair: Pair) -> Replay | None:
                try:
                    return backtest(config, history, universe, [pair], start, end, known=known)
                except NoDataError:
                    return None

            yield replayed
        finally:
            database.close()
