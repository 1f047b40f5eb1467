"""A whole backfill: which instruments are meant, their files or REST, and what it came to."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from sqlalchemy import Connection

from coinmon.clock import Clock
from coinmon.collect.exchange_apart import venues_of
from coinmon.collect.history.backfill import SAMPLED, Backfill
from coinmon.collect.history.estimate import estimated
from coinmon.collect.history.own_files import Targets, Wish, read_files, recognised, targets_of_files
from coinmon.collect.history.patience import PatientVenue
from coinmon.collect.history.progress import Progress
from coinmon.collect.venue import Venue
from coinmon.collect.watchlist import Watchlist, begin
from coinmon.config.load import Config, PluginConfig, SymbolsConfig
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.model.bars import Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, iso
from coinmon.model.symbols import Universe
from coinmon.store.database import Database
from coinmon.store.file_identity import file_of
from coinmon.store.instruments import chosen_instruments, read_instruments
from coinmon.store.retention import keep
from coinmon.store.seen import counts, sample_gaps

_DOWNLOADS = ".backfill-"
_ABANDONED_AFTER_S = 86_400.0
"""Seconds after which a folder of downloads is nobody's any more."""


async def fill(
    config: Config,
    exchanges: Mapping[str, PluginConfig],
    clock: Clock,
    database: Database,
    wish: Wish,
    progress: Progress,
) -> list[str]:
    """Fill the store and say what it came to, in lines.

    Raises NoDataError when nothing at all could be had: of what was wanted now, whatever was stored before.
    """
    venues = venues_of(exchanges, clock, partial(PatientVenue, say=partial(progress.step, done=False)))
    try:
        files = [(recognised(path, venues), path) for path in wish.files]
        try:
            targets, problems = await _targets(venues, config, clock, database, wish)
        except (NoDataError, ConfigError):
            # no venue can be asked and none ever was, or none lists it any more: files on disk can do without
            targets, problems = targets_of_files(files, config, clock, database, wish), []
            if not targets:
                raise
        before = [] if files else _held(database, [(number, each, wish.start, wish.end) for _, number, each in targets])
        with TemporaryDirectory(prefix=_DOWNLOADS, dir=_folder(config.db)) as folder:
            fills = {
                each.name: Backfill(
                    database, each, clock, Path(folder), progress, config.levels_days, config.whale_threshold
                )
                for each in venues
            }
            if files:
                spans = await read_files(files, targets, fills, wish, progress, database)
            else:
                spans = [(number, instrument, wish.start, wish.end) for _, number, instrument in targets]
                progress.step(estimated([each for _, _, each in targets], wish.start, wish.end), done=False)
                await asyncio.gather(*(_fill_venue(fills[venue.name], targets, venue, wish) for venue in venues))
        failed = [problem for each in fills.values() for problem in each.problems]
        wanted = failed or (problems and _lacks(database, spans))
        problems += failed
        if wanted and not files and _held(database, spans) == before:
            # what was stored before is no answer to what was asked now
            raise NoDataError("\n".join(dict.fromkeys(problems)))
        problems += [absence for each in fills.values() for absence in each.absent]

        def keep_all(connection: Connection) -> None:
            for number, _, start, end in spans:
                keep(connection, number, start, end)

        await database.written(keep_all)
        return _summary(database, spans, problems, config.retention_days, clock)
    finally:
        await asyncio.gather(*(venue.close() for venue in venues))


Spans = Sequence[tuple[int, Instrument, int, int]]
"""Instruments by the row numbers that they are stored under, with start and end, ms UTC."""


def _held(database: Database, spans: Spans) -> list[Any]:
    """What is stored of them: minutes by coverage, and where open interest and funding are missing."""
    return [
        [counts(database, number, start, end), *(sample_gaps(database, number, what, start, end) for what in SAMPLED)]
        for number, _, start, end in spans
    ]


def _lacks(database: Database, spans: Spans) -> bool:
    return any(counts(database, number, start, end)[Coverage.MISSING] for number, _, start, end in spans)


async def _fill_venue(fill: Backfill, targets: Targets, venue: Venue, wish: Wish) -> None:
    for its, number, instrument in targets:
        if its is venue:
            await fill.run(number, instrument, wish.start, wish.end, wish.source)


