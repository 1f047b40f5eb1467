"""What results say of themselves in a report: an indicator that is off costs its columns, one that raises its own."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from coinmon.market.summary import SummaryCell
from coinmon.model.moment import parse_time
from coinmon.model.signal import Bilingual, Text
from coinmon.report.cells import glanced, head, market_columns, market_rows, notes, starred, venue_lines
from coinmon.report.panes import badge
from coinmon.report.phrases import stretch


class Says:
    """A result."""

    def __init__(self, *cells, line=None, glance="", share=1.0, raises=False):
        self._cells, self._line, self.glance, self._raises = cells, line, glance, raises
        self.coverage = SimpleNamespace(share=share)

    def headline(self, lang):
        return self._line

    def cells(self):
        if self._raises:
            raise ZeroDivisionError("odd")
        return self._cells


SEEN = SimpleNamespace(
    share=1.0, complete=50, minutes=50, worst=SimpleNamespace(label="trades"), warming=False, missing=()
)
CELL = SummaryCell(Text("价", "price"), "7", "up", starred=True, note=Text("注", "a note"), order=20)
FIRST = SummaryCell(Text("先", "first"), "1", order=10)


def report(**results):
    seen = {"okx:BTC/USDT": SEEN, "bybit:BTC/USDT": SEEN}
    return SimpleNamespace(results=results, failed={}, foreign=set(), seen=seen)


def test_columns_are_what_the_results_say_in_their_order():
    found = report(
        late={"okx:BTC/USDT": Says(CELL, share=0.5)},
        early={each: Says(FIRST) for each in ("okx:BTC/USDT", "bybit:BTC/USDT")},
    )
    assert market_columns(found, "en") == ["first", "price"]
    assert market_columns(found, "zh") == ["先", "价"]
    rows = market_rows(found, "en")
    assert rows[0] == [("okx:BTC/USDT", ""), ("1", ""), ("7*", "up"), ("50/50 trades", "")]
    assert rows[1][1:3] == [("1", ""), ("-", "")], "the other market has no figure in that column"
    assert (notes(found, "en"), starred(found, "en")) == (["a note"], "* of less than their whole time: late 50%")
    # switched off, it costs its column and nothing else
    del found.results["late"]
    assert market_columns(found, "en") == ["first"]
    assert [len(row) for row in market_rows(found, "en")] == [3, 3]


@pytest.mark.parametrize("odd", [Says(raises=True), Says("text"), Says(None)])
def test_one_that_raises_or_says_something_else_is_named_and_costs_its_own(odd):
    found = report(bad={"okx:BTC/USDT": odd}, good={"okx:BTC/USDT": Says(FIRST)})
    assert market_columns(found, "en") == ["first"]
    assert list(found.failed) == ["bad cells"]


def test_headlines_lines_of_venues_and_what_is_glanced_at():
    under = replace(FIRST, place="venues", name=Text("费", "fee"))
    found = report(
        one={"pair": Says(line="all agree", glance="rows")},
        fee={"okx:BTC/USDT:USDT": Says(under), "bybit:BTC/USDT:USDT": Says(replace(under, text="2"))},
        two={"pair": Says(glance="rows")},
    )
    assert head(found, "en") == ["all agree"]
    assert venue_lines(found, "zh") == [("费", [("OKX 1", ""), ("BYB 2", "")])]
    assert market_columns(found, "en") == []
    assert (glanced(found, "rows"), glanced(found, "levels")) == ("one", "")


def test_of_samples_the_badge_counts_no_minutes_of_trades():
    def of(share=1.0, reason=None, kind="trades"):
        found = SimpleNamespace(share=share, complete=50, minutes=50, kind=kind, missing=())
        return SimpleNamespace(coverage=found, reason=reason)

    few = Bilingual("没有采样", "no samples")
    assert badge([("okx", of()), ("bybit", of())], "en") == {"text": "100% trades", "why": "", "tone": "up"}
    assert badge([("okx", of()), ("bybit", of())], "en", True) == {"text": "samples", "why": "", "tone": "up"}
    assert badge([("okx", of()), ("bybit", of(reason=few))], "zh", True) == {
        "text": "采样", "why": "bybit: 没有采样", "tone": "warn"
    }  # fmt: skip
    assert badge([("okx", of(kind="samples"))], "zh")["text"] == "50/50 采样"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-01-15T11:40", "2026-01-15T12:24", "11:40-12:24"),
        ("2026-01-14T12:00", "2026-01-15T11:10", "01-14 12:00-01-15 11:10"),
    ],
)
def test_a_stretch_over_midnight_names_its_days(start, end, text):
    assert stretch(parse_time(f"{start}:00Z"), parse_time(f"{end}:00Z")) == text
