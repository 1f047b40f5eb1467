"""What lies behind a demo's window: every minute since its market began, as though a scan had seen it."""

import asyncio

import pytest

from coinmon.clock import Clock
from coinmon.collect.history.made_past import MadePast
from coinmon.collect.once import collect_once
from coinmon.config.load import load_config
from coinmon.errors import CoinmonError
from coinmon.model.bars import Coverage
from coinmon.model.moment import HOUR, MINUTE, floor
from coinmon.run.demo import past_of
from coinmon.store.bars import read_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import read_instruments
from coinmon.store.samples import read_funding, read_open_interest
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

END = floor(STARTS_AT)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """OKX's markets of ADA as a report of a demo collects them."""
    folder = tmp_path_factory.mktemp("past")

    async def collected():
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = folder / "config.yaml"
            path.write_text(emulator.config_yaml(db=f"sqlite:///{folder}/stored.db"), "utf-8")
            config = load_config(path, environ={}, cwd=folder, overrides={"exchanges": ["okx"]})
            assert past_of(config) == f"{emulator.url}/emulator/past"
            database = open_database(config.db)
            past = MadePast(past_of(config))
            await collect_once(config, Clock(STARTS_AT, 0, 0), database, "ADAUSDT", past)
            return database

    database = asyncio.run(collected())
    yield database
    database.close()


@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_a_day_and_more_is_whole_with_its_levels(stored, kind):
    with stored.read() as connection:
        ((number, one),) = (
            (number, each) for number, each in read_instruments(connection).items()
            if (each.kind, each.base, each.quote) == (kind, "ADA", "USDT")
        )  # fmt: skip
        bars = read_bars(connection, number, one, END - 26 * HOUR, END, levels=True)
        assert len(bars) == 26 * 60
        assert (bars.coverage == Coverage.TRADES).all()
        # nobody's trade is counted twice where the past meets the window
        assert bars.levels.buy.sum() + bars.levels.sell.sum() == pytest.approx(bars.volume.sum())
        true = Scenario("default", seed=1)
        told = next(each for each in true.instruments if (each.venue, each.native) == ("okx", one.native_id))
        middle = END - 50 * MINUTE
        rows = true.rows(told, true.before(told, middle - HOUR), true.before(told, middle + 10 * MINUTE))
        inside = (bars.time >= middle - HOUR) & (bars.time < middle + 10 * MINUTE)
        size = rows.size.sum() / 10.0**told.size_digits
        assert bars.volume[inside].sum() == pytest.approx(float(size))
        if kind == "perp":
            assert len(read_open_interest(connection, number, END - 24 * HOUR, END)) > 200
            assert len(read_funding(connection, number, END - 24 * HOUR, END)) == 3


def test_an_emulator_that_is_gone_is_an_error_of_ours(stored):
    past = MadePast("http://127.0.0.1:9/emulator/past")
    with stored.read() as connection:
        one = next(iter(read_instruments(connection).values()))
    with pytest.raises(CoinmonError, match=r"the demo's past of okx:"):
        past._bars(one, END - HOUR, END)
