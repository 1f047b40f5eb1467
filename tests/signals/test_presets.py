"""`preset: calm`: thresholds in each pair's own usual flow, so that balanced noise hardly ever pages."""

import json
from decimal import Decimal

import numpy as np
import pytest
from click.testing import CliRunner
from typer.main import get_command

from coinmon.cli import build
from coinmon.config.load import load_config
from coinmon.errors import ConfigError
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE, iso
from coinmon.run.noise import tossed
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments

NOW, DAYS = 1_768_435_200_000, 3
VENUES = ("binance", "okx", "bybit", "coinbase")


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """A day of history and two of noise to judge, on four venues whose sizes differ a hundredfold."""
    folder = tmp_path_factory.mktemp("noise")
    database = open_database(f"sqlite:///{folder / 'noise.db'}")
    random = np.random.default_rng(11)
    n = DAYS * 1440
    close = 4_000_000 + np.cumsum(random.integers(-300, 301, n))
    with database.write() as connection:
        for venue, size in zip(VENUES, (40.0, 10.0, 4.0, 0.4), strict=True):
            made = Instrument(venue, "spot", "BTC", "USDT", "BTC", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
            ((number, stored),) = sync_instruments(connection, [made], NOW - DAYS * DAY).values()
            volume = random.gamma(0.8, size, n)
            # one-sided on purpose: all of it would be a signal, were sides not drawn anew
            buy = volume * 0.7
            rows = Bars(
                Decimal("0.01"), NOW - DAYS * DAY + np.arange(n) * MINUTE, close, close + 50, close - 50, close, volume,
                volume * close / 100, np.full(n, 9, np.int64), buy, buy * close / 100, np.zeros(n), volume * 0.4,
                np.full(n, Coverage.TRADES, np.uint8),
            )  # fmt: skip
            write_bars(connection, number, stored, rows)
    database.close()
    config = folder / "config.yaml"
    config.write_text(
        f"db: {folder / 'noise.db'}\nclock: {{at: '{iso(NOW)}', wall: '{iso(NOW)}', speed: 0}}\n"
        "signals: {accumulation: false, steady_growth: false, volume_spike: false, early_pump: false,\n"
        "  panic_dump: false}\n"
    )
    return config


def test_noise_pages_many_times_a_day_under_seed_and_never_under_calm(noisy):
    shown = CliRunner().invoke(
        get_command(build()), ["--config", str(noisy), "scorecard", "--noise", "--days", "2", "--json"]
    )
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert found["seed"]["pair_days"] == pytest.approx(2, abs=0.1)
    assert found["seed"]["pages_per_pair_day"] > 3
    assert found["calm"]["pages_per_pair_day"] == 0, found["calm"]


def test_a_setting_of_ones_own_is_stronger_than_the_preset(tmp_path):
    plain = load_config(None, environ={}, cwd=tmp_path).signals
    calm = load_config(None, environ={}, cwd=tmp_path, overrides={"preset": "calm"}).signals
    own = {"preset": "calm", "signals.us_accumulation.min_net_flow": 5e5, "signals.global_sync.bearish": False}
    mixed = load_config(None, environ={}, cwd=tmp_path, overrides=own).signals
    assert plain["us_accumulation"].settings["min_net_flow"] == 1e6
    assert plain["long_trap"].settings["noise_floor"] == 0
    assert calm["us_accumulation"].settings["min_net_flow"] == 0
    assert calm["global_sync"].settings["bearish"] is True
    assert mixed["us_accumulation"].settings["min_net_flow"] == 5e5
    assert mixed["us_accumulation"].settings["min_times"] > 0
    assert mixed["global_sync"].settings["bearish"] is False
    with pytest.raises(ConfigError, match="preset"):
        load_config(None, environ={}, cwd=tmp_path, overrides={"preset": "loud"})


def test_a_coin_is_fair_and_falls_the_same_way_again():
    times = NOW + np.arange(20_000) * MINUTE
    first = tossed(times, 1)
    assert abs(first.mean() - 0.5) < 0.02
    assert (first == tossed(times, 1)).all()
    assert abs((first == tossed(times, 2)).mean() - 0.5) < 0.02
    assert abs((first[1:] == first[:-1]).mean() - 0.5) < 0.02
