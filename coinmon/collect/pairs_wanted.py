"""The pairs that are wanted: those that are named, or the most traded of a venue."""

from collections.abc import Collection, Mapping, Sequence

from loguru import logger

from coinmon.collect.venue import Venue
from coinmon.config.load import SymbolsConfig
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.model.derivatives import Ticker
from coinmon.model.instrument import Kind, Pair
from coinmon.model.symbols import Universe, Wanted

LISTING_SECONDS = 40.0
"""A venue may list thousands of instruments in tens of megabytes."""


async def pairs_wanted(
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
