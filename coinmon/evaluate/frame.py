"""A frame: one pair's minutes over a span as columns, for signals that judge all of them at once."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from coinmon.config.plugin_config import PluginConfig
from coinmon.config.shortcut import settings_of
from coinmon.market.computed_results import hashable
from coinmon.market.market import Market
from coinmon.market.merged import ALL, instrument_of, together
from coinmon.market.read_only import read_only, set_once
from coinmon.market.source import Source
from coinmon.market.view import View
from coinmon.model.bars import Bars
from coinmon.model.book import Depth
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Kind, Pair
from coinmon.model.moment import MINUTE

Codes = npt.NDArray[np.signedinteger[Any]]
"""int8, or int64: which promises more, see HOLDS."""
WAITS, SILENT, HOLDS, ASK, AS_BEFORE = -1, 0, 1, -2, -3
"""What `columns` says of each moment: it could not judge; it looked and says nothing; from HOLDS on: it says
something, the same signals with the same grades as long as the code stays (in int64 also wherever that code comes again
on the same instruments: then it is asked only what it is told with); ASK: ask the signal itself; AS_BEFORE: it says
what it said a moment before, whatever that was."""
READ_MORE, MOST_READ_MORE = 8, 1500
"""So many times the minutes before a frame that are asked for are read at once, up to so many: others look at more."""

_Made = TypeVar("_Made")


@set_once
class Lane:
    """One instrument's minutes of a frame, or those of all venues added up."""

    def __init__(self, frame: "Frame", instrument: Instrument, bars: Callable[[int], Bars]) -> None:
        self.instrument, self.start, self.count = instrument, frame.start, frame.count
        self.bars = bars
        """As `Frame.bars`: before + count - 1 rows."""
        self._frame = frame

    def open_interest(self, before: int) -> Sequence[OpenInterest]:
        """As `Frame.open_interest`."""
        return self._frame.open_interest(self.instrument, before)

    def funding(self, before: int) -> Sequence[Funding]:
        """As `Frame.open_interest`."""
        return self._frame.funding(self.instrument, before)

    def whale_trades(self, before: int) -> Sequence[WhaleTrade]:
        """As `Frame.open_interest`."""
        return self._frame.whale_trades(self.instrument, before)

    def view(self, i: int) -> View:
        """The instrument as of moment i. Raises LookupError where it is not at hand."""
        market = self._frame.market(i)
        if self.instrument.venue == ALL:
            return market.merged[self.instrument.kind]
        return (market.spot if self.instrument.kind == "spot" else market.perp)[self.instrument.venue]

    def of(self, indicator: str, **settings: Any) -> Any:
        """As `Frame.of`, for an indicator of one instrument."""
        return self._frame.columns_of(self, self.instrument.id, indicator, settings)

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """As `Frame.once`, for this instrument."""
        return self._frame.once((self.instrument.id, key), make)


