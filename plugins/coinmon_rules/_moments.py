"""Figures at the moments that a condition is judged at: one moment of a market, or all of a frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from coinmon.signal import MINUTE, Frame, Lane, Market, View
from coinmon_rules._nodes import Field
from coinmon_rules._reading import OLDEST_PRICE, Known, read
from coinmon_rules._values import Column, Columns


class OfMarket:
    """A market as of its moment, and as it was before."""

    rounded = False

    def __init__(self, market: Market) -> None:
        self._markets = [market]
        self._read: dict[tuple[Any, ...], list[Any]] = {}

    def figures(self, field: Field, before: int) -> Column | Columns:
        known = self._read.setdefault(field.key, [])
        while len(known) <= before:
            known.append(read(field, self.back(len(known))))
        return as_columns(known[before::-1], field.many)

    def times(self, before: int) -> Column:
        now = self._markets[0].now
        return Column(np.array([now - k * MINUTE for k in range(before, -1, -1)], float), exact=True)

    def back(self, minutes: int) -> Market:
        """The market so many minutes ago."""
        while len(self._markets) <= minutes:
            self._markets.append(earlier(self._markets[0], len(self._markets)))
        return self._markets[minutes]


class OfBars(OfMarket):
    """As a market's, but windows of what has columns are computed at once: as exact as columns are."""

    rounded = True

    def __init__(self, market: Market, chosen: Mapping[str, Any], back: int) -> None:
        super().__init__(market)
        start = market.now - market.now % MINUTE - back * MINUTE
        frame = Frame(market, _OfViews(market), start, back + 1, chosen.__getitem__)
        self._back = back
        self._frame = OfFrame(frame, chosen, ())

    def figures(self, field: Field, before: int) -> Column | Columns:
        found = self._frame.in_columns(field, 0) if before else None
        if found is None:
            return super().figures(field, before)
        if isinstance(found, Column):
            return last_of(found, before + 1)
        return {name: last_of(each, before + 1) for name, each in found.items()}


class OfFrame:
    """All moments of a frame: from an indicator's own columns where it has them, else read moment by moment."""

    rounded = True

    def __init__(self, frame: Frame, chosen: Mapping[str, Any], wanted: Sequence[tuple[Field, int]]) -> None:
        self._frame = frame
        self._chosen = chosen
        self._wanted = wanted
        """The fields, and how far back each is looked at."""
        self._deepest = max((back for _, back in wanted), default=0)

    def figures(self, field: Field, before: int) -> Column | Columns:
        made = self.in_columns(field, before)
        return as_columns(self._walked(field, before), field.many) if made is None else made

    def in_columns(self, field: Field, before: int) -> Column | Columns | None:
        """None where it has to be read moment by moment."""
        # one frame for all windows of the rule: what an indicator's columns work out is worked out once
        frame = self._frame.earlier(max(self._deepest, before))
        found: Column | Columns | None = frame.once(("figures", field.key), lambda: self._made(field, frame))
        if found is None or isinstance(found, Column):
            return found and last_of(found, self._frame.count + before)
        return {name: last_of(each, self._frame.count + before) for name, each in found.items()}

    def times(self, before: int) -> Column:
        first = self._frame.start - before * MINUTE
        return Column(first + MINUTE * np.arange(self._frame.count + before, dtype=float), exact=True)

    def _made(self, field: Field, frame: Frame) -> Column | Columns | None:
        """Of prices, and by the indicator's `columns`; None where it has none, or none for this field."""
        if field.where == "price":
            return self._prices(field, frame)
        chosen = self._chosen.get(field.indicator)
        if chosen is None or (field.steps[0].name == "coverage" and field.path != "coverage.share"):
            return None
        if chosen.offer.columns is None:
            return None
        settings = dict(field.settings)
        if field.where == "pair":
            return _column(field, frame.of(field.indicator, **settings), frame.count)
        lanes = frame.lanes(field.kind)  # type: ignore[arg-type]

        def of(lane: Lane) -> Column | None:
            return _column(field, lane.of(field.indicator, **settings), frame.count)

        if field.where == "merged":
            whole = frame.whole(field.kind)  # type: ignore[arg-type]
            return None if whole is None else of(whole)
        if any(name not in lanes for name in field.venues):
            return None
        made = {name: of(lanes[name]) for name in field.venues or lanes}
        if any(not isinstance(each, Column) for each in made.values()):
            return None
        return made if field.many else next(iter(made.values()))  # type: ignore[return-value]

    def _prices(self, field: Field, frame: Frame) -> Column | Columns | None:
        lanes = frame.lanes(field.kind)  # type: ignore[arg-type]
        if field.venues:
            if any(name not in lanes for name in field.venues):
                return None
            made = {name: _last_price(lanes[name]) for name in field.venues}
        elif dict(field.settings).get("where") == "merged":
            whole = frame.whole(field.kind) or frame.whole("perp" if field.kind == "spot" else "spot")  # type: ignore[arg-type]
            return None if whole is None else _last_price(whole)
        else:
            made = {name: _last_price(lane) for name, lane in lanes.items()}
        return made if field.many else next(iter(made.values()), None)

    def _walked(self, field: Field, before: int) -> list[Any]:
        """What is read at each moment, once a frame for all fields that need it."""
        frame = self._frame
        walks = frame.once("walks", _Walks).read
        wanted = [*self._wanted, (field, before)]
        due = [
            (each, back)
            for each, back in wanted
            if -back not in walks.get(each.key, ()) and self.in_columns(each, back) is None
        ]
        if due:
            deepest = max(back for _, back in due)
            for i in range(-deepest, frame.count):
                market = frame.market(i)
                for each, back in due:
                    if i >= -back:
                        walks.setdefault(each.key, {})[i] = read(each, market)
        return [walks[field.key][i] for i in range(-before, frame.count)]


