"""Names of the older order-flow server's environment change the figures that they are about."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from tests.serve.conftest import NOW

CASES = {
    "HEATMAP_LOOKBACK_MINUTES": ("60", "BTCUSDT", "heatmap", lambda found: found.window, 60),
    "ORDERBOOK_DEPTH_PERCENT": ("1.5", "BTCUSDT", "depth_delta", lambda found: found.percent, 1.5),
    "IMBALANCE_RATIO_THRESHOLD": ("9", "BTCUSDT", "imbalance", lambda found: found.ratio, 9),
    "IMBALANCE_CONSECUTIVE_LEVELS": ("2", "BTCUSDT", "imbalance", lambda found: len(found.zones) > 0, True),
    "FOOTPRINT_TICK_SIZE_BTC": ("20", "BTCUSDT", "footprint", lambda found: found.bin_size, 20),
    "SESSIONS": (
        "ALL=10:00-12:00",
        "BTCUSDT",
        "session_levels",
        lambda found: spans(found),
        {"ALL": ("10:00", "12:00")},
    ),
    "TOKYO_SESSION": (
        "10:00-11:30",
        "BTCUSDT",
        "session_levels",
        lambda found: spans(found)["TOKYO"],
        ("10:00", "11:30"),
    ),
    "LONDON_SESSION": (
        "10:30-11:00",
        "BTCUSDT",
        "session_levels",
        lambda found: spans(found)["LONDON"],
        ("10:30", "11:00"),
    ),
    "NY_SESSION": ("09:00-11:00", "BTCUSDT", "session_levels", lambda found: spans(found)["NY"], ("09:00", "11:00")),
    "FOOTPRINT_TICK_SIZE_ETH": ("0.5", "ETHUSDT", "footprint", lambda found: found.bin_size, 0.5),
}


def spans(found: Any) -> dict[str, tuple[str, str]]:
    """The begin and end of the day's sessions, hours and minutes UTC; a session that is not there is ("", "")."""
    day = [each for each in found.sessions if each.start.date() == found.as_of.date()]
    return defaultdict(lambda: ("", ""), {each.name: (f"{each.start:%H:%M}", f"{each.end:%H:%M}") for each in day})


@pytest.mark.parametrize("name", CASES)
def test_a_name_changes_its_figure(collected: Path, name: str) -> None:
    value, symbol, indicator, figure, expected = CASES[name]

    def answer(environ: dict[str, str]) -> Any:
        config = load_config(collected / "config.yaml", environ=environ, cwd=collected)
        database = open_database(config.db)
        try:
            desk = MarketReader(config, Clock(NOW, 0, 0), database)
            view = next(each for each in desk.market(symbol).views if each.instrument.kind == "perp")
            return figure(desk.result(indicator, view))
        finally:
            database.close()

    assert answer({name: value}) == expected != answer({})


def test_a_coins_rows_leave_the_others_alone(collected: Path) -> None:
    config = load_config(collected / "config.yaml", environ={"FOOTPRINT_TICK_SIZE_ETH": "20"}, cwd=collected)
    database = open_database(config.db)
    try:
        market = MarketReader(config, Clock(NOW, 0, 0), database).market("BTCUSDT")
        assert market.views[0].of("footprint").bin_size != 20
    finally:
        database.close()