@set_once
class Frame:
    """`count` moments, a minute apart, from `start` on, ms UTC on whole minutes; arrays are read-only.

    At moment i what is known are the minutes that ended by then. Columns hold the minutes before as well:
    `bars(..., before=n)` has n + count - 1 rows, and the n minutes known at moment i are its rows i to i + n - 1.
    Every venue could be asked: who was not there then has no rows.
    """

    def __init__(
        self,
        market: Market,
        source: Source,
        start: int,
        count: int,
        indicator: Callable[[str], PluginConfig],
        market_at: Callable[[int], Market] | None = None,
    ) -> None:
        self.pair: Pair = market.pair
        self.venues: Sequence[str] = market.venues
        self.start, self.count = start, count
        self._instruments: Sequence[Instrument] = [view.instrument for view in market.views]
        self._market = market
        self._source = source
        self._indicator = indicator
        self._market_at = market_at
        self._made: dict[Hashable, Any] = {}
        self._bars: dict[str, tuple[int, Bars]] = {}
        self.looked_across: list[Instrument] = []
        """What was given by `all_pairs`: what is said here depends on these as well."""

    def all_pairs(self) -> Iterator["Frame"]:
        """As `Market.all_pairs`: the same moments of every pair of which bars are stored; large: let each go."""
        self.looked_across.clear()
        for market in self._market.all_pairs():
            instruments = [view.instrument for view in market.views]
            self.looked_across.extend(instruments)
            if instruments:
                yield Frame(market, market.views[0].source, self.start, self.count, self._indicator)

    def settings(self, indicator: str) -> Mapping[str, Any]:
        """Those configured for an indicator, to work out what it does. Raises KeyError where it is switched off, or
        another one stands in the bundled one's place."""
        return settings_of(self._indicator(indicator))

    def of(self, indicator: str, **settings: Any) -> Any:
        """The columns of a pair's indicator, by field: its figures at each moment, NaN or None where unknown.

        settings: in place of those configured for it. Raises KeyError where it is switched off or has no columns.
        """
        return self.columns_of(self, "", indicator, settings)

    def columns_of(self, subject: "Frame | Lane", whose: str, indicator: str, settings: Mapping[str, Any]) -> Any:
        """As `of`, of this frame or of a lane of it; whose: what tells them apart."""
        chosen = self._indicator(indicator)
        columns, used = chosen.offer.columns, {**chosen.settings, **settings}
        if columns is None:
            raise KeyError(indicator)
        return self.once((whose, indicator, hashable(used)), lambda: columns(subject, **used))

    @property
    def listed(self) -> Sequence[Instrument]:
        """All of them, in the order of `Market.views`."""
        return self._instruments

    def instruments(self, kind: Kind) -> Mapping[str, Instrument]:
        """By venue, in the order of `Market.spot` and `Market.perp`."""
        return {each.venue: each for each in self._instruments if each.kind == kind}

    def bars(self, instrument: Instrument, before: int) -> Bars:
        """before + count - 1 rows, one a minute; missing ones as such."""

        def read() -> Bars:
            held = self._bars.get(instrument.id)
            if held is None or held[0] < before:
                # those who ask for more look at the same minutes
                most = max(before, min(READ_MORE * before, MOST_READ_MORE))
                first, last = self.start - most * MINUTE, self.start + (self.count - 1) * MINUTE
                held = self._bars[instrument.id] = most, self._source.bars(instrument, first, last).dense(first, last)
            return held[1][held[0] - before :]

        return self.once(("bars", instrument.id, before), read)

    def open_interest(self, instrument: Instrument, before: int) -> Sequence[OpenInterest]:
        """Samples from so many minutes before the first moment to the last moment itself, oldest first."""
        return self.once(
            ("open interest", instrument.id, before),
            lambda: self._source.open_interest(instrument, *self._sampled(before)),
        )

    def funding(self, instrument: Instrument, before: int) -> Sequence[Funding]:
        """As `open_interest`."""
        return self.once(
            ("funding", instrument.id, before), lambda: self._source.funding(instrument, *self._sampled(before))
        )

    def whale_trades(self, instrument: Instrument, before: int) -> Sequence[WhaleTrade]:
        """As `open_interest`."""
        return self.once(
            ("whales", instrument.id, before), lambda: self._source.whale_trades(instrument, *self._sampled(before))
        )

    def depth(self, instrument: Instrument, before: int) -> Sequence[Depth]:
        """As `open_interest`."""
        return self.once(
            ("depth", instrument.id, before), lambda: self._source.depth(instrument, *self._sampled(before))
        )

    def liquidations(self, instrument: Instrument, before: int) -> Sequence[Liquidation]:
        """As `open_interest`."""
        return self.once(
            ("liquidations", instrument.id, before),
            lambda: self._source.liquidations(instrument, *self._sampled(before)),
        )

    def liquidations_heard(self, instrument: Instrument, before: int) -> npt.NDArray[np.bool_]:
        """Of the rows of `bars(..., before)` those minutes in which they were listened to."""

        def read() -> npt.NDArray[np.bool_]:
            first, rows = self.start - before * MINUTE, before + self.count - 1
            heard = self._source.liquidations_heard(instrument, first, first + rows * MINUTE)
            found = np.zeros(rows, bool)
            found[(np.fromiter(heard, np.int64, len(heard)) - first) // MINUTE] = True
            return found

        return self.once(("heard", instrument.id, before), read)

    def _sampled(self, before: int) -> tuple[int, int]:
        return self.start - before * MINUTE, self.start + (self.count - 1) * MINUTE + 1

    def market(self, i: int) -> Market:
        """The pair as of moment i; below 0: of the moments before. Raises LookupError where frames stand alone."""
        if self._market_at is None:
            raise LookupError("this frame has no markets")
        return self._market_at(self.start + i * MINUTE)

    def earlier(self, moments: int) -> "Frame":
        """The same frame with so many moments before it; with 0 itself."""
        if not moments:
            return self
        start, count = self.start - moments * MINUTE, self.count + moments
        return self.once(
            ("earlier", moments),
            lambda: Frame(self._market, self._source, start, count, self._indicator, self._market_at),
        )

    def lanes(self, kind: Kind) -> Mapping[str, Lane]:
        """By venue."""
        return {name: Lane(self, each, partial(self.bars, each)) for name, each in self.instruments(kind).items()}

    def whole(self, kind: Kind) -> Lane | None:
        """All venues' markets of that kind as one; None where there is none."""
        parts = list(self.instruments(kind).values())
        return Lane(self, instrument_of(self.pair, kind, parts), partial(self.merged, kind)) if parts else None

    def merged(self, kind: Kind, before: int) -> Bars:
        """The same of all venues as one market; there has to be one."""

        def added() -> Bars:
            parts = list(self.instruments(kind).values())
            grid = instrument_of(self.pair, kind, parts).tick_size
            return together([self.bars(each, before).on_grid(grid) for each in parts])

        return self.once(("merged", kind, before), added)

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` gives, made once a frame for that key and closed: what several signals work out alike."""
        if key not in self._made:
            self._made[key] = read_only(make())
        found: _Made = self._made[key]
        return found
