"""The store copied into a lake: only months that changed are written again, and what the store forgot stays."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coinmon.errors import ConfigError
from coinmon.lake import folder
from coinmon.lake.event_table import SIGNALS_KEY, signals_table
from coinmon.lake.tables import SAMPLES, arrow, bars_of, bars_table, samples_table
from coinmon.model.bars import Bars
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.months import months
from coinmon.model.multiples import in_coins
from coinmon.model.symbols import Universe
from coinmon.store.history import History
from coinmon.store.lock_file import LockFile

_KEYS = {"whale_trades": "trade_id"}
"""What tells one sample of an instrument from another; else its time."""
_ALWAYS = 2**62
_MONTH_CHARACTERS = len("2026-11")


@dataclass(slots=True)
class LakeCopy:
    """How many months of a table were written, and how many had not changed. bytes: of the files written."""

    written: int = 0
    unchanged: int = 0
    bytes: int = 0

    def note(self, path: Path | None) -> None:
        if path is None:
            self.unchanged += 1
        else:
            self.written += 1
            self.bytes += path.stat().st_size


def copy_to_lake(
    root: Path,
    history: History,
    universe: Universe,
    pairs: Sequence[Pair],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> LakeCopy:
    """Bring the lake up to date with what is stored of these pairs. Raises ConfigError where it cannot be written, or
    another process writes it: each would drop the rows that the other one brings."""
    done = LakeCopy()
    with _alone(root):
        for number, pair in enumerate(pairs):
            for instrument in universe.of(pair):
                _keep_apart(root, history, instrument, universe)
                span = history.span(instrument)
                for start, end in months(*span) if span else ():
                    month = folder.month_of(start), start, end
                    done.note(_copied_bars(root, history, instrument, pair, month))
                    for table in SAMPLES:
                        _copied_samples(done, root, history, instrument, pair, table, month)
            progress(number + 1, len(pairs))
        _copy_signals(done, root, history)
    return done


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{root}: {error.strerror}") from None
    lock = LockFile.taken(str(root / ".lake"), "writer")
    if lock is None:
        raise ConfigError(f"{root}: another coinmon writes into this lake; when it has ended, try again")
    try:
        yield
    finally:
        lock.free()


def _keep_apart(root: Path, history: History, instrument: Instrument, universe: Universe) -> None:
    """Files of a market that had this name before go over to the name that the store keeps it by."""
    same = [each for each in history.instruments if (each.venue, each.native_id) == _market(instrument)]
    before = {each.first_seen: each for each in same if each.kind == instrument.kind and each.id != instrument.id}
    for table in ("bars", *SAMPLES) if before else ():
        for path in folder.files_of(root, table, in_coins(instrument)):
            about = folder.read_about(path)
            old = before.get(about["instrument"]["first_seen"])
            if old is not None:
                new = {**about, "instrument": folder.described(in_coins(old)), "pair": str(universe.pair_of(old))}
                to = folder.file_of(root, table, old, universe.pair_of(old), folder.month_in(path))
                folder.write(to, folder.parquet().ParquetFile(path).read(), new)
                path.unlink()


def _market(instrument: Instrument) -> tuple[str, str]:
    return instrument.venue, instrument.native_id


def _copy_signals(done: LakeCopy, root: Path, history: History) -> None:
    """By the month that they began in, with the ends that are known now."""
    by_month: dict[str, list[Mapping[str, Any]]] = {}
    for event in history.signals(None, 0, _ALWAYS):
        by_month.setdefault(str(event["time"])[:_MONTH_CHARACTERS], []).append(event)
    for month, events in sorted(by_month.items()):
        _copied(done, root / "signals" / f"month={month}" / "signals.parquet", signals_table(events), {}, SIGNALS_KEY)


def _copied_bars(
    root: Path, history: History, instrument: Instrument, pair: Pair, month: tuple[str, int, int]
) -> Path | None:
    """The file that was written; None where it would be the one that is there."""
    name, start, end = month
    path = folder.file_of(root, "bars", instrument, pair, name)
    digest, before = history.digest(instrument, start, end), folder.read_about(path)
    if before.get("digest") == digest:
        return None
    coins = in_coins(instrument)
    bars = history.bars(coins, start, end, levels=True)
    if before:
        old = folder.parquet().ParquetFile(path).read()
        bars = _seen_best(bars_of(old, coins.tick_size, levels=True), bars)
    about = {"digest": digest, "instrument": folder.described(coins), "pair": str(pair)}
    folder.write(path, bars_table(bars, levels=True), about)
    return path


def _seen_best(old: Bars, new: Bars) -> Bars:
    """The minutes of both; of one that is in both the new, unless the old saw more of it (its levels are dropped)."""
    both = Bars.concat([new, old])
    order = np.lexsort((np.arange(len(both)), -both.coverage.astype(np.int64), both.time))
    first = np.flatnonzero(np.diff(both.time[order], prepend=-1))
    return both[order[first]]


def _copied_samples(
    done: LakeCopy,
    root: Path,
    history: History,
    instrument: Instrument,
    pair: Pair,
    table: str,
    month: tuple[str, int, int],
) -> None:
    name, start, end = month
    coins = in_coins(instrument)
    found = getattr(history, table)(coins, start, end)
    path = folder.file_of(root, table, instrument, pair, name)
    about = {"instrument": folder.described(coins), "pair": str(pair)}
    if found:
        _copied(done, path, samples_table(SAMPLES[table], found), about, _KEYS.get(table, "time"))


def _copied(done: LakeCopy, path: Path, table: Any, about: dict[str, Any], key: str) -> None:
    """Write the rows with those that are there already; of one key the new row stands."""
    if not len(table):
        return
    digest, before = _digest(table), folder.read_about(path)
    if before.get("digest") == digest:
        done.note(None)
        return
    if before:
        pc, old = _compute(), folder.parquet().ParquetFile(path).read()
        kept = old.filter(pc.invert(pc.is_in(old[key], table[key])))
        table = (
            arrow().concat_tables([kept, table.cast(kept.schema)]).sort_by([("time", "ascending"), (key, "ascending")])
        )
    folder.write(path, table, {"digest": digest, **about})
    done.note(path)


def _digest(table: Any) -> int:
    return zlib.crc32(repr(table.to_pylist()).encode())


def _compute() -> Any:
    import pyarrow.compute

    return pyarrow.compute
