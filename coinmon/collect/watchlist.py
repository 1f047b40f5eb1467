"""What is followed: the venues' instruments, the pairs wanted of them, and a track for each."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from sqlalchemy import Connection

from coinmon.collect.other_market import other_markets
from coinmon.collect.pairs_wanted import LISTING_SECONDS, pairs_wanted
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.config.load import SymbolsConfig
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.model.instrument import Instrument, Kind, Pair
from coinmon.model.shard import WHOLE, Shard
from coinmon.model.symbols import Universe
from coinmon.plugin.answers import listed as listing_of
from coinmon.plugin.border import NotAsAgreed
from coinmon.store.cursors import Position, read_positions
from coinmon.store.database import Database
from coinmon.store.instruments import follow_listing, mark_followed, read_instruments


@dataclass(slots=True)
class Watchlist:
    """The pairs followed, of which kinds, and where: tracks by venue.

    failed: venues whose instruments could not be had, and why. since: from when each instrument is followed, by id.
    """

    universe: Universe
    pairs: Sequence[Pair]
    kinds: Sequence[Kind]
    tracks: Mapping[str, Sequence[Track]]
    failed: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)

    @property
    def instruments(self) -> list[Instrument]:
        return [track.instrument for tracks in self.tracks.values() for track in tracks]


async def begin(
    venues: Sequence[Venue],
    database: Database,
    symbols: SymbolsConfig,
    quotes: Mapping[str, str],
    now: int,
    window_start: int,
    before: Watchlist | None = None,
    patience: float = LISTING_SECONDS,
    shard: Shard = WHOLE,
    *,
    follows: bool = True,
) -> Watchlist:
    """Ask every venue what it lists, store that, and choose what to follow.

    A venue that does not answer within `patience` seconds is followed by what it listed last time. before: a watch
    whose tracks go on. shard: the part of the pairs to follow. follows: readers of the store prefer these markets from
    now on. A symbol that no venue lists is left out and named, as long as another one is there: it may have been
    delisted. Raises ConfigError when no symbol is there and NoDataError when nothing at all is known.
    """
    listed, failed = await _listings(venues, patience)
    others = await other_markets(venues, database, listed, now)
    told_of = {(each.venue, each.kind) for several in listed.values() for each in several}
    asked = {venue.name for venue in venues}
    failing = {(venue.name, kind) for venue in venues for kind in venue.failing}

    def take(connection: Connection) -> tuple[Any, ...]:
        followed = follow_listing(connection, listed, now, others, failing)
        still = read_instruments(connection, listed=True)
        return (*followed, still, read_instruments(connection), read_positions(connection))

    numbered, changes, still, stored, positions = await database.written(take)
    for change in changes:
        logger.info("{}", change)
    for number, instrument in still.items():
        if (instrument.venue, instrument.kind) not in told_of and instrument.venue in asked:
            numbered[instrument.id] = (number, instrument)
    if not numbered:
        reasons = "\n".join(failed[name] for name in sorted(failed)) or "the venues list no instruments"
        raise NoDataError(f"no venue could be asked what it lists; `coinmon doctor` looks further\n{reasons}")
    preferred = {venue.name: venue.preferred_quotes for venue in venues}
    universe = Universe([instrument for _, instrument in numbered.values()], quotes, preferred)
    before_now = Universe(stored.values(), quotes, preferred)
    wanted, kinds = await pairs_wanted(universe, symbols, venues, failed, before_now)
    if not wanted:
        raise ConfigError("symbols: nothing is left to follow after exclude and min_quote_volume")
    pairs = [pair for pair in wanted if shard.has(pair)]
    if not pairs:
        raise ConfigError(f"shard: none of the {len(wanted)} pairs falls to {shard}; use fewer shards")
    tracks = _tracks(universe, pairs, kinds, numbered, positions, window_start, venues, before)
    followed = before.since if before else {}
    since = {each.instrument.id: followed.get(each.instrument.id, now) for some in tracks.values() for each in some}
    if follows:
        numbers = [each.number for some in tracks.values() for each in some]
        await database.written(lambda connection: mark_followed(connection, numbers, now))
    return Watchlist(universe, pairs, kinds, tracks, failed, since)


def _tracks(
    universe: Universe,
    pairs: Sequence[Pair],
    kinds: Sequence[Kind],
    numbered: Mapping[str, tuple[int, Instrument]],
    positions: Mapping[int, Position],
    window_start: int,
    venues: Sequence[Venue],
    before: Watchlist | None,
) -> dict[str, list[Track]]:
    """A track for each instrument of the pairs, by venue; those of `before` go on."""
    running = {track.number: track for several in before.tracks.values() for track in several} if before else {}
    tracks: dict[str, list[Track]] = {venue.name: [] for venue in venues}
    for pair in pairs:
        for instrument in universe.of(pair, kinds):
            number = numbered[instrument.id][0]
            track = running.get(number)
            if track is None or track.instrument != instrument:
                # what was read on another price grid, or in contracts of another size, is read again
                position = positions.get(number)
                track = (
                    track.anew(instrument, position, window_start)
                    if track
                    else Track.resume(instrument, number, position, window_start)
                )
            tracks[instrument.venue].append(track)
    return tracks


async def _listings(venues: Sequence[Venue], patience: float) -> tuple[dict[str, Sequence[Instrument]], dict[str, str]]:
    listed: dict[str, Sequence[Instrument]] = {}
    failed: dict[str, str] = {}

    async def ask(venue: Venue) -> None:
        try:
            found, left_out = listing_of(await venue.call("instruments", deadline=patience), venue.name)
            if not found:
                # an empty list is no word of what is listed: of the venue nothing could be told
                raise NotAsAgreed(left_out[0] if left_out else "it listed no instruments")
            if left_out:
                logger.warning("{}: {} left out: {}", venue.name, len(left_out), left_out[0])
            listed[venue.name] = found
        except CoinmonError as error:
            failed[venue.name] = str(error)
        except TypeError as error:
            failed[venue.name] = f"{venue.name}: instruments: {error}"

    await asyncio.gather(*(ask(venue) for venue in venues))
    return listed, failed