class _Walks:
    """What was read so far, by field and moment: it grows while the frame lasts."""

    def __init__(self) -> None:
        self.read: dict[tuple[Any, ...], dict[int, Any]] = {}


def as_columns(rows: Sequence[Any], many: bool) -> Column | Columns:
    """What was read at each moment as a column, or as one by name."""
    if not many:
        return Column(array_of(rows), exact=True)
    names = dict.fromkeys(name for row in rows for name in (row or {}))
    return {name: Column(array_of([row.get(name) if row else None for row in rows]), exact=True) for name in names}


def array_of(values: Sequence[Known]) -> Any:
    """Floats with NaN for what is unknown; texts as objects."""
    if any(isinstance(each, str) for each in values):
        return np.array(values, object)
    return np.array([np.nan if each is None else each for each in values], float)


def _column(field: Field, found: Mapping[str, Any], count: int) -> Column | None:
    """Figures of an indicator's columns where enough was covered."""
    share = found.get("coverage")
    if share is None:
        return None
    if field.path == "coverage.share":
        # of two whole numbers, and so the same to the last bit one by one
        return Column(np.asarray(share, float), exact=True)
    figures = found.get(field.path)
    if figures is None or len(figures) != count:
        return None
    enough = share >= field.least
    return Column(
        np.asarray(np.where(enough, figures, None if figures.dtype == object else np.nan)), found.get("unsure")
    )


def _last_price(lane: Lane) -> Column:
    """The close of the newest minute that has one, of those that are not too old."""

    def made() -> Column:
        rows = lane.bars(OLDEST_PRICE)
        at = np.arange(len(rows))
        newest = np.maximum.accumulate(np.where(rows.close > 0, at, -OLDEST_PRICE))[OLDEST_PRICE - 1 :]
        found = rows.price(rows.close[np.maximum(newest, 0)])
        return Column(np.where(newest > at[OLDEST_PRICE - 1 :] - OLDEST_PRICE, found, np.nan), exact=True)

    return lane.once("last price", made)


def earlier(market: Market, minutes: int) -> Market:
    """The market so many minutes before: what it knew is read from what the later one has read."""
    now = market.now - minutes * MINUTE
    views = [replace(view, now=now, source=_LaterView(view)) for view in market.views]
    return replace(market, now=now, views=views)


def last_of(column: Column, moments: int) -> Column:
    return replace(
        column, figures=column.figures[-moments:], unsure=None if column.unsure is None else column.unsure[-moments:]
    )


class _OfViews:
    """A market's views as a source by instrument."""

    def __init__(self, market: Market) -> None:
        self._views = {view.instrument.id: view for view in market.views}

    def bars(self, instrument: Any, start: int, end: int, *, levels: bool = False) -> Any:
        return self._views[instrument.id].between(start, end, levels=levels)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def asked(instrument: Any, start: int, end: int) -> Any:
            return getattr(self._views[instrument.id].source, name)(instrument, start, end)

        return asked


class _LaterView:
    """A later view's rows as a source: the minutes are read once, whatever number of moments looks at them."""

    def __init__(self, view: View) -> None:
        self._view = view

    def bars(self, instrument: Any, start: int, end: int, *, levels: bool = False) -> Any:
        return self._view.between(start, end, levels=levels)

    def profile(self, instrument: Any, start: int, end: int) -> Any:
        return self._view.profile(start, end)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._view.source, name)
        return found