async def _targets(
    venues: Sequence[Venue], config: Config, clock: Clock, database: Database, wish: Wish
) -> tuple[Targets, list[str]]:
    now = clock.now()
    symbols = SymbolsConfig(names=wish.symbols)
    try:
        watch = await begin(venues, database, symbols, config.quotes, now, now, follows=False)
    except ConfigError:
        # no venue lists it any more: its history may be had still
        stored = [_stored_targets(venues, config, database, each, wish.kind) for each in wish.symbols]
        if not all(stored):
            raise
        return _once(stored), []
    problems = [*watch.failed.values()]
    found = []
    for symbol in wish.symbols:
        mine = _listed_targets(venues, watch, symbol, wish.kind)
        there = {each.id for _, _, each in mine}
        more = _stored_targets(venues, config, database, symbol, wish.kind)
        mine += [each for each in more if not _is_rival(each[2], there)]
        if not mine:
            if problems:
                raise NoDataError("\n".join(problems))
            # said with near matches where the name is not known at all
            watch.universe.resolve(symbol)
            raise ConfigError(f"{symbol}: none of {', '.join(each.name for each in venues)} has that of this kind")
        found.append(mine)
    return _once(found), problems


def _once(several: Sequence[Targets]) -> Targets:
    """Each instrument once, however many of the symbols mean it."""
    return list({target[1]: target for targets in several for target in targets}.values())


def _listed_targets(
    venues: Sequence[Venue], watch: Watchlist, symbol: str, kind: str | None
) -> list[tuple[Venue, int, Instrument]]:
    try:
        wanted = watch.universe.resolve(symbol)
    except ConfigError:
        return []
    return [
        (venue, track.number, track.instrument)
        for venue in venues
        for track in watch.tracks[venue.name]
        if watch.universe.pair_of(track.instrument) == wanted.pair
        and wanted.admits(track.instrument)
        and kind in (None, track.instrument.kind)
    ]


def _stored_targets(
    venues: Sequence[Venue], config: Config, database: Database, symbol: str, kind: str | None
) -> list[tuple[Venue, int, Instrument]]:
    """Instruments that are stored, whether or not they are listed still."""
    by_name = {venue.name: venue for venue in venues}
    with database.read() as connection:
        stored = {each.id: (number, each) for number, each in read_instruments(connection).items()}
        chosen = chosen_instruments(connection)
    preferred = {venue.name: venue.preferred_quotes for venue in venues}
    mine = [each for _, each in stored.values() if each.venue in by_name]
    universe = Universe(mine, config.quotes, preferred, chosen)
    try:
        meant = universe.meant(universe.resolve(symbol))
    except ConfigError:
        return []
    return [(by_name[each.venue], *stored[each.id]) for each in meant if kind in (None, each.kind)]


def _is_rival(instrument: Instrument, there: Collection[str]) -> bool:
    """Whether another market of that venue and kind is meant already: `there` are ids."""
    kinds = {(id.partition(":")[0], "perp" if ":" in id.partition(":")[2] else "spot") for id in there}
    return (instrument.venue, instrument.kind) in kinds


def _folder(db: str) -> Path:
    """Where downloads go: beside the database, where there is room for what they become."""
    file = file_of(db)
    folder = file.parent if file else Path("data")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_DOWNLOADS}*"):
            # of a process that was killed; one that runs touches its own at every file
            if left.stat().st_mtime < time() - _ABANDONED_AFTER_S:
                rmtree(left, ignore_errors=True)
    except OSError as error:
        raise CoinmonError(f"{folder}: cannot be used for downloads: {error.strerror}") from None
    return folder


def _summary(
    database: Database,
    spans: Spans,
    problems: Sequence[str],
    retention_days: int,
    clock: Clock,
) -> list[str]:
    lines = []
    seen = 0
    for number, instrument, start, end in spans:
        found = counts(database, number, start, end)
        seen += sum(found.values()) - found[Coverage.MISSING]
        kinds = ", ".join(f"{found.get(each, 0)} {each.label}" for each in reversed(Coverage))
        # takers' side is known of these: what signals of money flow are made of
        split = found.get(Coverage.TRADES, 0) + found.get(Coverage.KLINES, 0)
        judged = split * 100 // max(1, sum(found.values()))
        share = f"{judged}% can be judged by money flow"
        lines.append(f"{instrument.id}: {iso(start)} to {iso(end)}: minutes: {kinds}; {share}")
    missed = list(dict.fromkeys(problems))
    if spans and not seen:
        raise NoDataError("\n".join(missed or ["no data for that time"]))
    lines += [f"not had: {each}" for each in missed]
    if any(start < clock.now() - retention_days * DAY for _, _, start, _ in spans):
        lines.append(f"this is older than retention_days ({retention_days}), and kept: coinmon scan does not delete it")
    return lines
