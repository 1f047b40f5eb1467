"""What people type, and the instruments that they mean."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coinmon.errors import ConfigError
from coinmon.model.instrument import Instrument, Kind, Pair


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pair, and the venue and kind where the text named them."""

    pair: Pair
    venue: str | None = None
    kind: Kind | None = None

    def admits(self, instrument: Instrument) -> bool:
        return self.venue in (None, instrument.venue) and self.kind in (None, instrument.kind)


class Universe:
    """All instruments of all venues, by the pair that they count as.

    quotes: quotes counted as another (USD as USDT). preferred: by venue, the quotes to choose from first where one
    venue lists several instruments that count as the same pair; else the pair's own quote comes first.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        quotes: Mapping[str, str],
        preferred: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._quotes = dict(quotes)
        self._preferred = preferred or {}
        self.by_pair: dict[Pair, list[Instrument]] = {}
        self._names: dict[str, Pair] = {}
        for instrument in instruments:
            pair = self.pair_of(instrument)
            self.by_pair.setdefault(pair, []).append(instrument)
            for name in (f"{pair.base}{pair.quote}", f"{instrument.base}{instrument.quote}"):
                self._names.setdefault(name, pair)

    def pair_of(self, instrument: Instrument) -> Pair:
        return Pair(instrument.base, self._quotes.get(instrument.quote, instrument.quote))

    def of(self, pair: Pair, kinds: Sequence[Kind] = ("spot", "perp")) -> list[Instrument]:
        """One instrument a venue and kind: the one whose quote is preferred there."""
        best: dict[tuple[str, str], Instrument] = {}
        for instrument in self.by_pair.get(pair, ()):
            key = (instrument.venue, instrument.kind)
            if instrument.kind in kinds and (
                key not in best or self._rank(instrument, pair) < self._rank(best[key], pair)
            ):
                best[key] = instrument
        return sorted(best.values(), key=lambda each: (each.kind != "spot", each.venue))

    def meant(self, wanted: Wanted) -> list[Instrument]:
        """The instruments of the pair that the words admit."""
        return [each for each in self.of(wanted.pair) if wanted.admits(each)]

    def _rank(self, instrument: Instrument, pair: Pair) -> tuple[int, bool, str]:
        order = list(self._preferred.get(instrument.venue, ()))
        place = order.index(instrument.quote) if instrument.quote in order else len(order)
        return place, instrument.quote != pair.quote, instrument.quote

    def _named(self, text: str) -> Pair | None:
        """The pair of that name, with its quote or without."""
        name = _bare(text)
        return next((self._names[name + quote] for quote in ("", *_QUOTES) if name + quote in self._names), None)

    def resolve(self, text: str) -> Wanted:
        """`BTCUSDT`, `btc/usdt`, `BTC-USDT`, `BTC/USDT:USDT`, `okx:BTCUSDT`, `BTCUSDT.P`, `BTC-USDT-SWAP`, `BTC`.

        Raises ConfigError with near matches.
        """
        rest, venue, kind = text.strip(), None, None
        head, colon, tail = rest.partition(":")
        venues = {each.venue for several in self.by_pair.values() for each in several}
        if colon and (head.lower() in venues or "/" not in head):
            if head.lower() not in venues:
                raise ConfigError(f"{text}: no venue {head!r} here; there is {', '.join(sorted(venues)) or 'none'}")
            venue, rest = head.lower(), tail
        rest = rest.upper()
        # a coin may be called like the mark of a perpetual: PERP, SWAP
        marked = not self._named(rest)
        for mark in (r"\.P$", r"[-_]?SWAP$", r"[-_]?PERP$", r":[A-Z0-9]+$"):
            shorter = re.sub(mark, "", rest)
            if shorter != rest and marked:
                rest, kind = shorter, "perp"
        name = _bare(rest)
        pair = self._named(rest)
        if pair is None:
            near = difflib.get_close_matches(name, self._names, 3, 0.6)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            if not near and 0 < len(self.by_pair) <= _FEW:
                hint = f"; there is {', '.join(sorted(map(str, self.by_pair)))}"
            raise ConfigError(f"{text}: no such pair on {', '.join(sorted(venues)) or 'any venue'}{hint}")
        wanted = Wanted(pair, venue, "perp" if kind else None)
        if not any(wanted.admits(each) for each in self.by_pair[pair]):
            where = ", ".join(sorted({each.id for each in self.by_pair[pair]}))
            raise ConfigError(f"{text}: {pair} is not there; it is at {where}")
        return wanted


def _bare(text: str) -> str:
    return re.sub(r"[-/_ ]", "", text)


_FEW = 12
"""Pairs that are all named to who asks for another; of hundreds only near matches are."""
_QUOTES = ("USDT", "USD", "USDC")
"""Tried in this order for a bare base such as `BTC`."""
