"""One market as of a moment: what `coinmon report` prints, as plain data."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from coinmon.errors import IndicatorFailed, NoDataError
from coinmon.evaluate.evaluator import Evaluator
from coinmon.market.last_day import LastDay
from coinmon.market.market import Market
from coinmon.market.of_those_that_have_it import named, of_those_that_have_it
from coinmon.market.result import SeenReport
from coinmon.market.view import View
from coinmon.model.bars import Seen
from coinmon.model.events import AlertRecord, as_json
from coinmon.model.moment import MINUTE, iso
from coinmon.model.signal import GRADES, Signal
from coinmon.notify.events import signal_event, signal_id
from coinmon.plugin.catalog import Offer
from coinmon.store.history import History

_DAYS = 2 * 1440

PAIR = "pair"
"""The key of a result across venues."""


class Report:
    """The pair's market, each indicator's results, and the signals that are true at that moment.

    results: by indicator, by instrument id or "pair". events: of the signals. failed: indicators that raised, and why.
    record: what signals like one were worth. foreign: indicators of other distributions. venues: the class of each
    venue's plugin, by name. left_out: by indicator whose figure of the pair is not of all venues' markets, the ids of
    those that lack its minutes, and how many of them they have.
    """

    def __init__(
        self,
        market: Market,
        offers: Sequence[Offer],
        evaluator: Evaluator,
        window: int,
        record: Callable[[Signal], AlertRecord | None] = lambda signal: None,
        venues: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.market = market
        self.offers = offers
        self.foreign = {each.name for each in offers if each.distribution != "coinmon"}
        if offers:
            # what most indicators look at: in one piece, before they ask for parts of it
            for view in market.views:
                view.bars(_DAYS, levels=True)
        self.seen = {view.instrument.id: view.seen(view.bars(window)) for view in market.views}
        self.last_day = LastDay(market, venues)
        self.results: dict[str, dict[str, Any]] = {}
        self.left_out: dict[str, dict[str, Seen]] = {}
        self.failed: dict[str, str] = {}
        self._subjects: dict[str, dict[str, Market | View]] = {}
        for offer in offers:
            self.results[offer.name] = self._results(offer)
        found = [each for each in evaluator.signals(market) if each.begins]
        # the gravest first: a screen shows only so many, and all are of this one moment
        found.sort(key=lambda each: -1 if each.grade is None else GRADES.index(each.grade), reverse=True)
        now = market.now
        self.events = [signal_event(each, signal_id(each, now), now, None, record(each)) for each in found]

    def _results(self, offer: Offer) -> dict[str, Any]:
        self._subjects[offer.name] = subjects = self._subjects_of(offer)
        results = {}
        for id, subject in subjects.items():
            try:
                results[id] = subject.of(offer.name)
            except IndicatorFailed as error:
                self.failed[offer.name] = str(error)
        merged = subjects.get(PAIR)
        if isinstance(merged, View) and PAIR in results:
            results[PAIR] = self._of_those_that_have_it(offer, merged, results[PAIR])
        return results

    def _of_those_that_have_it(self, offer: Offer, merged: View, result: Any) -> Any:
        """The pair's result, made anew without venues that have less of its time than the others."""
        try:
            made = of_those_that_have_it(self.market, merged, result, lambda view: view.of(offer.name))
        except IndicatorFailed as error:
            self.failed[offer.name] = str(error)
            return result
        if made.left_out:
            self._subjects[offer.name][PAIR] = made.view
            self.left_out[offer.name] = dict(made.left_out)
        return made.result

    def _subjects_of(self, offer: Offer) -> dict[str, Market | View]:
        if offer.scope == "pair":
            return {PAIR: self.market}
        subjects: dict[str, Market | View] = {
            each.instrument.id: each for each in self.market.views if each.instrument.kind in offer.kinds
        }
        merged = [view for kind, view in self.market.merged.items() if kind in offer.kinds]
        if offer.merges and merged:
            # spot where there is spot
            subjects[PAIR] = merged[0]
        return subjects

    @property
    def signals(self) -> list[dict[str, Any]]:
        """The events' JSON objects."""
        return [as_json(each) for each in self.events]

    def show(self, indicator: str, view: View, result: Any) -> None:
        """Show this result of an indicator, computed of one instrument with other settings, in place of its own."""
        self.results[indicator] = {view.instrument.id: result}
        self._subjects[indicator] = {view.instrument.id: view}

    def subject(self, indicator: str, id: str) -> Market | View:
        """What an indicator's result was computed of."""
        return self._subjects[indicator][id]

    def left_out_as_json(self) -> dict[str, dict[str, Any]]:
        return {name: named(without) for name, without in self.left_out.items()}

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "pair": str(self.market.pair),
            "as_of": iso(self.market.now),
            "instruments": {
                id: {"coverage": SeenReport.of(seen).model_dump(mode="json")} for id, seen in self.seen.items()
            },
            "last_day": self.last_day.as_json(),
            "left_out": self.left_out_as_json(),
            "indicators": {
                name: {id: result.model_dump(mode="json") for id, result in results.items()}
                for name, results in self.results.items()
            },
            "signals": self.signals,
            "failed": self.failed,
        }


def report_of(
    history: History,
    market: Market,
    evaluator: Evaluator,
    offers: Sequence[Offer],
    window: int,
    record: Callable[[Signal], AlertRecord | None] = lambda signal: None,
    venues: Mapping[str, Any] = MappingProxyType({}),
) -> Report:
    """Raises NoDataError where nothing at all is known of the pair at that moment."""
    report = Report(market, offers, evaluator, window, record, venues)
    if all(seen.best == 0 for seen in report.seen.values()):
        span = [history.span(view.instrument) for view in market.views]
        stored = [each for each in span if each]
        there = (
            f"stored are {iso(min(a for a, _ in stored))} to {iso(max(b for _, b in stored))}"
            if stored
            else "nothing is stored"
        )
        begin = str(iso(market.now - window * MINUTE))[:10]
        reasons = "".join(f"; {name}: {why}" for name, why in market.down.items())
        raise NoDataError(
            f"{market.pair}: no data for {window} minutes before {iso(market.now)}; {there}; `coinmon backfill "
            f"{market.pair.base}{market.pair.quote} --from {begin}` brings what is past{reasons}"
        )
    return report
