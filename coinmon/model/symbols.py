"""What people type, and the instruments that they mean."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from coinmon.errors import ConfigError
from coinmon.model.instrument import Instrument, Kind, Pair
from coinmon.model.multiples import coin_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pair, and the venue and kind where the text named them.

    quote: where the text named one market of one venue in full (`bybit:UNI/USDC`), the quote of that market.
    """

    pair: Pair
    venue: str | None = None
    kind: Kind | None = None
    quote: str | None = None

    def admits(self, instrument: Instrument) -> bool:
        return (
            self.venue in (None, instrument.venue)
            and self.kind in (None, instrument.kind)
            and self.quote in (None, instrument.quote)
        )


class Universe:
    """All instruments of all venues, by the pair that they count as.

    quotes: quotes counted as another (USD as USDT). preferred: by venue, the quotes to choose from first where one
    venue lists several instruments that count as the same pair; else the pair's own quote comes first.
    chosen: ids of instruments that come before any such preference: what a scan follows, what a user named in full.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        quotes: Mapping[str, str],
        preferred: Mapping[str, Sequence[str]] | None = None,
        chosen: Collection[str] = (),
    ) -> None:
        self._quotes = dict(quotes)
        self._preferred = preferred or {}
        self._chosen = frozenset(chosen)
        self.by_pair: dict[Pair, list[Instrument]] = {}
        self._listed = list(instruments)
        for instrument in self._listed:
            self.by_pair.setdefault(self.pair_of(instrument), []).append(instrument)

    @cached_property
    def _names(self) -> Mapping[str, Pair]:
        """What people may call a pair; a scan makes a universe each minute and asks nothing by name."""
        names: dict[str, Pair] = {}
        for instrument in self._listed:
            pair = self.pair_of(instrument)
            for base in (pair.base, instrument.base):
                for quote in (pair.quote, instrument.quote):
                    names.setdefault(f"{base}{quote}".upper(), pair)
        return names

    def pair_of(self, instrument: Instrument) -> Pair:
        """A market in thousands of a coin (1000PEPE/USDT) counts as the coin's own pair."""
        return Pair(coin_of(instrument.base), self._quotes.get(instrument.quote, instrument.quote))

    def of(self, pair: Pair, kinds: Sequence[Kind] = ("spot", "perp")) -> list[Instrument]:
        """One instrument a venue and kind: the one that was chosen, or whose quote is preferred there."""
        return self._best(each for each in self.by_pair.get(pair, ()) if each.kind in kinds)

    def meant(self, wanted: Wanted) -> list[Instrument]:
        """The instruments of the pair that the words admit; a market that is named in full is that market."""
        return self._best(each for each in self.by_pair.get(wanted.pair, ()) if wanted.admits(each))

    def choose(self, wanted: Iterable[Wanted]) -> None:
        """From now on follow the markets that are named in full where they are."""
        named = [each for each in wanted if each.quote is not None]
        full = {
            each.id for one in named for each in self.by_pair.get(one.pair, ()) if one.admits(each)
        }  # fmt: skip
        self._chosen = frozenset(full) | {id for id in self._chosen if not any(self._rivals(id, one) for one in named)}

    def _rivals(self, id: str, named: Wanted) -> bool:
        return any(each.id == id and each.venue == named.venue for each in self.by_pair.get(named.pair, ()))

    def _best(self, instruments: Iterable[Instrument]) -> list[Instrument]:
        best: dict[tuple[str, str], Instrument] = {}
        for instrument in instruments:
            key = (instrument.venue, instrument.kind)
            if key not in best or self._rank(instrument) < self._rank(best[key]):
                best[key] = instrument
        return sorted(best.values(), key=lambda each: (each.kind != "spot", each.venue))

    def _rank(self, instrument: Instrument) -> tuple[bool, int, bool, bool, str, str]:
        pair = self.pair_of(instrument)
        order = list(self._preferred.get(instrument.venue, ()))
        place = order.index(instrument.quote) if instrument.quote in order else len(order)
        multiplied = instrument.base != pair.base
        unchosen = instrument.id not in self._chosen
        return unchosen, place, instrument.quote != pair.quote, multiplied, instrument.quote, instrument.base

    def resolve(self, text: str) -> Wanted:
        """`BTCUSDT`, `btc/usdt`, `BTC-USDT`, `BTC/USDT:USDT`, `okx:BTCUSDT`, `BTCUSDT.P`, `BTC-USDT-SWAP`, `BTC`.

        Raises ConfigError with near matches.
        """
        venues = sorted({each.venue for several in self.by_pair.values() for each in several})
        venue, rest = venue_and_name(text, venues)
        pair, name, is_perp = self._named(rest.upper())
        if pair is None:
            raise ConfigError(
                f"{text}: no such pair on {', '.join(venues) or 'any venue'}{self._hint(_plain(rest.upper()))}"
            )
        kind: Kind | None = "perp" if is_perp else None
        full = venue is not None and next(
            (each.quote for each in self.by_pair[pair] if each.venue == venue and name == _name(each)), None
        )
        wanted = Wanted(pair, venue, kind, full or None)
        if not any(wanted.admits(each) for each in self.by_pair[pair]):
            where = ", ".join(sorted({each.id for each in self.by_pair[pair]}))
            raise ConfigError(f"{text}: {pair} is not there; it is at {where}")
        return wanted

    def _named(self, text: str) -> tuple[Pair | None, str, bool]:
        """The pair, the name that was found, and whether a mark said that perpetuals are meant.

        The whole text first: there are coins that are called PERP and SWAP.
        """
        is_perp = False
        for mark in (None, r"\.P$", r"[-_]?SWAP$", r"[-_]?PERP$", r":\w+$"):
            if mark is not None:
                shorter = re.sub(mark, "", text)
                if shorter == text:
                    continue
                text, is_perp = shorter, True
            name = _plain(text)
            for each in (name, *(name + quote for quote in _QUOTES)):
                if each in self._names:
                    return self._names[each], each, is_perp
        return None, "", is_perp

    def _hint(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._names, 3, 0.6)
        if near:
            return f"; did you mean {', '.join(near)}?"
        few = 0 < len(self.by_pair) <= _MAX_PAIRS_NAMED
        return f"; there is {', '.join(sorted(map(str, self.by_pair)))}" if few else ""


def venue_and_name(text: str, venues: Sequence[str]) -> tuple[str | None, str]:
    """The venue that the text begins with, and the rest of it. Raises ConfigError for a venue that is not there."""
    head, colon, tail = text.strip().partition(":")
    if not colon or (head.lower() not in venues and "/" in head):
        return None, text.strip()
    if head.lower() not in venues:
        there = ", ".join(venues) or "none"
        raise ConfigError(f"{text}: no venue {head!r} here; there is {there}; switch others on under `exchanges`")
    return head.lower(), tail


def _plain(text: str) -> str:
    return re.sub(r"[-/_ ]", "", text)


def _name(instrument: Instrument) -> str:
    return f"{instrument.base}{instrument.quote}".upper()


_MAX_PAIRS_NAMED = 12
"""Pairs that are all named to who asks for another; of hundreds only near matches are."""
_QUOTES = ("USDT", "USD", "USDC")
"""Tried in this order for a bare base such as `BTC`."""
