"""A venue's files on disk: whose they are, and whether they are whole."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coinmon.clock import Clock
from coinmon.collect.history.backfill import Backfill
from coinmon.collect.history.progress import Progress
from coinmon.collect.other_market import market_of_file
from coinmon.collect.venue import Venue
from coinmon.config.load import Config
from coinmon.errors import ConfigError
from coinmon.model.instrument import Instrument
from coinmon.model.symbols import Universe, Wanted
from coinmon.plugin.archives import Archive
from coinmon.store.database import Database
from coinmon.store.instruments import sync_instruments


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. start, end: whole minutes, ms UTC. files: on disk, instead of what venues have."""

    symbols: tuple[str, ...]
    kind: str | None
    start: int
    end: int
    source: str
    files: tuple[Path, ...] = ()


Targets = Sequence[tuple[Venue, int, Instrument]]
"""Instruments with the row numbers they are stored under."""


def targets_of_files(
    files: Sequence[tuple[tuple[Venue, Archive], Path]], config: Config, clock: Clock, database: Database, wish: Wish
) -> Targets:
    made = [(venue, venue.exchange.archives.instrument(archive, path)) for (venue, archive), path in files]
    known = {instrument.id: (venue, instrument) for venue, instrument in made if instrument is not None}
    if not known:
        return []
    universe = Universe([each for _, each in known.values()], config.quotes)
    wanted = [universe.resolve(each) for each in wish.symbols]
    with database.write() as connection:
        stored = sync_instruments(connection, [each for _, each in known.values()], clock.now())
    return [(venue, *stored[id]) for id, (venue, each) in known.items() if _admits(universe, wanted, each)]


def _admits(universe: Universe, wanted: Sequence[Wanted], instrument: Instrument) -> bool:
    return any(universe.pair_of(instrument) == each.pair and each.admits(instrument) for each in wanted)


def recognised(path: Path, venues: Sequence[Venue]) -> tuple[Venue, Archive]:
    if not path.is_file():
        raise ConfigError(f"--file {path}: there is no such file")
    for venue in venues:
        archives = getattr(venue.exchange, "archives", None)
        archive = archives.recognise(path) if archives is not None else None
        if archive is not None:
            return venue, archive
    raise ConfigError(
        f"--file {path}: not a name of a venue's file; expected one like BTCUSDT-aggTrades-2026-11-19.zip"
    )


async def read_files(
    files: Sequence[tuple[tuple[Venue, Archive], Path]],
    targets: Targets,
    fills: Mapping[str, Backfill],
    wish: Wish,
    progress: Progress,
    database: Database,
) -> list[tuple[int, Instrument, int, int]]:
    progress.begin(", ".join(wish.symbols), len(files))
    spans = []
    for (venue, archive), path in files:
        number, instrument = _owner(venue, archive, path, targets)
        with database.read() as connection:
            number, instrument = market_of_file(connection, number, instrument, archive.end)
        _verify(path)
        await fills[venue.name].file(archive, path, number, instrument)
        if archive.data in ("trades", "bars"):
            spans.append((number, instrument, archive.start, archive.end))
    return list(dict.fromkeys(spans))


def _owner(venue: Venue, archive: Archive, path: Path, targets: Targets) -> tuple[int, Instrument]:
    ours = [(number, each) for its, number, each in targets if its is venue and archive.kind in (None, each.kind)]
    found = [(number, each) for number, each in ours if each.native_id == archive.native_id]
    if not found:
        expected = ", ".join(f"{each.id} ({each.native_id})" for _, each in ours) or f"nothing of {venue.name}"
        what = f"{archive.kind} {archive.native_id}" if archive.kind else archive.native_id
        raise ConfigError(f"--file {path.name}: holds {what}; asked for was {expected}")
    if len(found) > 1:
        raise ConfigError(f"--file {path.name}: spot and perpetual files are called alike; say which with --kind")
    return found[0]


def _verify(path: Path) -> None:
    """A checksum file that lies beside the file has to agree."""
    beside = path.with_name(f"{path.name}.CHECKSUM")
    if not beside.is_file():
        return
    try:
        expected = beside.read_text("utf-8", errors="replace").split()[:1]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"--file {path}: cannot be read: {error.strerror}") from None
    if expected != [digest]:
        raise ConfigError(f"--file {path.name}: does not have the checksum of {beside.name}; fetch it again")
