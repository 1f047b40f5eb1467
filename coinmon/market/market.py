"""One pair across venues, as of a moment."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from coinmon.market.alone import Alone
from coinmon.market.computed_results import Compute, Results
from coinmon.market.kept.stretches import kept_by
from coinmon.market.merged import Merged, instrument_of
from coinmon.market.read_only import set_once
from coinmon.market.source import Made, SideBySide
from coinmon.market.view import View
from coinmon.model.instrument import Kind, Pair

_ALIKE = 0.95
"""Share of the minutes of the venue that saw most, from which on another has them too."""


@set_once
@dataclass(eq=False)
class Market:
    """One pair as of a moment on all configured venues.

    venues: every configured venue by name, whether or not it lists the pair.
    down: venues that could not be asked, and why (an instrument list that never came is not "not listed").
    is_part: a venue or a kind was named, as in `okx:BTCUSDT.P`: what is not here may be listed all the same.
    everyone: gives what `all_pairs` does; None: there is nothing but this pair. configured: gives `settings`.
    """

    pair: Pair
    now: int
    venues: Sequence[str]
    views: Sequence[View]
    compute: Compute | None = field(default=None, repr=False)
    down: Mapping[str, str] = field(default_factory=dict)
    is_part: bool = False
    everyone: Callable[[], Iterator["Market"]] | None = field(default=None, repr=False)
    configured: Callable[[str], Mapping[str, Any]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._results = Results()
        # all signals of the pair are given the same: what one of them drops or sorts the others would miss
        own = {"venues": tuple(self.venues), "views": tuple(self.views), "down": MappingProxyType(dict(self.down))}
        self.__dict__.update(own)

    @property
    def held(self) -> Sequence[Any]:
        """What its views and it keep for who asks next."""
        views = [*self.views, *self.__dict__.get("merged", {}).values()]
        return [*self._results.found, *(each for view in views for each in view.held)]

    @cached_property
    def spot(self) -> Mapping[str, View]:
        """Spot views by venue."""
        return MappingProxyType({view.instrument.venue: view for view in self.views if view.instrument.kind == "spot"})

    @cached_property
    def perp(self) -> Mapping[str, View]:
        """Perp views by venue."""
        return MappingProxyType({view.instrument.venue: view for view in self.views if view.instrument.kind == "perp"})

    @cached_property
    def merged(self) -> Mapping[Kind, View]:
        """All venues as one market, by kind: a view like any other, of the instrument `all:BTC/USDT`.

        A venue that is down before it said what it lists may be missing in it, so no minute is complete then.
        """
        found: dict[Kind, View] = {}
        by_kind: dict[Kind, Mapping[str, View]] = {"spot": self.spot, "perp": self.perp}
        for kind, views in by_kind.items():
            if views:
                whole = all(name in views for name in self.down if name in self.venues)
                found[kind] = self.together(list(views.values()), whole=whole)
        return MappingProxyType(found)

    def all_pairs(self) -> Iterator["Market"]:
        """Every pair of which bars are stored, this one among them, as of the same moment, by name, one by one."""
        return iter(()) if self.everyone is None else self.everyone()

    def together(self, parts: Sequence[View], *, whole: bool = True) -> View:
        """Some of its views, all of one kind, as one market. whole: that is what is asked for, whoever is down."""
        traded = instrument_of(self.pair, parts[0].instrument.kind, [view.instrument for view in parts])
        return View(traded, self.now, Merged(parts, whole), self.compute, self.pair)

    def side_by_side(
        self, views: Mapping[str, View], key: Hashable, make: Callable[[SideBySide], Sequence[Made]]
    ) -> Made:
        """This pair's part of what `make` gives: something for each of several pairs, of all their markets of a kind.

        As `View.side_by_side`; `pairs` says where each one's markets begin. views: `spot` or `perp`, not empty.
        """
        several = list(views.values())
        first, markets = several[0], [view.instrument for view in several]
        _, recent = kept_by(first.source, first.instrument.id)
        found = recent and recent.of_pair(markets, key, make, first.now)
        return (found or first.once(("pair alone", key), lambda: make(Alone(several))))[0]

    def with_minutes(self, kind: Kind, start: int, end: int) -> tuple[Sequence[View], Sequence[View]]:
        """Its views that have seen about as much of [start, end) as the one that saw most, and those that have not."""
        views = [view for view in self.views if view.instrument.kind == kind]
        shares = [view.seen(view.between(start, end)).share for view in views]
        most = max(shares, default=0.0)
        there = [share > 0 and share >= _ALIKE * most for share in shares]
        return (
            [view for view, has in zip(views, there, strict=True) if has],
            [view for view, has in zip(views, there, strict=True) if not has],
        )

    def settings(self, indicator: str) -> Mapping[str, Any]:
        """Those configured for an indicator, to work out what it does. Raises KeyError where it is switched off, or
        another one stands in the bundled one's place."""
        if self.configured is None:
            raise KeyError(indicator)
        return self.configured(indicator)

    def of(self, indicator: str, **settings: Any) -> Any:
        """The named pair indicator's result; computed once. settings: in place of those configured for it."""
        return self._results.of(self, self.compute, indicator, settings)
