"""What is followed: the venues' instruments, the pairs wanted of them, and a track for each."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from sqlalchemy import Connection

from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.config.load import SymbolsConfig
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.model.derivatives import Ticker
from coinmon.model.instrument import Instrument, Kind, Pair
from coinmon.model.shard import WHOLE, Shard
from coinmon.model.symbols import Universe, Wanted
from coinmon.plugin.answers import listed as listing_of
from coinmon.plugin.border import NotAsAgreed
from coinmon.store.cursors import Position, read_positions
from coinmon.store.database import Database
from coinmon.store.instruments import follow_listing, mark_followed, read_instruments

LISTING_SECONDS = 40.0
"""A venue may list thousands of instruments in tens of megabytes."""


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
    failing = defaultdict(dict, {venue.name: venue.failing for venue in venues})

    def take(connection: Connection) -> tuple[Any, ...]:
        return (*follow_listing(connection, listed, now), read_instruments(connection), read_positions(connection))

    numbered, changes, stored, positions = await database.written(take)
    for change in changes:
        logger.info("{}", change)
    for number, instrument in stored.items():
        if instrument.venue in failed or instrument.kind in failing[instrument.venue]:
            numbered[instrument.id] = (number, instrument)
    if not numbered:
        reasons = "\n".join(failed[name] for name in sorted(failed)) or "the venues list no instruments"
        raise NoDataError(f"no venue could be asked what it lists; `coinmon doctor` looks further\n{reasons}")
    preferred = {venue.name: venue.preferred_quotes for venue in venues}
    universe = Universe([instrument for _, instrument in numbered.values()], quotes, preferred)
    before_now = Universe(stored.values(), quotes, preferred)
    wanted, kinds = await _pairs(universe, symbols, venues, failed, before_now)
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
                track = Track.resume(instrument, number, positions.get(number), window_start)
            tracks[instrument.venue].append(track)
    return tracks


async def _listings(venues: Sequence[Venue], patience: float) -> tuple[dict[str, Sequence[Instrument]], dict[str, str]]:
    listed: dict[str, Sequence[Instrument]] = {}
    failed: dict[str, str] = {}

    async def ask(venue: Venue) -> None:
        try:
            found, left_out = listing_of(await venue.call("instruments", deadline=patience), venue.name)
            if left_out and not found:
                raise NotAsAgreed(left_out[0])
            if left_out:
                logger.warning("{}: {} left out: {}", venue.name, len(left_out), left_out[0])
            listed[venue.name] = found
        except CoinmonError as error:
            failed[venue.name] = str(error)
        except TypeError as error:
            failed[venue.name] = f"{venue.name}: instruments: {error}"

    await asyncio.gather(*(ask(venue) for venue in venues))
    return listed, failed


async def _pairs(
    universe: Universe,
    symbols: SymbolsConfig,
    venues: Sequence[Venue],
    failed: Mapping[str, str],
    before_now: Universe,
) -> tuple[list[Pair], Sequence[Kind]]:
    """The pairs wanted, and of which kinds: perps are followed for symbols that were named, not for a whole venue."""
    excluded = {universe.resolve(text).pair for text in symbols.exclude if _known(universe, text)}
    if not symbols.all:
        named = _named(universe, symbols.names, before_now)
        universe.choose(named)
        pairs = [each.pair for each in named]
        return [pair for pair in dict.fromkeys(pairs) if pair not in excluded], ("spot", "perp")
    return await _pairs_of_a_venue(universe, symbols, venues, failed, excluded), ("spot",)


def _named(universe: Universe, names: Sequence[str], before_now: Universe) -> list[Wanted]:
    """What the names mean, without those that no venue lists; raises ConfigError when none is listed."""
    found, unknown = [], []
    for text in names:
        try:
            found.append(universe.resolve(text))
        except ConfigError as error:
            unknown.append((text, error))
    if unknown and not found:
        raise unknown[0][1]
    for text, reason in unknown:
        gone = _known(before_now, text)
        why = f"{text}: no venue lists it any more; what is stored of it stays" if gone else str(reason)
        logger.warning("{}; the other symbols are followed", why)
    return found


async def _pairs_of_a_venue(
    universe: Universe,
    symbols: SymbolsConfig,
    venues: Sequence[Venue],
    failed: Mapping[str, str],
    excluded: Collection[Pair],
) -> list[Pair]:
    """The spot pairs of the venue `symbols.all`, the most traded first where they are limited."""
    home = next((venue for venue in venues if venue.name == symbols.all), None)
    if home is None:
        raise ConfigError(
            f"symbols.all: {symbols.all!r} is not among the exchanges: {', '.join(v.name for v in venues)}"
        )
    at_home = {
        pair: next((each for each in universe.of(pair, ("spot",)) if each.venue == home.name), None)
        for pair in universe.by_pair
        if pair.quote == symbols.quote and pair not in excluded
    }
    wanted = {pair: instrument for pair, instrument in at_home.items() if instrument}
    if not wanted:
        why = failed.get(home.name) or home.failing.get("spot") or f"it lists no {symbols.quote} pair"
        raise NoDataError(f"symbols.all: {home.name}: {why}")
    pairs = sorted(wanted, key=str)
    if symbols.min_quote_volume or symbols.limit:
        if not home.has("tickers"):
            raise ConfigError(f"symbols.min_quote_volume and symbols.limit: {home.name} tells no 24 h volumes")
        try:
            tickers = await home.call("tickers", list(wanted.values()), deadline=LISTING_SECONDS)
        except CoinmonError as error:
            raise NoDataError(f"symbols.all: {error}") from error
        volume = {pair: _quote_volume(tickers.get(instrument.id)) for pair, instrument in wanted.items()}
        pairs = [pair for pair in pairs if volume[pair] >= (symbols.min_quote_volume or 0)]
        pairs = sorted(pairs, key=lambda pair: -volume[pair])[: symbols.limit]
    return pairs


def _known(universe: Universe, text: str) -> bool:
    """An exclusion of something that is not listed any more is no error."""
    try:
        universe.resolve(text)
    except ConfigError:
        return False
    return True


def _quote_volume(ticker: Ticker | None) -> float:
    if ticker is None:
        return 0.0
    return ticker.quote_volume if ticker.quote_volume is not None else (ticker.volume or 0.0) * ticker.last
